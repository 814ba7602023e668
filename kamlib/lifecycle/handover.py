"""What the lifecycle notebook hands on: numbers, findings, accounts, open questions."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from kamlib.handover import Attention, Handover, Metric, Unanswered
from kamlib.language import _, _n, fmt_count, fmt_date, fmt_money, fmt_range, fmt_share
from kamlib.lifecycle.findings import build_findings, moved, number, stage_row
from kamlib.lifecycle.result import Lifecycle
from kamlib.lifecycle.rules import LifecycleRules


def build_handover(result: Lifecycle, *, rules: LifecycleRules, currency: str = "",
                   accounts: pd.DataFrame | None = None,
                   year_before: pd.DataFrame | None = None) -> Handover:
    """Turn the tables of `build_lifecycle` into what the overview is made of.

    accounts: one row an account with its ``owner_id``; year_before: account_facts a year before,
    one row an account, None when history does not reach. Counts, amounts and shares are facts of
    a complete ledger, so none has an interval.
    """
    return Handover(headline=_headline(result, currency), metrics=_metrics(result, year_before),
                    findings=build_findings(result, currency),
                    attention=_attention(result, rules, accounts), unanswered=_unanswered(result))


def _headline(result: Lifecycle, currency: str) -> tuple[str, ...]:
    count, _amount = moved(result)
    if not result.has_previous:
        first = _("{n} accounts are active on {day}; who was before the period is not known.",
                  n=fmt_count(count["closing"]), day=fmt_date(result.as_of))
        return first, _decline_sentence(result, currency)
    first = _("{n} accounts are active on {day}, {opening} were before the period: {new} new, "
              "{seen} first seen, {recovered} recovered, {lost} lost.",
              n=fmt_count(count["closing"]), day=fmt_date(result.as_of),
              opening=fmt_count(count["opening"]),
              new=fmt_count(count["new"]), seen=fmt_count(count["first_seen"]),
              recovered=fmt_count(count["recovered"]), lost=fmt_count(-count["lost"]))
    second = _decline_sentence(result, currency)
    if not is_judged(result):
        return first, second
    if result.fallen.empty:
        return first, second, _("No account fell into decline since {day}.",
                                day=fmt_date(result.previous_as_of))
    third = _n("{n} account fell into decline since {day}.",
               "{n} accounts fell into decline since {day}.", len(result.fallen),
               day=fmt_date(result.previous_as_of))
    return first, second, third


def _decline_sentence(result: Lifecycle, currency: str) -> str:
    stage = stage_row(result, "decline")
    if not is_judged(result):
        return _("No history is long enough to tell whether an account declines.")
    if not stage["n_accounts"]:
        return _("No account is in proven decline.")
    return _n("{amount} of sales in {window} ({share}) come from {n} account in decline.",
              "{amount} of sales in {window} ({share}) come from {n} accounts in decline.",
              stage["n_accounts"], amount=fmt_money(stage["net_amount_window"], currency),
              share=fmt_share(stage["net_amount_share"]))


def is_judged(result: Lifecycle) -> bool:
    """Whether any account's trend was tested; where none was, no decline is not good news."""
    return bool(result.stages["slope_q_value"].notna().any())


def _metrics(result: Lifecycle, year_before: pd.DataFrame | None) -> tuple[Metric, ...]:
    count, _amount = moved(result)
    decline, rates = stage_row(result, "decline"), result.rates.iloc[0]
    if not result.has_previous:  # nobody knows who was active at opening
        rates = rates.where(rates.index == "group")
    n_before = None if year_before is None else float(year_before["is_active_closing"].sum())
    n = int(count["opening"]) if result.has_previous else None
    if not is_judged(result):
        decline = dict.fromkeys(decline)
    n_declining = None if pd.isna(decline["n_accounts"]) else int(decline["n_accounts"])
    return (
        Metric("active_accounts", float(count["closing"]), "count",
               previous=None if n is None else float(n), year_before=n_before, better="up",
               anchor="movement_waterfall", headline=True),
        Metric("decline_amount", number(decline["net_amount_window"]), "amount",
               n=n_declining, previous=number(decline["net_amount_previous"]),
               better="down", anchor="stage_shares", headline=True),
        Metric("decline_share", number(decline["net_amount_share"]), "share",
               n=n_declining, better="down", anchor="stage_shares"),
        Metric("logo_retention", number(rates["logo_retention_share"]), "share", n=n,
               better="up", anchor="movement_waterfall"),
        Metric("net_account_rate", number(rates["net_rate"]), "share", n=n, better="up",
               anchor="movement_waterfall"),
        Metric("loss_to_new_ratio", number(rates["loss_to_new_ratio"]), "ratio",
               n=int(count["new"]), better="down", anchor="movement_waterfall"),
        Metric("lost_accounts", None if n is None else float(-count["lost"]), "count", n=n,
               better="down", anchor="movement_waterfall"),
        Metric("new_accounts", float(count["new"]), "count", better="up",
               anchor="movement_waterfall"),
        Metric("overdue_accounts", float(len(result.overdue)), "count", better="down",
               anchor="overdue"),
    )


def _attention(result: Lifecycle, rules: LifecycleRules,
               accounts: pd.DataFrame | None) -> tuple[Attention, ...]:
    owner: dict[Hashable, str] = {}
    if accounts is not None:
        owner = accounts.set_index("account_id")["owner_id"].fillna("").astype(str).to_dict()
    entries = []
    for row in result.fallen.head(rules.n_attention).to_dict("records"):
        interval = fmt_range(row["slope_rate_ci_low"], row["slope_rate_ci_high"], _one_digit)
        reason = _("Fell into decline: {slope} a month ({interval}).",
                   slope=_one_digit(row["slope_rate"]), interval=interval)
        entries.append(_entry(row, reason, "fell_into_decline", owner))
    for row in result.overdue.head(rules.n_attention).to_dict("records"):
        reason = _("Silent for {days} days; its rhythm allows {allowed}.",
                   days=fmt_count(row["days_since_last_sale"]),
                   allowed=fmt_count(row["allowed_days"]))
        entries.append(_entry(row, reason, "overdue", owner))
    return tuple(entries)


def _entry(row: dict[Hashable, Any], reason: str, anchor: str,
           owner: Mapping[Any, str]) -> Attention:
    account = str(row["account_id"])
    return Attention(account, reason, number(row["net_amount_window"]), owner.get(account, ""),
                     anchor)


def _one_digit(share: Any) -> str:
    return fmt_share(share, digits=1)


def _unanswered(result: Lifecycle) -> tuple[Unanswered, ...]:
    reasons = result.stages["stage_reason"].value_counts()
    open_questions = []
    if n := int(reasons.get("short_history", 0)):
        open_questions.append(Unanswered(
            _("Do the youngest accounts grow, hold or shrink?"),
            _n("{n} account has too few whole months for a trend.",
               "{n} accounts have too few whole months for a trend.", n), "orders"))
    if n := int(reasons.get("unknown_start", 0)):
        open_questions.append(Unanswered(
            _("At what stage are the accounts of unknown start?"),
            _n("{n} account was there when the known history begins.",
               "{n} accounts were there when the known history begins.", n),
            "accounts.customer_since"))
    if not is_judged(result):
        open_questions.append(Unanswered(
            _("Which accounts decline?"),
            _("No account has enough whole months of known history for a trend."), "orders"))
    if not result.has_previous:
        open_questions.append(Unanswered(
            _("Which accounts changed their stage since the previous period?"),
            _("The known history does not reach back to {day} with a full window.",
              day=fmt_date(result.previous_as_of)), "orders"))
    if n := result.cohorts.n_refused:
        open_questions.append(Unanswered(
            _("How well are the smallest cohorts kept?"),
            _n("{n} cohort is too small for a share.", "{n} cohorts are too small for a share.",
               n), "orders"))
    return tuple(open_questions)
