"""Do RFM classes rank accounts as their value does, and which of them foretells what comes?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import _, fmt_count
from kamlib.value.backtest import Backtest
from kamlib.value.clv import Book
from kamlib.value.result import Value
from kamlib.value.rules import ValueRules

Floats = NDArray[np.float64]
SCORES = ("recency_score", "frequency_score", "amount_score")
CLASS_COLUMNS = ["rfm_class", "n_accounts", "clv_amount", "per_account_amount", "middle_amount",
                 "equity_share"]
RANK_COLUMNS = ["question", "predictor", "outcome", "n_tests", "n_accounts", "rank_correlation",
                "rank_correlation_ci_low", "rank_correlation_ci_high", "rank_difference",
                "rank_difference_ci_low", "rank_difference_ci_high", "verdict"]
PREDICTORS = ("value_model", "rfm_rank", "last_amount")


@dataclass(frozen=True, eq=False)
class RfmCheck:
    """RFM beside value: classes from `value_classes`, ranks from `compare_ranks`.

    A refused table is empty and carries its reason.
    """

    classes: pd.DataFrame
    ranks: pd.DataFrame


def check_rfm(result: Value, *, rfm: pd.DataFrame, past: pd.DataFrame) -> RfmCheck:
    """Hold the RFM classes of today against the values, and both against what came in the past.

    rfm: account_id, rfm_class and the three scores, one row an account, empty when refused; past:
    past facts, those that the back-test was made of.
    """
    attempts = Attempts()

    def ranks() -> pd.DataFrame:
        if result.book is None:
            raise RefusedError(result.refused["clv"])
        return compare_ranks(result.book, rfm=rfm, backtest=result.backtest, past=past,
                             rules=result.rules)

    table = attempts.take("ranks", RANK_COLUMNS, ranks)
    classes = pd.DataFrame(columns=CLASS_COLUMNS) if table.empty or result.book is None else \
        value_classes(result.book, rfm)
    return RfmCheck(classes, table)


def value_classes(book: Book, rfm: pd.DataFrame) -> pd.DataFrame:
    """Add up the value of the accounts of each RFM class, the most valuable account first.

    rfm: account_id and rfm_class, one row an account with sales in the window.
    Returns one row a class, highest mean first: rfm_class, n_accounts, clv_amount (sum),
    per_account_amount (mean), middle_amount (median), equity_share (of the accounts with a class).
    """
    table = book.table[["account_id", "clv_amount"]].merge(rfm[["account_id", "rfm_class"]],
                                                           on="account_id")
    by = table.groupby("rfm_class")["clv_amount"]
    found = pd.DataFrame({"n_accounts": by.size(), "clv_amount": by.sum(),
                          "per_account_amount": by.mean(), "middle_amount": by.median()})
    total = float(table["clv_amount"].sum())
    found["equity_share"] = found["clv_amount"] / total if total > 0 else np.nan
    ordered = found.reset_index().sort_values(["per_account_amount", "rfm_class"],
                                              ascending=[False, True], ignore_index=True)
    return ordered[CLASS_COLUMNS]


def compare_ranks(book: Book, *, rfm: pd.DataFrame, backtest: Backtest | None,
                  past: pd.DataFrame, rules: ValueRules) -> pd.DataFrame:
    """Compare how RFM, the value model and the last amount rank accounts.

    rfm: account_id and the three RFM scores today; past: past facts behind the back-test.
    Returns one row a question and predictor: question (value_today: do the scores rank accounts as
    their value does; what_came: on days of the past, how did each rank what came in the horizon
    after), predictor, outcome (clv, margin or net_sales), n_tests, n_accounts (account and cut
    counted), rank_correlation (Spearman, -1 to 1; of the past, ranks within each cut) with its
    interval, and rank_difference to last_amount with its interval and verdict (better, worse,
    cannot tell; "" where nothing is compared). RFM of the past is the sum of three ranks within the
    cut: days since the last sale, purchase days and net sales of the window; it needs no cuts.
    Intervals resample accounts. Raises RefusedError with too few accounts. Source: catalogue
    LIF-06.
    """
    today = book.table[["account_id", "clv_amount"]].merge(rfm, on="account_id")
    if len(today) < rules.min_rank_accounts:
        raise RefusedError(_(
            "{n} accounts have both an RFM class and a value; {least} are needed to compare their "
            "ranks. More accounts would lift this.", n=fmt_count(len(today)),
            least=fmt_count(rules.min_rank_accounts)))
    score = today[list(SCORES)].astype("float64").sum(axis=1)
    frame = pd.DataFrame({"account_id": today["account_id"], "cut": "today",
                          "rfm_score": score, "outcome": today["clv_amount"]})
    rows = _rank_rows(frame, ["rfm_score"], "value_today", "clv", rules)
    if backtest is not None:
        came, outcome = _past_outcomes(backtest, past, rules)
        if came.groupby("cut").size().min() >= rules.min_rank_accounts:
            rows += _rank_rows(came, list(PREDICTORS), "what_came", outcome, rules)
    return pd.DataFrame(rows, columns=RANK_COLUMNS)


def _past_outcomes(backtest: Backtest, past: pd.DataFrame, rules: ValueRules
                   ) -> tuple[pd.DataFrame, str]:
    """One row a cut and account: the three predictors, and what came in the horizon after."""
    rows = backtest.forecasts.merge(past, on=["cut_date", "account_id"],
                                    suffixes=("", "_of_past"))
    later = backtest.cuts[["cut_date", "until_date"]]
    came = past.rename(columns={"cut_date": "until_date"})[[
        "until_date", "account_id", "net_amount_period", "margin_amount_period",
        "margin_known_amount_period"]].merge(later, on="until_date")
    known, net = (float(came[f"{n}_period"].sum()) for n in ("margin_known_amount", "net_amount"))
    is_costed = known > 0 and known >= rules.min_cost_known_share * net
    came["outcome"] = came["margin_amount_period" if is_costed else "net_amount_period"]
    rows = rows.merge(came[["cut_date", "account_id", "outcome"]], on=["cut_date", "account_id"],
                      suffixes=("", "_came"), how="left")
    share = _margin_share(rows, rules) if is_costed else 1.0
    by = rows.groupby("cut_date")
    net_window = rows["net_amount_window"].astype("float64").fillna(0.0)
    ranks = by["days_since_last_sale"].rank(ascending=False) \
        + by["n_purchase_days_window"].rank() + net_window.groupby(rows["cut_date"]).rank()
    return pd.DataFrame({
        "account_id": rows["account_id"], "cut": rows["cut_date"].astype("str"),
        "value_model": rows["predicted_amount"] * share, "rfm_rank": ranks.astype("float64"),
        "last_amount": net_window, "outcome": rows["outcome"].astype("float64").fillna(0.0)}), \
        "margin" if is_costed else "net_sales"


def _margin_share(rows: pd.DataFrame, rules: ValueRules) -> pd.Series:
    """Margin of gross sales in the window: own with enough purchase days, else that of the cut."""
    sums = rows[["cut_date", "margin_amount_window", "gross_amount_window"]].astype(
        {"margin_amount_window": "float64", "gross_amount_window": "float64"})
    totals = sums.groupby("cut_date").transform("sum")
    overall = totals["margin_amount_window"] / totals["gross_amount_window"]
    own = sums["margin_amount_window"] / sums["gross_amount_window"].where(
        sums["gross_amount_window"] > 0)
    enough = (rows["n_purchase_days_window"] >= rules.own_share_days).fillna(False).astype(bool)
    share: pd.Series = own.where(enough).fillna(overall).fillna(1.0)
    return share


def _rank_rows(frame: pd.DataFrame, predictors: list[str], question: str, outcome: str,
               rules: ValueRules) -> list[list[object]]:
    """Rank correlations with intervals; ranks are taken once, then accounts are drawn again."""
    ranked = frame.groupby("cut")[[*predictors, "outcome"]].rank()
    centred = (ranked - ranked.groupby(frame["cut"]).transform("mean")).to_numpy("float64")
    products = np.column_stack([centred[:, :-1] * centred[:, -1:], centred**2])
    by_account = pd.DataFrame(products).groupby(frame["account_id"].to_numpy(), sort=True).sum()
    sums = by_account.to_numpy()
    rng = np.random.default_rng(rules.seed)
    n = len(sums)
    # One draw at a time: all of them at once would hold draws times accounts.
    redrawn = np.array([np.bincount(rng.integers(0, n, n), minlength=n) @ sums
                        for _draw in range(rules.n_resamples)])
    estimate = _correlations(sums.sum(axis=0)[None], len(predictors))[0]
    drawn = _correlations(redrawn, len(predictors))
    tails = [(1 - rules.confidence_level) / 2, (1 + rules.confidence_level) / 2]
    base = predictors.index("last_amount") if "last_amount" in predictors else None
    rows: list[list[object]] = []
    for i, predictor in enumerate(predictors):
        ends = np.nanquantile(drawn[:, i], tails)
        compared = [np.nan] * 3 + [""]
        if base is not None and i != base:
            off = np.nanquantile(drawn[:, i] - drawn[:, base], tails)
            verdict = "better" if off[0] > 0 else "worse" if off[1] < 0 else "cannot tell"
            compared = [estimate[i] - estimate[base], *off, verdict]
        rows.append([question, predictor, outcome, frame["cut"].nunique(), len(frame),
                     estimate[i], *ends, *compared])
    return rows


def _correlations(sums: Floats, n: int) -> Floats:
    """Correlation of each predictor with the outcome from sums of products and squares."""
    scale = np.sqrt(sums[:, n:2 * n] * sums[:, 2 * n:])
    return np.where(scale > 0, sums[:, :n] / np.where(scale > 0, scale, 1.0), 0.0)
