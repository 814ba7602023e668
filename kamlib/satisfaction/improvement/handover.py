"""What the notebook on improvement hands on: numbers, findings, promises, open questions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from kamlib.handover import Attention, Handover, Metric, Unanswered
from kamlib.language import _, _n, fmt_count, fmt_date, fmt_list
from kamlib.satisfaction.improvement.findings import list_findings, number, points, say_gap
from kamlib.satisfaction.improvement.result import Improvement
from kamlib.satisfaction.survey.items import name_item
from kamlib.stats.intervals import proportion_interval

# What each refused table would have answered, and the table of the dictionary that would help.
QUESTIONS: dict[str, tuple[Callable[[], str], str]] = {
    "priorities": (lambda: _("What should be mended first?"), "survey_answers"),
    "stated": (lambda: _("What matters to accounts, by their own word?"), "survey_answers"),
    "derived": (lambda: _("What does their overall judgement follow?"), "survey_items"),
    "rivals": (lambda: _("Where are we behind the best rival?"), "survey_answers"),
    "cells": (lambda: _("Which markets are dissatisfied, and with what?"), "accounts"),
    "expectations": (lambda: _("Do accounts get what they expected?"), "survey_items"),
    "promises": (lambda: _("What became of what we promised?"), "actions"),
    "topics": (lambda: _("Did what we promised help?"), "actions"),
    "reliability": (lambda: _("Can the questions of a topic be added up?"), "survey_items")}


def hand_on_improvement(result: Improvement, *, currency: str) -> Handover:
    """Gather what the overview needs: what to mend, where rivals lead, which promises are late.

    Refused tables leave their metrics out and stand under `unanswered`.
    """
    return Handover(headline=_headline(result, currency), metrics=_metrics(result),
                    findings=list_findings(result, currency=currency),
                    attention=_attention(result), unanswered=_unanswered(result))


def _headline(result: Improvement, currency: str) -> tuple[str, ...]:
    if result.priorities.empty:
        return (result.refused.get("priorities", ""),)
    lines = [say_first(result, currency), say_rivals(result), say_promises(result)]
    return tuple(line for line in lines if line)


def say_first(result: Improvement, currency: str) -> str:
    """Name the item to mend first, or say that none is clearly below its target."""
    low = result.priorities[result.priorities["gap_verdict"] == "not met"]
    if low.empty:
        return _("No question is clearly below the {points} points it should reach.",
                 points=points(result.target_index))
    return _("Mend first: {gap}", gap=say_gap(low.iloc[0].to_dict(), currency))


def say_rivals(result: Improvement) -> str:
    """Say where rivals are ahead and where we are; "" when it was not measured."""
    if result.rivals.empty:
        return ""
    worse, better = (fmt_list(_("“{item}”", item=name_item(row)) for row in result.rivals[
        result.rivals["rival_verdict"] == verdict].to_dict("records"))
        for verdict in ("worse", "better"))
    n_open = int((result.rivals["rival_verdict"] == "cannot tell").sum())
    if worse and better:
        return _("The best rival is ahead on {worse}; we are ahead on {better}.", worse=worse,
                 better=better)
    if worse:
        return _("The best rival is ahead on {worse}; nowhere are we clearly ahead.", worse=worse)
    if better:
        return _("We are ahead of the best rival on {better}; nowhere is it clearly ahead.",
                 better=better)
    return _("Neither we nor the best rival is clearly ahead on any question; on {n} of {n_of} "
             "the answers cannot tell.", n=fmt_count(n_open), n_of=fmt_count(len(result.rivals)))


def say_promises(result: Improvement) -> str:
    """Say how many promises are kept and how many are late; "" when none is on record."""
    if result.promises.empty:
        return ""
    counts = result.promises["promise_status"].value_counts()
    n_late = int(counts.get("overdue", 0))
    kept = int(counts.get("kept", 0) + counts.get("kept_late", 0))
    return _n("Of {n_of} promises made after surveys {kept} are kept, and {n} is overdue.",
              "Of {n_of} promises made after surveys {kept} are kept, and {n} are overdue.",
              n_late, n_of=fmt_count(len(result.promises)), kept=fmt_count(kept))


def _metrics(result: Improvement) -> tuple[Metric, ...]:
    metrics = []
    if len(result.priorities):
        low = result.priorities["gap_verdict"] == "not met"
        metrics.append(Metric("items_below_target", float(low.sum()), "count",
                              n=len(result.priorities), better="down", anchor="priorities",
                              headline=True))
    if len(result.rivals):
        worse = result.rivals["rival_verdict"] == "worse"
        metrics.append(Metric("items_behind_rival", float(worse.sum()), "count",
                              n=len(result.rivals), better="down", anchor="rivals"))
    if len(result.promises):
        late = result.promises["promise_status"] == "overdue"
        metrics += [Metric("promises_overdue", float(late.sum()), "count", n=len(late),
                           better="down", anchor="promises", headline=True),
                    *_kept_in_time(result.promises)]
    return tuple(metrics)


def _kept_in_time(promises: pd.DataFrame) -> list[Metric]:
    """Share kept by their due date, of the promises that were due."""
    due = promises[promises["due_date"].notna() & (promises["promise_status"] != "pending")]
    if due.empty:
        return []
    n_kept = int((due["promise_status"] == "kept").sum())
    low, high = proportion_interval(n_kept, len(due))
    return [Metric("promises_kept_share", n_kept / len(due), "share", n=len(due), ci_low=low,
                   ci_high=high, better="up", anchor="promises")]


def _attention(result: Improvement) -> tuple[Attention, ...]:
    late = result.promises[(result.promises["promise_status"] == "overdue")
                           & (result.promises["account_id"] != "")]
    late = late.sort_values(["net_amount_window", "action_id"], ascending=[False, True],
                            na_position="last").head(result.rules.n_attention)
    return tuple(Attention(str(row["account_id"]), _promise_reason(row),
                           number(row["net_amount_window"]), str(row["owner_id"]), "promises")
                 for row in late.to_dict("records"))


def _promise_reason(row: dict[Any, Any]) -> str:
    return _n("Promised to mend “{topic}” by {due}: {n} day overdue.",
              "Promised to mend “{topic}” by {due}: {n} days overdue.", int(row["overdue_days"]),
              topic=row["topic"], due=fmt_date(row["due_date"]))


def _unanswered(result: Improvement) -> tuple[Unanswered, ...]:
    if not result.wave_name:
        asked = QUESTIONS["priorities"][0]
        return (Unanswered(asked(), result.refused["priorities"], "survey_answers"),)
    open_ones = [Unanswered(QUESTIONS[name][0](), reason, QUESTIONS[name][1])
                 for name, reason in result.refused.items() if name in QUESTIONS]
    missing = result.coverage.loc[~result.coverage["is_covered"].astype("bool"), "topic"]
    if len(missing):
        open_ones.append(Unanswered(
            _("What do accounts think of {topics}?", topics=fmt_list(missing)),
            _("The questionnaire asks nothing about it, although every one should."),
            "survey_items"))
    return tuple(open_ones)
