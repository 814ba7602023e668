"""Pieces of sentences that charts, findings and the headline share."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.labels import label
from kamlib.language import _, _n, fmt_count, fmt_money, fmt_range, fmt_share, join_sentences
from kamlib.value.backtest import MODEL
from kamlib.value.result import Value


def number(value: Any) -> float | None:
    """Return a number, None where it is missing."""
    return None if value is None or pd.isna(value) else float(value)


def small(code: Any) -> str:
    """Return the name of a code as it stands within a sentence; an abbreviation stays."""
    text = label(code)
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def money_range(low: Any, high: Any, currency: str) -> str:
    """Write an interval of money, "" when it is not known."""
    return "" if pd.isna(low) else fmt_range(low, high, lambda x: fmt_money(x, currency))


def with_range(value: Any, low: Any, high: Any, currency: str) -> str:
    """Write money with its interval, without when that is not known."""
    span = money_range(low, high, currency)
    money = fmt_money(value, currency)
    return _("{amount} ({interval})", amount=money, interval=span) if span else money


def tell_equity(result: Value, currency: str) -> str:
    """Say in one sentence what all accounts are worth, against before, and in how few hands."""
    row, held = result.equity.iloc[0], result.concentration
    years = result.rules.horizon_years
    amount = with_range(row["equity_amount"], row["equity_amount_ci_low"],
                        row["equity_amount_ci_high"], currency)
    costed = result.book is not None and result.book.contribution.basis != "basis_sales"
    text = _n("Customer equity is {amount} over {n} year", "Customer equity is {amount} over {n} "
              "years", years, amount=amount) if costed else _n(
        "Counted in sales, since costs are not known, customer equity is {amount} over {n} year",
        "Counted in sales, since costs are not known, customer equity is {amount} over {n} years",
        years, amount=amount)
    if result.previous is not None:
        text = _("{sentence}; {before} at the end of the previous period", sentence=text,
                 before=fmt_money(result.previous.total, currency))
    if pd.notna(held["top_share"]) and len(result.clv) > held["n_top"]:
        return _("{sentence}; the {n} most valuable of {total} accounts hold {share}.",
                 sentence=text, n=fmt_count(held["n_top"]), total=fmt_count(len(result.clv)),
                 share=fmt_share(held["top_share"]))
    return _("{sentence}.", sentence=text)


def tell_trust(result: Value) -> str:
    """Say in one sentence whether past forecasts came true and beat a rule of thumb."""
    if result.backtest is None:
        return _("The forecast behind it could not be tested on the past, and the interval knows "
                 "only the luck of single accounts: take the values as an order of magnitude.")
    row = judge_model(result)
    n = len(result.backtest.cuts)
    bias = float(row["bias_share"])
    off = "" if pd.isna(bias) else _("too high by {share}", share=fmt_share(bias)) \
        if bias >= 0.005 else _("too low by {share}", share=fmt_share(-bias)) \
        if bias <= -0.005 else _("right to the percent")
    first = _n("In {n} test on the past the forecast of purchase days was {off} in total",
               "In {n} tests on the past the forecast of purchase days was {off} in total",
               n, off=off)
    endings = {
        "better": _("{sentence}, and closer by account than any rule of thumb.", sentence=first),
        "worse": _("{sentence}, and worse by account than a rule of thumb: take the values as an "
                   "order of magnitude.", sentence=first),
        "cannot tell": _("{sentence}; by account it could not be told from a rule of thumb.",
                         sentence=first)}
    return endings[trust_verdict(result)]


def judge_model(result: Value) -> pd.Series:
    """Return the pooled scores of the order model; only with a back-test."""
    assert result.backtest is not None
    scores = result.backtest.scores
    return scores[(scores["cut"] == "all") & (scores["method"] == MODEL)].iloc[0]


def trust_verdict(result: Value) -> str:
    """Return "better", "worse" or "cannot tell": both measures of the model against naive ones."""
    row = judge_model(result)
    verdicts = {row["error_verdict"], row["score_verdict"]}
    if "worse" in verdicts:
        return "worse"
    return "better" if "better" in verdicts else "cannot tell"


def tell_limits(result: Value) -> str:
    """Say what weakens the values: a weak or refused fit, a history shorter than the horizon."""
    assert result.book is not None
    forecast, parts = result.book.forecast, []
    if forecast.verdict == "refused":
        parts.append(_("There are too few accounts for a model: each one's own rate, drawn to "
                       "that of all, takes its place, as if nobody ever left; no interval can "
                       "be given."))
    if forecast.verdict == "weak":
        parts.append(_("The data leave the order model partly open, so its fit is weak."))
    if result.known_years < result.rules.horizon_years:
        parts.append(_("Only {months} months of history are known: what lies further ahead than "
                       "that rests on the model alone.",
                       months=fmt_count(12 * result.known_years)))
    return join_sentences(parts)
