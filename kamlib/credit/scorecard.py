"""A scorecard by weight of evidence, where there are events enough, and its test on the past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from kamlib.credit.history import KEYS
from kamlib.credit.rules import CreditRules
from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.stats.alarms import RankedRows, divide, draw_weights
from kamlib.stats.evidence import scale_points, weigh_evidence

BIN_COLUMNS = ["credit_factor", "bin", "bin_from", "bin_to", "n_good", "n_bad", "bad_share", "woe",
               "points"]
TEST_COLUMNS = ["predictor", "n_rows", "n_bad", "roc_area", "roc_area_ci_low", "roc_area_ci_high",
                "difference", "difference_ci_low", "difference_ci_high", "verdict"]
POINT_COLUMNS = ["account_id", "points", "bad_probability"]
BASE, CARD, SCORE = "paid_on_time_alone", "scorecard", "credit_score"
MISSING = "missing"
# The logistic regression sees a handful of numbers of like size; this only keeps it finite.
PENALTY = 10.0
Floats = NDArray[np.float64]


@dataclass(frozen=True, repr=False)
class Scorecard:
    """A fitted scorecard.

    bins: one row a factor and bin: credit_factor, bin, bin_from (beyond), bin_to (up to and with;
    gaps for missing and at the ends), n_good, n_bad, bad_share, woe, points; the points of an
    account are the sum over its factors. base_bad_share: among all it learned from.
    """

    bins: pd.DataFrame
    factor: float
    offset: float
    n: int
    n_bad: int

    def __repr__(self) -> str:
        return f"Scorecard({self.bins['credit_factor'].nunique()} factors, {self.n_bad} bad)"

    def score(self, table: pd.DataFrame) -> Floats:
        """Return the points of each row of a table with the factors as columns."""
        points = np.zeros(len(table))
        for name, bins in self.bins.groupby("credit_factor", sort=True):
            values = table[name] if name in table else pd.Series(np.nan, index=table.index)
            edges = bins.loc[bins["bin"] != MISSING, "bin_to"].to_numpy("float64")[:-1]
            known = bins.loc[bins["bin"] != MISSING, "points"].to_numpy("float64")
            rest = bins.loc[bins["bin"] == MISSING, "points"]
            # Nobody was missing while it learned: missing says nothing, neither good nor bad.
            gap = float(rest.iloc[0]) if len(rest) else float(
                np.average(known, weights=bins.loc[bins["bin"] != MISSING,
                                                   ["n_good", "n_bad"]].sum(axis=1)))
            at = np.searchsorted(edges, values.to_numpy("float64"), side="left")
            points += np.where(values.isna(), gap, known[np.clip(at, 0, len(known) - 1)])
        return points

    def bad_probability(self, points: Floats) -> Floats:
        """Return the chance of paying badly that belongs to points."""
        chance: Floats = 1 / (1 + np.exp((points - self.offset) / self.factor))
        return chance


def fit_scorecard(rows: pd.DataFrame, *, rules: CreditRules) -> Scorecard:
    """Learn a scorecard: bins of equal size, their weight of evidence, a logistic regression.

    rows: from `follow_payers`. The factors with most information come first, only those with at
    least rules.min_information, and only as many as rules.events_a_factor allows; one that is
    turned round by the others (less points for better evidence) is left out.
    Refused below rules.min_events bad cases, and where no factor tells anything.
    Source: Siddiqi (2006), Credit Risk Scorecards, ch. 6; see `kamlib.stats.evidence`.
    """
    bad = rows["is_bad"].to_numpy(bool)
    n_bad = int(bad.sum())
    if n_bad < rules.min_events or n_bad == len(rows):
        raise RefusedError(_(
            "A scorecard learns from accounts that paid badly in the past: there are {n} such "
            "cases among {all}, and {least} are asked for. A longer history, or a milder rule of "
            "what is bad, would lift this.", n=fmt_count(n_bad), all=fmt_count(len(rows)),
            least=fmt_count(rules.min_events)))
    names = [c for c in rows.columns if c not in (*KEYS, "is_bad")]
    binned = {name: _bin(rows[name], bad, rules) for name in names}
    worth = {name: float(bins["information"].sum()) for name, (bins, _at) in binned.items()
             if len(bins) > 1}
    chosen = sorted((n for n, x in worth.items() if x >= rules.min_information),
                    key=lambda n: (-worth[n], n))[:n_bad // rules.events_a_factor]
    chosen, betas, constant = _fit(chosen, binned, bad)
    if not chosen:
        raise RefusedError(_("No credit factor tells who pays badly: none of {n} has an "
                             "information value of {least} or more.", n=fmt_count(len(names)),
                             least=str(rules.min_information)))
    factor, offset = scale_points(points=rules.points, odds=rules.points_odds,
                                  double_points=rules.double_points)
    share = (offset + factor * constant) / len(chosen)
    parts = [binned[name][0].assign(credit_factor=name,
                                    points=factor * beta * binned[name][0]["woe"] + share)
             for name, beta in zip(chosen, betas, strict=True)]
    bins = pd.concat(parts, ignore_index=True)[BIN_COLUMNS]
    return Scorecard(bins, factor, offset, len(rows), n_bad)


def backtest_scorecard(rows: pd.DataFrame, scores: pd.Series, *,
                       rules: CreditRules) -> pd.DataFrame:
    """Learn from all days of the past but the last, and foretell who paid badly after that.

    rows: from `follow_payers`; scores: the credit score that the ratings gave on the last day, by
    account_id.
    Returns one row a way to put accounts in order: predictor (paid_on_time_alone: the share paid
    on time in the year before; credit_score; scorecard), n_rows and n_bad (of the last day),
    roc_area (chance that of a bad and a good account the bad one stands behind, 0.5: no order)
    with an interval by drawing accounts, difference to paid_on_time_alone with that of the paired
    difference, verdict (better, worse, cannot tell). Accounts without a value stand in the
    middle. Refused where too little is left to learn from or to test on.
    Source: Hanley & McNeil (1982), Radiology 143:29-36.
    """
    last = rows["cut_date"].max()
    test = rows[rows["cut_date"] == last]
    n_bad = int(test["is_bad"].sum())
    if n_bad < rules.events_a_factor:
        raise RefusedError(_(
            "{n} accounts paid badly in the last horizon; {least} are asked for before a "
            "scorecard is tested on it.", n=fmt_count(n_bad),
            least=fmt_count(rules.events_a_factor)))
    card = fit_scorecard(rows[rows["cut_date"] < last], rules=rules)
    order = {BASE: test["paid_on_time"], SCORE: test["account_id"].map(scores),
             CARD: pd.Series(card.score(test), index=test.index)}
    weights, number = draw_weights(test["account_id"], n_draws=rules.n_resamples, seed=rules.seed)
    drawn = weights[:, number].astype("float64")
    areas = {}
    for name, values in order.items():
        known = values.astype("float64")
        ranked = RankedRows(-known.fillna(known.median() if known.notna().any() else 0.0),
                            test["is_bad"])
        whole, draws = ranked.pairs(), ranked.pairs(drawn)
        areas[name] = (float(whole[1, 0] / whole[0, 0]), divide(draws[1], draws[0]))
    tails = [(1 - rules.confidence_level) / 2, (1 + rules.confidence_level) / 2]
    found = []
    for name, (area, draws) in areas.items():
        low, high = np.nanquantile(draws, tails)
        gap = np.nanquantile(draws - areas[BASE][1], tails)
        is_base = name == BASE
        verdict = "better" if gap[0] > 0 else "worse" if gap[1] < 0 else "cannot tell"
        found.append((name, len(test), n_bad, area, low, high,
                      *((np.nan,) * 3 if is_base else (area - areas[BASE][0], *gap)),
                      "" if is_base else verdict))
    return pd.DataFrame(found, columns=TEST_COLUMNS)


def score_points(card: Scorecard, today: pd.DataFrame) -> pd.DataFrame:
    """Points of the accounts today, the fewest first.

    today: from `describe_payers`. Returns one row an account: account_id, points (more is
    safer), bad_probability (chance of paying badly in the next horizon, by the scorecard).
    """
    points = card.score(today)
    table = pd.DataFrame({"account_id": today.index.astype("str"), "points": points.round(1),
                          "bad_probability": card.bad_probability(points)})
    return table.sort_values(["points", "account_id"], ignore_index=True)[POINT_COLUMNS]


def _bin(values: pd.Series, bad: NDArray[np.bool_],
         rules: CreditRules) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Bins of about equal size and their evidence, and the bin of each row; missing come last."""
    known = values.dropna().to_numpy("float64")
    cuts = np.linspace(0, 1, rules.scorecard_bins + 1)[1:-1]
    edges = np.unique(np.quantile(known, cuts)) if len(known) else np.zeros(0)
    edges = edges[edges < known.max()] if len(known) else edges
    at = np.searchsorted(edges, values.to_numpy("float64"), side="left")
    at = np.where(values.isna(), len(edges) + 1, at).astype("int64")
    n_bins = len(edges) + 1 + int(values.isna().any())
    counts = [np.bincount(at[chosen], minlength=n_bins)[:n_bins] for chosen in (~bad, bad)]
    table = weigh_evidence(*counts)
    names = [str(place + 1) for place in range(len(edges) + 1)]
    table["bin"] = [*names, MISSING][:n_bins]
    gaps = [np.nan] * (n_bins - len(names))
    table["bin_from"], table["bin_to"] = [np.nan, *edges, *gaps], [*edges, np.nan, *gaps]
    return table, at


def _fit(chosen: list[str], binned: dict[str, tuple[pd.DataFrame, NDArray[np.int64]]],
         bad: NDArray[np.bool_]) -> tuple[list[str], list[float], float]:
    while chosen:
        evidence = np.column_stack([binned[name][0]["woe"].to_numpy()[binned[name][1]]
                                    for name in chosen])
        model = LogisticRegression(C=PENALTY).fit(evidence, ~bad)
        betas = model.coef_[0]
        if (betas > 0).all():
            return chosen, [float(b) for b in betas], float(model.intercept_[0])
        chosen = [name for name, beta in zip(chosen, betas, strict=True) if beta > 0]
    return [], [], 0.0
