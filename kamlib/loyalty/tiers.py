"""Which accounts a tier holds: loyalty is an outcome of the tiers, never part of their rule."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.errors import InputError, RefusedError
from kamlib.language import _
from kamlib.loyalty.rules import TIERS

ALL = "all"


def join_tiers(facts: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    """Return the facts of the accounts in a tier, with `tier`, sorted by account_id.

    facts: account_facts; tiers: account_id and tier; only core, important and general are kept.
    Raises InputError without these columns, RefusedError when no account is in a tier.
    """
    missing = [column for column in ("account_id", "tier") if column not in tiers]
    if missing:
        raise InputError(f"Loyalty needs a table of tiers with account_id and tier; "
                         f"{', '.join(missing)} is missing. Pass what score_tiers returns.")
    placed = tiers.loc[tiers["tier"].isin(TIERS), ["account_id", "tier"]]
    table = facts.merge(placed, on="account_id", how="inner", validate="one_to_one")
    if table.empty:
        raise RefusedError(_("No account has sales in the analysis window, so no tier has members. "
                             "A period with sales would lift this."))
    return table.sort_values("account_id", ignore_index=True)


def split_tiers(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Yield each tier with its rows, empty ones too, and last "all" with every row."""
    for tier in TIERS:
        yield tier, table[table["tier"] == tier]
    yield ALL, table
