"""How unevenly sales and margin are spread over accounts: Pareto, Lorenz, Gini."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.measures import require_window
from kamlib.segmentation.rules import SegmentationRules
from kamlib.stats.concentration import effective_number, gini, hhi, lorenz_curve, pareto_share

MEASURES = {"net_sales": "net_amount_window", "margin": "margin_amount_window",
            "profit": "profit_amount_window"}
PARETO_COLUMNS = ["measure", "rank", "account_id", "amount", "cumulative_amount", "account_share",
                  "cumulative_share", "is_crossing", "is_top"]
SPREAD_COLUMNS = ["measure", "n_accounts", "total_amount", "known_share", "n_top", "top_share",
                  "top_amount_share",
                  "crossing_account_id", "before_crossing_share", "at_crossing_share",
                  "crossing_side", "largest_account_id", "largest_share", "gini",
                  "gini_corrected", "hhi", "effective_accounts", "n_below_zero"]


def add_profit(facts: pd.DataFrame, profit: pd.DataFrame | None) -> pd.DataFrame:
    """Put profit_amount_window beside the margin: a gap where no work on an account is recorded.

    facts: account_facts; profit: from `measures.build_profit`, or None.
    """
    if profit is None or profit["cost_to_serve_amount"].isna().all():
        return facts.assign(profit_amount_window=np.nan)
    amounts = profit.set_index("account_id")["profit_amount"]
    return facts.assign(profit_amount_window=facts["account_id"].map(amounts).astype("float64"))


def build_pareto(facts: pd.DataFrame, *, measure: str, rules: SegmentationRules) -> pd.DataFrame:
    """Accounts from the largest to the smallest, with what they hold together.

    facts: account_facts; measure: net_sales, margin (accounts whose cost is known) or profit
    (margin less cost to serve, where work is recorded; facts from `add_profit`).
    Returns one row an account with sales in the analysis window: measure, rank, account_id,
    amount, cumulative_amount, account_share (rank / accounts), cumulative_share (of the total; a
    margin or profit can pass 1 and come back), is_crossing (the account with which
    rules.pareto_share is reached), is_top (the fewest accounts that reach it; the crossing one is
    in or out by rules.crossing_side). Equal amounts stand by account_id.
    Source: catalogue SEG-06. Raises RefusedError without a total above zero or a known window.
    """
    rows = _sold(facts, measure).rename(columns={MEASURES[measure]: "amount"})
    rows = rows[["account_id", "amount"]]
    rows["amount"] = rows["amount"].astype("float64")
    rows = rows.sort_values(["amount", "account_id"], ascending=[False, True], ignore_index=True)
    total = float(rows["amount"].sum())
    if total <= 0:
        raise RefusedError(_nothing_above_zero(measure))
    k = pareto_share(rows["amount"], threshold=rules.pareto_share).k
    rows["measure"] = measure
    rows["rank"] = np.arange(1, len(rows) + 1)
    rows["cumulative_amount"] = rows["amount"].cumsum()
    rows["account_share"] = rows["rank"] / len(rows)
    rows["cumulative_share"] = rows["cumulative_amount"] / total
    rows["is_crossing"] = rows["rank"] == k
    rows["is_top"] = rows["rank"] <= (k if rules.crossing_side == "inside" else k - 1)
    return rows[PARETO_COLUMNS]


def build_lorenz(facts: pd.DataFrame) -> pd.DataFrame:
    """Points of the Lorenz curve of net sales, from the smallest account to the largest.

    facts: account_facts. Returns n + 1 rows: account_share, amount_share (0-1). Net sales below
    zero count as 0. Source: Lorenz (1905). Raises RefusedError without net sales above zero.
    """
    amounts = _sold(facts, "net_sales")["net_amount_window"].astype("float64").clip(lower=0)
    if amounts.sum() <= 0:
        raise RefusedError(_nothing_above_zero("net_sales"))
    return lorenz_curve(amounts)


def summarise_spread(pareto: pd.DataFrame, facts: pd.DataFrame, *,
                     rules: SegmentationRules) -> pd.DataFrame:
    """Concentration of one measure in one row.

    pareto, facts: from `build_pareto` and what it was built from.
    Returns measure, n_accounts, total_amount, known_share (of net sales whose cost is known; 1
    for net_sales), n_top, top_share and top_amount_share (the accounts counted as the largest,
    their share of all accounts and of the total), crossing_account_id with the cumulative share
    before and at it and the side it was put on, largest_account_id and largest_share, gini and
    gini_corrected (times n / (n - 1); gap for one account), hhi (0-1), effective_accounts
    (1 / hhi), n_below_zero (amounts below 0, which count as 0 in gini and hhi).
    Source: catalogue SEG-06; metrics §2.
    """
    amounts = pareto["amount"].clip(lower=0)
    n_top = int(pareto["is_top"].sum())
    crossing = pareto.index[pareto["is_crossing"]][0]
    before = float(pareto["cumulative_share"].iloc[crossing - 1]) if crossing else 0.0
    measure = str(pareto["measure"].iloc[0])
    row = {"measure": measure, "n_accounts": len(pareto),
           "total_amount": float(pareto["amount"].sum()),
           "known_share": 1.0 if measure == "net_sales" else _known_share(facts),
           "n_top": n_top, "top_share": n_top / len(pareto),
           "top_amount_share": float(pareto["cumulative_share"].iloc[n_top - 1]) if n_top else 0.0,
           "crossing_account_id": pareto["account_id"].iloc[crossing],
           "before_crossing_share": before,
           "at_crossing_share": float(pareto["cumulative_share"].iloc[crossing]),
           "crossing_side": rules.crossing_side,
           "largest_account_id": pareto["account_id"].iloc[0],
           "largest_share": float(pareto["cumulative_share"].iloc[0]), "gini": gini(amounts),
           "gini_corrected": gini(amounts, corrected=True), "hhi": hhi(amounts),
           "effective_accounts": effective_number(amounts),
           "n_below_zero": int((pareto["amount"] < 0).sum())}
    return pd.DataFrame([row], columns=SPREAD_COLUMNS)


def _sold(facts: pd.DataFrame, measure: str) -> pd.DataFrame:
    require_window(facts, ("n_orders_window", "net_amount_window"), name="build_pareto")
    sold = facts[facts["n_orders_window"] > 0]
    if measure != "net_sales":
        # Nothing known about the cost is a gap, not a margin of zero.
        sold = sold[sold["margin_known_amount_window"].fillna(0) != 0]
        sold = sold[sold[MEASURES[measure]].notna()]
    return sold


def _known_share(facts: pd.DataFrame) -> float:
    sold = facts[facts["n_orders_window"] > 0]
    net = float(sold["net_amount_window"].sum())
    return float(sold["margin_known_amount_window"].sum()) / net if net > 0 else float("nan")


def _nothing_above_zero(measure: str) -> str:
    if measure == "profit":
        return _("No profit above zero is known in the analysis window, which takes the cost of "
                 "goods and of the work on accounts. Rows with a cost in the effort table would "
                 "lift this.")
    if measure == "margin":
        return _("No margin above zero is known in the analysis window. Costs in the orders table "
                 "would lift this.")
    return _("Net sales of the analysis window are not above zero. A period with sales would "
             "lift this.")
