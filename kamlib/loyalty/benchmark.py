"""Loyalty of each tier beside the published figures: nine cells, and the gaps between them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.loyalty.rules import BENCHMARK, BEST, MEASURES, LoyaltyRules

COLUMNS = {"tenure": "tenure_years", "repurchase": "repurchase_rate"}
RATES = {"amount": "amount_return_rate", "quantity": "quantity_return_rate",
         "orders": "order_return_rate"}
COUNTS = {"tenure": "n_known", "repurchase": "n_observed", "returns": "n_accounts"}
ENDS = ("", "_ci_low", "_ci_high")
# Which direction is better; the other way round only for what comes back.
BETTER = {"tenure": "up", "repurchase": "up", "returns": "down"}
UNITS = ("years", "share")
CELL_COLUMNS = ["tier", "measure", "better", "n",
                *[f"measured_{unit}{end}" for unit in UNITS for end in ENDS],
                "published", "benchmark_class", "verdict", "verdict_reason"]
RANGE_COLUMNS = ["measure", "better", "benchmark_class",
                 *[f"range_{end}_{unit}" for unit in UNITS for end in ("from", "to")], "n_tiers"]


def compare_benchmark(tenure: pd.DataFrame, repurchase: pd.DataFrame, returns: pd.DataFrame, *,
                      rules: LoyaltyRules, history_years: float | None = None) -> pd.DataFrame:
    """Hold tenure, repurchase and returns of each tier against the published figures.

    tenure, repurchase, returns: the three summaries by tier; history_years: how long the known
    history is, or None. A company whose history, and whose longest known tenure, is shorter than
    the years asked for cannot be compared.
    Returns nine rows: tier, measure (tenure, repurchase, returns), better (up or down), n (accounts
    behind the estimate), measured_years or measured_share with _ci_low and _ci_high (the other is
    a gap), published (code of the published figure, worded in the labels), benchmark_class (the
    tier in whose published range the estimate lies; between: in none; beyond: worse than all; ""
    if unknown), verdict (better: the whole interval is beyond the better end of the tier's own
    range; in line: within it; worse: beyond its other end; cannot tell), verdict_reason (not_worse
    or not_better: it reaches over that one end only; straddles: over both; few_accounts,
    history_short, start_unknown or "").
    They are averages of one company, not rules. Source: catalogue LOY-04, E13.
    """
    tables = {"tenure": tenure, "repurchase": repurchase, "returns": returns}
    columns = COLUMNS | {"returns": RATES[rules.return_basis]}
    rows = []
    for cell in published_ranges(rules).to_dict("records"):
        measure, tier = cell["measure"], cell["tier"]
        source = tables[measure].set_index("tier").loc[tier]
        value, low, high = (float(source[columns[measure] + end]) for end in ENDS)
        verdict, reason = judge(measure, low, high, tier=tier, rules=rules)
        n = int(source[COUNTS[measure]])
        doubt = _doubt(cell, n, source, tenure, history_years, rules)
        if doubt:
            verdict, reason = "cannot tell", doubt
        unit = "years" if measure == "tenure" else "share"
        rows.append({"tier": tier, "measure": measure, "better": BETTER[measure], "n": n,
                     f"measured_{unit}": value, f"measured_{unit}_ci_low": low,
                     f"measured_{unit}_ci_high": high, "published": f"{tier}_{measure}",
                     "benchmark_class": classify(measure, value, rules=rules),
                     "verdict": verdict, "verdict_reason": reason})
    table = pd.DataFrame(rows, columns=CELL_COLUMNS)
    return table.astype({c: "float64" for c in CELL_COLUMNS if c.startswith("measured")})


def published_ranges(rules: LoyaltyRules) -> pd.DataFrame:
    """Return the published figures as ranges, repurchase rates with the rules' width.

    Columns of `BENCHMARK`; the best class has no better end, whatever the measure.
    """
    table = BENCHMARK.copy()
    is_point = table["measure"] == "repurchase"
    width = rules.repurchase_tolerance
    table.loc[is_point, "benchmark_low"] = (table["benchmark_figure"] - width).round(6)
    table.loc[is_point, "benchmark_high"] = np.where(
        table["tier"] == BEST, 1.0, (table["benchmark_figure"] + width).round(6))[is_point]
    return table


def judge(measure: str, low: float, high: float, *, tier: str,
          rules: LoyaltyRules) -> tuple[str, str]:
    """Verdict of an interval on the published range of a tier, and why it cannot be told.

    Ranges of years and returns hold their upper end, not their lower (E13); those of repurchase
    rates hold both.

    >>> rules = LoyaltyRules()
    >>> judge("returns", 0.002, 0.01, tier="core", rules=rules)
    ('in line', '')
    >>> judge("tenure", 5.1, 8.0, tier="important", rules=rules)
    ('better', '')
    >>> judge("tenure", 4.0, 8.0, tier="important", rules=rules)
    ('cannot tell', 'not_worse')
    """
    if pd.isna(low) or pd.isna(high):
        return "cannot tell", "straddles"
    ranges = published_ranges(rules)
    own = ranges[(ranges["tier"] == tier) & (ranges["measure"] == measure)].iloc[0]
    start, end = float(own["benchmark_low"]), float(own["benchmark_high"])
    has_both = measure == "repurchase"
    # The whole interval lies above, below, not above, not below the range.
    is_above, is_below = low > end, (high < start if has_both else high <= start)
    reaches_up, reaches_down = high > end, (low < start if has_both else low <= start)
    if start == 0:  # nothing lies below a range that begins at 0
        is_below = reaches_down = False
    if BETTER[measure] == "down":
        is_above, is_below, reaches_up, reaches_down = is_below, is_above, reaches_down, reaches_up
    if is_above or is_below:
        return ("better" if is_above else "worse"), ""
    if reaches_up and reaches_down:
        return "cannot tell", "straddles"
    if reaches_up or reaches_down:
        return "cannot tell", "not_worse" if reaches_up else "not_better"
    return "in line", ""


def classify(measure: str, value: float, *, rules: LoyaltyRules) -> str:
    """The tier whose published range holds a value; "between" or "beyond" when none does.

    >>> [classify("returns", x, rules=LoyaltyRules()) for x in (0.01, 0.05, 0.06, 0.10, 0.30)]
    ['core', 'important', 'between', 'general', 'beyond']
    """
    if pd.isna(value):
        return ""
    table = published_ranges(rules)
    cells = table[table["measure"] == measure]
    low, high = cells["benchmark_low"], cells["benchmark_high"]
    if measure == "repurchase":
        inside = (value >= low) & (value <= high)
    else:
        inside = ((value > low) | (low == 0)) & (value <= high)
    if inside.any():
        return str(cells.loc[inside, "tier"].iloc[0])
    is_beyond = value > high.max() if BETTER[measure] == "down" else value < low.min()
    return "beyond" if is_beyond else "between"


def list_ranges(benchmark: pd.DataFrame, *, rules: LoyaltyRules) -> pd.DataFrame:
    """List the published ranges from 0 up, and what lies between and beyond them.

    benchmark: from `compare_benchmark`.
    Returns one row a stretch: measure, better, benchmark_class (a tier; between; beyond: worse
    than all), range_from_years, range_to_years, range_from_share, range_to_share (gap where there
    is no end, and for the other unit), n_tiers (estimates of own tiers that lie there).
    Source: E13.
    """
    rows = []
    for measure in MEASURES:
        table = published_ranges(rules)
        cells = table[table["measure"] == measure].sort_values("benchmark_low")
        stretches, reached = [], 0.0
        for cell in cells.to_dict("records"):
            if cell["benchmark_low"] > reached:
                stretches.append(("", reached, cell["benchmark_low"]))
            stretches.append((cell["tier"], cell["benchmark_low"], cell["benchmark_high"]))
            reached = cell["benchmark_high"]
        if measure != "tenure" and reached < 1:
            stretches.append(("", reached, 1.0))
        mine = benchmark[benchmark["measure"] == measure]["benchmark_class"]
        unit = "years" if measure == "tenure" else "share"
        for tier, start, end in stretches:
            edge = start == 0 if BETTER[measure] == "up" else end == 1
            name = tier or ("beyond" if edge else "between")
            rows.append({"measure": measure, "better": BETTER[measure], "benchmark_class": name,
                         f"range_from_{unit}": start,
                         f"range_to_{unit}": end if np.isfinite(end) else np.nan,
                         "n_tiers": _count_in(benchmark, measure, start, end, name, mine)})
    found = pd.DataFrame(rows, columns=RANGE_COLUMNS)
    return found.astype({c: "float64" for c in RANGE_COLUMNS if c.startswith("range_")})


def _count_in(benchmark: pd.DataFrame, measure: str, start: float, end: float, name: str,
              mine: pd.Series) -> int:
    """Own tiers whose estimate lies in a stretch; several stretches may be "between"."""
    unit = "years" if measure == "tenure" else "share"
    values = benchmark.loc[mine.index, f"measured_{unit}"]
    return int(((mine == name) & (values >= start) & (values <= end)).sum())


def find_limit(cell: dict[Any, Any]) -> float:
    """The figure that an estimate is compared with in words."""
    return float(cell["benchmark_figure"])


def _doubt(cell: dict[Any, Any], n: int, source: pd.Series, tenure: pd.DataFrame,
           history_years: float | None, rules: LoyaltyRules) -> str:
    if cell["measure"] == "tenure":
        # A range that begins at 0 is told from the next one by its upper end.
        needed = cell["benchmark_low"] or cell["benchmark_high"]
        if max([history_years or 0.0, *tenure["longest_tenure_years"].dropna()]) < needed:
            return "history_short"
        if source["unknown_share"] > rules.max_unknown_share:
            return "start_unknown"
    return "few_accounts" if n < rules.min_accounts else ""
