"""Does the loyalty index foretell who stays, better than tenure alone?"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.loyalty.rules import LoyaltyRules
from kamlib.loyalty.standing.index import score_loyalty
from kamlib.stats.alarms import RankedRows, divide, draw_weights
from kamlib.stats.budget import affordable_draws

STAYING_COLUMNS = ["predictor", "n_rows", "n_accounts", "n_left", "roc_area", "roc_area_ci_low",
                   "roc_area_ci_high", "difference", "difference_ci_low", "difference_ci_high",
                   "verdict"]
ORIGIN_COLUMNS = ["cut_date", "n_accounts", "n_left", "index_roc_area", "tenure_roc_area",
                  "silence_roc_area"]
BASE = "tenure_alone"
# Each predictor, and the column that it orders by.
PREDICTORS = {BASE: "tenure_index", "loyalty_index": "loyalty_index",
              "frequency_alone": "frequency_index", "rhythm_alone": "rhythm_index",
              "silence_alone": "silence_index"}
Floats = NDArray[np.float64]
# Draws times rows in all, and of them at once.
MOST_CELLS, MOST_AT_ONCE = 100_000_000, 4_000_000


def follow_index(past_facts: pd.DataFrame, products: pd.DataFrame, *,
                 rules: LoyaltyRules) -> pd.DataFrame:
    """Score accounts on each day of the past, and see who bought in the horizon after.

    past_facts: one row a cut and account (the last cut is as_of); products: account_products.
    Returns one row a cut and account that bought in the window before the cut and has an index
    and a known tenure: cut_date, account_id, loyalty_index, the parts, silence_index (rank of the
    days since its last purchase, the shortest highest), has_stayed (bought in the horizon after).
    """
    cuts = sorted(past_facts["cut_date"].unique())
    parts = []
    for cut, after in pairwise(cuts):
        known = past_facts[past_facts["cut_date"] == cut]
        try:
            scored = score_loyalty(known, products, as_of=pd.Timestamp(cut).date(), rules=rules)
        except RefusedError:
            continue  # nobody had bought by then
        later = past_facts[past_facts["cut_date"] == after].set_index("account_id")
        bought = later["n_purchase_days_period"].fillna(0) > 0
        silence = known.set_index("account_id")["days_since_last_sale"].astype("float64")
        scored = scored.assign(cut_date=cut, has_stayed=scored["account_id"].map(bought),
                               silence=scored["account_id"].map(-silence))
        scored["silence_index"] = 100 * (scored["silence"].rank() - 0.5) / len(scored)
        parts.append(scored.drop(columns="silence"))
    columns = ["cut_date", "account_id", *sorted(set(PREDICTORS.values())), "has_stayed"]
    if not parts:
        return pd.DataFrame(columns=columns)
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[rows[["loyalty_index", "tenure_index"]].notna().all(axis=1)
                & rows["has_stayed"].notna()]
    return rows[columns].astype({"has_stayed": "bool"}).reset_index(drop=True)


def foretell_staying(rows: pd.DataFrame, *, rules: LoyaltyRules) -> pd.DataFrame:
    """How well each order of the accounts foretold who stayed, all days of the past together.

    rows: from `follow_index`. Returns one row a predictor: predictor (tenure_alone, loyalty_index,
    frequency_alone, rhythm_alone, silence_alone), n_rows, n_accounts, n_left (rows), roc_area
    (chance that of two accounts of one day the one that stayed stands higher; 0.5: no order; ties
    count half) with an interval by drawing accounts, difference to tenure alone with the interval
    of the paired difference, verdict (better, worse, cannot tell; "" for tenure itself). Pairs are
    of the same day only. An account whose part is not known stands in the middle.
    Refused below rules.min_leavers accounts that left.
    Source: Hanley & McNeil (1982), Radiology 143:29-36; Field & Welsh (2007) for the draws.
    """
    n_left = int(rows.loc[~rows["has_stayed"].astype(bool), "account_id"].nunique())
    if n_left < rules.min_leavers:
        raise RefusedError(_(
            "{n} accounts left on the days of the past that can be tested; {least} are asked for "
            "before it is judged what foretells staying. A longer history, or a lower rule "
            "loyalty.min_leavers, would lift this.", n=fmt_count(n_left),
            least=fmt_count(rules.min_leavers)))
    n_draws = affordable_draws(rules.n_resamples, len(rows), cells=MOST_CELLS)
    weights, number = draw_weights(rows["account_id"], n_draws=n_draws, seed=rules.seed)
    areas = {name: _area(rows, column, weights, number) for name, column in PREDICTORS.items()}
    tails = [(1 - rules.confidence_level) / 2, (1 + rules.confidence_level) / 2]
    found = []
    for name, (point, draws) in areas.items():
        low, high = np.nanquantile(draws, tails)
        gap = np.nanquantile(draws - areas[BASE][1], tails)
        verdict = "better" if gap[0] > 0 else "worse" if gap[1] < 0 else "cannot tell"
        is_base = name == BASE
        found.append((name, len(rows), rows["account_id"].nunique(),
                      int((~rows["has_stayed"].astype(bool)).sum()), point, low, high,
                      np.nan if is_base else point - areas[BASE][0],
                      *([np.nan] * 2 if is_base else gap), "" if is_base else verdict))
    return pd.DataFrame(found, columns=STAYING_COLUMNS)


def compare_origins(rows: pd.DataFrame) -> pd.DataFrame:
    """The same for each day of the past alone; a gap where all stayed or all left.

    Returns one row a day: cut_date, n_accounts, n_left, index_roc_area, tenure_roc_area,
    silence_roc_area.
    """
    found = []
    for cut, part in rows.groupby("cut_date", sort=True):
        whole, each = np.ones((1, len(part))), np.arange(len(part))
        areas = [_area(part, column, whole, each)[0]
                 for column in ("loyalty_index", "tenure_index", "silence_index")]
        found.append((cut, len(part), int((~part["has_stayed"].astype(bool)).sum()), *areas))
    return pd.DataFrame(found, columns=ORIGIN_COLUMNS)


def _area(rows: pd.DataFrame, column: str, weights: NDArray[Any], number: NDArray[np.int64]
          ) -> tuple[float, Floats]:
    """Area over pairs of the same day, and under each draw: weights, number as `draw_weights`."""
    whole, all_draws = np.zeros(2), np.zeros((2, len(weights)))
    for places in rows.groupby("cut_date", sort=True).indices.values():
        part = rows.iloc[places]
        ranked = RankedRows(part[column].fillna(50.0), part["has_stayed"])
        whole += ranked.pairs()[:, 0]
        step = max(1, MOST_AT_ONCE // len(places))
        for first in range(0, len(weights), step):
            at = slice(first, first + step)
            drawn = weights[at, number[places]].astype("float64")
            all_draws[:, at] += ranked.pairs(drawn)
    return float(divide(whole[1], whole[0])), divide(all_draws[1], all_draws[0])
