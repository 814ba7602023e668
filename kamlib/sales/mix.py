"""Why the margin share changed: other margins, or other weights of what was sold."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.sales.spans import add_up, choose_base, ratio
from kamlib.sales.summary import no_base, no_lines

MIX_COLUMNS = ["category", "amount_share", "base_amount_share", "margin_share",
               "base_margin_share", "mix_effect_share", "rate_effect_share"]


def split_margin_change(parts: pd.DataFrame, *, dimension: str) -> pd.DataFrame:
    """Split the change of the margin share into changed weights and changed margins.

    parts: from `join_parts`; dimension: one of its columns, such as account_type.
    Returns one row a category, the largest first: category, amount_share and base_amount_share
    (of the net sales of known cost, in the period and a year before, else in the previous
    period), margin_share and base_margin_share, mix_effect_share (change of weight × how far
    the old margin share lay above that of the whole) and rate_effect_share (new weight × change
    of the margin share), both in points of 1. The two columns add up to the change of the whole
    margin share. A category sold in one of the two spans only is all mix.
    Source: catalogue SAL-05; Kitagawa (1955), J. Am. Stat. Assoc. 50:1168-1194, the interaction
    counted as a changed margin.
    """
    base = choose_base(parts["span"].unique())
    if not base:
        raise RefusedError(no_base())
    if dimension not in parts:
        raise RefusedError(no_lines() if dimension == "product_line" else _(
            "The kinds of account that the margin is split by are not given. Such a column of the "
            "accounts, or another choice in rules.sales.type_dimension, would lift this."))
    now, before = (_weigh(parts[parts["span"] == span], dimension) for span in ("period", base))
    index = now.index.union(before.index)
    now, before = now.reindex(index, fill_value=0.0), before.reindex(index, fill_value=0.0)
    old_margin = float(before["contribution"].sum())
    table = pd.DataFrame({
        "amount_share": now["weight"], "base_amount_share": before["weight"],
        "margin_share": ratio(now["contribution"], now["weight"]),
        "base_margin_share": ratio(before["contribution"], before["weight"])})
    is_in_both = (now["weight"] > 0) & (before["weight"] > 0)
    change = now["contribution"] - before["contribution"] \
        - (now["weight"] - before["weight"]) * old_margin
    rate = now["weight"] * (table["margin_share"] - table["base_margin_share"])
    table["rate_effect_share"] = rate.where(is_in_both, 0.0)
    table["mix_effect_share"] = change - table["rate_effect_share"]
    table = table.rename_axis("category").reset_index()
    return table.sort_values(["amount_share", "category"], ascending=[False, True],
                             ignore_index=True)[MIX_COLUMNS]


def _weigh(rows: pd.DataFrame, dimension: str) -> pd.DataFrame:
    """Each category's weight in the net sales of known cost, and its part of the margin share."""
    sums = add_up(rows, [dimension], ["margin_amount", "margin_known_amount"])
    total = float(sums["margin_known_amount"].sum())
    if total <= 0:
        raise RefusedError(_("The cost of no sales is known in one of the two spans. Costs in the "
                             "orders table would lift this."))
    return pd.DataFrame({"weight": sums["margin_known_amount"] / total,
                         "contribution": sums["margin_amount"] / total})
