"""The company's own targets of loyalty, set apart from another company's averages."""

from __future__ import annotations

from datetime import date

import pandas as pd

from kamlib.loyalty.benchmark import BETTER, COLUMNS, COUNTS, ENDS, RATES
from kamlib.loyalty.rules import MEASURES, LoyaltyRules
from kamlib.loyalty.tiers import ALL

AIM_COLUMNS = ["measure", "better", "n",
               *[f"measured_{unit}{end}" for unit in ("years", "share") for end in ENDS],
               "target_years", "target_share", "target_source", "verdict"]
METRICS = {"tenure": "mean_tenure", "repurchase": "repurchase_rate", "returns": "return_rate"}


def compare_targets(tables: dict[str, pd.DataFrame], targets: pd.DataFrame | None, *,
                    as_of: date, rules: LoyaltyRules) -> pd.DataFrame:
    """Hold tenure, repurchase and returns of all accounts against the company's own targets.

    tables: the summaries by tier under tenure, repurchase, returns (may be empty); targets: table
    of the dictionary (scope company, metric mean_tenure, repurchase_rate or return_rate, in force
    on as_of), or None.
    Returns one row a target: measure, better, n, measured_years or measured_share with its
    interval, target_years or target_share, target_source (table or rule), verdict (met: the whole
    interval is as good as the target; not met: none of it is; cannot tell). No row without one.
    """
    given = {"tenure": rules.tenure_target_years, "repurchase": rules.repurchase_target,
             "returns": rules.return_target}
    columns = COLUMNS | {"returns": RATES["amount"]}
    rows = []
    for measure in MEASURES:
        stated = _find(targets, METRICS[measure], as_of)
        target = given[measure] if stated is None else stated
        table = tables[measure]
        if target is None or table.empty:
            continue
        row = table[table["tier"] == ALL].iloc[0]
        value, low, high = (float(row[columns[measure] + end]) for end in ENDS)
        unit = "years" if measure == "tenure" else "share"
        rows.append({"measure": measure, "better": BETTER[measure],
                     "n": int(row[COUNTS[measure]]), f"measured_{unit}": value,
                     f"measured_{unit}_ci_low": low, f"measured_{unit}_ci_high": high,
                     f"target_{unit}": target,
                     "target_source": "target_rule" if stated is None else "target_table",
                     "verdict": _judge(low, high, target, BETTER[measure])})
    found = pd.DataFrame(rows, columns=AIM_COLUMNS)
    return found.astype({c: "float64" for c in AIM_COLUMNS
                         if c.startswith(("measured", "target_y", "target_sh"))})


def _judge(low: float, high: float, target: float, better: str) -> str:
    if pd.isna(low) or pd.isna(high):
        return "cannot tell"
    if better == "down":
        low, high, target = -high, -low, -target
    return "met" if low >= target else "not met" if high < target else "cannot tell"


def _find(targets: pd.DataFrame | None, metric: str, as_of: date) -> float | None:
    if targets is None or targets.empty:
        return None
    day = pd.Timestamp(as_of)
    chosen = targets[(targets["scope"] == "company") & (targets["metric"] == metric)
                     & (pd.to_datetime(targets["from_date"]) <= day)
                     & (pd.to_datetime(targets["to_date"]) >= day)]
    chosen = chosen.sort_values(["from_date", "to_date"])
    return float(chosen["target"].iloc[-1]) if len(chosen) else None
