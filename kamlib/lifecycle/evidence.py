"""What an account's months say: how much they vary, and whether they rise or fall."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.lifecycle.rules import LifecycleRules
from kamlib.stats.trend import adjust_p_values, mann_kendall, theil_sen

Floats = NDArray[np.float64]
EVIDENCE = ["n_months", "block_months", "sales_cv", "demand_cv", "level_share", "slope_rate",
            "slope_rate_ci_low", "slope_rate_ci_high", "slope_q_value"]
TREND = ["block_months", "slope_rate", "slope_rate_ci_low", "slope_rate_ci_high", "p_value"]
# A quarter is the longest block: longer ones leave too few to test.
LONGEST_BLOCK = 3


def measure_accounts(history: pd.DataFrame, *, accounts: Iterable[str], rules: LifecycleRules,
                     gap_cv: pd.Series | None = None) -> pd.DataFrame:
    """Measure variation and trend of each account on its latest months without the season.

    history: result of `remove_season`; accounts: those to judge, one family of tests; gap_cv:
    how much gaps vary by the rhythm alone, by account_id (`measure_rhythm`).
    Returns one row an account, sorted: ``account_id``, ``n_months`` (whole months after the one
    of the first sale, at most ``trend_months``), ``sales_cv`` (standard deviation / mean of
    blocks of ``variation_months``), ``demand_cv`` (the part of it that few orders do not explain,
    see `remove_rhythm`; all of it without gap_cv), ``level_share`` (last 12 months / best 12
    months, 0..1), ``slope_rate`` with its interval (change a month as a share of the mean month:
    Theil-Sen on blocks of ``block_months``), ``slope_q_value`` (Mann-Kendall on the months,
    adjusted for the number of accounts after Benjamini & Hochberg). With too short a history all
    but n_months are NA; so is the trend of an account that bought nothing in these months.
    Both rest on ranks and take months as independent; an account that buys in a steady rhythm
    makes the test a little stricter, one that buys in spells a little laxer.
    The month of the first sale stays out: it holds a sale by definition, so that a line begun
    there would fall too often.
    """
    wanted = sorted(set(accounts))
    amounts, since, days = (history[column].to_numpy(dtype="float64") for column in (
        "adjusted_amount", "n_months_since", "n_purchase_days"))
    places = history.groupby("account_id", sort=True).indices
    known = {} if gap_cv is None else gap_cv.dropna().to_dict()
    empty = np.zeros(0, dtype="int64")
    lives = [_Life.of(amounts[at], since[at], days[at], rules) for at in (
        places.get(account, empty) for account in wanted)]
    table = pd.DataFrame([_measure(life, rules, gap_cv=known.get(account, 0.0))
                          for account, life in zip(wanted, lives, strict=True)],
                         columns=["n_months", "sales_cv", "demand_cv", "level_share"],
                         dtype="float64").join(_find_trends(lives, rules))
    table["slope_q_value"] = adjust_p_values(table["p_value"])
    table.insert(0, "account_id", pd.Series(wanted, dtype="str"))
    counts = dict.fromkeys(["n_months", "block_months"], "Int64")
    return table.astype(counts)[["account_id", *EVIDENCE]]


def cut_blocks(values: Floats, *, months: int) -> Floats:
    """Add up blocks of whole months, counted back from the latest; an incomplete first one goes.

    >>> cut_blocks(np.array([9.0, 1.0, 2.0, 3.0, 4.0]), months=2).tolist()
    [3.0, 7.0]
    """
    n_blocks = len(values) // months
    whole = values[len(values) - n_blocks * months:]
    return np.asarray(whole.reshape(n_blocks, months).sum(axis=1), dtype="float64")


def choose_block(values: Floats, *, share: float) -> int:
    """Return the shortest block of 1, 2 or 3 months of which at least `share` hold a sale.

    Counted up to the last sale: silence at the end is what the trend is about, not the rhythm.
    With mostly empty months the median slope would be 0 whatever happens.

    >>> choose_block(np.array([5.0, 0.0, 4.0, 0.0, 6.0, 0.0]), share=0.7)
    2
    """
    bought = values[:np.flatnonzero(values).max(initial=-1) + 1]
    for months in range(1, LONGEST_BLOCK):
        blocks = cut_blocks(bought, months=months)
        if len(blocks) and (blocks > 0).mean() >= share:
            return months
    return LONGEST_BLOCK


def remove_rhythm(sales_cv: float, *, gap_cv: float, n_days: float) -> float:
    """Take out of a variation what chance makes of few purchase days.

    sales_cv, gap_cv: standard deviation / mean of blocks and of gaps; n_days: purchase days a
    block on average. Even wants, bought at n days a block in gaps that vary by gap_cv, vary by
    gap_cv**2 / n_days (as a square) between blocks. Gaps that vary more than pure chance would
    make them (gap_cv above 1) are volatility themselves, so no more than 1 is taken. How much an
    order is worth is left in. Source: Cox (1962), Renewal Theory, ch. 4.5: variance of the number
    of renewals.

    >>> round(remove_rhythm(0.8, gap_cv=0.9, n_days=1.5), 4)
    0.3162
    """
    if not n_days > 0:
        return sales_cv
    return float(np.sqrt(max(0.0, sales_cv**2 - min(gap_cv, 1.0) ** 2 / n_days)))


@dataclass(frozen=True)
class _Life:
    """An account's months without the season: all of them, the latest that are judged, its days.

    block_months: 0 where there is too little to judge.
    """

    whole: Floats
    recent: Floats
    days: Floats
    block_months: int

    @classmethod
    def of(cls, amounts: Floats, since: Floats, days: Floats, rules: LifecycleRules) -> _Life:
        recent = amounts[since > 0][-rules.trend_months:]
        months = choose_block(recent, share=rules.trend_block_share) \
            if len(recent) >= rules.min_history_months else 0
        return cls(amounts, recent, days, months)


def _measure(life: _Life, rules: LifecycleRules, *, gap_cv: float) -> dict[str, float]:
    recent = life.recent
    found = {"n_months": float(len(recent))}
    if not life.block_months:
        return found
    blocks = cut_blocks(recent, months=rules.variation_months)
    # Runs of 12 months over the whole known life: a height reached before the window counts.
    runs = np.convolve(life.whole, np.ones(12), "valid")
    found["sales_cv"] = _ratio(blocks.std(ddof=1), blocks.mean())
    found["demand_cv"] = remove_rhythm(
        found["sales_cv"], gap_cv=gap_cv,
        n_days=life.days[-len(recent):].mean() * rules.variation_months)
    found["level_share"] = _ratio(runs[-1], runs.max())
    return found


def _find_trends(lives: Sequence[_Life], rules: LifecycleRules) -> pd.DataFrame:
    """Trend of each account; those of as many months in as long blocks are reckoned together."""
    table = pd.DataFrame(np.nan, index=range(len(lives)), columns=TREND, dtype="float64")
    alike: dict[tuple[int, int], list[int]] = {}
    for at, life in enumerate(lives):
        if life.block_months and cut_blocks(life.recent, months=life.block_months).mean() > 0:
            alike.setdefault((life.block_months, len(life.recent)), []).append(at)
    for (months, n), places in alike.items():
        recent = np.array([lives[at].recent for at in places])
        blocks = recent[:, n % months:].reshape(len(places), -1, months).sum(axis=2)
        line = theil_sen(blocks, level=rules.confidence_level)
        # A block's total grows by months**2 of a month's step: from its length and its stride.
        step = months * blocks.mean(axis=1)
        table.iloc[places] = np.column_stack([
            np.full(len(places), float(months)), line.slope / step, line.low / step,
            line.high / step, mann_kendall(recent)])
    return table


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")
