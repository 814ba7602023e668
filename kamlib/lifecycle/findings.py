"""Findings of the lifecycle: each a computed sentence with the money behind it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.handover import Finding
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_money,
    fmt_number,
    fmt_share,
    join_sentences,
)
from kamlib.lifecycle.result import Lifecycle


def build_findings(result: Lifecycle, currency: str) -> tuple[Finding, ...]:
    """Say what happened to the accounts; each finding is silent when it did not happen."""
    return tuple(finding for finding in (
        _retention(result, currency), _decline(result, currency), _fallen(result, currency),
        _lost(result, currency), _recovered(result, currency), _new(result, currency),
        _overdue(result, currency)) if finding is not None)


def _retention(result: Lifecycle, currency: str) -> Finding | None:
    row = retention_row(result)
    missing = row.get("contraction_amount", 0.0) + row.get("churned_amount", 0.0)
    if not missing > 0:
        return None
    return Finding("revenue_retention", _n(
        "Of what was sold a year ago, {missing} is gone: {churned} with {n} account that stopped "
        "buying, {shrunk} with accounts that buy less. Those that grew bring {grown} more.",
        "Of what was sold a year ago, {missing} is gone: {churned} with {n} accounts that stopped "
        "buying, {shrunk} with accounts that buy less. Those that grew bring {grown} more.",
        int(row["n_churned"]), missing=fmt_money(missing, currency),
        churned=fmt_money(row["churned_amount"], currency),
        shrunk=fmt_money(row["contraction_amount"], currency),
        grown=fmt_money(row["expansion_amount"], currency)),
        amount=float(missing), anchor="revenue_changes")


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
    sentence = say_overdue(result, currency)
    if not sentence:
        return None
    amount = result.overdue.table["net_amount_window"].sum(skipna=False)
    evidence = "" if pd.isna(result.overdue.n_by_chance) else _(
        "Of {judged} accounts with a rhythm of their own, about {chance} would look so by chance.",
        judged=fmt_count(result.overdue.n_judged), chance=fmt_number(result.overdue.n_by_chance, 0))
    return Finding("overdue_accounts", sentence, number(amount), evidence, "overdue_silence")


def say_overdue(result: Lifecycle, currency: str) -> str:
    """Say how many accounts are silent for too long and what they buy; "" when none is."""
    table = result.overdue.table
    if table.empty:
        return ""
    return _n("{n} active account is silent for longer than its own rhythm allows; it bought "
              "{amount} in {window}.",
              "{n} active accounts are silent for longer than their own rhythm allows; they bought "
              "{amount} in {window}.", len(table),
              amount=fmt_money(table["net_amount_window"].sum(skipna=False), currency))


def stage_row(result: Lifecycle, stage: str) -> dict[str, Any]:
    """Return one row of the stage mix."""
    return dict(result.mix[result.mix["stage"] == stage].iloc[0])


def retention_row(result: Lifecycle) -> dict[str, Any]:
    """Return the one row of revenue retention; nothing where it was refused."""
    return {str(name): value for row in result.retention.to_dict("records")
            for name, value in row.items()}


def moved(result: Lifecycle) -> tuple[pd.Series, pd.Series]:
    """Return accounts and sales by movement."""
    table = result.movement.set_index("movement")
    return table["n_accounts"], table["net_amount"]


def number(value: Any) -> float | None:
    """Return a number, None where it is missing."""
    return None if pd.isna(value) else float(value)
