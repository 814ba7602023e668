"""What each tier brings, and how that compares with the published shares."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_amount, fmt_count
from kamlib.segmentation.rules import BENCHMARK, TIERS, SegmentationRules
from kamlib.segmentation.tiers import tier_codes
from kamlib.stats.concentration import gini, pareto_share

SHARE_COLUMNS = [
    "tier", "n_accounts", "account_share", "account_share_ci_low", "account_share_ci_high",
    "benchmark_account_share", "account_verdict", "net_amount", "amount_share",
    "amount_share_ci_low", "amount_share_ci_high", "benchmark_amount_share", "amount_verdict",
    "concentration_ratio", "benchmark_concentration_ratio"]
# Catalogue SEG-06 (S1 L235: 20:80; S3 L27: "25 %" in the sentence that cites 20:80) and the Gini
# of SEG-02's three groups. Which side of a difference is good: less hanging on few accounts.
SPREADS = {"pareto_account_share": "up", "gini_corrected": "down"}
SPREAD_BENCHMARKS = pd.DataFrame({
    "spread_measure": ["pareto_account_share", "pareto_account_share", "gini_corrected"],
    "benchmark_value": [0.20, 0.25, 0.48],
    "benchmark_source": ["rule_20_80", "rule_25", "published_tiers"]})
SPREAD_BENCHMARK_COLUMNS = ["spread_measure", "value", "value_ci_low", "value_ci_high",
                            "benchmark_value", "benchmark_source", "spread_verdict"]
REASON_COLUMNS = ["tier", "tier_reason", "n_accounts", "account_share", "net_amount",
                  "amount_share"]
REASONS = [("core", "both"), ("important", "amount_only"), ("important", "frequency_only"),
           ("general", "neither")]


def compare_tiers(tiers: pd.DataFrame, *, rules: SegmentationRules) -> pd.DataFrame:
    """Share of each tier in accounts and net sales, beside the published 20/40/40 and 60/30/10.

    tiers: from `score_tiers`.
    Returns core, important, general and, last, no_sales (shares are gaps: it is shown apart):
    tier, n_accounts, account_share and amount_share (0-1, each with _ci_low and _ci_high, its
    benchmark and its verdict: in line when the whole interval lies within
    rules.benchmark_tolerance of the published share, better or worse when it lies wholly outside,
    else cannot tell), net_amount, concentration_ratio (share of sales / share of accounts) and
    its benchmark. More in core and important, less in general, is called better.
    The interval resamples accounts and cuts again: these tiers as a judgement about accounts.
    Source: catalogue SEG-02, E10. Raises RefusedError without net sales above zero.

    >>> multiples = BENCHMARK["benchmark_amount_share"] / BENCHMARK["benchmark_account_share"]
    >>> multiples.round(2).tolist()
    [3.0, 0.75, 0.25]
    """
    sold = tiers[tiers["tier"].isin(TIERS)]
    total = _total(sold)
    table = BENCHMARK.copy()
    by_tier = sold.groupby("tier")["net_amount"].agg(["size", "sum"])
    by_tier = by_tier.reindex(TIERS, fill_value=0)
    table["n_accounts"] = by_tier["size"].to_numpy()
    table["net_amount"] = by_tier["sum"].to_numpy(dtype="float64")
    table["account_share"] = table["n_accounts"] / len(sold)
    table["amount_share"] = table["net_amount"] / total
    for kind, bounds in _intervals(sold, rules).items():
        table[[f"{kind}_share_ci_low", f"{kind}_share_ci_high"]] = bounds
        table[f"{kind}_verdict"] = [
            judge(low, high, benchmark=row[f"benchmark_{kind}_share"], better=row["better"],
                  tolerance=rules.benchmark_tolerance)
            for (low, high), row in zip(bounds, table.to_dict("records"), strict=True)]
    held = table["account_share"].where(table["account_share"] > 0)
    table["concentration_ratio"] = table["amount_share"] / held
    table["benchmark_concentration_ratio"] = (table["benchmark_amount_share"]
                                              / table["benchmark_account_share"])
    table = table[SHARE_COLUMNS]
    apart = {"tier": "no_sales", "n_accounts": int((tiers["tier"] == "no_sales").sum()),
             "account_verdict": "", "amount_verdict": ""}
    table.loc[len(table)] = pd.Series(apart, index=SHARE_COLUMNS, dtype="object")
    floats = [c for c in SHARE_COLUMNS if c.endswith(("share", "_low", "_high", "ratio", "amount"))]
    return table.astype({"n_accounts": "Int64", **dict.fromkeys(floats, "float64"), "tier": "str",
                         "account_verdict": "str", "amount_verdict": "str"})


def summarise_reasons(tiers: pd.DataFrame) -> pd.DataFrame:
    """Split the tiers by what put an account there: "important" is two kinds (E12).

    tiers: from `score_tiers`. Returns four rows: tier, tier_reason (both, amount_only,
    frequency_only, neither), n_accounts, account_share, net_amount, amount_share (0-1 of the
    accounts with sales). Raises RefusedError without net sales above zero.
    """
    sold = tiers[tiers["tier"].isin(TIERS)]
    total = _total(sold)
    by_reason = sold.groupby(["tier", "tier_reason"])["net_amount"].agg(["size", "sum"])
    by_reason = by_reason.reindex(pd.MultiIndex.from_tuples(REASONS), fill_value=0)
    table = pd.DataFrame(REASONS, columns=["tier", "tier_reason"])
    table["n_accounts"] = by_reason["size"].to_numpy()
    table["net_amount"] = by_reason["sum"].to_numpy(dtype="float64")
    table["account_share"] = table["n_accounts"] / len(sold)
    table["amount_share"] = table["net_amount"] / total
    return table[REASON_COLUMNS]


def judge(low: float, high: float, *, benchmark: float, better: str, tolerance: float) -> str:
    """Verdict of an interval on another company's share: better, in line, worse, cannot tell.

    >>> judge(0.58, 0.64, benchmark=0.60, better="up", tolerance=0.05)
    'in line'
    >>> judge(0.67, 0.75, benchmark=0.60, better="up", tolerance=0.05)
    'better'
    """
    floor, ceiling = benchmark - tolerance, benchmark + tolerance
    # A gap compares false with everything and falls through to the end.
    if low >= floor - 1e-12 and high <= ceiling + 1e-12:
        return "in line"
    if low > ceiling:
        return "better" if better == "up" else "worse"
    if high < floor:
        return "worse" if better == "up" else "better"
    return "cannot tell"


def compare_spread(tiers: pd.DataFrame, *, rules: SegmentationRules) -> pd.DataFrame:
    """How concentrated sales are, beside the published figures that contradict each other (E10).

    tiers: from `score_tiers`.
    Returns one row a published figure: spread_measure (pareto_account_share: the share of
    accounts that reaches rules.pareto_share; gini_corrected), value with value_ci_low and _high
    (accounts resampled: another set of such accounts is meant; gaps with fewer than
    rules.min_accounts), benchmark_value, benchmark_source (code), spread_verdict (against the
    published figure, within rules.benchmark_tolerance; better is less dependence on few).
    The published Gini is that of three groups and so a lower bound of that company's own: only
    one that is surely lower still can be told from it.
    Source: catalogue SEG-02, SEG-06. Raises RefusedError without net sales above zero.
    """
    sold = tiers[tiers["tier"].isin(TIERS)].sort_values("account_id")
    _total(sold)
    amounts = sold["net_amount"].to_numpy(dtype="float64")
    rng = np.random.default_rng(rules.seed)
    draws = [_spread(amounts[rng.integers(0, len(amounts), len(amounts))], rules)
             for _draw in range(rules.n_resamples if len(sold) >= rules.min_accounts else 0)]
    tail = (1 - rules.confidence_level) / 2
    ends = (np.nanquantile(draws, [tail, 1 - tail], axis=0) if draws
            else np.full((2, len(SPREADS)), np.nan))
    table = SPREAD_BENCHMARKS.copy()
    at = table["spread_measure"].map(list(SPREADS).index).to_numpy()
    table["value"] = np.array(_spread(amounts, rules))[at]
    table["value_ci_low"], table["value_ci_high"] = ends[0][at], ends[1][at]
    table["spread_verdict"] = [
        judge(row["value_ci_low"], row["value_ci_high"], benchmark=row["benchmark_value"],
              better=SPREADS[row["spread_measure"]], tolerance=rules.benchmark_tolerance)
        for row in table.to_dict("records")]
    is_bound = (table["benchmark_source"] == "published_tiers") & (
        table["spread_verdict"] != "better")
    table["spread_verdict"] = table["spread_verdict"].mask(is_bound, "cannot tell").astype("str")
    return table[SPREAD_BENCHMARK_COLUMNS]


def _spread(amounts: npt.NDArray[np.float64], rules: SegmentationRules) -> list[float]:
    """The measures of SPREADS for one set of accounts; gaps without a total above zero."""
    if amounts.sum() <= 0:
        return [np.nan] * len(SPREADS)
    return [pareto_share(amounts, threshold=rules.pareto_share).share,
            gini(amounts.clip(min=0), corrected=True)]


def _total(sold: pd.DataFrame) -> float:
    total = float(sold["net_amount"].sum())
    if total <= 0:
        raise RefusedError(_(
            "Net sales of the analysis window are {total} over {n} accounts with orders, and a "
            "share needs a total above zero. A period with sales would lift this.",
            total=fmt_amount(total), n=fmt_count(len(sold))))
    return total


def _intervals(sold: pd.DataFrame,
               rules: SegmentationRules) -> dict[str, npt.NDArray[np.float64]]:
    """Bootstrap bounds by kind of share: three rows (tiers), low and high."""
    if len(sold) < rules.min_accounts:
        unknown = np.full((len(TIERS), 2), np.nan)
        return {"account": unknown, "amount": unknown}
    sold = sold.sort_values("account_id")  # the order of the rows must not choose the samples
    amounts = sold["net_amount"].to_numpy(dtype="float64")
    orders = sold["n_orders"].to_numpy(dtype="float64")
    rng = np.random.default_rng(rules.seed)
    draws = np.full((2, rules.n_resamples, len(TIERS)), np.nan)
    for b in range(rules.n_resamples):
        chosen = rng.integers(0, len(sold), len(sold))
        codes = tier_codes(amounts[chosen], orders[chosen], rules=rules)
        draws[0, b] = np.bincount(codes, minlength=3) / len(sold)
        total = amounts[chosen].sum()
        if total > 0:  # a sample without net sales has no shares
            draws[1, b] = np.bincount(codes, weights=amounts[chosen], minlength=3) / total
    tail = (1 - rules.confidence_level) / 2
    bounds = np.nanquantile(draws, [tail, 1 - tail], axis=1)
    return {"account": bounds[:, 0].T, "amount": bounds[:, 1].T}
