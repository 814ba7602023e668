"""Hiding what tells of few accounts, in the tables of a pseudonymised report."""

from __future__ import annotations

import pandas as pd

COUNT = "n_accounts"


def hide_small_cells(frame: pd.DataFrame, *, min_accounts: int) -> tuple[pd.DataFrame, int]:
    """Empty the numbers of rows that stand for fewer accounts than may be shown.

    frame: a table with n_accounts; one without, or with a row an account, stays as it is.
    Returns the table and how many rows were emptied. Where one row alone would be, the next
    smallest goes with it, since the total would give it away.

    >>> sales = pd.DataFrame({"region": list("abc"), "n_accounts": [1, 4, 9], "sum": [7., 8., 9.]})
    >>> hide_small_cells(sales, min_accounts=3)[0]["sum"].tolist()
    [nan, nan, 9.0]
    """
    if COUNT not in frame.columns or "account_id" in frame.columns:
        return frame, 0
    counts = pd.to_numeric(frame[COUNT], errors="coerce").fillna(0).to_numpy()
    is_small = (counts > 0) & (counts < min_accounts)
    others = [place for place in counts.argsort(kind="stable") if counts[place] >= min_accounts]
    if is_small.sum() == 1 and others:
        is_small[others[0]] = True
    if not is_small.any():
        return frame, 0
    hidden = frame.copy()
    for column in hidden.columns:
        if pd.api.types.is_bool_dtype(hidden[column]):
            hidden[column] = hidden[column].astype("boolean").mask(is_small)
        elif pd.api.types.is_numeric_dtype(hidden[column]):
            whole = pd.api.types.is_integer_dtype(hidden[column])
            numbers = hidden[column].astype("Int64") if whole else hidden[column].astype("float64")
            hidden[column] = numbers.mask(is_small)
    return hidden, int(is_small.sum())
