"""Satisfaction joined to money: what accounts of each band did afterwards, and are worth now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from kamlib.errors import InputError, RefusedError
from kamlib.language import _, fmt_count, fmt_number
from kamlib.satisfaction.worth.rules import WorthRules
from kamlib.stats.alarms import divide, draw_weights
from kamlib.stats.intervals import wilson_interval

Floats = NDArray[np.float64]
# Resampling of accounts has to give the same interval every time.
SEED = 20180301
PER_ORDERS = 100
BAND_COLUMNS = ["band", "band_name", "n_waves", "n_answers", "n_accounts", "n_retained",
                "retained_share", "retained_share_ci_low", "retained_share_ci_high", "n_compared",
                "before_amount", "after_amount", "change_amount", "change_share",
                "change_share_ci_low", "change_share_ci_high", "complaints_per_100",
                "complaints_per_100_ci_low", "complaints_per_100_ci_high"]
NOW_COLUMNS = ["band", "band_name", "n_accounts", "net_amount_window", "amount_share", "n_valued",
               "clv_amount", "mean_clv_amount", "mean_clv_amount_ci_low",
               "mean_clv_amount_ci_high", "clv_per_sales", "clv_per_sales_ci_low",
               "clv_per_sales_ci_high"]
GAP_COLUMNS = ["measure", "band", "band_name", "against", "difference", "difference_ci_low",
               "difference_ci_high", "verdict", "sales_gap_amount", "sales_gap_amount_ci_low",
               "sales_gap_amount_ci_high"]


@dataclass(frozen=True)
class Measure:
    """A ratio of sums over accounts: which columns, times what, which way is good.

    is_share: what is above is a part of what is below.
    """

    above: str
    below: str
    scale: float = 1.0
    shift: float = 0.0
    good: int = 1
    is_share: bool = False


PAST = {"retained_share": Measure("n_retained", "n_answers", is_share=True),
        "change_share": Measure("after_amount", "before_amount", shift=-1.0),
        "complaints_per_100": Measure("n_complaints_after", "n_orders_after", scale=PER_ORDERS,
                                      good=-1)}
PRESENT = {"mean_clv_amount": Measure("clv_amount", "n_valued"),
           "clv_per_sales": Measure("clv_amount", "valued_amount")}


def read_edges(rules: WorthRules, satisfied_line: float) -> tuple[float, ...]:
    """Where bands begin: the satisfied line and the edges above it, rising; others do nothing.

    >>> read_edges(WorthRules(), 70.0)
    (70.0, 85.0)
    """
    wrong = [edge for edge in rules.band_edges if not 0 <= edge <= 100]
    if wrong:
        raise InputError(f"The rule worth.band_edges has {wrong[0]}, but an index lies between 0 "
                         "and 100. Correct the rules file.")
    return (satisfied_line, *sorted({e for e in rules.band_edges if e > satisfied_line}))


def name_band(band: int, edges: tuple[float, ...]) -> str:
    """Name a band by its edges; 0 is the one below the satisfied line.

    >>> [name_band(band, (70.0, 85.0)) for band in range(3)]
    ['below 70', '70 to 85', '85 and more']
    """
    texts = [fmt_number(edge, 0 if float(edge).is_integer() else 1) for edge in edges]
    if band == 0:
        return _("below {line}", line=texts[0])
    if band == len(edges):
        return _("{line} and more", line=texts[-1])
    return _("{low} to {high}", low=texts[band - 1], high=texts[band])


def put_in_bands(indexes: pd.Series, edges: tuple[float, ...]) -> pd.Series:
    """Number of the band of each index; an index at an edge belongs to the upper band."""
    # A mean of doubles may fall a hair short of an edge that it reaches exactly.
    places = np.searchsorted(np.asarray(edges), indexes.to_numpy("float64") + 1e-9, side="right")
    return pd.Series(places, index=indexes.index, dtype="int64")


class Draws:
    """Sums by band and account, as they are and as resamples of accounts give them."""

    def __init__(self, rows: pd.DataFrame, columns: list[str], *, n_draws: int) -> None:
        sums = rows.groupby(["band", "account_id"])[columns].sum(min_count=1).astype("float64")
        self.bands = sorted(rows["band"].unique())
        self.sizes = rows.groupby("band")["account_id"].nunique()
        self._weights, _number = draw_weights(sorted(rows["account_id"].unique()),
                                              n_draws=n_draws, seed=SEED)
        ids = sorted(rows["account_id"].unique())
        self._tables = {band: sums.loc[band].reindex(ids).fillna(0.0) for band in self.bands}

    def total(self, band: int, measure: Measure) -> float:
        """The measure of a band as observed, NaN where nothing is below the line."""
        table = self._tables[band]
        ratio = divide(table[measure.above].sum(), table[measure.below].sum())
        return float(ratio) * measure.scale + measure.shift

    def drawn(self, band: int, measure: Measure) -> Floats:
        """The measure in every resample."""
        table = self._tables[band]
        above, below = (self._weights @ table[c].to_numpy() for c in (measure.above, measure.below))
        return divide(above, np.where(below > 0, below, 0.0)) * measure.scale + measure.shift


def ends(drawn: Floats, level: float, n: int) -> tuple[float, float]:
    """Percentile interval of draws of n accounts; gaps where a resample in ten has no value.

    Percentiles are too narrow for few accounts, so they are expanded to what Student's quantile of
    n - 1 degrees would reach. Source: Hesterberg (2015), The American Statistician 69:371-386.
    """
    known = drawn[~np.isnan(drawn)]
    if n < 2 or len(known) < 0.9 * len(drawn) or np.ptp(known) == 0:
        return float("nan"), float("nan")
    tail = stats.norm.cdf(-np.sqrt(n / (n - 1)) * stats.t.ppf((1 + level) / 2, n - 1))
    low, high = np.quantile(known, [tail, 1 - tail])
    return float(low), float(high)


def share_gap(share: float, n: int, other: float, n_other: int, level: float
              ) -> tuple[float, float]:
    """Newcombe's interval of the difference of two shares, which also holds near 0 and 1.

    Source: Newcombe (1998), Statistics in Medicine 17:873-890, method 10.

    >>> [round(end, 4) for end in share_gap(56 / 70, 70, 48 / 80, 80, 0.95)]
    [0.0524, 0.3339]
    """
    (low, high), (low_other, high_other) = (wilson_interval(x * m, m, level=level)
                                            for x, m in ((share, n), (other, n_other)))
    return (share - other - float(np.hypot(share - low, high_other - other)),
            share - other + float(np.hypot(high - share, other - low_other)))


def describe_bands(rows: pd.DataFrame, edges: tuple[float, ...], *, rules: WorthRules
                   ) -> pd.DataFrame:
    """What the accounts of each band did in the months after they had answered.

    rows: from `follow_accounts`. Returns one row a band, lowest first: band, band_name, n_waves,
    n_answers (an account counts once a wave), n_accounts (different ones), n_retained and
    retained_share (bought in the months after; Wilson's interval with the accounts as n, since
    answers of one account resemble each other), n_compared (answers with whole spans on both
    sides), their before_amount and after_amount (net sales, all waves together), change_amount,
    change_share (after / before - 1, so large accounts count as much as they buy),
    complaints_per_100 (for a hundred orders of the months after); intervals by drawing accounts.
    """
    table = _with_bands(rows, edges)
    drawn = Draws(table, _columns(PAST), n_draws=rules.n_resamples)
    level, found = rules.confidence_level, []
    for band in drawn.bands:
        part = table[table["band"] == band]
        n_accounts, whole = part["account_id"].nunique(), part[part["is_followed_whole"]]
        share = float(part["is_retained"].mean())
        low, high = wilson_interval(share * n_accounts, n_accounts, level=level)
        row: dict[str, Any] = {
            "band": band, "band_name": name_band(band, edges),
            "n_waves": part["wave_id"].nunique(), "n_answers": len(part),
            "n_accounts": n_accounts, "n_retained": int(part["is_retained"].sum()),
            "retained_share": share, "retained_share_ci_low": low, "retained_share_ci_high": high,
            "n_compared": len(whole), "before_amount": float(whole["before_amount"].sum()),
            "after_amount": float(whole["after_amount"].sum())}
        row["change_amount"] = row["after_amount"] - row["before_amount"]
        found.append(row | _measured(drawn, band, {k: m for k, m in PAST.items()
                                                   if k != "retained_share"}, level))
    return _typed(found, BAND_COLUMNS)


def describe_present(accounts: pd.DataFrame, edges: tuple[float, ...], *, rules: WorthRules
                     ) -> pd.DataFrame:
    """How much of today's sales and of lifetime value each band holds.

    accounts: one row an account of the report's wave: account_id, account_index,
    net_amount_window, clv_amount (gap where not valued). Returns one row a band, lowest first:
    n_accounts, net_amount_window and its amount_share, n_valued, clv_amount (sum),
    mean_clv_amount (for an account) and clv_per_sales (value / sales of the window), both with
    intervals by drawing accounts.
    """
    table = _present(accounts, edges)
    drawn = Draws(table, _columns(PRESENT), n_draws=rules.n_resamples)
    whole, found = float(table["net_amount_window"].sum()), []
    for band in drawn.bands:
        part = table[table["band"] == band]
        sales = float(part["net_amount_window"].sum())
        found.append({"band": band, "band_name": name_band(band, edges), "n_accounts": len(part),
                      "net_amount_window": sales, "amount_share": float(divide(sales, whole)),
                      "n_valued": int(part["n_valued"].sum()),
                      "clv_amount": part["clv_amount"].sum(min_count=1),
                      **_measured(drawn, band, PRESENT, rules.confidence_level)})
    return _typed(found, NOW_COLUMNS)


def compare_bands(rows: pd.DataFrame, accounts: pd.DataFrame, edges: tuple[float, ...], *,
                  rules: WorthRules) -> pd.DataFrame:
    """Each band against the highest one that holds enough accounts.

    rows, accounts: as `describe_bands` and `describe_present` take them. Returns one row a measure
    and band, sorted as measured: measure, band, band_name, against (name of the other band),
    difference (band less that one; shares, complaints, value for one unit of sales) with interval,
    verdict (better, worse, cannot tell when the interval holds 0 or a band is too small),
    sales_gap_amount (for change_share: the band's sales of today x difference, with interval: what
    it would buy more, or less, in as many months if the bands went on to differ like that).
    The comparisons of one measure share the level (Bonferroni). An association: what makes an
    account satisfied may also make it grow. Refused when fewer than two bands hold
    rules.min_accounts accounts.
    """
    sets = [(_with_bands(rows, edges), PAST),
            (_present(accounts, edges), {"clv_per_sales": PRESENT["clv_per_sales"]})]
    sales = _present(accounts, edges).groupby("band")["net_amount_window"].sum()
    found, small = [], 0
    for table, measures in sets:
        sizes = table.groupby("band")["account_id"].nunique()
        large = sizes.index[sizes >= rules.min_accounts]
        small += len(large) < 2
        if len(large) < 2:
            continue
        drawn = Draws(table, _columns(measures), n_draws=rules.n_resamples)
        top, level = large[-1], 1 - (1 - rules.confidence_level) / (len(drawn.bands) - 1)
        for name, measure in measures.items():
            for band in (band for band in drawn.bands if band != top):
                found.append({"measure": name, "band": band, "band_name": name_band(band, edges),
                              "against": name_band(top, edges), **_gap(
                                  drawn, measure, band, top, level,
                                  sales=sales.get(band) if name == "change_share" else None,
                                  is_small=band not in large)})
    if small == len(sets):
        raise RefusedError(_(
            "Fewer than two bands hold {least} accounts, so they cannot be compared. More "
            "answers, other rules worth.band_edges, or a lower rule worth.min_accounts would "
            "lift this.", least=fmt_count(rules.min_accounts)))
    return _typed(found, GAP_COLUMNS)


def _gap(drawn: Draws, measure: Measure, band: int, top: int, level: float, *,
         sales: float | None, is_small: bool) -> dict[str, Any]:
    values = [drawn.total(one, measure) for one in (band, top)]
    sizes = [int(drawn.sizes[one]) for one in (band, top)]
    difference = values[0] - values[1]
    if measure.is_share:
        # Nobody may have left, and then no resample has a leaver either.
        low, high = share_gap(values[0], sizes[0], values[1], sizes[1], level)
    else:
        low, high = ends(drawn.drawn(band, measure) - drawn.drawn(top, measure), level, min(sizes))
    near, far = (low, high) if measure.good > 0 else (-high, -low)
    verdict = "better" if near > 0 else "worse" if far < 0 else "cannot tell"
    row: dict[str, Any] = {
        "difference": difference, "difference_ci_low": low, "difference_ci_high": high,
        "verdict": "cannot tell" if is_small else verdict}
    if sales is None:
        return row
    return row | {f"sales_gap_amount{end}": sales * row[f"difference{end}"]
                  for end in ("", "_ci_low", "_ci_high")}


def _measured(drawn: Draws, band: int, measures: dict[str, Measure], level: float
              ) -> dict[str, float]:
    row: dict[str, float] = {}
    for name, measure in measures.items():
        low, high = ends(drawn.drawn(band, measure), level, int(drawn.sizes[band]))
        row |= {name: drawn.total(band, measure), f"{name}_ci_low": low, f"{name}_ci_high": high}
    return row


def _with_bands(rows: pd.DataFrame, edges: tuple[float, ...]) -> pd.DataFrame:
    is_whole, log_known = rows["is_followed_whole"], rows["n_complaints_after"].notna()
    return rows.assign(
        band=put_in_bands(rows["account_index"], edges), n_answers=1.0,
        n_retained=rows["is_retained"].astype("float64"),
        before_amount=rows["before_amount"].where(is_whole),
        after_amount=rows["after_amount"].where(is_whole),
        n_orders_after=rows["n_orders_after"].astype("float64").where(log_known),
        n_complaints_after=rows["n_complaints_after"].astype("float64"))


def _present(accounts: pd.DataFrame, edges: tuple[float, ...]) -> pd.DataFrame:
    table = accounts[accounts["account_index"].notna()]
    values = table["clv_amount"].astype("float64")
    return table.assign(band=put_in_bands(table["account_index"], edges), clv_amount=values,
                        n_valued=values.notna().astype("float64"),
                        valued_amount=table["net_amount_window"].where(values.notna()))


def _columns(measures: dict[str, Measure]) -> list[str]:
    return sorted({c for m in measures.values() for c in (m.above, m.below)})


def _typed(rows: list[dict[str, Any]], columns: list[str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=columns)
    texts = ("measure", "band", "band_name", "against", "verdict")
    counts = [c for c in columns if c.startswith("n_")]
    rest = [c for c in columns if c not in texts and c not in counts]
    return table.astype(dict.fromkeys(counts, "Int64") | dict.fromkeys(rest, "float64"))
