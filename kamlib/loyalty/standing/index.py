"""The loyalty index: parts that are always visible, weighted by the rules."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.period import DAYS_A_YEAR
from kamlib.stats.scores import mean_of_known

# Each part, whether a higher raw value is the more loyal one.
PARTS = {"tenure": True, "frequency": True, "rhythm": False, "returns": False, "breadth": True,
         "amount": True}
NAMES = {"returns": "few_returns"}  # codes of the parts, where the part has a side to it
RAW_COLUMNS = ["account_tenure_years", "n_purchase_days_window", "silence_ratio",
               "amount_return_rate", "n_product_lines", "net_amount_window"]
RAW = dict(zip(PARTS, RAW_COLUMNS, strict=True))
INDEX_COLUMNS = ["account_id", "tier", "loyalty_index", "n_parts",
                 *[f"{part}_index" for part in PARTS], *RAW_COLUMNS]
WEIGHT_COLUMNS = ["part", "weight_share", "n_with_part", "is_counted"]


def score_loyalty(facts: pd.DataFrame, products: pd.DataFrame, *, as_of: date,
                  rules: LoyaltyRules) -> pd.DataFrame:
    """Score each account that bought in the analysis window from 0 to 100.

    facts: account_facts at as_of, or their selection of a day of the past; products:
    account_products (quarters that had ended by as_of count).
    Returns one row an account, most loyal first: account_id, loyalty_index (weighted mean of the
    known parts; gap when they carry less than rules.min_weight_share of the weights), n_parts
    (known, with a weight), the parts as ranks among these accounts from 0 to 100 (tenure_index,
    frequency_index, rhythm_index, returns_index, breadth_index, amount_index; gap when not known),
    and what they are made of: account_tenure_years, n_purchase_days_window, silence_ratio (days
    since the last purchase by the account's mean gap), amount_return_rate, n_product_lines (of
    the last four full quarters), net_amount_window. Amount has the weight 0 unless the rules say
    otherwise. A rank says where an account stands among ours, not how loyal it is.
    Refused without an account. Source: catalogue LOY-05.
    """
    raw = measure_parts(facts, products, as_of=as_of)
    if raw.empty:
        raise RefusedError(_("No account bought in the analysis window, so none can be ranked by "
                             "its loyalty. A period with sales would lift this."))
    table = raw[["account_id"]].copy()
    for part, is_up in PARTS.items():
        values = raw[RAW[part]] if is_up else -raw[RAW[part]]
        known = values.notna().sum()
        table[f"{part}_index"] = 100 * (values.rank() - 0.5) / known if known else np.nan
    weights = part_weights(table, rules)
    parts = table[[f"{part}_index" for part in PARTS]].to_numpy(dtype="float64")
    table["loyalty_index"] = mean_of_known(parts, weights, min_share=rules.min_weight_share)
    table["n_parts"] = (~np.isnan(parts) & (weights > 0)).sum(axis=1)
    table = table.merge(raw, on="account_id").sort_values(
        ["loyalty_index", "account_id"], ascending=[False, True], ignore_index=True)
    return table[[c for c in INDEX_COLUMNS if c != "tier"]]


def part_weights(table: pd.DataFrame, rules: LoyaltyRules) -> np.ndarray:
    """Weights of the parts in the order of `PARTS`; 0 for one that nobody has."""
    return np.asarray([getattr(rules, f"weight_{part}")
                       if table[f"{part}_index"].notna().any() else 0.0 for part in PARTS])


def list_weights(index: pd.DataFrame, *, rules: LoyaltyRules) -> pd.DataFrame:
    """Say what the index is made of.

    Returns one row a part: part, weight_share (of all weights that count), n_with_part (accounts in
    which it is known), is_counted (has a weight, and somebody has it).
    """
    weights = part_weights(index, rules)
    total = float(weights.sum()) or float("nan")
    return pd.DataFrame({
        "part": [NAMES.get(part, part) for part in PARTS], "weight_share": weights / total,
        "n_with_part": [int(index[f"{part}_index"].notna().sum()) for part in PARTS],
        "is_counted": weights > 0}, columns=WEIGHT_COLUMNS)


def measure_parts(facts: pd.DataFrame, products: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Measure the parts of each account that bought in the window, as they are.

    Returns one row an account, sorted: account_id and `RAW_COLUMNS`.
    """
    rows = facts[facts["n_purchase_days_window"].fillna(0) > 0].sort_values(
        "account_id", ignore_index=True)
    gap = rows["gap_mean_days"].astype("float64")
    gross = rows["gross_amount_window"].astype("float64")
    net = rows["net_amount_window"].astype("float64")
    return pd.DataFrame({
        "account_id": rows["account_id"],
        "account_tenure_years": rows["tenure_days"].astype("float64") / DAYS_A_YEAR,
        "n_purchase_days_window": rows["n_purchase_days_window"].astype("float64"),
        "silence_ratio": rows["days_since_last_sale"].astype("float64") / gap.where(gap > 0),
        "amount_return_rate": (gross - net) / gross.where(gross > 0),
        "n_product_lines": rows["account_id"].map(_count_lines(products, as_of)),
        "net_amount_window": net})


def _count_lines(products: pd.DataFrame, as_of: date) -> pd.Series:
    """Named product lines that each account bought in the last four quarters ended by a day."""
    quarter = pd.to_datetime(products["quarter"])
    end = quarter + pd.DateOffset(months=3) - pd.DateOffset(days=1)
    ended = end <= pd.Timestamp(as_of)
    # The first day of the quarter that a day lies in, three quarters back from the last full one.
    day = pd.Timestamp(as_of) + pd.DateOffset(days=1)
    last = pd.Timestamp(day.year, 3 * ((day.month - 1) // 3) + 1, 1)
    recent = quarter >= last - pd.DateOffset(months=12)
    rows = products[ended & recent & (products["product_line"] != "") & (products["n_orders"] > 0)]
    if not (products["product_line"] != "").any():
        return pd.Series(dtype="float64")
    return rows.groupby("account_id")["product_line"].nunique().astype("float64")
