"""Did more accounts change their tier than chance alone moves?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.measures.monthly import (
    Monthly,
    build_monthly,
    known_starts,
    last_whole_month,
)
from kamlib.segmentation.ranks.growth import Growth, Windows, estimate_growth, remove_growth
from kamlib.segmentation.ranks.rules import RankRules
from kamlib.segmentation.rules import TIERS, SegmentationRules
from kamlib.segmentation.tiers import fix_cuts, score_tiers, tier_codes
from kamlib.stats.square import SquareTest, bowker_test, stuart_maxwell_test

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]
NOISE_COLUMNS = ["cuts", "adjusted", "test", "n_accounts", "n_movers", "n_movers_expected",
                 "growth_factor", "orders_growth_factor", "statistic", "dof", "p_value", "method",
                 "is_alarm", "verdict"]
NO_SALES = len(TIERS)
# Five coins on one side have a p value of 0.0625: with fewer movers nothing can ever alarm.
FEWEST_MOVERS = 6


@dataclass(frozen=True)
class _Two:
    """Both windows: sums of each account, who was there in all of them, and what only one holds."""

    windows: Windows
    is_there: Bools
    # account x month pair: what the present window holds of it less what the former one does
    amount_gaps: Floats
    order_gaps: Floats


def judge_migration(months: pd.DataFrame, facts: pd.DataFrame, *, as_of: date,
                    as_of_before: date, rules: RankRules, tier_rules: SegmentationRules,
                    history_from: date | None = None, window_months: int = 12) -> pd.DataFrame:
    """Test the moves between tiers of two analysis windows against what chance alone moves.

    months: account_months; facts: account_facts at as_of (who is a customer since when); as_of,
    as_of_before: ends of the two windows of window_months whole months, which may share months;
    history_from: before it nothing is known (without it the earliest month counts).
    Only accounts are counted that were customers before the former window began: a newcomer's
    half year is no move.
    Returns one row a test:
    cuts: fixed (both windows by the cuts of the former one; does the whole table lean one way?)
    or re_estimated (each by its own, as the tiers are made; are there more movers than when the
    months belonging to one window only are dealt anew?);
    adjusted: plain, common_growth_removed (see `remove_growth`), "" for re_estimated cuts, which
    a common growth does not move; test: bowker, stuart_maxwell, movers; n_accounts (fixed: with
    sales in both windows, else in either); n_movers (no sales is a tier of its own in movers);
    n_movers_expected (mean of the dealt ones; gap in the others); growth_factor,
    orders_growth_factor (common factor of amounts and orders, now / before); statistic, dof
    (gap for movers), p_value; method (chi_square, permutation); is_alarm; verdict (more than
    noise, within noise, cannot tell: fewer than six moved).
    The months of a pair, one of each window, are exchanged as wholes: an account that has changed
    between the windows has more moves than its own shuffled months.
    Source: catalogue SEG-11; `bowker_test`, `stuart_maxwell_test`. Raises RefusedError where the
    history does not hold both windows, or with fewer accounts than rules.min_accounts.
    """
    two = _split(months, facts, last=last_whole_month(as_of), width=window_months,
                 last_before=last_whole_month(as_of_before), history_from=history_from)
    had_any = (two.windows.orders_before > 0) | (two.windows.orders > 0)
    n = int((two.is_there & had_any).sum())
    if n < rules.min_accounts:
        raise RefusedError(_(
            "Moves are tested against chance with {needed} accounts that were customers before "
            "the former window began; here there are {there}. More accounts, or a later period, "
            "would lift this.", needed=fmt_count(rules.min_accounts), there=fmt_count(n)))
    growth = estimate_growth(_of(two.windows, two.is_there))
    rows = [row for adjusted in ("plain", "common_growth_removed")
            for row in _judge_fixed(two, growth, adjusted, rules, tier_rules)]
    rows.append(_judge_movers(two, growth, rules, tier_rules))
    table = pd.DataFrame(rows, columns=NOISE_COLUMNS)
    table["dof"] = table["dof"].astype("Int64")
    table["is_alarm"] = table["is_alarm"].astype("bool")
    return table


def _split(months: pd.DataFrame, facts: pd.DataFrame, *, last: int, last_before: int, width: int,
           history_from: date | None) -> _Two:
    first = last_before - width + 1
    monthly = build_monthly(months, facts["account_id"], first=first, last=last,
                            history_from=history_from)
    if last_before >= last or not len(monthly.months) or monthly.months[0] > first:
        raise RefusedError(_("Moves can be tested against chance when the known history holds the "
                             "whole of two different windows. A later period would lift this."))
    lag = min(last - last_before, width)
    before, now = np.arange(lag), np.arange(len(monthly.months) - lag, len(monthly.months))
    if width % 12 == 0:
        # October goes with October, so that the season is not dealt out as noise.
        before, now = (at[np.argsort(monthly.months[at] % 12, kind="stable")]
                       for at in (before, now))

    def sums(values: Floats) -> tuple[Floats, Floats]:
        return values[:, :width].sum(axis=1), values[:, -width:].sum(axis=1)

    amounts, orders = sums(monthly.amounts), sums(monthly.orders)
    return _Two(windows=Windows(amounts[0], amounts[1], orders[0], orders[1]),
                is_there=_was_there(monthly, facts),
                amount_gaps=monthly.amounts[:, now] - monthly.amounts[:, before],
                order_gaps=monthly.orders[:, now] - monthly.orders[:, before])


def _was_there(monthly: Monthly, facts: pd.DataFrame) -> Bools:
    first = int(monthly.months[0])
    start = known_starts(facts, monthly.account_ids)
    # Without an earlier month known, a sale in the first one is the best sign there is.
    seen = monthly.first_sale <= first if monthly.known_from == first else (
        monthly.first_sale < first)
    there: Bools = seen | (start < first)
    return there


def _judge_fixed(two: _Two, growth: Growth, adjusted: str, rules: RankRules,
                 tier_rules: SegmentationRules) -> list[dict[str, Any]]:
    windows = two.windows
    if adjusted != "plain":
        windows = remove_growth(windows, growth, seed=rules.seed)
    cut_rules = _former_cuts(windows, tier_rules)
    both = _of(windows, two.is_there & (windows.orders_before > 0) & (windows.orders > 0))
    before = tier_codes(both.amounts_before, both.orders_before, rules=cut_rules)
    now = tier_codes(both.amounts, both.orders, rules=cut_rules)
    k = len(TIERS)
    table = np.bincount(before * k + now, minlength=k * k).reshape(k, k)
    tests: dict[str, Callable[..., SquareTest]] = {
        "bowker": bowker_test, "stuart_maxwell": stuart_maxwell_test}
    rows = []
    for name, test in tests.items():
        found = test(table, few=rules.few_movers, seed=rules.seed)
        rows.append({"cuts": "fixed", "adjusted": adjusted, "test": name,
                     "n_accounts": len(both.orders), "n_movers": int((before != now).sum()),
                     "n_movers_expected": np.nan, "growth_factor": growth.amounts,
                     "orders_growth_factor": growth.orders, "statistic": found.statistic,
                     "dof": found.dof, "method": found.method,
                     **_verdict(found.p_value, int((before != now).sum()), rules)})
    return rows


def _judge_movers(two: _Two, growth: Growth, rules: RankRules,
                  tier_rules: SegmentationRules) -> dict[str, Any]:
    w, rng = two.windows, np.random.default_rng(rules.seed)
    counted = two.is_there & ((w.orders_before > 0) | (w.orders > 0))
    count = partial(_count_movers, counted=counted, rules=tier_rules)
    seen = count(w)
    dealt = np.empty(rules.noise_draws)
    for i in range(rules.noise_draws):
        # Newcomers keep their months: they are cut with the others, but are not counted.
        swapped = (rng.random(two.order_gaps.shape) < 0.5) & two.is_there[:, None]
        amounts, orders = ((gaps * swapped).sum(axis=1)
                           for gaps in (two.amount_gaps, two.order_gaps))
        dealt[i] = count(Windows(w.amounts_before + amounts, w.amounts - amounts,
                                 w.orders_before + orders, w.orders - orders))
    p = float((1 + (dealt >= seen).sum()) / (len(dealt) + 1))
    return {"cuts": "re_estimated", "adjusted": "", "test": "movers",
            "n_accounts": int(counted.sum()), "n_movers": seen,
            "n_movers_expected": float(dealt.mean()), "growth_factor": growth.amounts,
            "orders_growth_factor": growth.orders, "statistic": float(seen), "dof": pd.NA,
            "method": "permutation", **_verdict(p, max(seen, int(dealt.max())), rules)}


def _verdict(p_value: float, n_movers: int, rules: RankRules) -> dict[str, Any]:
    is_alarm = bool(p_value <= rules.alarm_level)
    if n_movers < FEWEST_MOVERS:
        return {"p_value": p_value, "is_alarm": False, "verdict": "cannot tell"}
    return {"p_value": p_value, "is_alarm": is_alarm,
            "verdict": "more than noise" if is_alarm else "within noise"}


def _former_cuts(windows: Windows, rules: SegmentationRules) -> SegmentationRules:
    facts = pd.DataFrame({"account_id": np.arange(len(windows.orders)).astype("str"),
                          "n_orders_window": windows.orders_before,
                          "net_amount_window": windows.amounts_before})
    return fix_cuts(score_tiers(facts, rules=rules), rules=rules)


def _count_movers(windows: Windows, *, counted: Bools, rules: SegmentationRules) -> int:
    before = _states(windows.amounts_before, windows.orders_before, rules)
    now = _states(windows.amounts, windows.orders, rules)
    return int((before != now)[counted].sum())


def _states(amounts: Floats, orders: Floats, rules: SegmentationRules) -> Codes:
    states = np.full(len(amounts), NO_SALES, dtype=np.int8)
    bought = orders > 0
    states[bought] = tier_codes(amounts[bought], orders[bought], rules=rules)
    return states


def _of(windows: Windows, chosen: Bools) -> Windows:
    return Windows(windows.amounts_before[chosen], windows.amounts[chosen],
                   windows.orders_before[chosen], windows.orders[chosen])
