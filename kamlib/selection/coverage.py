"""Where the key accounts are: by region, industry and product line, and the four bigs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.rule_table import check_conditions
from kamlib.selection.criteria import recent_quarters
from kamlib.selection.rules import SelectionRules

NOT_GIVEN = "not_given"
COVERAGE_COLUMNS = ["dimension", "group", "n_accounts", "n_key", "n_large", "net_amount",
                    "key_amount", "key_amount_share", "largest_amount_share", "largest_accounts"]
BIG_COLUMNS = ["account_id", "region", "big_sales", "big_profit", "big_strength", "big_potential",
               "n_bigs", "is_large", "is_listed", "net_amount"]


def find_bigs(criteria: pd.DataFrame, keys: pd.DataFrame, *, rules: SelectionRules
              ) -> tuple[pd.DataFrame, list[str]]:
    """Ask the four bigs of each account that bought; SEL-07.

    Returns one row an account with at least one of them, most first: account_id, region, one
    column a condition of rules.four_bigs (a gap where not known), n_bigs, is_large (at least
    rules.least_bigs), is_listed, net_amount; and the conditions that nobody could be asked.
    """
    rows = criteria[criteria["n_orders"].fillna(0) > 0].reset_index(drop=True)
    held = check_conditions(rows, rules.four_bigs, origin="selection.four_bigs")
    table = pd.concat([rows[["account_id", "region", "net_amount"]], held], axis=1)
    table["n_bigs"] = held.fillna(False).sum(axis=1).astype("int64")
    table["is_large"] = table["n_bigs"] >= rules.least_bigs
    table["is_listed"] = table["account_id"].isin(keys.loc[keys["is_listed"], "account_id"])
    table = table[table["n_bigs"] > 0].sort_values(
        ["n_bigs", "net_amount", "account_id"], ascending=[False, False, True], ignore_index=True)
    nobody = [str(c) for c in held if held[c].isna().all()]
    return table[["account_id", "region", *held.columns, "n_bigs", "is_large", "is_listed",
                  "net_amount"]], nobody


def cover(criteria: pd.DataFrame, keys: pd.DataFrame, bigs: pd.DataFrame, products: pd.DataFrame,
          *, as_of: pd.Timestamp, rules: SelectionRules) -> pd.DataFrame:
    """Count key accounts and their sales by region, industry and product line.

    criteria: from `measure_criteria`; keys: the list; bigs: from `find_bigs`; products:
    account_products (the last four full quarters count for product lines).
    Returns one row a dimension and group, most sales first: n_accounts (that bought), n_key,
    n_large (of the four bigs), net_amount, key_amount and its share, largest_amount_share (of the
    two or three largest), largest_accounts (their ids).
    Source: SEL-04, SEL-07: that two or three large accounts secure a region is a claim of the
    source; the table says what they carry of it.
    """
    bought = criteria[criteria["n_orders"].fillna(0) > 0]
    parts = [("region", _group(bought, "region")), ("industry", _group(bought, "industry"))]
    rows = recent_quarters(products, as_of.date(), n=4)
    sold = rows[rows["product_line"] != ""].groupby(["account_id", "product_line"])["net_amount"]
    parts.append(("product_line", sold.sum().reset_index().rename(
        columns={"product_line": "group"})))
    listed = set(keys.loc[keys["is_listed"], "account_id"])
    large = set(bigs.loc[bigs["is_large"], "account_id"])
    found = []
    for dimension, table in parts:
        named = table["group"].notna()
        if not named.any():
            continue
        for group, part in table.groupby(table["group"].where(named, NOT_GIVEN), sort=True):
            found.append((dimension, group, *_sums(part, listed, large, rules)))
    covered = pd.DataFrame(found, columns=COVERAGE_COLUMNS)
    order = {"region": 0, "industry": 1, "product_line": 2}
    return covered.sort_values(["dimension", "net_amount", "group"], ascending=[True, False, True],
                               key=lambda c: c.map(order) if c.name == "dimension" else c,
                               ignore_index=True)


def _group(bought: pd.DataFrame, column: str) -> pd.DataFrame:
    return bought[["account_id", "net_amount"]].assign(group=bought[column])


def _sums(part: pd.DataFrame, listed: set[str], large: set[str], rules: SelectionRules
          ) -> tuple[object, ...]:
    total = float(part["net_amount"].sum())
    is_key = part["account_id"].isin(listed)
    largest = part.sort_values(["net_amount", "account_id"], ascending=[False, True]).head(
        rules.n_large_by_region)
    key_amount = float(part.loc[is_key, "net_amount"].sum())

    def share(amount: float) -> float:
        return amount / total if total > 0 else np.nan

    return (len(part), int(is_key.sum()), int(part["account_id"].isin(large).sum()), total,
            key_amount, share(key_amount), share(float(largest["net_amount"].sum())),
            ", ".join(largest["account_id"]))
