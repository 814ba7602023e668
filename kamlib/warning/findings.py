"""Findings of early warning: each a computed sentence with the money behind it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.handover import Finding
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.warning.result import Warnings

# A sign tells something where even the low end of its share is above that of the others.
MAX_SIGNS = 3


def build_findings(result: Warnings, currency: str) -> tuple[Finding, ...]:
    """Say who is under warning and what warnings were worth; silent where there is nothing."""
    found = (_at_risk(result, currency), _new(result, currency), _likely(result, currency),
             _tested(result), _model(result), _missed(result, currency), _signs(result))
    return tuple(finding for finding in found if finding is not None)


def backtest_row(result: Warnings, score: str, *, basis: str = "as_warned"
                 ) -> dict[Any, Any] | None:
    """Return one row of the back-test as a dict, None where it was not made."""
    table = result.backtest
    rows = table[(table["basis"] == basis) & (table["ranked_by"] == score)]
    return None if rows.empty else dict(rows.iloc[0])


def describe_warned(result: Warnings, currency: str) -> str:
    """Say how many accounts are under warning, with what sales, and what such warnings meant."""
    warned = result.warned
    least = result.rules.warn_weight
    if warned.empty:
        return _("None of {n} active accounts shows signs that add up to a warning ({least} or "
                 "more).", n=fmt_count(len(result.watch)), least=fmt_count(least))
    first = _n("{n} account with {amount} of sales in {window} is under warning ({least} or more "
               "signs)", "{n} accounts with {amount} of sales in {window} are under warning "
               "({least} or more signs)", len(warned),
               amount=fmt_money(warned["net_amount_window"].sum(), currency),
               least=fmt_count(least))
    row = backtest_row(result, "signs")
    if row is None:
        return _("{first}.", first=first)
    if not row["n_called"]:
        return _("{first}; nobody was on the earlier dates, so what such a warning is worth is not "
                 "known.", first=first)
    others = (row["n_left"] - row["n_hits"]) / max(1, row["n_accounts"] - row["n_called"])
    return _("{first}; of those so marked on {n_cuts} earlier dates {share} ({interval}) stopped "
             "buying for {days} days, of the others {others}.", first=first,
             n_cuts=fmt_count(row["n_cuts"]), share=fmt_share(row["precision_share"]),
             interval=say_interval(row, "precision_share"), days=fmt_count(result.horizon_days),
             others=fmt_share(others))


def describe_verdict(result: Warnings, score: str, *, basis: str) -> str:
    """Say how the signs or the model did against the best naive forecast; "" if not tested."""
    row = backtest_row(result, score, basis=basis)
    if row is None or not row["n_called"]:
        return ""
    rival = backtest_row(result, str(row["precision_rival"]), basis=basis)
    assert rival is not None  # judged on the same rows
    values = {"name": {"signs": _("the warning signs"), "model": _("the model")}[score],
              "hits": fmt_count(row["n_hits"]), "called": fmt_count(row["n_called"]),
              "rival": label(row["precision_rival"]).lower(),
              "rival_hits": fmt_count(rival["n_hits"])}
    sentences = {
        "better": _("In the past {name} found more leavers than any simple list: {hits} of "
                    "{called} called left, against {rival_hits} ({rival}).", **values),
        "worse": _("In the past {name} found fewer leavers than a simple list: {hits} of {called} "
                   "called left, against {rival_hits} ({rival}).", **values),
        "cannot tell": _("In the past {name} did not surely find more leavers than a simple list: "
                         "{hits} of {called} called left, against {rival_hits} ({rival}).",
                         **values)}
    return join_sentences([sentences[str(row["precision_verdict"])], _money_verdict(
        row, backtest_row(result, str(row["caught_rival"]), basis=basis))])


def _money_verdict(row: dict[Any, Any], rival: dict[Any, Any] | None) -> str:
    """Say whose calls held more of the leavers' sales: a list may be right by money alone."""
    if rival is None:  # those that left had bought for nothing
        return ""
    values = {"share": fmt_share(row["caught_amount_share"]),
              "rival_share": fmt_share(rival["caught_amount_share"]),
              "rival": label(row["caught_rival"]).lower()}
    sentences = {
        "better": _("By money they found more: {share} of the leavers' sales, against "
                    "{rival_share} ({rival}).", **values),
        "worse": _("By money they found less: {share} of the leavers' sales, against "
                   "{rival_share} ({rival}).", **values),
        "cannot tell": _("By money no difference is sure: {share} of the leavers' sales, against "
                         "{rival_share} ({rival}).", **values)}
    return sentences[str(row["caught_verdict"])]


def say_interval(row: dict[Any, Any], name: str) -> str:
    """Return the interval of a share in a row of the back-test."""
    return fmt_range(row[f"{name}_ci_low"], row[f"{name}_ci_high"], fmt_share)


def _at_risk(result: Warnings, currency: str) -> Finding | None:
    if result.warned.empty:
        return None
    return Finding("revenue_at_risk", describe_warned(result, currency),
                   float(result.warned["net_amount_window"].sum()), anchor="calls")


def _new(result: Warnings, currency: str) -> Finding | None:
    new = result.changes[result.changes["warning_change"] == "new_warning"]
    if new.empty:
        return None
    amount = float(new["net_amount_window"].sum())
    return Finding("new_warnings", _n(
        "{n} account is under warning now that was not before; it bought {amount} in {window}.",
        "{n} accounts are under warning now that were not before; they bought {amount} in "
        "{window}.", len(new), amount=fmt_money(amount, currency)), amount,
        anchor="warning_changes")


def _likely(result: Warnings, currency: str) -> Finding | None:
    known = result.watch[result.watch["leave_probability"].notna()]
    if known.empty:
        return None
    risk = float(known["risk_amount"].sum())
    likely = known[known["leave_probability"] >= 0.5]
    sentence = _("By the model {risk} of the {amount} that {n} accounts bought in {window} is at "
                 "stake: sales times the chance of leaving.", risk=fmt_money(risk, currency),
                 amount=fmt_money(known["net_amount_window"].sum(), currency),
                 n=fmt_count(len(known)))
    if len(likely):
        sentence = join_sentences([sentence, _n(
            "{n} account is more likely to leave than to stay ({amount}).",
            "{n} accounts are more likely to leave than to stay ({amount}).", len(likely),
            amount=fmt_money(likely["net_amount_window"].sum(), currency))])
    return Finding("likely_to_leave", sentence, risk, anchor="calls")


def _tested(result: Warnings) -> Finding | None:
    said = describe_verdict(result, "signs", basis="as_warned")
    return Finding("warnings_tested", said, anchor="backtest_hits") if said else None


def _model(result: Warnings) -> Finding | None:
    said = describe_verdict(result, "model", basis="tested_days")
    return Finding("model_tested", said, anchor="backtest_hits") if said else None


def _missed(result: Warnings, currency: str) -> Finding | None:
    missed = result.lessons[result.lessons["fate"] == "missed"]
    if missed.empty:
        return None
    amount = float(missed["net_amount_window"].sum())
    return Finding("missed_leavers", _n(
        "{n} account left since the last date without a warning; it had bought {amount} in "
        "{window}.", "{n} accounts left since the last date without a warning; they had bought "
        "{amount} in {window}.", len(missed), amount=fmt_money(amount, currency)), amount,
        anchor="warning_fates")


def _signs(result: Warnings) -> Finding | None:
    told = telling_signs(result.signs)
    if told.empty:
        return None
    named = [_("{sign} ({share} left, {times} times the others)", sign=label(row["flag"]).lower(),
               share=fmt_share(row["left_share"]), times=fmt_number(row["left_ratio"], 1))
             for row in told.head(MAX_SIGNS).to_dict("records")]
    return Finding("telling_signs", _("Signs that told in the past: {signs}.",
                                      signs=fmt_list(named)), anchor="telling_signs")


def telling_signs(signs: pd.DataFrame) -> pd.DataFrame:
    """Signs whose share that left is surely above that of the accounts without them."""
    return signs[signs["left_share_ci_low"] > signs["others_left_share"]]
