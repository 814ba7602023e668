"""What complaints hand on to the overview: numbers, findings, accounts, open questions."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pandas as pd

from kamlib.handover import Attention, Finding, Handover, Metric, Unanswered
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
from kamlib.satisfaction.complaints.log import NO_CLASS
from kamlib.satisfaction.complaints.result import Complaints

# Groupings whose rise is a finding, and the heading under which the page shows them.
TOLD_GROUPS = ("complaint_class", "region")
# An account with fewer complaints than this is no reason to call.
OFTEN = 2


def hand_on_complaints(result: Complaints, *, currency: str) -> Handover:
    """Turn the tables of `build_complaints` into what the overview is made of."""
    if "log" in result.refused:
        reason = result.refused["log"]
        return Handover(headline=(reason,), unanswered=(Unanswered(
            _("What do our accounts complain about, and how fast are they helped?"), reason,
            "complaints"),))
    return Handover(headline=_headline(result, currency), metrics=_metrics(result),
                    findings=_findings(result, currency), attention=_attention(result),
                    unanswered=_unanswered(result))


def rate(x: Any) -> str:
    """Format complaints for a hundred orders with one decimal."""
    return fmt_number(x, 1)


def ratio(x: Any) -> str:
    """Format a ratio of two rates with two decimals."""
    return fmt_number(x, 2)


def call_class(name: object) -> str:
    """The company's own name of a class or group as it stands; only "no class" is ours."""
    return label(name) if name == NO_CLASS else str(name)


def find(table: pd.DataFrame, **wanted: str) -> dict[Hashable, Any] | None:
    """The one row of a table with these entries, None when there is none."""
    for column, value in wanted.items():
        table = table[table[column] == value]
    return table.iloc[0].to_dict() if len(table) else None


def describe_change(result: Complaints) -> str:
    """Say whether the rate of the window has changed against the window a year before."""
    row, now = find(result.changes, compared="window"), find(result.counts, span="window")
    before = find(result.counts, span="window_before")
    if not row or not now or not before or pd.isna(now["complaints_per_100"]):
        return _("How often accounts complain for a hundred orders is not known: the orders of "
                 "the last {window} are not complete, or the log of complaints began within them.")
    said = {"rate": rate(now["complaints_per_100"]), "before": rate(before["complaints_per_100"])}
    if row["movement"] == "rose":
        return _("Over {window} there were {rate} complaints for 100 orders, up from {before} in "
                 "the {window} before.", **said)
    if row["movement"] == "fell":
        return _("Over {window} there were {rate} complaints for 100 orders, down from {before} "
                 "in the {window} before.", **said)
    if row["movement"]:
        return _("Over {window} there were {rate} complaints for 100 orders, no clear change from "
                 "{before} in the {window} before.", **said)
    return _("Over {window} there were {rate} complaints for 100 orders; there is nothing earlier "
             "to compare with.", **said)


def describe_silent(result: Complaints, currency: str) -> str:
    """Say how many dissatisfied accounts have not complained, and what they buy for."""
    row = find(result.cross, opinion="dissatisfied")
    if row is None:
        return result.refused.get("cross", "")
    if not row["n_accounts"]:
        return _("No account heard is below the satisfied line of {line}.",
                 line=fmt_number(result.satisfied_line, 0))
    return _("{n} of {n_of} dissatisfied accounts have not complained in {window}; they bought for "
             "{amount} in that time.", n=fmt_count(row["n_silent"]),
             n_of=fmt_count(row["n_accounts"]), amount=fmt_money(row["silent_amount"], currency))


def _headline(result: Complaints, currency: str) -> tuple[str, ...]:
    amount = result.complainers["net_amount_window"].sum()
    first = _n("{n} account with sales of {amount} complained in {window}. {change}",
               "{n} accounts with sales of {amount} complained in {window}. {change}",
               len(result.complainers), amount=fmt_money(amount, currency),
               change=describe_change(result))
    return tuple(line for line in (first, describe_silent(result, currency)) if line)


def _metrics(result: Complaints) -> tuple[Metric, ...]:
    rows = {str(row["span"]): row for row in result.counts.to_dict("records")}
    now, previous, before = (rows[name] for name in ("period", "previous", "year_before"))
    # In a span that begins before the log, few complaints are no few complaints.
    counts = [float(row["n_complaints"]) if row["is_in_log"] else None
              for row in (previous, before)]
    metrics = [
        Metric("complaints_per_100", _number(now["complaints_per_100"]), "ratio",
               n=None if pd.isna(now["n_orders"]) else int(now["n_orders"]),
               ci_low=_number(now["complaints_per_100_ci_low"]),
               ci_high=_number(now["complaints_per_100_ci_high"]),
               previous=_number(previous["complaints_per_100"]),
               year_before=_number(before["complaints_per_100"]), better="down",
               anchor="complaint_rate", headline=True),
        Metric("complaints_opened", float(now["n_complaints"]), "count", previous=counts[0],
               year_before=counts[1], better="down", anchor="complaint_rate"),
        Metric("complaints_open", float(len(result.waiting)), "count", better="down",
               anchor="complaint_times")]
    silent = find(result.cross, opinion="dissatisfied")
    if silent is not None:
        metrics.append(Metric("silent_dissatisfied_amount", float(silent["silent_amount"]),
                              "amount", n=int(silent["n_silent"]), better="down",
                              anchor="silent_accounts", headline=True))
    return (*metrics, *_time_metrics(result))


def _time_metrics(result: Complaints) -> tuple[Metric, ...]:
    found = []
    for step in ("response", "resolution"):
        now = find(result.times, step=step, span="window")
        before = find(result.times, step=step, span="window_before") or {}
        if now is None or pd.isna(now["kept_share"]):
            continue
        n = int(now["n_complaints"])
        found.append(Metric(
            f"{step}_in_time_share", _number(now["kept_share"]), "share", n=n,
            ci_low=_number(now["kept_share_ci_low"]), ci_high=_number(now["kept_share_ci_high"]),
            year_before=_number(before.get("kept_share")), target=result.rules.kept_target_share,
            verdict=str(now["verdict"]), better="up", anchor="complaint_times"))
        found.append(Metric(
            f"median_{step}_days", _number(now["median_wait_days"]), "days", n=n,
            ci_low=_number(now["median_wait_days_ci_low"]),
            ci_high=_number(now["median_wait_days_ci_high"]),
            year_before=_number(before.get("median_wait_days")), better="down",
            anchor="complaint_times"))
    return tuple(found)


def _findings(result: Complaints, currency: str) -> tuple[Finding, ...]:
    found = [*_rate_rose(result), *_groups_rose(result), *_old_open(result, currency),
             *_silent(result, currency), *_promise_broken(result)]
    return tuple(sorted(found, key=lambda f: (-(f.amount or 0.0), f.kind, f.sentence)))


def _rate_rose(result: Complaints) -> list[Finding]:
    row = find(result.changes, compared="window")
    if row is None or row["movement"] != "rose":
        return []
    sentence = join_sentences([describe_change(result), _(
        "That is {times} times as many ({range}).", times=ratio(row["rate_ratio"]),
        range=fmt_range(row["rate_ratio_ci_low"], row["rate_ratio_ci_high"], ratio))])
    evidence = _("{now} complaints now, {before} before", now=fmt_count(row["n_complaints"]),
                 before=fmt_count(row["n_complaints_before"]))
    return [Finding("complaints_rose", sentence,
                    float(result.complainers["net_amount_window"].sum()), evidence,
                    "complaint_rate")]


def _groups_rose(result: Complaints) -> list[Finding]:
    chosen = result.groups[result.groups["grouped_by"].isin(TOLD_GROUPS)
                           & (result.groups["movement"] == "rose")]
    found = []
    for row in chosen.to_dict("records"):
        said = {"group": call_class(row["group"]), "n": fmt_count(row["n_complaints"]),
                "before": fmt_count(row["n_complaints_before"])}
        sentence = (_("Complaints from {group} rose from {before} to {n} in {window}, more than "
                      "its orders explain.", **said) if row["grouped_by"] == "region" else
                    _("Complaints about “{group}” rose from {before} to {n} in {window}, more than "
                      "the orders explain.", **said))
        evidence = _("rate × {ratio} ({range})", ratio=ratio(row["rate_ratio"]), range=fmt_range(
            row["rate_ratio_ci_low"], row["rate_ratio_ci_high"], ratio))
        found.append(Finding("complaint_group_rose", sentence, float(row["net_amount_window"]),
                             evidence, "complaint_classes"))
    return found


def _old_open(result: Complaints, currency: str) -> list[Finding]:
    if result.ages.empty or not result.ages.iloc[-1]["n_open"]:
        return []
    last = result.ages.iloc[-1]
    sentence = _n("{n} complaint has been open for more than {days} days; the account bought for "
                  "{amount} in {window}.",
                  "{n} complaints have been open for more than {days} days; their accounts bought "
                  "for {amount} in {window}.", int(last["n_open"]),
                  days=fmt_count(last["age_from_days"] - 1),
                  amount=fmt_money(last["net_amount_window"], currency))
    oldest = fmt_count(result.waiting["open_days"].max())
    return [Finding("complaints_left_open", sentence, float(last["net_amount_window"]),
                    _("oldest: {days} days", days=oldest), "open_complaints")]


def _silent(result: Complaints, currency: str) -> list[Finding]:
    row = find(result.cross, opinion="dissatisfied")
    if row is None or not row["n_silent"]:
        return []
    evidence = _("{n} of {n_of} accounts heard", n=fmt_count(row["n_silent"]),
                 n_of=fmt_count(result.cross["n_accounts"].sum()))
    return [Finding("silent_dissatisfied", describe_silent(result, currency),
                    float(row["silent_amount"]), evidence, "silent_accounts")]


def _promise_broken(result: Complaints) -> list[Finding]:
    found = []
    for row in result.times[result.times["span"] == "window"].to_dict("records"):
        if row["verdict"] != "not met":
            continue
        said = {"share": fmt_share(row["kept_share"]), "days": fmt_count(row["promised_days"]),
                "target": fmt_share(result.rules.kept_target_share)}
        sentence = (_("{share} of complaints are answered within {days} days; {target} should be.",
                      **said) if row["step"] == "response" else
                    _("{share} of complaints are settled within {days} days; {target} should be.",
                      **said))
        found.append(Finding("complaints_too_slow", sentence, float(
            result.complainers["net_amount_window"].sum()), anchor="complaint_times"))
    return found


def _attention(result: Complaints) -> tuple[Attention, ...]:
    n = result.rules.n_attention
    often = result.complainers[result.complainers["n_complaints"] >= OFTEN].head(n)
    rows = [Attention(str(row["account_id"]), _often_reason(row),
                      _number(row["net_amount_window"]), str(row["owner_id"]),
                      "complaints_by_account") for row in often.to_dict("records")]
    rows += [Attention(str(row["account_id"]), _(
        "Index {index}, below the satisfied line, and no complaint in {window}; lowest on "
        "“{item}”.", index=fmt_number(row["account_index"], 1), item=row["lowest_item"]),
        _number(row["net_amount_window"]), str(row["owner_id"]), "silent_accounts")
        for row in result.silent.head(n).to_dict("records")]
    return tuple(rows)


def _often_reason(row: dict[Hashable, Any]) -> str:
    said = [_n("{n} complaint in {window}, mostly about {main}.",
               "{n} complaints in {window}, mostly about {main}.", int(row["n_complaints"]),
               main=call_class(row["main_class"]))]
    if row["n_open"]:
        said.append(_n("{n} is still open.", "{n} are still open.", int(row["n_open"])))
    return join_sentences(said)


def _unanswered(result: Complaints) -> tuple[Unanswered, ...]:
    questions = {"matrix": (_("Which product lines are complained about?"), "complaints"),
                 "cross": (_("Who is dissatisfied without complaining?"), "survey_answers"),
                 "groups": (_("What is complained about?"), "complaints")}
    found = [Unanswered(question, result.refused[name], table)
             for name, (question, table) in questions.items() if name in result.refused]
    waits = {"response": _("How fast are complaints answered?"),
             "resolution": _("How fast are complaints settled?")}
    found += [Unanswered(waits[str(row["step"])], str(row["reason"]), "complaints")
              for row in result.times.to_dict("records")
              if row["span"] == "window" and row["reason"]]
    found.append(Unanswered(_("How many complaints are opened again?"),
                            _("The log knows one day of settlement for each complaint; that it "
                              "was opened again is not recorded."), "complaints"))
    changes = result.changes[result.changes["movement"] == ""]
    if len(changes):
        found.append(Unanswered(
            _("Do accounts complain more often than before?"),
            _("For {spans} the orders, or the log of complaints, do not reach back far enough.",
              spans=fmt_list(label(f"compared_{name}") for name in changes["compared"])),
            "complaints"))
    return tuple(found)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
