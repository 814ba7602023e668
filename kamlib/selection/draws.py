"""What the long-run figures may be: how far a score, a rank and a condition are chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.rule_table import check_conditions
from kamlib.selection.criteria import Known, add_ranks
from kamlib.selection.rules import SelectionRules
from kamlib.selection.scorecard import COLUMNS, place_values, score_places, take
from kamlib.stats.budget import affordable_draws
from kamlib.stats.evenness import estimate_evenness
from kamlib.stats.resample import Means, RankStore, compare_means, draw_means, estimate_means

Floats = NDArray[np.float64]
CHUNK_VALUES = 400_000  # draws x accounts held at once
MOST_CELLS = 50_000_000  # draws x accounts that are ranked
DRAWN = {"sales": "net_amount", "profit": "profit_amount", "growth": "growth_rate",
         "orders": "n_orders", "steadiness": "month_variation"}


@dataclass(frozen=True)
class Monthlies:
    """Whole months of the scored accounts, account x month; those a year before pair with them."""

    amounts: Floats
    orders: Floats
    margins: Floats
    amounts_before: Floats | None
    orders_before: Floats | None

    @property
    def n_months(self) -> int:
        """Months of the window."""
        return int(self.amounts.shape[1])


def split_months(known: Known, account_ids: pd.Series, *, rules: SelectionRules) -> Monthlies:
    """Take the window's months of some accounts apart from those a year before.

    Refused with fewer whole months than rules.min_months.
    """
    monthly, width = known.monthly(), known.window_months
    at = monthly.account_ids.get_indexer(pd.Index(account_ids.astype("str")))
    there = min(width, len(monthly.months))
    if there < rules.min_months:
        raise RefusedError(_(
            "Ranks have an interval from {needed} whole months of known sales on, and the data has "
            "{there}. A later period would lift this.", needed=fmt_count(rules.min_months),
            there=fmt_count(there)))
    now = (values[at, -width:] for values in (monthly.amounts, monthly.orders, monthly.margins))
    is_whole = len(monthly.months) == 2 * width
    return Monthlies(*now, *((values[at, :-width] if is_whole else None)
                             for values in (monthly.amounts, monthly.orders)))


def draw_scores(scored: pd.DataFrame, months: Monthlies, *, rules: SelectionRules,
                n_draws: int) -> Iterator[dict[str, Floats]]:
    """Draw what the long-run figures of the accounts may be, and score every draw.

    scored: from `score_criteria`; months: of the same accounts. Sales, orders and margin of the
    window may have been other ones, as far as its months tell (`estimate_means`); growth and
    evenness are drawn to what accounts like it have as far as they are noise (`compare_means`,
    `estimate_evenness`). A draw gives every month a weight for all accounts, so that season and
    common growth move everybody together, and a month goes with the same month a year before.
    What does not come from months (years, product lines, money collected, cost of the work) stays
    as it is, and so does what has no mean above zero.
    Yields the drawn values (draws x accounts) under the names of the criteria, and key_score_index.
    How often ranks and probabilities hold: benchmarks/key_list.py.
    Source: Marshall & Spiegelhalter (1998), BMJ 316:1701-1704; Morris (1983), J. Am. Stat. Assoc.
    78:47-55; multiplier bootstrap: Wu (1986), Ann. Stat. 14:1261-1295.
    """
    fixed = place_values({name: take(scored, column) for name, (column, _side) in COLUMNS.items()},
                         rules=rules)
    for drawn in _draw(scored, months, rules, n_draws):
        values = {name: drawn[column] for name, (column, _side) in COLUMNS.items()
                  if column in drawn}
        scores = score_places(fixed | place_values(values, rules=rules), rules=rules)
        yield {**drawn, "key_score_index": scores["key_score_index"]}


def rank_draws(scored: pd.DataFrame, months: Monthlies, *, cut: int,
               rules: SelectionRules) -> pd.DataFrame:
    """Rank the scores of every draw.

    scored: accounts with a score; cut: the list's length.
    Returns one row an account, in their order: rank_ci_low, rank_ci_high (the rank itself lies
    between), listed_probability (share of the draws in which it is among the first `cut`).
    """
    n = len(scored)
    n_draws = affordable_draws(rules.n_draws, n, cells=MOST_CELLS)
    store = RankStore(n_draws, np.ones(n, dtype=bool), seed=rules.seed + 1)
    inside = np.zeros(n)
    for drawn in draw_scores(scored, months, rules=rules, n_draws=n_draws):
        scores = np.nan_to_num(drawn["key_score_index"], nan=-1.0)
        store.add(scores)
        if cut < n:
            line = -np.partition(-scores, cut - 1, axis=1)[:, cut - 1]
            inside += (scores >= line[:, None]).sum(axis=0)
        else:
            inside += len(scores)
    low, high = store.intervals(rules.confidence_level)
    rank = scored["key_score_index"].rank(ascending=False, method="min").astype("int64")
    return pd.DataFrame({"rank_ci_low": np.minimum(low, rank).astype("int64"),
                         "rank_ci_high": np.maximum(high, rank).astype("int64"),
                         "listed_probability": inside / n_draws})


def ask_draws(scored: pd.DataFrame, months: Monthlies, checklists: Mapping[str, Any], *,
              rules: SelectionRules) -> dict[str, list[pd.DataFrame]]:
    """Ask the conditions of every draw of the criteria.

    checklists: tables of conditions by name. Returns for each one table a draw: one row an
    account in the order of `scored`, one boolean column a condition (a gap where not known).
    """
    found: dict[str, list[pd.DataFrame]] = {name: [] for name in checklists}
    if not checklists:
        return found
    for drawn in draw_scores(scored, months, rules=rules, n_draws=rules.n_condition_draws):
        times = len(drawn["net_amount"])
        rows = scored.iloc[np.tile(np.arange(len(scored)), times)].reset_index(drop=True)
        rows = rows.assign(**{column: values.ravel() for column, values in drawn.items()
                              if column in scored}, row=np.arange(len(rows)),
                           draw=np.repeat(np.arange(times), len(scored)))
        rows = add_ranks(rows, by="draw")
        for name, conditions in checklists.items():
            held = check_conditions(rows, conditions, key="row", origin=f"selection.{name}")
            found[name] += [held.iloc[at:at + len(scored)].reset_index(drop=True)
                            for at in range(0, len(rows), len(scored))]
    return found


def _draw(scored: pd.DataFrame, months: Monthlies, rules: SelectionRules,
          n_draws: int) -> Iterator[dict[str, Floats]]:
    n, rng = months.n_months, np.random.default_rng(rules.seed)
    size = max(1, CHUNK_VALUES // max(1, len(scored)))
    measures = _estimate(months)
    even = estimate_evenness(months.amounts, months.orders.sum(axis=1))
    work = take(scored.fillna({"cost_to_serve_amount": 0.0}), "cost_to_serve_amount")
    profit = take(scored, "profit_amount")
    for drawn in draw_means(measures, n_draws=n_draws, seed=rules.seed, chunk=size):
        amounts, orders, margins, *growth = drawn
        found = {"net_amount": n * amounts, "n_orders": n * orders,
                 # Rounded as the criteria are: rates that differ by rounding alone are alike.
                 "month_variation": np.round(even.draw(n * orders, rng), 6),
                 # Where no margin is known, a draw does not make one.
                 "profit_amount": np.where(np.isnan(profit), np.nan, n * margins - work)}
        if growth:
            found["growth_rate"] = np.round(growth[0] - 1, 10)
        yield {column: np.where(np.isnan(values), take(scored, column), values)
               for column, values in found.items()}


def _estimate(months: Monthlies) -> list[Means]:
    """Means of the months: sales, orders, margin, and growth where the year before is known."""
    own = np.ones(months.amounts.shape, dtype=bool)
    events = months.orders.sum(axis=1)
    found = [estimate_means(values, events, own)
             for values in (months.amounts, months.orders, months.margins)]
    if months.amounts_before is None or months.orders_before is None:
        return found
    before = estimate_means(months.amounts_before, months.orders_before.sum(axis=1), own)
    return [*found, compare_means(found[0], before)]
