"""The same business counted by other conventions, as the simple formulas of textbooks do."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.models.value import value_after_renewal, value_from_now
from kamlib.value.clv import Book
from kamlib.value.levers import imply_retention
from kamlib.value.rules import ValueRules

CONVENTION_COLUMNS = ["convention", "margin_amount", "retention_share", "interest_rate",
                      "equity_amount", "equity_rate"]


def compare_conventions(book: Book, *, rules: ValueRules) -> pd.DataFrame:
    """Count the customer equity by the simple retention formula, with both first margins.

    Returns three rows: convention (horizon: the one in use; formula_now: m (1 + d) / (1 + d - r);
    formula_after: m r / (1 + d - r), both without end), margin_amount (m, what all accounts
    are expected to leave in the first year), retention_share (r, implied for the first year),
    interest_rate (d), equity_amount, equity_rate (against the horizon; NaN when that is not above
    0). The formulas never end and hold retention constant, so they are checks of size, no
    estimates. Source: Gupta & Lehmann (2003), J. Interactive Marketing 17(1):9-24.
    Raises RefusedError where nothing is expected to be bought.
    """
    everybody = np.ones(len(book.table))
    kept = float(imply_retention(book, everybody, years=1)[0])
    if not np.isfinite(kept) or kept >= 1 + rules.discount_rate:
        raise RefusedError(_("The forecast implies no yearly retention to put into the formula. "
                             "More repeat purchases would lift this."))
    share = book.shares["contribution_share"].to_numpy("float64")
    undiscounted = book.sales[:, 0] * (1 + rules.discount_rate) ** 0.5
    margin, retention = float(undiscounted @ share), min(kept, 1.0)
    arguments = {"retention_share": retention, "rate": rules.discount_rate}
    values = {"horizon": book.total, "formula_now": float(value_from_now(margin, **arguments)),
              "formula_after": float(value_after_renewal(margin, **arguments))}
    return pd.DataFrame({
        "convention": list(values), "margin_amount": margin, "retention_share": retention,
        "interest_rate": rules.discount_rate, "equity_amount": list(values.values()),
        "equity_rate": [value / book.total if book.total > 0 else np.nan
                        for value in values.values()]})[CONVENTION_COLUMNS]
