"""Whether each item points the way it is said to: its correlation with all the others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.scoring import WaveScores

DIRECTION_COLUMNS = ["item_id", "text", "is_reversed", "n_accounts", "rest_correlation",
                     "rest_correlation_ci_low", "rest_correlation_ci_high", "direction"]
# Fisher's z has the variance 1 / (n - 3).
LEAST_ACCOUNTS = 4


def correlate_items(wave: WaveScores, *, rules: SatisfactionRules) -> pd.DataFrame:
    """Correlation of every rating item, as it was ticked, with the mean of the others.

    wave: valid questionnaires; gaps that were filled in stay gaps here.
    Returns one row an item, sorted: item_id, text, is_reversed (as declared), n_accounts (with the
    item and another one; people of one account are averaged first), rest_correlation (-1 to 1:
    the item as it stands, before any reversal, with the mean of the other items, turned as
    declared) with Fisher's interval (all items together hold at the level, Bonferroni; gap below
    four accounts or without variation), direction: as_declared (a reversed item clearly negative,
    any other clearly positive), questioned (clearly the other way round: the reversal, or its
    absence, looks wrong), cannot tell.
    Source: corrected item-total correlation: Nunnally & Bernstein (1994), Psychometric Theory, ch.
    8; interval: Fisher (1921), Metron 1:3-32.
    """
    given = wave.scores[~wave.scores["is_imputed"] & wave.scores["rating"].notna()]
    wide = given.pivot_table(index="account_id", columns="item_id", values="rating",
                             aggfunc="mean", sort=True)
    level = 1 - (1 - rules.confidence_level) / max(1, wide.shape[1])
    rows = []
    for item in wave.items.to_dict("records"):
        item_id = item["item_id"]
        own = wide.get(item_id, pd.Series(dtype="float64"))
        rest = wide.drop(columns=item_id, errors="ignore").mean(axis=1)
        turned = _correlate(own, rest.reindex(own.index), level=level)
        rows.append({**{name: item[name] for name in DIRECTION_COLUMNS[:3]},
                     **_as_ticked(turned, bool(item["is_reversed"]))})
    return pd.DataFrame(rows, columns=DIRECTION_COLUMNS).astype(
        {"n_accounts": "Int64", **dict.fromkeys(DIRECTION_COLUMNS[4:7], "float64")})


def _correlate(own: pd.Series, rest: pd.Series,
               *, level: float) -> tuple[int, float, float, float]:
    known = own.notna() & rest.notna()
    n, x, y = int(known.sum()), own[known].astype("float64"), rest[known].astype("float64")
    if n < LEAST_ACCOUNTS or np.ptp(x) < 1e-9 or np.ptp(y) < 1e-9:
        return n, np.nan, np.nan, np.nan
    r = float(np.clip(np.corrcoef(x, y)[0, 1], -1, 1))
    if abs(r) > 1 - 1e-12:
        return n, r, r, r
    half = float(stats.norm.ppf((1 + level) / 2)) / np.sqrt(n - 3)
    return n, r, float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def _as_ticked(turned: tuple[int, float, float, float], is_reversed: bool) -> dict[str, object]:
    """Undo the turning: an item that was turned correlates the other way as it stands."""
    n, r, low, high = turned
    direction = "as_declared" if low > 0 else "questioned" if high < 0 else "cannot tell"
    if is_reversed:
        r, low, high = -r, -high, -low
    return {"n_accounts": n, "rest_correlation": r, "rest_correlation_ci_low": low,
            "rest_correlation_ci_high": high, "direction": direction}
