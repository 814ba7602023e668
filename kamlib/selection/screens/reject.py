"""Whom not to work with: three thresholds, read as any of them and as all of them."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kamlib.selection.criteria import recent_quarters
from kamlib.selection.rules import SelectionRules

# SEL-11, and how the three are named in the rules.
OBJECTIONS = {"small_share": ("amount_share", "reject_market_share"),
              "low_margin": ("margin_share", "reject_margin_share"),
              "slow_growth": ("growth_rate", "reject_growth_rate")}
REJECT_COLUMNS = ["screened", "item", "amount_share", "margin_share", "growth_rate", "objections",
                  "n_objections", "n_not_known", "reject_any", "reject_all", "net_amount",
                  "is_listed"]
READING_COLUMNS = ["screened", "reject_reading", "is_chosen", "n_screened", "n_rejected",
                   "n_accepted", "n_unsure", "rejected_share", "rejected_amount",
                   "rejected_amount_share", "n_key_rejected"]


def screen(criteria: pd.DataFrame, keys: pd.DataFrame, products: pd.DataFrame, *, as_of: date,
           rules: SelectionRules) -> pd.DataFrame:
    """Ask the three objections of every account and every product line that was sold.

    criteria: from `measure_criteria`; keys: the list; products: account_products (two times four
    full quarters). Returns one row a product line or account (screened: product_line, account),
    by sales: item, amount_share (of our net sales: no table holds a market, so this stands for the
    market share of the source), margin_share, growth_rate, objections (names of those that hold:
    at or below the threshold), n_objections, n_not_known, reject_any and reject_all (yes, no;
    cannot tell where a figure that is not known would decide), net_amount, is_listed.
    The source means products and partners; asked of customers it would reject most of them.
    Source: catalogue SEL-11, E21.
    """
    rows = criteria[criteria["n_orders"].fillna(0) > 0]
    listed = set(keys.loc[keys["is_listed"], "account_id"])
    accounts = rows.assign(screened="account", item=rows["account_id"],
                           is_listed=rows["account_id"].isin(listed))
    table = pd.concat([accounts, _lines(products, as_of)], ignore_index=True)
    marks, unknown = {}, {}
    for name, (column, threshold) in OBJECTIONS.items():
        values = table[column].astype("float64")
        marks[name], unknown[name] = values <= getattr(rules, threshold), values.isna()
    held, gaps = pd.DataFrame(marks), pd.DataFrame(unknown)
    table["objections"] = [", ".join(c for c, one in zip(held.columns, row, strict=True) if one)
                           for row in held.to_numpy(bool)]
    table["n_objections"], table["n_not_known"] = held.sum(axis=1), gaps.sum(axis=1)
    some, every = held.any(axis=1), held.all(axis=1)
    table["reject_any"] = _answer(some, gaps.any(axis=1))
    table["reject_all"] = _answer(every, (held | gaps).all(axis=1))
    return table.sort_values(["screened", "net_amount", "item"], ascending=[False, False, True],
                             ignore_index=True)[REJECT_COLUMNS]


def compare_reject_readings(rejects: pd.DataFrame, *, rules: SelectionRules) -> pd.DataFrame:
    """Count what each reading of the screen rejects.

    Returns one row a kind screened and reading (any, all): is_chosen, n_screened, n_rejected,
    n_accepted, n_unsure, rejected_share (of those that can be told), rejected_amount and its share,
    n_key_rejected (accounts of the list among them).
    """
    rows = []
    for screened, part in rejects.groupby("screened", sort=True):
        total = float(part["net_amount"].sum())
        for reading in ("any", "all"):
            said = part[f"reject_{reading}"]
            gone = part[said == "yes"]
            told = int((said != "cannot tell").sum())
            amount = float(gone["net_amount"].sum())
            rows.append((screened, f"reject_{reading}", reading == rules.reject_logic, len(part),
                         len(gone), int((said == "no").sum()), len(part) - told,
                         len(gone) / told if told else np.nan, amount,
                         amount / total if total > 0 else np.nan, int(gone["is_listed"].sum())))
    return pd.DataFrame(rows, columns=READING_COLUMNS)


def _answer(holds: pd.Series, open_: pd.Series) -> pd.Series:
    return pd.Series(np.where(holds, "yes", np.where(open_, "cannot tell", "no")),
                     index=holds.index, dtype="str")


def _lines(products: pd.DataFrame, as_of: date) -> pd.DataFrame:
    now = recent_quarters(products, as_of, n=4)
    before = recent_quarters(products, as_of, n=4, skip=4)
    sums = ["net_amount", "margin_amount", "margin_known_amount"]
    table = now[now["product_line"] != ""].groupby("product_line", sort=True)[sums].sum()
    earlier = before[before["product_line"] != ""].groupby("product_line")["net_amount"].sum()
    known = table["margin_known_amount"]
    total = float(table["net_amount"].sum())
    earlier = earlier.reindex(table.index)
    return table.assign(
        screened="product_line", item=table.index, is_listed=False,
        amount_share=table["net_amount"] / total if total > 0 else np.nan,
        margin_share=table["margin_amount"] / known.where(known > 0),
        growth_rate=table["net_amount"] / earlier.where(earlier > 0) - 1).reset_index(drop=True)
