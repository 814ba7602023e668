"""All that one page says of two versions."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from kamlib.language import use_window
from kamlib.report.compare.charts import ChartPair, pair_charts
from kamlib.report.compare.moves import Moves, find_moves
from kamlib.report.compare.pair import Pair, Version, pair_versions
from kamlib.report.compare.parts import Again, Change, split_changes
from kamlib.report.compare.restated import Restated, find_restated


@dataclass(frozen=True)
class Comparison:
    """Two versions, their numbers with the parts of each change, and who moved.

    changes: net sales first, then the headline metrics in the order of the report; names: of the
    accounts, by id; with_code: the commit whose program was run again, "" for none.
    """

    pair: Pair
    restated: Restated
    changes: list[Change]
    moves: Moves
    charts: list[ChartPair]
    names: dict[str, str]
    with_code: str = ""


def compare_versions(old: Version, new: Version, *, again: Again | None = None,
                     with_code: str = "") -> Comparison:
    """Compare an older version with a newer one.

    again: metrics of further runs on today's data, which split off what the published tables
    alone do not tell. Raises InputError for versions that have nothing in common.
    """
    pair = pair_versions(old, new)
    use_window(int(new.manifest["window_months"]))
    restated = find_restated(pair)
    changes = split_changes(pair, restated, again or Again())
    return Comparison(pair, restated, changes, find_moves(pair, restated), pair_charts(pair),
                      _names(pair), with_code)


def _names(pair: Pair) -> dict[str, str]:
    names: dict[str, str] = {}
    for version in (pair.old, pair.new):
        table = version.table("account_names")
        if not table.empty:
            names |= dict(zip(table["account_id"], table["name"], strict=True))
    return {account: str(name) for account, name in names.items() if not pd.isna(name) and name}
