"""Quota against orders: what was not used, and why."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_list
from kamlib.review.account import Account, whole_months

PARTS = ("no_demand_quantity", "supply_short_quantity", "not_ordered_quantity",
         "over_order_quantity")
GIVEN = ("quota_quantity", "demand_quantity", "available_quantity", "ordered_quantity")
QUOTA_COLUMNS = ["product_line", "month", *GIVEN, *PARTS, "fill_share", "quota_note"]
LINE_COLUMNS = ["product_line", "n_quota_months", "n_split_months", *GIVEN, *PARTS, "fill_share"]


def split_quota(rows: pd.DataFrame) -> pd.DataFrame:
    """Split the difference between quota and orders by its reason, row by row.

    rows: one row a quota, with GIVEN (pieces; q quota, d demand, a available, o ordered).
    Returns the rows with no_demand = q - min(q, d); supply_short = min(q, d) - min(q, d, a);
    not_ordered = max(0, min(q, d, a) - o); over_order = max(0, o - min(q, d, a)), so that
    q - o = no_demand + supply_short + not_ordered - over_order; fill_share = o / q; quota_note:
    demand_unknown or available_unknown where a part would be a guess, all four are gaps then; ""
    else. A shortfall is never blamed on both supply and the account.
    Source: ABR-03, E24.

    >>> row = {"quota_quantity": [100.], "demand_quantity": [60.], "available_quantity": [60.],
    ...        "ordered_quantity": [60.]}
    >>> split_quota(pd.DataFrame(row))[list(PARTS)].to_numpy().tolist()
    [[40.0, 0.0, 0.0, 0.0]]
    """
    q, d, a, o = (rows[name].astype("float64") for name in GIVEN)
    wanted: pd.Series = q.where(q <= d, d)
    possible: pd.Series = wanted.where(wanted <= a, a)
    parts = (q - wanted, wanted - possible, (possible - o).clip(lower=0),
             (o - possible).clip(lower=0))
    note = np.select([d.isna(), a.isna(), o.isna()],
                     ["demand_unknown", "available_unknown", "ordered_unknown"], default="")
    known = pd.Series(note == "", index=rows.index)
    found = {name: part.where(known) for name, part in zip(PARTS, parts, strict=True)}
    return rows.assign(**found, fill_share=o / q.where(q > 0),
                       quota_note=pd.Series(note, index=rows.index, dtype="str"))


def build_quota(account: Account) -> pd.DataFrame:
    """Quota against orders of the period: one row a product line and month, see `split_quota`.

    Ordered are the pieces of the sale lines of the month; 0 where a line has none in it, unknown
    where the orders have no quantity. Refused without quotas in the whole months of the period.
    """
    quotas = account.require("quotas")
    first, last = whole_months(account.period.start, account.period.end)
    inside = quotas[(quotas["month"] >= first) & (quotas["month"] <= last)]
    if inside.empty:
        raise RefusedError(_("The table {table} holds nothing about this account in the period.",
                             table="quotas"))
    given = [c for c in GIVEN if c != "ordered_quantity"]
    keys = ["product_line", "month"]
    # A sum with an unknown part is unknown, where several members of a group have a quota.
    grouped = inside.groupby(keys)[given]
    table = grouped.sum().where(grouped.count().eq(inside.groupby(keys).size(), axis=0))
    table = table.reset_index()
    months = account.line_months[["product_line", "month", "quantity", "gross_amount"]]
    bought = months[months["gross_amount"] != 0]
    table = table.merge(months.drop(columns="gross_amount"), on=["product_line", "month"],
                        how="left")
    unknown = set(zip(*(bought.loc[bought["quantity"].isna(), c]
                        for c in ("product_line", "month")), strict=True))
    is_unknown = [key in unknown for key in table[["product_line", "month"]].itertuples(
        index=False, name=None)]
    table["ordered_quantity"] = table["quantity"].fillna(0.0).mask(np.array(is_unknown))
    return split_quota(table)[QUOTA_COLUMNS].sort_values(
        ["product_line", "month"], ignore_index=True)


def sum_quota(quota: pd.DataFrame) -> pd.DataFrame:
    """Add up `build_quota` by product line, over the months that could be split.

    Returns one row a product line, the most unused first, and adds nothing up across lines, whose
    pieces differ: n_quota_months, n_split_months (of which the reason is known), GIVEN and PARTS
    of the latter, fill_share. Refused where no month can be split.
    """
    counts = quota.groupby("product_line").size()
    split = quota[quota["quota_note"] == ""]
    if split.empty:
        notes = sorted(quota["quota_note"].unique())
        words = {"demand_unknown": _("what the account asked for"),
                 "available_unknown": _("what could be delivered"),
                 "ordered_unknown": _("how many pieces were ordered")}
        unknown = fmt_list(words[note] for note in notes)
        raise RefusedError(_("Why the quota was not used cannot be told: {unknown} is not known. "
                             "The columns demand_quantity and available_quantity of quotas would "
                             "lift this.", unknown=unknown))
    table = split.groupby("product_line")[[*GIVEN, *PARTS]].sum()
    table["n_split_months"] = split.groupby("product_line").size()
    table["n_quota_months"] = counts.reindex(table.index)
    table["fill_share"] = table["ordered_quantity"] / table["quota_quantity"].where(
        table["quota_quantity"] > 0)
    table["unused"] = table["not_ordered_quantity"] + table["supply_short_quantity"]
    table = table.reset_index().sort_values(["unused", "product_line"], ascending=[False, True])
    return table[LINE_COLUMNS].reset_index(drop=True).astype(
        {"n_quota_months": "Int64", "n_split_months": "Int64"})
