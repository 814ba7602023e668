"""What to mend first, as sentences with the money concerned."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.handover import Finding
from kamlib.language import _, _n, fmt_count, fmt_money, fmt_number, fmt_range
from kamlib.satisfaction.improvement.result import Improvement
from kamlib.satisfaction.survey.items import name_item

# So many items, markets or topics of a kind become a finding each; the tables hold all.
N_EACH = 3


def list_findings(result: Improvement, *, currency: str) -> tuple[Finding, ...]:
    """Findings of what to mend, most money first.

    Kinds: item_below_target (the whole interval of the gap lies below the target), behind_rival
    and market_behind_rival (worse than the best rival after Holm), promises_overdue, topic_fell
    (promised, and rated lower since). The amount is the sales of the accounts concerned over the
    12 months to as_of: those below the target, those that rate the rival higher, those of the
    market, those waiting. One account may count in several findings.
    """
    found = [*_below(result, currency), *_behind(result, currency), *_markets(result),
             *_overdue(result), *_fallen(result)]
    return tuple(sorted(found, key=lambda f: (-(f.amount or 0.0), f.kind, f.sentence)))


def points(x: Any) -> str:
    """Format points of the 0-100 scale with one decimal."""
    return fmt_number(x, 1)


def say_gap(row: dict[Any, Any], currency: str) -> str:
    """Say how far an item lies below its target, and who suffers most of it."""
    sentence = _("“{item}” is rated {index}, {gap} points ({range}) below the {target} it should "
                 "reach.", item=name_item(row), index=points(row["item_index"]),
                 gap=points(row["gap_index"]), target=fmt_number(row["target_index"], 0),
                 range=fmt_range(row["gap_index_ci_low"], row["gap_index_ci_high"], points))
    if pd.isna(row["below_amount"]) or row["below_amount"] <= 0:
        return sentence
    return _("{sentence} The {n} accounts below it buy for {amount} a year.", sentence=sentence,
             n=fmt_count(row["n_below"]), amount=fmt_money(row["below_amount"], currency))


def _below(result: Improvement, currency: str) -> list[Finding]:
    low = result.priorities[result.priorities["gap_verdict"] == "not met"].head(N_EACH)
    return [Finding("item_below_target", say_gap(row, currency), number(row["below_amount"]),
                    evidence=_("{n} accounts rated it", n=fmt_count(row["n_accounts"])),
                    anchor="priorities") for row in low.to_dict("records")]


def _behind(result: Improvement, currency: str) -> list[Finding]:
    found = []
    worse = result.rivals[result.rivals["rival_verdict"] == "worse"].head(N_EACH)
    for row in worse.to_dict("records"):
        sentence = _("On “{item}” the best rival is rated {points} points ({range}) higher than "
                     "we are.", item=name_item(row), points=points(-row["difference_index"]),
                     range=fmt_range(-row["difference_index_ci_high"],
                                     -row["difference_index_ci_low"], points))
        if number(row["rival_ahead_amount"]):
            sentence = _("{sentence} Accounts that prefer it buy for {amount} a year.",
                         sentence=sentence,
                         amount=fmt_money(row["rival_ahead_amount"], currency))
        found.append(Finding("behind_rival", sentence, number(row["rival_ahead_amount"]),
                             evidence=_("{n} accounts rated both", n=fmt_count(row["n_both"])),
                             anchor="rivals"))
    return found


def _markets(result: Improvement) -> list[Finding]:
    worse = result.markets[result.markets["rival_verdict"] == "worse"].head(N_EACH)
    return [Finding(
        "market_behind_rival",
        _("In {market} the best rival is rated {points} points ({range}) higher than we are.",
          market=row["region"], points=points(-row["difference_index"]),
          range=fmt_range(-row["difference_index_ci_high"], -row["difference_index_ci_low"],
                          points)),
        number(row["market_amount"]), anchor="markets",
        evidence=_("{n} accounts rated both", n=fmt_count(row["n_both"])))
        for row in worse.to_dict("records")]


def _overdue(result: Improvement) -> list[Finding]:
    late = result.promises[result.promises["promise_status"] == "overdue"]
    if late.empty:
        return []
    n, longest = len(late), late.iloc[0]
    sentence = _n("{n} promise made after a survey is overdue, by {days} days.",
                  "{n} promises made after a survey are overdue, the longest by {days} days.", n,
                  days=fmt_count(longest["overdue_days"]))
    known = late.drop_duplicates("account_id")["net_amount_window"].dropna()
    return [Finding("promises_overdue", sentence, float(known.sum()) if len(known) else None,
                    evidence=_("of {n} promises followed", n=fmt_count(len(result.promises))),
                    anchor="promises")]


def _fallen(result: Improvement) -> list[Finding]:
    fallen = result.topics[result.topics["movement"] == "fell"].head(N_EACH)
    return [Finding(
        "topic_fell",
        _n("After {previous} {n} promise was made about “{topic}”; accounts rate it {points} "
           "points ({range}) lower since.",
           "After {previous} {n} promises were made about “{topic}”; accounts rate it {points} "
           "points ({range}) lower since.", int(row["n_promised"]), previous=result.previous_name,
           topic=row["topic"], points=points(-row["change_index"]),
           range=fmt_range(-row["change_index_ci_high"], -row["change_index_ci_low"], points)),
        None, anchor="topics",
        evidence=_("{n} accounts answered both times", n=fmt_count(row["n_paired"])))
        for row in fallen.to_dict("records")]


def number(value: Any) -> float | None:
    """Return a float, or None for a gap."""
    return None if value is None or pd.isna(value) else float(value)
