"""Does the RFM class of an account foretell what it brings next? Held against plain amount."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import rankdata

from kamlib.errors import InputError, RefusedError
from kamlib.language import _, fmt_count
from kamlib.segmentation.rfm import score_ranks, score_rfm
from kamlib.segmentation.rules import SegmentationRules

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
PREDICTORS = ("rfm_class", "amount_groups", "overall_mean")
BACKTEST_COLUMNS = [
    "outcome", "predictor", "n_accounts", "n_groups", "mae_amount", "rmse_amount",
    "rank_correlation", "rank_correlation_ci_low", "rank_correlation_ci_high", "mean_verdict",
    "rank_difference", "rank_difference_ci_low", "rank_difference_ci_high", "verdict"]
MOST_DRAWN = 5_000  # accounts in one sample of the bootstrap


def backtest_rfm(facts_previous: pd.DataFrame | None, facts: pd.DataFrame, *,
                 rules: SegmentationRules) -> pd.DataFrame:
    """Predict this period's margin from the class at its opening, and from amount alone.

    facts_previous: account_facts at the end of the previous period: all features come from here;
    facts: account_facts at as_of, of which only the sums of the period are read.
    Returns three rows: outcome (margin; net_sales where cost is known for less than
    rules.rfm_backtest_known_share of sales), predictor (rfm_class; amount_groups: as many groups of
    about equal size by the amount of the same span, ties together; overall_mean),
    n_accounts (with a class), n_groups, mae_amount and rmse_amount (mean and root mean squared
    error, currency), rank_correlation (-1 to 1, of prediction and outcome), mean_verdict (against
    the mean, which ranks nobody and so has 0), rank_difference (rank_correlation less that of
    amount_groups), verdict on it (better, worse, cannot tell; empty for the predictor itself, a
    gap in its difference).
    Each account is predicted by the mean outcome of its group among the accounts of the other
    folds. Intervals resample accounts, the same for every predictor: another set of such accounts
    is meant. Source: catalogue LIF-06, BEH-02.
    Raises RefusedError with fewer accounts than rules.rfm_backtest_accounts, where either span is
    not known, or where all brought the same.

    Notes
    -----
    Ranks are taken within a fold and pooled: predictions of different folds come from different
    means, and comparing them would make every predictor look worse than it is. The folds learn
    from overlapping accounts, which the resampling does not see; the intervals are widened for
    it as in Nadeau & Bengio (2003), Machine Learning 52:239-281.
    """
    if facts_previous is None:
        raise RefusedError(_("The known history does not hold the whole window that ended with "
                             "the previous period. A later period would lift this."))
    _check_dates(facts_previous, facts)
    rfm = score_rfm(facts_previous, rules=rules)
    name, outcome = _outcome(rfm, facts, rules)
    codes = {"rfm_class": pd.factorize(rfm["rfm_class"], sort=True)[0].astype("int64")}
    n_groups = int(codes["rfm_class"].max()) + 1
    by_amount = score_ranks(rfm["net_amount"], n_scores=n_groups)
    codes["amount_groups"] = pd.factorize(by_amount, sort=True)[0].astype("int64")
    codes["overall_mean"] = np.zeros(len(rfm), dtype="int64")
    rng = np.random.default_rng(rules.seed)
    folds = rng.permutation(len(rfm)) % rules.rfm_backtest_folds
    predicted = np.column_stack([_predict(codes[p], outcome, folds) for p in PREDICTORS])
    table = _errors(predicted, outcome, codes)
    table.insert(0, "outcome", name)
    return _add_ranks(table, predicted, outcome, folds, rules, rng)[BACKTEST_COLUMNS]


def _check_dates(facts_previous: pd.DataFrame, facts: pd.DataFrame) -> None:
    """Refuse features that know the period they are to foretell."""
    columns = ("last_sale_date", "last_sale_before_opening_date")
    if columns[0] not in facts_previous or columns[1] not in facts:
        return
    known = facts_previous[["account_id", columns[0]]].merge(
        facts[["account_id", columns[1]]], on="account_id")
    late = known[known[columns[0]].notna()
                 & ~(known[columns[0]] <= known[columns[1]])]["account_id"]
    if len(late):
        raise InputError(
            "backtest_rfm needs account facts that end before the period, but those given as "
            f"facts_previous hold later sales of {len(late)} accounts "
            f"({', '.join(late.head(5))}). Pass report.facts_previous and report.facts.")


def _outcome(rfm: pd.DataFrame, facts: pd.DataFrame,
             rules: SegmentationRules) -> tuple[str, Floats]:
    if len(rfm) < rules.rfm_backtest_accounts:
        raise RefusedError(_(
            "{n} accounts had an RFM class when the period began; testing the classes needs "
            "{least}. More accounts, or a lower segmentation.rfm_backtest_accounts, would lift "
            "this.", n=fmt_count(len(rfm)), least=fmt_count(rules.rfm_backtest_accounts)))
    columns = ["net_amount_period", "margin_amount_period", "margin_known_amount_period"]
    sums = facts.set_index("account_id").reindex(rfm["account_id"])[columns].astype("float64")
    if sums["net_amount_period"].isna().any():
        raise RefusedError(_("The sales of the period are not known for every account, so there "
                             "is nothing to hold the classes against. A later period would lift "
                             "this."))
    known = float(sums["margin_known_amount_period"].sum())
    total = float(sums["net_amount_period"].sum())
    has_margin = known > 0 and known >= rules.rfm_backtest_known_share * total
    name = "margin" if has_margin else "net_sales"
    column = "margin_amount_period" if has_margin else "net_amount_period"
    outcome = sums[column].fillna(0.0).to_numpy("float64")
    if np.ptp(outcome) == 0:
        raise RefusedError(_("Every account brought the same in the period, so nothing can tell "
                             "them apart. A period with sales would lift this."))
    return name, outcome


def _predict(codes: Codes, outcome: Floats, folds: Codes) -> Floats:
    """Mean outcome of each account's group among the accounts of the other folds."""
    predicted = np.empty(len(outcome))
    for fold in np.unique(folds):
        held = folds == fold
        counts = np.bincount(codes[~held], minlength=int(codes.max()) + 1)
        sums = np.bincount(codes[~held], weights=outcome[~held], minlength=len(counts))
        # A group that lies wholly in this fold is predicted by the mean of all.
        means = np.where(counts > 0, sums / np.maximum(1, counts), outcome[~held].mean())
        predicted[held] = means[codes[held]]
    return predicted


def _errors(predicted: Floats, outcome: Floats, codes: dict[str, Codes]) -> pd.DataFrame:
    errors = predicted - outcome[:, None]
    return pd.DataFrame({
        "predictor": list(PREDICTORS), "n_accounts": len(outcome),
        "n_groups": [int(codes[p].max()) + 1 for p in PREDICTORS],
        "mae_amount": np.abs(errors).mean(axis=0),
        "rmse_amount": np.sqrt((errors**2).mean(axis=0))})


def _add_ranks(table: pd.DataFrame, predicted: Floats, outcome: Floats, folds: Codes,
               rules: SegmentationRules, rng: np.random.Generator) -> pd.DataFrame:
    values = np.column_stack([predicted, outcome])
    parts = [values[folds == fold] for fold in np.unique(folds)]
    # Of very many accounts fewer are drawn, and what that adds to the spread is taken out again
    # (m out of n bootstrap: Bickel, Goetze & van Zwet 1997, Statistica Sinica 7:1-31).
    sizes = [min(len(part), MOST_DRAWN // len(parts)) for part in parts]
    draws = np.array([
        _rank_correlations([part[rng.integers(0, len(part), size)]
                            for part, size in zip(parts, sizes, strict=True)])
        for _draw in range(rules.n_resamples)])
    tail = (1 - rules.confidence_level) / 2
    # Nadeau & Bengio's factor 1 + J n_test / n_train on the variance, for J folds.
    widen = np.sqrt(1 + rules.rfm_backtest_folds / (rules.rfm_backtest_folds - 1))
    widen *= np.sqrt(sum(sizes) / len(predicted))
    base = PREDICTORS.index("amount_groups")
    estimate = _rank_correlations(parts)
    for name, value, drawn in (
            ("rank_correlation", estimate, draws),
            ("rank_difference", estimate - estimate[base], draws - draws[:, [base]])):
        ends = value + widen * (np.quantile(drawn, [tail, 1 - tail], axis=0) - value)
        limit = 1 if name == "rank_correlation" else 2
        table[name] = value
        table[f"{name}_ci_low"], table[f"{name}_ci_high"] = np.clip(ends, -limit, limit)
    # What is 0 by definition has no interval, and what is compared with itself no difference.
    of_mean = ["rank_correlation_ci_low", "rank_correlation_ci_high"]
    table.loc[PREDICTORS.index("overall_mean"), of_mean] = np.nan
    table.loc[base, [c for c in table.columns if c.startswith("rank_difference")]] = np.nan
    table["mean_verdict"] = [_judge(row, "rank_correlation", "overall_mean")
                             for row in table.to_dict("records")]
    table["verdict"] = [_judge(row, "rank_difference", "amount_groups")
                        for row in table.to_dict("records")]
    return table


def _rank_correlations(parts: list[Floats]) -> Floats:
    """Spearman's correlation of each column with the last one, from ranks within each part."""
    ranks = [rankdata(part, axis=0) - (len(part) + 1) / 2 for part in parts]
    pooled = np.concatenate(ranks)
    products = pooled[:, :-1].T @ pooled[:, -1]
    scale = np.sqrt((pooled[:, :-1]**2).sum(axis=0) * (pooled[:, -1]**2).sum())
    # What is the same for all ranks nobody.
    return np.where(scale > 0, products / np.where(scale > 0, scale, 1.0), 0.0)


def _judge(row: dict[Any, Any], name: str, base: str) -> str:
    if row["predictor"] == base:
        return ""
    if row[f"{name}_ci_low"] > 0:
        return "better"
    return "worse" if row[f"{name}_ci_high"] < 0 else "cannot tell"
