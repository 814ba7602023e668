"""The effort audit: would an hour bring more in another class, and can the data say so."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from kamlib.effort.rules import CLASSES, EffortRules
from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.measures import NET_KINDS
from kamlib.stats.intervals import holm_levels
from kamlib.stats.panel import Slope, within_slopes

PANEL_COLUMNS = ["account_id", "span", "margin_amount", "hours"]
MARGINAL_COLUMNS = [
    "business_class", "n_accounts", "n_spans", "mean_return_amount", "marginal_return_amount",
    "marginal_return_amount_ci_low", "marginal_return_amount_ci_high", "lead_p_value",
    "audit_reason"]
PAIR_COLUMNS = ["from_class", "to_class", "difference_amount", "difference_amount_ci_low",
                "difference_amount_ci_high", "p_value", "audit_verdict", "audit_reason"]
MOVE, NOTHING = "move_hours", "no_evidence"
LEAD_LEVEL, FOLLOWS = 0.05, "hours_follow_sales"


class Judged(NamedTuple):
    """What one class says: its marginal return, and whether hours there follow sales."""

    name: str
    marginal: Slope
    lead_p_value: float


def build_panel(months: pd.DataFrame, effort: pd.DataFrame, *, as_of: date,
                rules: EffortRules) -> pd.DataFrame:
    """Margin and hours of each account, span by span.

    months: account_months; effort: of the dictionary. Spans of rules.audit_months months count
    back from the last whole month; only those within which effort is recorded at all.
    Returns one row an account and span between its first and its last span with sales, without
    these two (an account that begins or leaves changes hours and sales alike), sorted:
    account_id, span (1 is the earliest), margin_amount (on lines whose cost is known), hours (0
    where none is recorded).
    """
    if effort.empty or months.empty:
        return pd.DataFrame(columns=PANEL_COLUMNS)
    after = as_of + timedelta(days=1)
    last = after.replace(day=1)  # the first day after the last whole month
    begun = pd.to_datetime(effort["month"]).min()

    def span_of(values: pd.Series) -> pd.Series:
        dated = pd.to_datetime(values)
        back = (last.year - dated.dt.year) * 12 + last.month - dated.dt.month - 1
        span = rules.audit_spans - back // rules.audit_months
        oldest = ((last.year - begun.year) * 12 + last.month - begun.month) // rules.audit_months
        return span.where((back >= 0) & (span > max(0, rules.audit_spans - oldest)))

    sold = months[months["line_kind"].isin(NET_KINDS)]
    sold = sold.assign(span=span_of(sold["month"]), margin_amount=sold[
        "cost_known_amount"].astype("float64") - sold["cost_amount"].astype("float64").fillna(0.0))
    margin = sold.dropna(subset="span").groupby(["account_id", "span"])["margin_amount"].sum()
    worked = effort.assign(span=span_of(effort["month"]), hours=effort["hours"].astype("float64"))
    hours = worked.dropna(subset="span").groupby(["account_id", "span"])["hours"].sum()
    ends = margin.reset_index().groupby("account_id")["span"].agg(["min", "max"]).astype("int64")
    rows = [(account, span) for account, (first, end) in
            zip(ends.index, ends.to_numpy(), strict=True) for span in range(first + 1, end)]
    index = pd.MultiIndex.from_tuples(rows, names=["account_id", "span"]) if rows else \
        pd.MultiIndex.from_arrays([[], []], names=["account_id", "span"])
    table = pd.DataFrame({"margin_amount": margin.reindex(index).fillna(0.0),
                          "hours": hours.reindex(index).fillna(0.0)})
    return table.reset_index()[PANEL_COLUMNS].sort_values(["account_id", "span"],
                                                          ignore_index=True)


def audit_effort(panel: pd.DataFrame, classes: pd.DataFrame, *,
                 rules: EffortRules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What one more hour brought in each class, and whether moving hours is justified.

    panel: from `build_panel`; classes: account_id and business_class.
    Returns two tables. One row a class that can have sales: n_accounts, n_spans (compared),
    mean_return_amount (margin an hour, for comparison), marginal_return_amount (margin of the
    next span that goes with one more hour, beside the account's own level and trend, its margin
    of the same span and what all accounts share) with its interval, lead_p_value (whether the
    next span's hours go with the margin as well: hours that follow sales cannot be told from
    hours that make them), audit_reason (why it is not, or hardly, to be
    believed: too_few, no_variation, hours_follow_sales). One row a pair of judged
    classes, from the one with the lower to the one with the higher return: difference_amount
    with the interval of the level at which Holm judged it, p_value, audit_verdict (move_hours or
    no_evidence) and audit_reason (not_apart, not_above_zero: an hour more there brings nothing
    for certain, hours_follow_sales, "").
    Hours are taken by the account's mean and margins likewise, so that no account counts more
    for its size; in money they are read at the class's mean. Accounts without a margin above 0
    or without hours leave. Source: see `within_slopes`; Holm (1979), Scand. J. Stat. 6:65-70; a
    lead as a test: Granger (1969); Angrist & Pischke (2009), Mostly Harmless Econometrics, 5.2.
    How often it recommends out of nothing: benchmarks/effort.py.
    Refused where no class can be judged.
    """
    by_id = classes.set_index(classes["account_id"].astype("str"))["business_class"]
    rows = panel.assign(business_class=panel["account_id"].map(by_id))
    kept = _usable(rows, rules)
    found, judged = [], []
    for name in (c for c in CLASSES if (kept["business_class"] == c).any()
                 or (rows["business_class"] == c).any()):
        line, one = _judge(name, kept[kept["business_class"] == name], rules)
        found.append(line)
        judged += [one] if one else []
    table = pd.DataFrame(found, columns=MARGINAL_COLUMNS)
    if not judged:
        raise RefusedError(_(
            "The effort audit asks for {least} accounts of a class with {spans} spans of sales "
            "and changing hours; no class has so many. A longer history, or hours of more "
            "accounts, would lift this.", least=fmt_count(rules.audit_min_accounts),
            spans=fmt_count(rules.audit_min_spans)))
    return table, _compare(judged, rules)


def _usable(rows: pd.DataFrame, rules: EffortRules) -> pd.DataFrame:
    if rows.empty:
        return rows
    sums = rows.groupby("account_id").agg(n=("span", "size"), margin=("margin_amount", "mean"),
                                          hours=("hours", "mean"))
    good = sums[(sums["n"] >= rules.audit_min_spans) & (sums["margin"] > 0) & (sums["hours"] > 0)]
    kept = rows[rows["account_id"].isin(good.index)]
    means = good.loc[kept["account_id"]]
    return kept.assign(y=kept["margin_amount"].to_numpy() / means["margin"].to_numpy(),
                       x=kept["hours"].to_numpy() / means["hours"].to_numpy())


def _judge(name: str, rows: pd.DataFrame,
           rules: EffortRules) -> tuple[tuple[object, ...], Judged | None]:
    n = rows["account_id"].nunique() if len(rows) else 0
    nothing = (np.nan, np.nan, np.nan, np.nan)
    if n < rules.audit_min_accounts:
        return (name, n, 0, np.nan, *nothing, "too_few"), None
    grouped = rows.groupby("account_id")
    before_x, before_y, after_x = (grouped[c].shift(step) for c, step in (
        ("x", 1), ("y", 1), ("x", -1)))
    money = float(rows["margin_amount"].sum() / rows["hours"].sum())
    late, whole = before_x.notna(), before_x.notna() & after_x.notna()
    try:
        slope = _slopes(rows[late], before_x[late], before_y[late])[0].times(money)
        lead = _slopes(rows[whole], before_x[whole], before_y[whole], after_x[whole])[2]
    except RefusedError:
        return (name, n, int(late.sum()), money, *nothing, "no_variation"), None
    low, high = slope.interval(rules.confidence_level)
    # Then even the interval of the class alone holds too seldom (benchmarks/README.md).
    follows = FOLLOWS if lead.p_value < LEAD_LEVEL / 2 else ""
    return (name, n, int(late.sum()), money, slope.value, low, high, lead.p_value,
            follows), Judged(name, slope, lead.p_value)


def _slopes(rows: pd.DataFrame, *regressors: pd.Series) -> list[Slope]:
    return within_slopes(rows["y"], np.column_stack([r.to_numpy() for r in regressors]),
                         units=rows["account_id"], times=rows["span"])


def _compare(judged: list[Judged], rules: EffortRules) -> pd.DataFrame:
    pairs = []
    for one, other in combinations(judged, 2):
        low, high = sorted((one, other), key=lambda j: j.marginal.value)
        pairs.append((low, high, high.marginal.minus(low.marginal)))
    p_values = [difference.p_value for _low, _high, difference in pairs]
    levels = holm_levels(p_values, alpha=1 - rules.confidence_level)
    lead = LEAD_LEVEL / max(1, len(judged))
    found = []
    for (low, high, difference), alpha in zip(pairs, levels, strict=True):
        ends = difference.interval(1 - alpha)
        reason = ("not_apart" if ends.low <= 0 else
                  "not_above_zero" if high.marginal.interval(1 - alpha).low <= 0 else
                  FOLLOWS if min(low.lead_p_value, high.lead_p_value) < lead else "")
        found.append((low.name, high.name, difference.value, *ends, difference.p_value,
                      NOTHING if reason else MOVE, reason))
    return pd.DataFrame(found, columns=PAIR_COLUMNS)
