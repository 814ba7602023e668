"""What accounts spend in all on what we sell, from estimates of it, with an interval."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from scipy import stats

from kamlib.errors import RefusedError
from kamlib.language import _

TOTAL = ""  # product line of an estimate of everything the account spends
WALLET_COLUMNS = ["account_id", "product_line", "year", "n_estimates", "n_years",
                  "own_amount", "wallet_amount", "wallet_share", "wallet_share_ci_low",
                  "wallet_share_ci_high", "headroom_amount", "headroom_amount_ci_low",
                  "headroom_amount_ci_high", "is_above_wallet"]


def estimate_wallets(estimates: pd.DataFrame, products: pd.DataFrame, *, as_of: date,
                     history_from: date | None, years: int, min_pairs: int,
                     level: float = 0.95) -> pd.DataFrame:
    """Share of wallet and headroom of each account with an estimate of its spending.

    estimates: wallet_estimates; products: account_products (net sales by quarter).
    Only estimates of the last `years` calendar years that had ended by as_of, lie in the known
    history, and in which the account bought from us are used.
    Returns one row an account and product line ("" for all it spends), most headroom first:
    account_id, product_line, year (the last used), n_estimates, n_years, own_amount (our net
    sales of that year), wallet_share (0-1, geometric mean over the estimates of our sales / the
    estimate of the same year, with its interval), wallet_amount (own_amount / wallet_share),
    headroom_amount (the difference, never below 0; low and high from the share's interval),
    is_above_wallet (we sell more than was estimated: the estimate is wrong, and the share is
    counted as 1). Estimates scatter by a common factor, found from the accounts with several; with
    fewer than min_pairs of these to spare there is no interval.
    Refused without a usable estimate. Source: metrics, share of wallet; Student (1908) on logs.
    """
    rows = _use(estimates, products, years, as_of, history_from)
    if rows.empty:
        raise RefusedError(_("There is no estimate of what an account spends in all for a full "
                             "year of the known history, so its share of wallet cannot be told. "
                             "Rows in the table wallet_estimates would lift this."))
    keys = ["account_id", "product_line"]
    rows["log_share"] = np.log(rows["own_amount"] / rows["estimate_amount"])
    groups = rows.groupby(keys, sort=True)
    last = rows.sort_values("year").groupby(keys, sort=True).last()[["year", "own_amount"]]
    table = last.join(groups.agg(n_estimates=("log_share", "size"), n_years=("year", "nunique"),
                                 log_share=("log_share", "mean"))).reset_index()
    half = _half_width(rows, table, keys, min_pairs, level)
    table["is_above_wallet"] = table["log_share"] > 0
    for name, log in (("wallet_share", table["log_share"]),
                      ("wallet_share_ci_low", table["log_share"] - half),
                      ("wallet_share_ci_high", table["log_share"] + half)):
        table[name] = np.minimum(np.exp(log.to_numpy(dtype="float64")), 1.0)
    table["wallet_amount"] = table["own_amount"] / table["wallet_share"]
    for name, share in (("headroom_amount", "wallet_share"),
                        ("headroom_amount_ci_low", "wallet_share_ci_high"),
                        ("headroom_amount_ci_high", "wallet_share_ci_low")):
        table[name] = (table["own_amount"] / table[share] - table["own_amount"]).clip(lower=0)
    return table.sort_values(["headroom_amount", *keys], ascending=[False, True, True],
                             ignore_index=True)[WALLET_COLUMNS]


def _use(estimates: pd.DataFrame, products: pd.DataFrame, years: int, as_of: date,
         history_from: date | None) -> pd.DataFrame:
    """Usable estimates beside our net sales of the same account, line and calendar year."""
    last = as_of.year if (as_of.month, as_of.day) == (12, 31) else as_of.year - 1
    first = last - years + 1
    if history_from is not None:
        known = history_from.year + ((history_from.month, history_from.day) != (1, 1))
        first = max(first, known)
    rows = estimates.assign(product_line=estimates["product_line"].fillna(TOTAL).astype("str"),
                            year=estimates["year"].astype("int64"),
                            estimate_amount=estimates["estimate_amount"].astype("float64"))
    rows = rows[rows["year"].between(first, last) & (rows["estimate_amount"] > 0)]
    sold = products.assign(year=pd.to_datetime(products["quarter"]).dt.year.astype("int64"))
    by_line = sold.groupby(["account_id", "product_line", "year"])["net_amount"].sum()
    in_all = sold.groupby(["account_id", "year"])["net_amount"].sum().reset_index().assign(
        product_line=TOTAL)
    # Sales of an unnamed line are part of the whole and no line of their own.
    named = by_line.reset_index().query("product_line != ''")
    own = pd.concat([in_all, named]).rename(columns={"net_amount": "own_amount"})
    rows = rows.merge(own, on=["account_id", "product_line", "year"], how="inner")
    return rows[rows["own_amount"] > 0].sort_values(
        ["account_id", "product_line", "year", "estimate_amount"], ignore_index=True)


def _half_width(rows: pd.DataFrame, table: pd.DataFrame, keys: list[str],
                min_pairs: int, level: float) -> pd.Series:
    """Half of each interval of the mean log share, from the scatter that accounts have in common.

    What changes from year to year counts as scatter too, which widens the intervals.
    """
    centred = rows["log_share"] - rows.groupby(keys)["log_share"].transform("mean")
    spare = len(rows) - len(table)
    if spare < min_pairs:
        return pd.Series(np.nan, index=table.index)
    deviation = float(np.sqrt((centred ** 2).sum() / spare))
    quantile = float(stats.t.ppf((1 + level) / 2, spare))
    return quantile * deviation * table["n_estimates"].astype("float64") ** -0.5
