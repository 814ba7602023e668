"""How fast complaints are answered and settled, counting those that wait still."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.satisfaction.complaints.counts import Span, within
from kamlib.satisfaction.complaints.rules import ComplaintRules
from kamlib.satisfaction.survey.index import judge
from kamlib.stats.intervals import proportion_interval
from kamlib.stats.survival import SurvivalCurve, survival_curve

STEPS = {"response": ("response_days", "is_answered"),
         "resolution": ("resolution_days", "is_resolved")}
SPANS = ("period", "window", "window_before")
LATE_SHARE = 0.9
TIME_COLUMNS = ["step", "span", "n_complaints", "n_ended", "n_waiting", "median_wait_days",
                "median_wait_days_ci_low", "median_wait_days_ci_high", "ninety_days",
                "ninety_days_ci_low", "ninety_days_ci_high", "promised_days", "kept_share",
                "kept_share_ci_low", "kept_share_ci_high", "verdict", "reason"]
CURVE_COLUMNS = ["step", "span", "wait_days", "n_waiting_before", "ended_share",
                 "ended_share_ci_low", "ended_share_ci_high"]
AGE_COLUMNS = ["age_from_days", "age_to_days", "n_open", "n_unanswered", "n_accounts",
               "net_amount_window"]
OPEN_COLUMNS = ["complaint_id", "account_id", "owner_id", "complaint_class", "opened_date",
                "open_days", "is_answered", "net_amount_window"]


def summarise_times(log: pd.DataFrame, spans: tuple[Span, ...], *, rules: ComplaintRules
                    ) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Days until the first answer and until a complaint is settled.

    log: from `read_log`. A complaint without an end counts as waiting until as_of (censored);
    leaving these out would make the slow look fast.
    Returns two tables. The first has one row a step (response, resolution) and span (period,
    window, window_before): n_complaints opened in it, n_ended, n_waiting, median_wait_days and
    ninety_days (by then half, and nine of ten, have ended) with intervals, promised_days (rule),
    kept_share (ended within them, 0-1) with interval, verdict against rules.kept_target_share,
    reason (why there is no estimate: fewer than rules.min_events have ended). The second: one row
    a step, span and day on which one ended: wait_days, n_waiting_before, ended_share with interval.
    Source: catalogue CMP-01; Kaplan & Meier (1958), J. Am. Stat. Assoc. 53:457-481.
    """
    rows, curves = [], []
    for step in STEPS:
        for span in (span for span in spans if span.name in SPANS):
            part = within(log, span)
            row, curve = _summarise(part[part["is_complaint"]], step, rules)
            rows.append({"step": step, "span": span.name, **row})
            if curve is not None:
                curves.append(_curve_table(curve).assign(step=step, span=span.name))
    drawn = (pd.concat(curves, ignore_index=True)[CURVE_COLUMNS] if curves
             else pd.DataFrame(columns=CURVE_COLUMNS))
    table = pd.DataFrame(rows, columns=TIME_COLUMNS)
    floats = [c for c in TIME_COLUMNS if c.startswith(("median", "ninety", "kept"))]
    return table.astype(dict.fromkeys(floats, "float64")), drawn


def _summarise(part: pd.DataFrame, step: str, rules: ComplaintRules
               ) -> tuple[dict[str, Any], SurvivalCurve | None]:
    days, flag = STEPS[step]
    promised = rules.response_days if step == "response" else rules.resolution_days
    n_ended = int(part[flag].sum())
    row: dict[str, Any] = {"n_complaints": len(part), "n_ended": n_ended,
                           "n_waiting": len(part) - n_ended, "promised_days": promised,
                           "verdict": "", "reason": ""}
    try:
        if n_ended < rules.min_events:
            raise RefusedError(_(
                "Of {n} complaints {ended} have ended; {least} are asked for. A longer span, or a "
                "lower rule complaints.min_events, would lift this.", n=fmt_count(len(part)),
                ended=fmt_count(n_ended), least=fmt_count(rules.min_events)))
        curve = survival_curve(part[days].astype("float64"), part[flag],
                               level=rules.confidence_level)
    except RefusedError as refusal:
        return row | {"reason": str(refusal)}, None
    for name, share in (("median_wait_days", 0.5), ("ninety_days", LATE_SHARE)):
        row |= dict(zip([name, f"{name}_ci_low", f"{name}_ci_high"], curve.time_until(share),
                        strict=True))
    kept, low, high = _kept_share(curve, part, step, promised, rules.confidence_level)
    row |= {"kept_share": kept, "kept_share_ci_low": low,
            "kept_share_ci_high": high, "verdict": judge(low, high, rules.kept_target_share)}
    return row, curve


def _kept_share(curve: SurvivalCurve, part: pd.DataFrame, step: str, promised: int, level: float
                ) -> tuple[float, float, float]:
    """Share that ended within the promised days, with its interval."""
    read = curve.at([promised]).iloc[0]
    kept = 1 - float(read["survival_share"])
    if 0 < kept < 1:
        return kept, 1 - read["survival_share_ci_high"], 1 - read["survival_share_ci_low"]
    # The curve has no interval where none or all have ended; of those followed for so long the
    # share is a plain one.
    days, flag = STEPS[step]
    n = int(((part[days] >= promised) | part[flag]).sum())
    return kept, *proportion_interval(round(kept * n), n, level=level)


def _curve_table(curve: SurvivalCurve) -> pd.DataFrame:
    table = curve.table
    return pd.DataFrame({
        "wait_days": table["time"], "n_waiting_before": table["n_at_risk"],
        "ended_share": 1 - table["survival_share"],
        "ended_share_ci_low": 1 - table["survival_share_ci_high"],
        "ended_share_ci_high": 1 - table["survival_share_ci_low"]})


def list_open(log: pd.DataFrame, *, as_of: date, amounts: pd.Series, owners: pd.Series
              ) -> pd.DataFrame:
    """Complaints that are not settled, oldest first.

    amounts, owners: of each account (index account_id). Returns one row a complaint:
    complaint_id, account_id, owner_id, complaint_class, opened_date, open_days (to as_of),
    is_answered, net_amount_window.
    """
    waiting = log[log["is_complaint"] & ~log["is_resolved"]]
    return waiting.assign(
        open_days=(pd.Timestamp(as_of) - waiting["opened_date"]).dt.days.astype("Int64"),
        owner_id=waiting["account_id"].map(owners).fillna("").astype("str"),
        net_amount_window=waiting["account_id"].map(amounts).astype("float64"),
        )[OPEN_COLUMNS].reset_index(drop=True)


def age_open(waiting: pd.DataFrame, *, ageing_days: tuple[int, ...]) -> pd.DataFrame:
    """Open complaints by age.

    waiting: from `list_open`; ageing_days: where ages are cut, rising. Returns one row an age,
    youngest first: age_from_days (included), age_to_days (included; gap: no end), n_open,
    n_unanswered, n_accounts, net_amount_window (each account once).
    """
    cuts = sorted(set(ageing_days))
    starts, ends = [0, *(cut + 1 for cut in cuts)], [*cuts, None]
    rows = []
    for start, end in zip(starts, ends, strict=True):
        age = waiting["open_days"]
        part = waiting[(age >= start) & (True if end is None else age <= end)]
        once = part.drop_duplicates("account_id")
        rows.append([start, end, len(part), int((~part["is_answered"].astype("bool")).sum()),
                     len(once), float(once["net_amount_window"].sum())])
    return pd.DataFrame(rows, columns=AGE_COLUMNS).astype(
        {"age_from_days": "Int64", "age_to_days": "Int64"})
