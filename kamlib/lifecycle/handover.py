"""What the lifecycle notebook hands on: numbers, findings, accounts, open questions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd

from kamlib.handover import Handover, Metric, Unanswered
from kamlib.language import _, _n, fmt_count, fmt_date, fmt_money, fmt_share, translate
from kamlib.lifecycle.attention import find_attention
from kamlib.lifecycle.findings import (
    build_findings,
    moved,
    number,
    retention_row,
    say_overdue,
    stage_row,
)
from kamlib.lifecycle.result import QUESTIONS, Lifecycle
from kamlib.lifecycle.rules import LifecycleRules


def build_handover(result: Lifecycle, *, rules: LifecycleRules, currency: str = "",
                   accounts: pd.DataFrame | None = None, targets: pd.DataFrame | None = None,
                   year_before: pd.DataFrame | None = None) -> Handover:
    """Turn the tables of `build_lifecycle` into what the overview is made of.

    accounts: one row an account with its ``owner_id``; targets: the targets table (metrics nrr
    and grr, kind rate); year_before: account_facts a year before, one row an account, None when
    history does not reach. Counts, amounts and shares are facts of a complete ledger, so none has
    an interval; how long relationships last is an estimate and has one.
    """
    return Handover(
        headline=tuple(_headline(result, currency)),
        metrics=(*_retention(result, targets), *_metrics(result, year_before)),
        findings=build_findings(result, currency),
        attention=find_attention(result, rules=rules, accounts=accounts, currency=currency),
        unanswered=tuple(_unanswered(result)))


def find_target(targets: pd.DataFrame | None, *, metric: str, as_of: date) -> float | None:
    """Return the company's target rate on a day, or None; of several the one begun last holds."""
    if targets is None or targets.empty:
        return None
    day = pd.Timestamp(as_of)
    rows = targets[(targets["scope"] == "company") & (targets["kind"] == "rate")
                   & (targets["metric"] == metric)
                   & (pd.to_datetime(targets["from_date"]) <= day)
                   & (pd.to_datetime(targets["to_date"]) >= day)]
    return float(rows.sort_values("from_date")["target"].iloc[-1]) if len(rows) else None


def _headline(result: Lifecycle, currency: str) -> list[str]:
    """Say at most three sentences: revenue kept, who came and went, who is late or declines."""
    sentences = [_kept_sentence(result, currency), _movement_sentence(result),
                 say_overdue(result, currency), _decline_sentence(result, currency)]
    return [sentence for sentence in sentences if sentence][:3]


def _kept_sentence(result: Lifecycle, currency: str) -> str:
    row = retention_row(result)
    if not row:
        return ""
    return _("The accounts of a year ago bring {now} where they brought {then} ({nrr}): {gone} "
             "went with those that stopped or buy less, {grown} came with those that buy more.",
             now=fmt_money(row["closing_amount"], currency),
             then=fmt_money(row["opening_amount"], currency),
             nrr=fmt_share(row["net_retention_share"]),
             gone=fmt_money(row["churned_amount"] + row["contraction_amount"], currency),
             grown=fmt_money(row["expansion_amount"], currency))


def _movement_sentence(result: Lifecycle) -> str:
    count, _amount = moved(result)
    if not result.has_previous:
        return _("{n} accounts are active on {day}; who was before the period is not known.",
                 n=fmt_count(count["closing"]), day=fmt_date(result.as_of))
    return _("{n} accounts are active on {day}, {opening} were before the period: {new} new, "
             "{seen} first seen, {recovered} recovered, {lost} lost.",
             n=fmt_count(count["closing"]), day=fmt_date(result.as_of),
             opening=fmt_count(count["opening"]),
             new=fmt_count(count["new"]), seen=fmt_count(count["first_seen"]),
             recovered=fmt_count(count["recovered"]), lost=fmt_count(-count["lost"]))


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


def _retention(result: Lifecycle, targets: pd.DataFrame | None) -> Iterator[Metric]:
    row = retention_row(result)
    for metric, column in (("nrr", "net_retention_share"), ("grr", "gross_retention_share")):
        value = row.get(column)
        target = find_target(targets, metric=metric, as_of=result.as_of)
        verdict = "" if value is None or target is None else (
            "met" if value >= target else "not met")
        yield Metric(metric, value, "share", n=row.get("n_accounts"), target=target,
                     verdict=verdict, better="up", anchor="revenue_changes",
                     headline=metric == "nrr")


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
        Metric("overdue_accounts", None if "overdue" in result.refused else float(
            len(result.overdue.table)), "count", n=result.overdue.n_judged, better="down",
            anchor="overdue_silence"),
        *_life(result))


def _life(result: Lifecycle) -> Iterator[Metric]:
    for row in result.survival.summary.head(1).to_dict("records"):
        yield Metric("median_life", number(row["median_life_years"]), "years",
                     n=int(row["n_accounts"]), ci_low=number(row["median_life_years_ci_low"]),
                     ci_high=number(row["median_life_years_ci_high"]), better="up",
                     anchor="relationship_survival")


def _unanswered(result: Lifecycle) -> Iterator[Unanswered]:
    reasons = result.stages["stage_reason"].value_counts()
    if n := int(reasons.get("short_history", 0)):
        yield Unanswered(
            _("Do the youngest accounts grow, hold or shrink?"),
            _n("{n} account has too few whole months for a trend.",
               "{n} accounts have too few whole months for a trend.", n), "orders")
    if n := int(reasons.get("unknown_start", 0)):
        yield Unanswered(
            _("At what stage are the accounts of unknown start?"),
            _n("{n} account was there when the known history begins.",
               "{n} accounts were there when the known history begins.", n),
            "accounts.customer_since")
    if not is_judged(result):
        yield Unanswered(
            _("Which accounts decline?"),
            _("No account has enough whole months of known history for a trend."), "orders")
    if not result.has_previous:
        yield Unanswered(
            _("Which accounts changed their stage since the previous period?"),
            _("The known history does not reach back to {day} with a full window.",
              day=fmt_date(result.previous_as_of)), "orders")
    for name, question in QUESTIONS.items():
        if name in result.refused:
            yield Unanswered(translate(question), result.refused[name], "orders")
    if n := result.cohorts.n_refused:
        yield Unanswered(
            _("How well are the smallest cohorts kept?"),
            _n("{n} cohort is too small for a share.", "{n} cohorts are too small for a share.",
               n), "orders")
    if result.survival.reason:
        yield Unanswered(_("How long do relationships last?"), result.survival.reason,
                         "accounts.customer_since" if result.survival.n_unknown_start else "orders")
    if result.overdue.reason and "overdue" not in result.refused:
        yield Unanswered(_("How surprising is the silence of each account?"),
                         result.overdue.reason, "orders")
