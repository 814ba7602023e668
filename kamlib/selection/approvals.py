"""Who confirmed an account as a key account, and when."""

from __future__ import annotations

import pandas as pd

COLUMNS = {"scope_id": "account_id", "author": "approver", "written_date": "approved_date"}


def find_approvals(narratives: pd.DataFrame | None, *, topic: str) -> pd.DataFrame:
    """The last row of narratives about each account that has the topic and an author.

    narratives: of the dictionary, None where the company has none; topic: of the rule
    approval_topic. Returns one row an account: account_id, approver, approved_date.
    """
    if narratives is None:
        return pd.DataFrame({name: pd.Series(dtype="datetime64[s]" if "date" in name else "str")
                             for name in COLUMNS.values()})
    rows = narratives[(narratives["scope"] == "account") & (narratives["topic"] == topic)
                      & narratives["author"].fillna("").ne("")]
    rows = rows.sort_values(["scope_id", "written_date", "author"]).groupby(
        "scope_id", as_index=False).tail(1)
    return rows[list(COLUMNS)].rename(columns=COLUMNS)
