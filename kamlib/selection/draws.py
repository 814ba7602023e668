"""The months drawn anew: how far a score, a rank and a condition depend on single months."""

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
from kamlib.selection.scorecard import COLUMNS, score_values, take
from kamlib.stats.resample import RankStore

Floats = NDArray[np.float64]
CHUNK_VALUES = 400_000  # draws x accounts held at once
DRAWN = {"sales": "net_amount", "profit": "profit_amount", "growth": "growth_rate",
         "orders": "n_orders", "steadiness": "month_variation"}


@dataclass(frozen=True)
class Monthlies:
    """Whole months of the scored accounts, account x month; `before` pairs month for month."""

    amounts: Floats
    orders: Floats
    margins: Floats
    before: Floats | None

    @property
    def n_months(self) -> int:
        """Months that can be drawn."""
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
    before = monthly.amounts[at, :-width] if len(monthly.months) == 2 * width else None
    amounts, orders, margins = (values[at, -width:] for values in (
        monthly.amounts, monthly.orders, monthly.margins))
    return Monthlies(amounts, orders, margins, before)


def draw_scores(scored: pd.DataFrame, months: Monthlies, *, rules: SelectionRules,
                n_draws: int) -> Iterator[dict[str, Floats]]:
    """Draw the months anew, for all accounts the same, and score every draw.

    scored: from `score_criteria`; months: of the same accounts. One month less than there are is
    drawn with replacement, which makes the spread of a sum that of its months; a month goes with
    the same month a year before. What does not come from months (years, product lines, money
    collected, cost of the work) stays as it is.
    Yields the drawn values (draws x accounts) under the names of the criteria, and key_score_index.
    Source: Rao & Wu (1988), J. Am. Stat. Assoc. 83:231-241; Hesterberg (2015), Am. Stat.
    69:371-386, on too narrow bootstraps of few values.
    """
    n, rng = months.n_months, np.random.default_rng(rules.seed)
    size = max(1, CHUNK_VALUES // max(1, len(scored)))
    fixed = {name: take(scored, column) for name, (column, _side) in COLUMNS.items()}
    work = take(scored.fillna({"cost_to_serve_amount": 0.0}), "cost_to_serve_amount")
    for start in range(0, n_draws, size):
        counts = rng.multinomial(n - 1, np.full(n, 1 / n), size=min(size, n_draws - start))
        weights: Floats = counts.astype("float64") * (n / (n - 1))
        drawn = _draw(months, weights, work, fixed)
        values = {name: drawn.get(column, np.broadcast_to(fixed[name], drawn["net_amount"].shape))
                  for name, (column, _side) in COLUMNS.items()}
        yield {**drawn, "key_score_index": score_values(values, rules=rules)["key_score_index"]}


def rank_draws(scored: pd.DataFrame, months: Monthlies, *, cut: int,
               rules: SelectionRules) -> pd.DataFrame:
    """Rank the scores of every draw.

    scored: accounts with a score; cut: the list's length.
    Returns one row an account, in their order: rank_ci_low, rank_ci_high (the rank itself lies
    between), listed_probability (share of the draws in which it is among the first `cut`).
    """
    n = len(scored)
    store = RankStore(rules.n_draws, np.ones(n, dtype=bool), seed=rules.seed + 1)
    inside = np.zeros(n)
    for drawn in draw_scores(scored, months, rules=rules, n_draws=rules.n_draws):
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
                         "listed_probability": inside / rules.n_draws})


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


def _draw(months: Monthlies, weights: Floats, work: Floats,
          fixed: Mapping[str, Floats]) -> dict[str, Floats]:
    amounts = weights @ months.amounts.T
    mean = amounts / months.n_months
    spread = np.sqrt(np.maximum(weights @ (months.amounts**2).T / months.n_months - mean**2, 0.0))
    drawn = {"net_amount": amounts, "n_orders": weights @ months.orders.T,
             # Rounded as the criteria are: rates that differ by rounding alone are alike.
             "month_variation": np.round(spread / np.where(mean > 0, mean, np.nan), 6),
             # Where no margin is known, a draw does not make one.
             "profit_amount": np.where(np.isnan(fixed["profit"]), np.nan,
                                       weights @ months.margins.T - work)}
    if months.before is not None:
        earlier = weights @ months.before.T
        rate = amounts / np.where(earlier > 0, earlier, np.nan) - 1
        drawn["growth_rate"] = np.round(rate, 10)
    return drawn
