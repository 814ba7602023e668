"""Findings of the lifecycle: each a computed sentence with the money behind it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.handover import Finding
from kamlib.language import _, _n, fmt_date, fmt_money, fmt_share, join_sentences
from kamlib.lifecycle.result import Lifecycle


def build_findings(result: Lifecycle, currency: str) -> tuple[Finding, ...]:
    """Say what happened to the accounts; each finding is silent when it did not happen."""
    return tuple(finding for finding in (
        _decline(result, currency), _fallen(result, currency), _lost(result, currency),
        _recovered(result, currency), _new(result, currency), _overdue(result, currency))
        if finding is not None)


def _decline(result: Lifecycle, currency: str) -> Finding | None:
    stage = stage_row(result, "decline")
    if not stage["n_accounts"]:
        return None
    ending = result.stages[result.stages["stage_action"] == "new_terms_or_end"]
    sentence = _n("{n} account in decline bought {amount} in {window}, {share} of sales.",
                  "{n} accounts in decline bought {amount} in {window}, {share} of sales.",
                  stage["n_accounts"], amount=fmt_money(stage["net_amount_window"], currency),
                  share=fmt_share(stage["net_amount_share"]))
    if len(ending):
        sentence = join_sentences([sentence, _n(
            "{n} of them earns no margin.", "{n} of them earn no margin.", len(ending))])
    slopes = result.stages.loc[result.stages["stage"] == "decline", "slope_rate"]
    evidence = _("Middle fall {slope} a month, season taken out.",
                 slope=fmt_share(-float(slopes.median()), digits=1))
    return Finding("revenue_in_decline", sentence, number(stage["net_amount_window"]), evidence,
                   "stage_shares")


def _fallen(result: Lifecycle, currency: str) -> Finding | None:
    if result.fallen.empty:
        return None
    amount = float(result.fallen["net_amount_window"].sum())
    return Finding("fell_into_decline", _n(
        "{n} account fell into decline since {day}, with {amount} of sales in {window}.",
        "{n} accounts fell into decline since {day}, with {amount} of sales in {window}.",
        len(result.fallen), day=fmt_date(result.previous_as_of),
        amount=fmt_money(amount, currency)), amount, anchor="fell_into_decline")


def _lost(result: Lifecycle, currency: str) -> Finding | None:
    count, amount = moved(result)
    if not count["lost"]:
        return None
    lost = -amount["lost"]
    return Finding("lost_accounts", _n(
        "{n} account is lost; it had bought {amount} in the {window} before the period.",
        "{n} accounts are lost; they had bought {amount} in the {window} before the period.",
        -count["lost"], amount=fmt_money(lost, currency)), number(lost),
        anchor="movement_waterfall")


def _recovered(result: Lifecycle, currency: str) -> Finding | None:
    count, amount = moved(result)
    if not count["recovered"]:
        return None
    return Finding("recovered_accounts", _n(
        "{n} account came back after a long silence and bought {amount}.",
        "{n} accounts came back after a long silence and bought {amount}.",
        count["recovered"], amount=fmt_money(amount["recovered"], currency)),
        number(amount["recovered"]), anchor="movement_waterfall")


def _new(result: Lifecycle, currency: str) -> Finding | None:
    count, amount = moved(result)
    if not count["new"]:
        return None
    return Finding("new_accounts", _n(
        "{n} new account bought {amount}.", "{n} new accounts bought {amount}.",
        count["new"], amount=fmt_money(amount["new"], currency)), number(amount["new"]),
        anchor="movement_waterfall")


def _overdue(result: Lifecycle, currency: str) -> Finding | None:
    if result.overdue.empty:
        return None
    amount = float(result.overdue["net_amount_window"].sum(skipna=False))
    return Finding("overdue_accounts", _n(
        "{n} active account is silent for longer than its own rhythm allows; it bought {amount} "
        "in {window}.",
        "{n} active accounts are silent for longer than their own rhythm allows; they bought "
        "{amount} in {window}.", len(result.overdue), amount=fmt_money(amount, currency)),
        number(amount), anchor="overdue")


def stage_row(result: Lifecycle, stage: str) -> dict[str, Any]:
    """Return one row of the stage mix."""
    return dict(result.mix[result.mix["stage"] == stage].iloc[0])


def moved(result: Lifecycle) -> tuple[pd.Series, pd.Series]:
    """Return accounts and sales by movement."""
    table = result.movement.set_index("movement")
    return table["n_accounts"], table["net_amount"]


def number(value: Any) -> float | None:
    """Return a number, None where it is missing."""
    return None if pd.isna(value) else float(value)
