"""What the value notebook hands on: numbers, findings, accounts, open questions."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.handover import Attention, Handover, Metric, Unanswered
from kamlib.language import _, fmt_date, fmt_money, fmt_probability, fmt_share, translate
from kamlib.stats.intervals import proportion_interval
from kamlib.value.findings import build_findings
from kamlib.value.levers import value_newcomer
from kamlib.value.result import QUESTIONS, TABLES, Value
from kamlib.value.wording import (
    judge_model,
    number,
    tell_equity,
    tell_limits,
    tell_trust,
    with_range,
)


def build_handover(result: Value, *, accounts: pd.DataFrame | None = None,
                   currency: str = "") -> Handover:
    """Turn the tables of `build_value` into what the overview is made of.

    accounts: one row an account with its ``owner_id``.
    """
    owners: dict[str, str] = {}
    if accounts is not None:
        owners = dict(zip(accounts["account_id"].astype(str),
                          accounts["owner_id"].fillna("").astype(str), strict=True))
    return Handover(headline=_headline(result, currency), metrics=tuple(_metrics(result)),
                    findings=build_findings(result, currency),
                    attention=tuple(_attention(result, owners, currency)),
                    unanswered=tuple(_unanswered(result)))


def _headline(result: Value, currency: str) -> tuple[str, ...]:
    if result.book is None:
        return (result.refused["clv"],)
    sentences = (tell_equity(result, currency), tell_trust(result), tell_limits(result))
    return tuple(sentence for sentence in sentences if sentence)


def _metrics(result: Value) -> Iterator[Metric]:
    if result.book is None:
        yield Metric("customer_equity", None, "amount", better="up", anchor="equity",
                     headline=True)
        return
    row, n = result.equity.iloc[0], len(result.clv)
    yield Metric("customer_equity", number(row["equity_amount"]), "amount", n=n,
                 ci_low=number(row["equity_amount_ci_low"]),
                 ci_high=number(row["equity_amount_ci_high"]),
                 previous=None if result.previous is None else result.previous.total,
                 year_before=None if result.year_before is None else result.year_before.total,
                 better="up", anchor="equity", headline=True)
    yield Metric("equity_top_share", number(result.concentration["top_share"]), "share",
                 n=int(result.concentration["n_top"]), better="down", anchor="account_values")
    yield Metric("middle_account_value", number(result.clv["clv_amount"].median()), "amount", n=n,
                 better="up", anchor="equity")
    if result.book.forecast.verdict != "refused":
        yield Metric("newcomer_value", value_newcomer(result.book, rules=result.rules), "amount",
                     n=result.book.forecast.orders.n, better="up", anchor="equity_levers")
    if len(result.steps):
        silent = result.changes[result.changes["step"] == "gone_silent"]
        yield Metric("silent_value_loss", -float(silent["value_change_amount"].sum()) + 0.0,
                     "amount", n=len(silent), better="down", anchor="equity_bridge")
    yield from _trust(result)
    if len(result.renewals):
        renewed, due = (int(result.renewals[c].sum()) for c in ("n_renewed", "n_due"))
        low, high = proportion_interval(renewed, due, level=result.rules.confidence_level)
        yield Metric("contract_renewal", renewed / due, "share", n=due, ci_low=low, ci_high=high,
                     better="up", anchor="contract_renewals")


def _trust(result: Value) -> Iterator[Metric]:
    if result.backtest is None:
        return
    row, cuts = judge_model(result), result.backtest.cuts
    yield Metric("order_forecast_bias", number(row["bias_share"]), "share", n=int(row["n"]),
                 anchor="order_forecasts")
    inside, n = int(cuts["n_inside"].sum()), int(cuts["n_accounts"].sum())
    low, high = proportion_interval(inside, n, level=result.rules.confidence_level)
    yield Metric("order_interval_coverage", inside / n, "share", n=n, ci_low=low, ci_high=high,
                 target=result.rules.interval_level, anchor="order_forecasts")


def _attention(result: Value, owners: dict[str, str], currency: str) -> Iterator[Attention]:
    limit, named = result.rules.n_attention, set[str]()
    falls = result.changes[result.changes["value_change_amount"] < 0]
    for row in falls.head(limit).to_dict("records"):
        named.add(row["account_id"])
        reason = _("Its value fell from {before} to {now} since {day}; the chance that it is a "
                   "customer still: {chance}.",
                   before=fmt_money(row["clv_previous_amount"], currency),
                   now=fmt_money(row["clv_amount"], currency),
                   day=fmt_date(result.previous_as_of),
                   chance=fmt_probability(number(row["alive_probability"])))
        yield _entry(row["account_id"], reason, -row["value_change_amount"], owners,
                     "equity_bridge")
    negative = result.clv[result.clv["clv_amount"] < 0].sort_values(["clv_amount", "account_id"])
    for row in negative.head(limit).to_dict("records"):
        named.add(row["account_id"])
        reason = _("It costs more than it brings: its value is {amount}. Review prices, terms and "
                   "the work on it.", amount=with_range(
                       row["clv_amount"], row["clv_amount_ci_low"], row["clv_amount_ci_high"],
                       currency))
        yield _entry(row["account_id"], reason, -row["clv_amount"], owners, "account_values")
    risks = result.profit[result.profit["is_hidden_risk"].astype(bool)]
    risks = risks[~risks["account_id"].isin(named)].sort_values(["gap_amount", "account_id"])
    for row in risks.head(limit).to_dict("records"):
        reason = _("It earned {earned} in {window}; if that went on it would bring {continued}, "
                   "but its value is {value}.", earned=fmt_money(row["earned_amount"], currency),
                   continued=fmt_money(row["continued_amount"], currency),
                   value=fmt_money(row["clv_amount"], currency))
        yield _entry(row["account_id"], reason, -row["gap_amount"], owners, "earned_and_expected")


def _entry(account: str, reason: str, amount: float, owners: dict[str, str],
           anchor: str) -> Attention:
    return Attention(str(account), reason, float(amount), owners.get(str(account), ""), anchor)


def _unanswered(result: Value) -> Iterator[Unanswered]:
    for name, reason in result.refused.items():
        if name in QUESTIONS:
            yield Unanswered(translate(QUESTIONS[name]), reason, TABLES.get(name, "orders"))
    if result.book is None:
        return
    forecast, contribution = result.book.forecast, result.book.contribution
    if forecast.verdict == "refused":
        yield Unanswered(_("How long will the accounts stay?"), forecast.orders.reason, "orders")
    if not contribution.is_costed:
        yield Unanswered(
            _("What do the accounts leave after costs?"),
            _("Costs are known for {share} of net sales, so value is counted in sales.",
              share=fmt_share(contribution.cost_known_share)), "orders.cost_amount")
    elif contribution.basis == "basis_margin":
        yield Unanswered(_("What does the work on the accounts cost?"),
                         _("No cost of work on accounts is recorded, so value is margin before "
                           "cost to serve."), "effort")
    yield from _components(result.components)


def _components(table: pd.DataFrame) -> Iterator[Unanswered]:
    lacking = {
        "growth_rate": (_("Which accounts grow or shrink, and what is that worth?"),
                        _("The window a year before is not known for any account."), "orders"),
        "referral_amount": (_("What are referrals worth?"),
                            _("No account names who referred it."), "accounts.referrer_id"),
        "has_information": (_("Which accounts give us knowledge of the market?"),
                            _("No assessment says which account gives exclusive information."),
                            "relationships"),
        "answered_survey": (_("Which accounts answer our surveys?"),
                            _("There are no answers to surveys."), "survey_answers")}
    for column, (question, reason, source) in lacking.items():
        if len(table) and table[column].isna().all():
            yield Unanswered(question, reason, source)


