"""Who came onto the list since the previous period, who left it, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import _
from kamlib.selection.criteria import Known, measure_criteria
from kamlib.selection.keylist import UNSURE, build_list
from kamlib.selection.rules import SelectionRules
from kamlib.selection.scorecard import COLUMNS, PLACES, list_weights, score_criteria

CHANGE_COLUMNS = ["account_id", "list_move", "rank_before", "rank", "score_before",
                  "key_score_index", "score_change", "moved_by", "moved_by_points",
                  "is_near_line", "net_amount", "owner_id"]
MOVES = ("entered", "left")
# A change of fewer points is that of the others.
OWN_CHANGE_POINTS = 0.5
SCORED = (*PLACES, "key_score_index")


def build_list_then(known: Known, *, rules: SelectionRules
                    ) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The list of an earlier day by what was known then, and its scored accounts."""
    scored = score_criteria(measure_criteria(known, rules=rules), rules=rules)
    keys, *_rest = build_list(scored, known, rules=rules, beside=False)
    return keys, scored


def compare_lists(keys: pd.DataFrame, scored: pd.DataFrame, keys_before: pd.DataFrame,
                  scored_before: pd.DataFrame, *, rules: SelectionRules) -> pd.DataFrame:
    """Say who entered and who left, by how much the score moved, and what moved it most.

    keys, scored: of now; keys_before, scored_before: of then. Both by the same rules.
    Returns one row an account that is on one of both lists only, entered ones first: list_move
    (entered, left), rank and score then and now (gaps where it did not buy in the window),
    score_change (points), moved_by (the indicator that moved the score most in the direction in
    which it went; others_moved where its own score hardly changed; no_sales_now, first_sales), and
    moved_by_points (its part of the change), is_near_line (in or out, one could not tell on either
    day: the move may be chance), net_amount and owner_id of now.
    """
    now, then = (table.set_index("account_id") for table in (keys, keys_before))
    inside, before = (set(t.index[t["is_listed"]]) for t in (now, then))
    weights = list_weights(scored, rules=rules).set_index("indicator")["weight_share"]
    places, places_before = (table.set_index("account_id") for table in (scored, scored_before))
    rows = []
    for move, ids in zip(MOVES, (inside - before, before - inside), strict=True):
        for account in sorted(ids):
            row = {"account_id": account, "list_move": move,
                   "rank": _of(now, account, "rank"), "rank_before": _of(then, account, "rank"),
                   "key_score_index": _of(now, account, "key_score_index"),
                   "score_before": _of(then, account, "key_score_index"),
                   "net_amount": _of(now, account, "net_amount"),
                   "owner_id": _of(now, account, "owner_id"),
                   "is_near_line": UNSURE in (_of(now, account, "list_standing"),
                                              _of(then, account, "list_standing"))}
            rows.append(row | _why(account, places, places_before, weights))
    table = pd.DataFrame(rows, columns=CHANGE_COLUMNS)
    table["score_change"] = table["key_score_index"].astype("float64") \
        - table["score_before"].astype("float64")
    table = table.astype({"rank": "Int64", "rank_before": "Int64", "is_near_line": "bool",
                          **dict.fromkeys(("key_score_index", "score_before", "moved_by_points",
                                           "net_amount"), "float64")})
    table["order"] = table["rank"].fillna(10**9)
    return table.sort_values(["list_move", "order", "account_id"], ignore_index=True)[
        CHANGE_COLUMNS]


def _of(table: pd.DataFrame, account: str, column: str) -> Any:
    return table[column].get(account, pd.NA)


def _why(account: str, now: pd.DataFrame, then: pd.DataFrame, weights: pd.Series
         ) -> dict[str, Any]:
    if account not in now.index:
        return {"moved_by": "no_sales_now", "moved_by_points": None}
    if account not in then.index:
        return {"moved_by": "first_sales", "moved_by_points": None}
    moved = dict(zip(SCORED, _scores(now, account) - _scores(then, account), strict=True))
    total = float(moved["key_score_index"])
    points = {name: float(weights[name] * moved[f"{name}_place_index"]) for name in COLUMNS}
    known = {name: value for name, value in points.items() if not np.isnan(value)}
    if not known or abs(total) < OWN_CHANGE_POINTS:
        return {"moved_by": "others_moved", "moved_by_points": total}
    best = max(known, key=lambda name: (known[name] * (1 if total > 0 else -1), name))
    return {"moved_by": best, "moved_by_points": known[best]}


def _scores(table: pd.DataFrame, account: str) -> NDArray[np.float64]:
    row: NDArray[np.float64] = table.loc[[account], list(SCORED)].to_numpy("float64")[0]
    return row


def take_changes(attempts: Attempts, keys: pd.DataFrame, scored: pd.DataFrame,
                 before: Known | None, *, rules: SelectionRules) -> pd.DataFrame:
    """Compare with the previous period's list; empty with its reason where there is none."""
    def build() -> pd.DataFrame:
        if before is None:
            raise RefusedError(_("The previous period lies before the known history, so there is "
                                 "no list to compare with. A later period would lift this."))
        return compare_lists(keys, scored, *build_list_then(before, rules=rules), rules=rules)
    return attempts.take("changes", CHANGE_COLUMNS, build)

