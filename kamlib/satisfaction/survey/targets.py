"""Targets of satisfaction: a rate is held against a rate, an index against an index."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.language import _, fmt_number

METRICS = {"index": ("satisfaction_index", "satisfaction", "csi"),
           "rate": ("satisfied_rate", "satisfaction", "satisfaction_rate")}
# The largest target of each kind that can be met.
LARGEST = {"index": 100.0, "rate": 1.0}


def find_target(targets: pd.DataFrame | None, *, kind: str, as_of: date,
                default: float | None) -> float | None:
    """Return the company's target of a kind on a day, or the default.

    targets: rows of the targets table, or None; kind: index (0-100) or rate (0-1).
    Of several that cover the day, the one that began last holds.
    Source: catalogue SAT-11, E1: a report held an index of 78.4 against a target rate of 85 %.
    """
    known = _in_force(targets, as_of)
    if known.empty:
        return default
    fits = known[(known["kind"] == kind) & known["metric"].isin(METRICS[kind])
                 & known["target"].between(0, LARGEST[kind])]
    if fits.empty:
        return default
    return float(fits.sort_values(["from_date", "metric"])["target"].iloc[-1])


def list_misplaced(targets: pd.DataFrame | None, *, as_of: date) -> list[str]:
    """Targets of satisfaction that no figure may be held against, one sentence each.

    targets: rows of the targets table, or None. Named are a rate's target set as an index, an
    index's set as a rate, and either outside what can be reached (a rate of 85 instead of 0.85).
    Source: catalogue SAT-11, E1.
    """
    sentences = []
    for row in _in_force(targets, as_of).sort_values(["metric", "from_date"]).to_dict("records"):
        kinds = [kind for kind, metrics in METRICS.items() if row["metric"] in metrics]
        if row["kind"] not in kinds:
            sentences.append(_(
                "The target of {target} for “{metric}” is set as a target of kind {kind}, which is "
                "another figure: it is not used. A target of kind {right} would lift this.",
                target=_plain(row["target"]), metric=row["metric"], kind=row["kind"],
                right=kinds[0]))
        elif not 0 <= row["target"] <= LARGEST[row["kind"]]:
            sentences.append(_(
                "The target of {target} for “{metric}” lies outside 0 to {largest}, where a target "
                "of kind {kind} lies: it is not used. Correcting it in targets would lift this.",
                target=_plain(row["target"]), metric=row["metric"], kind=row["kind"],
                largest=fmt_number(LARGEST[row["kind"]], 0)))
    return sentences


def _in_force(targets: pd.DataFrame | None, as_of: date) -> pd.DataFrame:
    """The company's targets of satisfaction on a day, of whatever kind."""
    if targets is None or targets.empty:
        return pd.DataFrame(columns=["metric", "kind", "target", "from_date"])
    day, ours = pd.Timestamp(as_of), {metric for kind in METRICS.values() for metric in kind}
    return targets[(targets["scope"] == "company") & targets["metric"].isin(ours)
                   & (pd.to_datetime(targets["from_date"]) <= day)
                   & (pd.to_datetime(targets["to_date"]) >= day)]


def _plain(x: float) -> str:
    return fmt_number(x, 0 if float(x).is_integer() else 2)
