"""Whether the account facts hold the analysis window."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kamlib.errors import InputError, RefusedError
from kamlib.language import _


def require_window(facts: pd.DataFrame, columns: Sequence[str], *, name: str) -> None:
    """Refuse account facts that lack a column or do not hold the whole analysis window.

    facts: account_facts; columns: what is needed of them, one with _window among them; name: of
    the function that needs them. Raises InputError for a missing column, RefusedError for a gap
    in a window: one gap means all, since it is known for every account or for none.

    >>> require_window(pd.DataFrame({"n_orders_window": [2]}), ["n_orders_window"], name="demo")
    """
    missing = [column for column in columns if column not in facts]
    if missing:
        raise InputError(f"{name} needs the account facts with {', '.join(columns)}; "
                         f"{', '.join(missing)} is missing. Pass report.facts.")
    if any(facts[column].isna().any() for column in columns if column.endswith("_window")):
        raise RefusedError(_("The analysis window begins before the known history, so its sales "
                             "and orders are not complete. A later period, or a shorter rule "
                             "measures.window_months, would lift this."))
