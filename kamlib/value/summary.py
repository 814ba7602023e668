"""Which accounts are valued, and which of them a model may learn from."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.schema import require_columns

HISTORY = ["n_repeat_days", "first_to_last_days", "first_to_as_of_days", "log_gap_sum",
           "repeat_day_mean_amount"]


def select_accounts(facts: pd.DataFrame) -> pd.DataFrame:
    """Select the accounts with a sale and what is known of their purchases.

    facts: account_facts, or one cut of past facts; one row an account.
    Returns the same columns, one row an account with a sale, sorted; ``is_start_known`` (a model
    may learn from it) without gaps. What came back is no purchase: the columns of the repeat-buying
    summary count days with a sale line. Raises RefusedError when nobody ever bought.

    >>> facts = pd.DataFrame({"account_id": ["b", "a"], "is_start_known": [True, False],
    ...     "n_repeat_days": [2, None], "first_to_last_days": [9, None],
    ...     "first_to_as_of_days": [30, None], "log_gap_sum": [1.9, None],
    ...     "repeat_day_mean_amount": [5.0, None]})
    >>> select_accounts(facts)["account_id"].tolist()
    ['b']
    """
    require_columns(facts, ["account_id", "is_start_known", *HISTORY], name="facts")
    bought = facts[facts["first_to_as_of_days"].notna()]
    if bought.empty:
        raise RefusedError(_("No account has bought anything yet, so none has a value to come. "
                             "Orders would lift this."))
    return bought.assign(is_start_known=bought["is_start_known"].astype("boolean").fillna(False)
                         .astype(bool)).sort_values("account_id", ignore_index=True)
