"""What stays of an account's sales: the share that becomes margin and profit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.value.rules import ValueRules

Floats = NDArray[np.float64]
SHARES = ["net_part", "margin_part", "contribution_share"]


@dataclass(frozen=True, eq=False)
class Contribution:
    """What an amount sold leaves, by account and for all together.

    basis: "basis_profit" (margin less cost to serve), "basis_margin" (no cost to serve is
    recorded), "basis_flat" (a margin share given by the rules) or "basis_sales" (net sales, costs
    unknown); table: one row an account, sorted: account_id, is_own_share, and as parts of gross
    sales net_part (less what came back), margin_part (NaN where costs are not in use),
    contribution_share (what value is counted in); overall: the same three of all together;
    cost_known_share: part of net sales whose cost is known (0-1).
    """

    basis: str
    table: pd.DataFrame
    overall: dict[str, float]
    cost_known_share: float

    @property
    def is_costed(self) -> bool:
        """Whether costs of goods are in the value."""
        return self.basis in ("basis_profit", "basis_margin")


def measure_contribution(facts: pd.DataFrame, *, profit: pd.DataFrame,
                         rules: ValueRules) -> Contribution:
    """Measure what of gross sales stays as profit in the analysis window.

    facts: account_facts, one row an account; profit: from measures.build_profit, of the same
    window. An account with rules.own_share_days purchase days has its own share, the others that
    of all accounts together. Without a sale in the window anywhere, all its life counts. Margins
    are of the sales whose cost is known, so that sales without cost count as if they left nothing.
    """
    span = "_window" if float(facts["gross_amount_window"].fillna(0).sum()) > 0 else ""
    names = {f"{n}{span}": n for n in ("gross_amount", "net_amount", "margin_amount",
                                       "margin_known_amount", "n_purchase_days")}
    table = facts.set_index("account_id")[list(names)].rename(columns=names).astype("float64")
    table = table.sort_index().fillna(0.0)
    work = profit.set_index("account_id").reindex(table.index)
    total = table.sum()
    known = float(total["margin_known_amount"] / total["net_amount"]) \
        if total["net_amount"] > 0 else 0.0
    is_costed = known > 0 and known >= rules.min_cost_known_share
    has_work = is_costed and span == "_window" and bool(work["cost_to_serve_amount"].notna().any())
    spent = work["cost_to_serve_amount"].fillna(0.0) if has_work else 0.0
    table["spent_amount"] = spent
    parts = _parts(table, is_costed=is_costed, flat=rules.flat_margin_share)
    sums = _parts(table.sum().to_frame().T, is_costed=is_costed, flat=rules.flat_margin_share)
    overall = {name: float(sums[name].fillna(0.0).iloc[0]) for name in SHARES}
    has_cost = (table["margin_known_amount"] != 0) | (table["net_amount"] == 0)
    is_own = (table["n_purchase_days"] >= rules.own_share_days) & \
        parts["contribution_share"].notna()
    is_own = is_own & has_cost if is_costed else is_own
    parts = parts.assign(**{c: parts[c].where(is_own, overall[c]) for c in SHARES})
    basis = "basis_profit" if has_work else "basis_margin" if is_costed else \
        "basis_flat" if rules.flat_margin_share else "basis_sales"
    return Contribution(basis, parts.assign(is_own_share=is_own).reset_index(), overall, known)


def _parts(sums: pd.DataFrame, *, is_costed: bool, flat: float) -> pd.DataFrame:
    gross = sums["gross_amount"].where(sums["gross_amount"] > 0)
    net = sums["net_amount"] / gross
    if is_costed:
        margin = sums["margin_amount"] / gross
        kept = margin - sums["spent_amount"] / gross
    else:
        margin, kept = net * np.nan, net * (flat or 1.0)
    return pd.DataFrame(dict(zip(SHARES, (net, margin, kept), strict=True)))
