"""Whether satisfaction foretells who stays, better than last year's sales alone."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.satisfaction.worth.bands import SEED, ends
from kamlib.satisfaction.worth.rules import WorthRules
from kamlib.stats.alarms import RankedRows, divide, draw_weights

FORETELL_COLUMNS = ["predictor", "n_answers", "n_accounts", "n_left", "roc_area",
                    "roc_area_ci_low", "roc_area_ci_high", "difference", "difference_ci_low",
                    "difference_ci_high", "verdict"]
BASE = "before_amount"


def foretell_leaving(rows: pd.DataFrame, *, rules: WorthRules) -> pd.DataFrame:
    """How well three orders of the accounts foretold who bought nothing in the months after.

    rows: from `follow_accounts`. Returns three rows: predictor (before_amount: least sales first;
    account_index: least satisfied first; index_and_sales: the sum of both ranks, fitted to
    nothing), n_answers, n_accounts, n_left (answers after which the account left), roc_area (0.5:
    no order; ties count half) with an interval by drawing accounts, difference to before_amount
    with interval, verdict (better, worse, cannot tell).
    Refused below rules.min_leavers different accounts that left.
    Source: Hanley & McNeil (1982), Radiology 143:29-36; Field & Welsh (2007) for the draws.
    """
    left = ~rows["is_retained"]
    n_left = rows.loc[left, "account_id"].nunique()
    if n_left < rules.min_leavers or left.all():
        raise RefusedError(_(
            "{n} accounts left after the waves that could be followed; {least} are asked for "
            "before it is judged what foretells leaving. More waves, or a lower rule "
            "worth.min_leavers, would lift this.", n=fmt_count(n_left),
            least=fmt_count(rules.min_leavers)))
    ranks = {name: rows.groupby("wave_id")[name].rank(pct=True)
             for name in (BASE, "account_index")}
    scores = {BASE: -ranks[BASE], "account_index": -ranks["account_index"],
              "index_and_sales": -(ranks[BASE] + ranks["account_index"])}
    weights, number = draw_weights(rows["account_id"], n_draws=rules.n_resamples, seed=SEED)
    drawn, point = {}, {}
    for name, score in scores.items():
        ranked = RankedRows(score, left)
        pairs, in_order = ranked.pairs()
        point[name] = float(in_order[0] / pairs[0])
        pairs, in_order = ranked.pairs(weights[:, number].astype("float64"))
        drawn[name] = divide(in_order, np.where(pairs > 0, pairs, 0.0))
    found = []
    for name in scores:
        low, high = ends(drawn[name], rules.confidence_level, n_left)
        gap = (ends(drawn[name] - drawn[BASE], rules.confidence_level, n_left) if name != BASE
               else (float("nan"), float("nan")))
        verdict = "better" if gap[0] > 0 else "worse" if gap[1] < 0 else "cannot tell"
        found.append([name, len(rows), rows["account_id"].nunique(), int(left.sum()), point[name],
                      low, high, point[name] - point[BASE] if name != BASE else float("nan"),
                      *gap, "" if name == BASE else verdict])
    return pd.DataFrame(found, columns=FORETELL_COLUMNS)
