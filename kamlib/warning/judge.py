"""How good were the warnings? Signs and model against naive forecasts, on the same accounts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.stats.alarms import (
    CALLED,
    HITS,
    RankedRows,
    brier_score,
    calibration_table,
    divide,
    draw_weights,
)
from kamlib.stats.budget import affordable_draws
from kamlib.stats.intervals import add_proportion
from kamlib.warning.features import KEYS
from kamlib.warning.rules import WarningRules

Floats = NDArray[np.float64]
NAIVE = ("silent_longest", "fell_most", "smallest", "nobody_differs")
# Which rows are judged, and the scores that are compared on them. As many are called as were
# warned of, or n_called on each day.
BASES = {
    "as_warned": ("signs", *NAIVE),
    "tested_days": ("model", "signs", *NAIVE),
    "all_days": ("signs", *NAIVE),
    "still_buying_tested": ("model", "signs", *NAIVE),
    "still_buying": ("signs", *NAIVE),
}
MEASURES = ("precision_share", "recall_share", "lift", "caught_amount_share", "roc_area")
# Measures by which a score is held against the best naive one, under a short name.
COMPARED = {"precision": "precision_share", "caught": "caught_amount_share", "roc": "roc_area"}
COUNTS = ("n_cuts", "n_accounts", "n_left", "n_called", "n_hits")
BACKTEST_COLUMNS = [
    "basis", "ranked_by", *COUNTS, "false_alarms_a_month",
    *(f"{name}{end}" for name in MEASURES for end in ("", "_ci_low", "_ci_high")),
    "average_precision", "brier",
    *(f"{short}{end}" for short in COMPARED for end in (
        "_difference", "_difference_ci_low", "_difference_ci_high", "_rival", "_verdict"))]
CALIBRATION_COLUMNS = ["calibration_group", "n_rows", "n_happened", "expected_share",
                       "observed_share", "observed_share_ci_low", "observed_share_ci_high"]
SIGN_COLUMNS = ["flag", "n_fired", "n_left", "left_share", "left_share_ci_low",
                "left_share_ci_high", "n_others", "others_left_share", "left_ratio"]
# What is added up over the cuts, in the order in which it is counted.
SUMS = ("called", "hits", "worth", "n", "left", "all_worth", "by_lot", "pairs", "in_order",
        "precisions")
MONTH_DAYS = 365.25 / 12
MOST_AT_ONCE, MOST_IN_ALL = 4_000_000, 20_000_000  # numbers in one table of weights, and in all


def line_up_scores(judged: pd.DataFrame, flagged: pd.DataFrame, forecasts: pd.DataFrame
                   ) -> pd.DataFrame:
    """Put all scores of the judged accounts of past cuts side by side.

    judged: result of `select_judged`; flagged: of `add_flags`; forecasts: of `forecast_past`.
    Returns one row a cut and account whose outcome is known, sorted: is_left, net_amount_window,
    is_still_buying (bought in the horizon that ended with the cut), is_warned, and one column a
    score, the higher the sooner called: signs (weights), model (probability; NA where the cut
    could not be forecast), silent_longest, fell_most, smallest, nobody_differs (0 for all).
    """
    rows = judged[judged["is_left"].notna()].merge(
        flagged[[*KEYS, "flag_weight", "is_warned"]], on=KEYS, how="left")
    chances = forecasts[[*KEYS, "leave_probability", "base_share"]]
    rows = rows.merge(chances, on=KEYS, how="left") if len(forecasts) else \
        rows.assign(leave_probability=np.nan, base_share=np.nan)
    return rows.sort_values(KEYS, ignore_index=True)[KEYS].assign(
        is_left=rows["is_left"].astype(bool), net_amount_window=rows["net_amount_window"],
        is_still_buying=rows["n_purchase_days_period"] > 0,
        is_warned=rows["is_warned"].astype(bool), signs=rows["flag_weight"].astype("float64"),
        model=rows["leave_probability"].astype("float64"), base_share=rows["base_share"],
        silent_longest=rows["days_since_last_sale"],
        # What had no sales before did not fall.
        fell_most=-rows["sales_change_rate"].fillna(0.0), smallest=-rows["net_amount_window"],
        nobody_differs=0.0)


def judge_scores(scores: pd.DataFrame, *, horizon_days: int, rules: WarningRules
                 ) -> pd.DataFrame:
    """Hold every score against what happened, and against the best naive one.

    scores: result of `line_up_scores`.
    Returns one row a basis and list (`BASES`): ``basis`` (as_warned: all cuts, as many called as
    the signs warned of on each; the others call the n_called highest of each cut: tested_days,
    which the model could forecast; all_days; still_buying_tested and still_buying, only accounts
    that bought in the last horizon), ``ranked_by`` (the score), counts over all cuts,
    ``false_alarms_a_month`` (called and stayed, a month of the horizon), ``precision_share`` (of
    those called, share that left), ``recall_share`` (of those that left, share called), ``lift``
    (precision / what calling at random gives),
    ``caught_amount_share`` (sales of the caught / of all that left), ``roc_area`` (0.5: no order),
    ``average_precision``, ``brier`` (probabilities only), and the differences to the naive score
    that is best in the same row set, with verdicts (better, worse, cannot tell).
    Everything is counted within cuts and added up, so no score gains by knowing the year.
    Intervals: accounts are resampled with all their cuts, the same for every score.
    """
    n_draws = affordable_draws(rules.n_resamples, len(scores), cells=MOST_IN_ALL)
    weights, number = draw_weights(scores["account_id"], n_draws=n_draws, seed=rules.seed)
    parts = []
    for basis, names in BASES.items():
        chosen = _choose(scores, basis)
        rows = scores[chosen]
        if not rows["is_left"].any() or rows["is_left"].all():
            continue
        drawn = _Draws(weights, number[chosen.to_numpy()])
        parts.append(_judge_basis(rows, drawn, names, basis, horizon_days, rules).assign(
            basis=basis))
    if not parts:
        return pd.DataFrame(columns=BACKTEST_COLUMNS)
    return pd.concat(parts, ignore_index=True)[BACKTEST_COLUMNS]


def check_calibration(scores: pd.DataFrame, *, rules: WarningRules) -> pd.DataFrame:
    """Compare the model's probabilities with what happened; see `calibration_table`."""
    rows = scores[scores["model"].notna()]
    if rows.empty:
        return pd.DataFrame(columns=CALIBRATION_COLUMNS)
    return calibration_table(rows["model"], rows["is_left"], n_groups=rules.n_calibration_groups,
                             level=rules.confidence_level)


def judge_signs(scores: pd.DataFrame, flags: pd.DataFrame, *, rules: WarningRules
                ) -> pd.DataFrame:
    """Count what became of the accounts that showed each sign.

    scores: result of `line_up_scores`; flags: of `find_flags`.
    Returns one row a sign that a judged account showed, most telling first: flag, n_fired, n_left
    and left_share with interval, n_others and others_left_share (of those without it),
    left_ratio (of the two shares). An account may show several signs, so the rows overlap.
    """
    rows = flags.merge(scores[[*KEYS, "is_left"]], on=KEYS)
    table = rows.groupby("flag", sort=True).agg(
        n_fired=("is_left", "size"), n_left=("is_left", "sum")).reset_index()
    table = add_proportion(table, successes="n_left", n="n_fired", name="left_share",
                           level=rules.confidence_level)
    table["n_others"] = len(scores) - table["n_fired"]
    table["others_left_share"] = divide(int(scores["is_left"].sum()) - table["n_left"],
                                        table["n_others"])
    table["left_ratio"] = divide(table["left_share"], table["others_left_share"])
    return table.sort_values(["left_share", "flag"], ascending=[False, True],
                             ignore_index=True)[SIGN_COLUMNS]


class _Draws(NamedTuple):
    """Weights of accounts (draws x accounts), and the account number of each row."""

    weights: NDArray[np.int16]
    number: NDArray[np.int64]

    def chunks(self) -> Iterator[Floats]:
        """Yield draws x rows, as many draws at a time as fit into memory."""
        step = max(1, MOST_AT_ONCE // max(1, len(self.number)))
        for start in range(0, len(self.weights), step):
            yield self.weights[start:start + step, self.number].astype("float64")


def _choose(scores: pd.DataFrame, basis: str) -> pd.Series:
    chosen = pd.Series(True, index=scores.index)
    if basis in ("tested_days", "still_buying_tested"):
        chosen &= scores["model"].notna()
    if basis.startswith("still_buying"):
        chosen &= scores["is_still_buying"]
    return chosen


def _judge_basis(rows: pd.DataFrame, drawn: _Draws, names: Sequence[str], basis: str,
                 horizon_days: int, rules: WarningRules) -> pd.DataFrame:
    point = _measure(rows, names, np.ones((1, len(rows))), basis, rules)
    draws = _resample(rows, names, drawn, basis, rules)
    tail = (1 - rules.confidence_level) / 2
    months = horizon_days / MONTH_DAYS * rows["cut_date"].nunique()
    rivals = {what: _best_naive(point, what) for what in COMPARED.values()}
    lines = []
    for name in names:
        found = point[name]
        line: dict[str, object] = {
            "ranked_by": name, "n_cuts": rows["cut_date"].nunique(), "n_accounts": len(rows),
            "n_left": int(rows["is_left"].sum()), "n_called": round(float(found["called"][0])),
            "n_hits": round(float(found["hits"][0]), 1),
            "false_alarms_a_month": float(found["called"][0] - found["hits"][0]) / months,
            "average_precision": float(found["average_precision"][0]), "brier": _brier(rows, name)}
        for what in MEASURES:
            line |= _with_interval(what, float(found[what][0]), draws[name][what], tail)
        if name == "nobody_differs":  # 0.5 by definition, not by estimate
            line |= dict.fromkeys(("roc_area_ci_low", "roc_area_ci_high"), np.nan)
        for short, what in COMPARED.items():
            rival = rivals[what]
            line |= _compare(short, found[what][0] - point[rival][what][0],
                             draws[name][what] - draws[rival][what], tail,
                             rival=rival if name not in NAIVE else "")
        lines.append(line)
    return pd.DataFrame(lines)


def _best_naive(point: Mapping[str, Mapping[str, Floats]], what: str) -> str:
    # Chosen after the fact, which favours the naive side: no score is called better by luck.
    found = {name: float(np.nan_to_num(point[name][what][0], nan=-1.0)) for name in NAIVE}
    return max(NAIVE, key=lambda name: found[name])


def _resample(rows: pd.DataFrame, names: Sequence[str], drawn: _Draws, basis: str,
              rules: WarningRules) -> dict[str, dict[str, Floats]]:
    parts = [_measure(rows, names, weights, basis, rules) for weights in drawn.chunks()]
    return {name: {what: np.concatenate([part[name][what] for part in parts])
                   for what in parts[0][name]} for name in names}


def _measure(rows: pd.DataFrame, names: Sequence[str], drawn: Floats, basis: str,
             rules: WarningRules) -> dict[str, dict[str, Floats]]:
    """Every measure of every score, one number a draw, cuts added up."""
    total = {name: np.zeros((len(SUMS), len(drawn))) for name in names}
    for places in rows.groupby("cut_date", sort=True).indices.values():
        part, weights = rows.iloc[places], drawn[:, places]
        n_called = weights @ part["is_warned"].to_numpy(dtype="float64") \
            if basis == "as_warned" else np.full(len(drawn), float(rules.n_called))
        for name in names:
            ranked = RankedRows(part[name], part["is_left"], worth=part["net_amount_window"])
            called, everyone = ranked.call(n_called, weights), ranked.totals(weights)
            by_lot = np.nan_to_num(divide(called[CALLED] * everyone[HITS], everyone[CALLED]))
            total[name] += np.vstack([called, everyone, by_lot, ranked.pairs(weights),
                                      ranked.precision_sum(weights)])
    return {name: _divide_sums(dict(zip(SUMS, sums, strict=True)))
            for name, sums in total.items()}


def _divide_sums(of: Mapping[str, Floats]) -> dict[str, Floats]:
    return {"called": of["called"], "hits": of["hits"],
            "precision_share": divide(of["hits"], of["called"]),
            "recall_share": divide(of["hits"], of["left"]),
            "lift": divide(of["hits"], of["by_lot"]),
            "caught_amount_share": divide(of["worth"], of["all_worth"]),
            "roc_area": divide(of["in_order"], of["pairs"]),
            "average_precision": divide(of["precisions"], of["left"])}


def _with_interval(name: str, value: float, drawn: Floats, tail: float) -> dict[str, float]:
    known = drawn[~np.isnan(drawn)]
    low, high = np.quantile(known, [tail, 1 - tail]) if len(known) else (np.nan, np.nan)
    return {name: value, f"{name}_ci_low": float(low), f"{name}_ci_high": float(high)}


def _compare(short: str, value: float, drawn: Floats, tail: float, *, rival: str
             ) -> dict[str, object]:
    """Difference to the best naive score, and a verdict; nothing for a naive score itself."""
    if not rival or np.isnan(value):
        nothing = dict.fromkeys(("", "_ci_low", "_ci_high"), float("nan"))
        return {f"{short}_difference{end}": x for end, x in nothing.items()} | {
            f"{short}_rival": "", f"{short}_verdict": ""}
    line: dict[str, object] = dict(_with_interval(f"{short}_difference", float(value), drawn, tail))
    low, high = line[f"{short}_difference_ci_low"], line[f"{short}_difference_ci_high"]
    verdict = "better" if float(str(low)) > 0 else "worse" if float(str(high)) < 0 else \
        "cannot tell"
    return line | {f"{short}_rival": rival, f"{short}_verdict": verdict}


def _brier(rows: pd.DataFrame, name: str) -> float:
    column: Mapping[str, str] = {"model": "model", "nobody_differs": "base_share"}
    if name not in column or rows[column[name]].isna().any():
        return float("nan")
    return brier_score(rows[column[name]], rows["is_left"])
