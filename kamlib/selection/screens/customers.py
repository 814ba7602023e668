"""Good customers by five tests, and those whose margin does not pay for the work on them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.stats.scores import mean_of_known, rank_scores

# SEL-08: what each test looks at, and whether more is better. Test C, little service, goes against
# key account management itself: key accounts are owed more of it.
TESTS: Mapping[str, tuple[tuple[str, int], ...]] = {
    "demand": (("net_amount", 1), ("n_orders", 1)),
    "return": (("margin_share", 1), ("accepts_premium", 1), ("collection_rate", 1)),
    "service": (("cost_to_serve_share", -1),),
    "outlook": (("growth_rate", 1), ("silence_ratio", -1)),
    "partnership": (("relationship_level", 1), ("has_exclusive_information", 1)),
}
GOOD_COLUMNS = ["account_id", "good_customer_index", *[f"{t}_test_index" for t in TESTS],
                "n_tests_known", "net_amount", "profit_amount", "is_listed"]
LOSS_COLUMNS = ["account_id", "net_amount", "margin_amount", "margin_share",
                "cost_to_serve_amount", "profit_amount", "break_even_cost_share", "is_listed",
                "rank", "owner_id"]


def judge_customers(criteria: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Score each account that bought by the five tests of a good customer.

    criteria: from `measure_criteria`; keys: the list. Returns one row an account, best first:
    good_customer_index (0-100, the mean of the known tests), one column a test (the mean of the
    places of what it looks at, `TESTS`; a gap where nothing of it is known), n_tests_known known,
    net_amount, profit_amount, is_listed. Source: catalogue SEL-08.
    """
    rows = criteria[criteria["n_orders"].fillna(0) > 0].reset_index(drop=True)
    table = rows[["account_id", "net_amount", "profit_amount"]].copy()
    for test, looked_at in TESTS.items():
        parts = [rank_scores(side * rows[column].astype("Float64").to_numpy(
            "float64", na_value=np.nan)) for column, side in looked_at]
        table[f"{test}_test_index"] = mean_of_known(
            np.stack(parts, axis=-1), np.ones(len(parts)), min_share=0.0)
    scores = table[[f"{test}_test_index" for test in TESTS]].to_numpy("float64")
    table["good_customer_index"] = mean_of_known(scores, np.ones(len(TESTS)), min_share=0.5)
    table["n_tests_known"] = (~np.isnan(scores)).sum(axis=1)
    table["is_listed"] = table["account_id"].isin(keys.loc[keys["is_listed"], "account_id"])
    return table.sort_values(["good_customer_index", "account_id"], ascending=[False, True],
                             ignore_index=True)[GOOD_COLUMNS]


def list_losses(criteria: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Accounts that bought in the window and left no profit, largest loss first.

    Returns one row an account with a profit of 0 or less: net_amount, margin_amount, margin_share,
    cost_to_serve_amount, profit_amount, break_even_cost_share (to which part the cost to serve
    would have to fall; a gap where the margin itself is a loss), is_listed, rank, owner_id.
    A loss asks for a review of prices and of work, not for an end. Refused where no cost is known.
    """
    rows = criteria[criteria["n_orders"].fillna(0) > 0]
    if rows["profit_amount"].isna().all():
        raise RefusedError(_("No cost of goods is known for anybody, so nobody can be said to be "
                             "unprofitable. The column cost_amount of the orders would lift "
                             "this."))
    # Whose sales came back in full has neither sales nor a loss.
    rows = rows[(rows["profit_amount"] < 0)
                | ((rows["profit_amount"] == 0) & (rows["net_amount"] != 0))]
    margin, cost = rows["margin_amount"], rows["cost_to_serve_amount"]
    ranks = keys.set_index("account_id")
    table = rows.assign(
        break_even_cost_share=(margin / cost.where(cost > 0)).where(margin > 0),
        is_listed=rows["account_id"].map(ranks["is_listed"]).fillna(False).astype(bool),
        rank=rows["account_id"].map(ranks["rank"]).astype("Int64"))
    return table.sort_values(["profit_amount", "account_id"], ignore_index=True)[LOSS_COLUMNS]
