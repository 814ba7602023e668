"""Loyalty of each tier beside the published figures: nine cells."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.loyalty.rules import BENCHMARK, LoyaltyRules

COLUMNS = {"tenure": "tenure_years", "repurchase": "repurchase_rate"}
RATES = {"amount": "amount_return_rate", "quantity": "quantity_return_rate",
         "orders": "order_return_rate"}
ENDS = ("", "_ci_low", "_ci_high")
CELL_COLUMNS = ["tier", "measure", "n", *[f"measured_{unit}{end}" for unit in ("years", "share")
                                          for end in ENDS],
                "published", "benchmark_class", "verdict", "verdict_reason"]


def compare_benchmark(tenure: pd.DataFrame, repurchase: pd.DataFrame, returns: pd.DataFrame, *,
                      rules: LoyaltyRules, history_years: float | None = None) -> pd.DataFrame:
    """Hold tenure, repurchase and returns of each tier against the published figures.

    tenure, repurchase, returns: the three summaries by tier; history_years: how long the known
    history is, or None. A company whose history, and whose longest known tenure, is shorter than
    the years asked for cannot be compared.
    Returns nine rows: tier, measure (tenure, repurchase, returns), n (accounts behind the
    estimate), measured_years or measured_share with _ci_low and _ci_high (the other is a gap),
    published (code of the published figure, worded in the labels), benchmark_class (the tier in
    whose published range the estimate lies; between: in none; beyond: worse than all; "" if
    unknown), verdict (met: the whole interval is at least as good as published; not met: none of
    it is; cannot tell), verdict_reason (straddles, few_accounts, history_short, start_unknown or
    ""). They are averages of one company, not rules. Source: catalogue LOY-04, E13.
    """
    tables = {"tenure": tenure, "repurchase": repurchase, "returns": returns}
    columns = COLUMNS | {"returns": RATES[rules.return_basis]}
    counts = {"tenure": "n_known", "repurchase": "n_observed", "returns": "n_accounts"}
    rows = []
    for cell in BENCHMARK.to_dict("records"):
        measure = cell["measure"]
        source = tables[measure].set_index("tier").loc[cell["tier"]]
        value, low, high = (float(source[columns[measure] + end]) for end in ENDS)
        verdict, reason = judge(measure, low, high, limit=find_limit(cell))
        n = int(source[counts[measure]])
        doubt = _doubt(cell, n, source, tenure, history_years, rules)
        if doubt:
            verdict, reason = "cannot tell", doubt
        unit = "years" if measure == "tenure" else "share"
        rows.append({"tier": cell["tier"], "measure": measure, "n": n,
                     f"measured_{unit}": value, f"measured_{unit}_ci_low": low,
                     f"measured_{unit}_ci_high": high, "published": f"{cell['tier']}_{measure}",
                     "benchmark_class": classify(measure, value), "verdict": verdict,
                     "verdict_reason": reason})
    table = pd.DataFrame(rows, columns=CELL_COLUMNS)
    return table.astype({c: "float64" for c in CELL_COLUMNS if c.startswith("measured")})


def judge(measure: str, low: float, high: float, *, limit: float) -> tuple[str, str]:
    """Verdict of an interval on a limit, and why it cannot be told.

    Tenure has to pass its limit, repurchase to reach it, returns to stay at or below it.

    >>> judge("returns", 0.002, 0.01, limit=0.01), judge("tenure", 3.0, 5.0, limit=5.0)
    (('met', ''), ('not met', ''))
    """
    # Every known tenure reaches a range that begins at 0, whatever its interval says.
    is_met = {"tenure": low > limit or (limit == 0 and not pd.isna(low)),
              "repurchase": low >= limit, "returns": high <= limit}
    is_missed = {"tenure": high <= limit, "repurchase": high < limit, "returns": low > limit}
    if is_met[measure]:
        return "met", ""
    return ("not met", "") if is_missed[measure] else ("cannot tell", "straddles")


def classify(measure: str, value: float) -> str:
    """The tier whose published range holds a value; "between" or "beyond" when none does.

    >>> [classify("returns", share) for share in (0.01, 0.05, 0.06, 0.10, 0.30)]
    ['core', 'important', 'between', 'general', 'beyond']
    >>> classify("tenure", 5.0), classify("repurchase", 0.9)
    ('important', 'core')
    """
    if pd.isna(value):
        return ""
    cells = BENCHMARK[BENCHMARK["measure"] == measure]
    low, high = cells["benchmark_low"], cells["benchmark_high"]
    if measure == "repurchase":  # points, best first
        inside = value >= low
    else:
        inside = ((value > low) | (low == 0)) & (value <= high)
    if inside.any():
        return str(cells.loc[inside, "tier"].iloc[0])
    return "between" if measure == "returns" and value <= high.max() else "beyond"


def find_limit(cell: dict[Any, Any]) -> float:
    """The end of a published range that an estimate has to be as good as."""
    return float(cell["benchmark_high" if cell["measure"] == "returns" else "benchmark_low"])


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
