"""Margin by brand: ours, and apart from it the retailer's; in amount and as a rate."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.review.account import Account
from kamlib.review.rules import ReviewRules

KEYS = ["product_line", "brand"]
MARGIN_COLUMNS = [*KEYS, "net_amount", "margin_known_amount", "margin_amount",
                  "margin_share", "monthly_margin_amount", "is_over_line"]
RETAIL_COLUMNS = [*KEYS, "paid_amount", "retail_amount", "retail_margin_amount",
                  "retail_margin_share", "monthly_retail_margin_amount", "is_over_line"]


def build_margins(account: Account, *, rules: ReviewRules) -> pd.DataFrame:
    """Our margin on what the account bought in the period, by product line and brand.

    Returns one row a line and brand ("" where not given) with sales, the highest margin first:
    net_amount, margin_known_amount (of it with known cost), margin_amount (net sales less cost),
    margin_share (of the sales with known cost), monthly_margin_amount (margin by month of the
    period), is_over_line (it reaches rules.margin_line_amount). Source: ABR-05.
    Refused where no cost is known.
    """
    sums = _sum_period(account, ["net_amount", "margin_known_amount", "margin_amount"])
    if not sums["margin_known_amount"].abs().sum():
        raise RefusedError(_("The cost of what this account bought in the period is not known."))
    known = sums["margin_known_amount"].where(sums["margin_known_amount"] != 0)
    sums["margin_share"] = sums["margin_amount"] / known
    sums["margin_amount"] = sums["margin_amount"].where(known.notna())
    return _finish(sums, "margin_amount", account, rules)[MARGIN_COLUMNS]


def build_retail_margins(account: Account, *, rules: ReviewRules) -> pd.DataFrame:
    """The retailer's margin on what it bought in the period: retail price less what it paid.

    Only lines whose retail price and quantity are known, less what came back; what is on stock
    counts as if it were sold at that price. Returns one row a line and brand, the highest margin
    first: paid_amount, retail_amount (the same pieces at the retail price), retail_margin_amount,
    retail_margin_share (of the retail amount), monthly_retail_margin_amount, is_over_line (it
    reaches rules.margin_line_amount). Refused where no retail price is known.
    """
    sums = _sum_period(account, ["retail_known_amount", "retail_amount"])
    sums = sums[sums["retail_amount"] > 0].rename(columns={"retail_known_amount": "paid_amount"})
    if sums.empty:
        raise RefusedError(_("No retail price is known of what this account bought in the "
                             "period. The column retail_price of orders would lift this."))
    sums["retail_margin_amount"] = sums["retail_amount"] - sums["paid_amount"]
    sums["retail_margin_share"] = sums["retail_margin_amount"] / sums["retail_amount"]
    return _finish(sums, "retail_margin_amount", account, rules)[RETAIL_COLUMNS]


def reaches_line(monthly_amount: pd.Series, *, rules: ReviewRules) -> pd.Series:
    """Whether a monthly margin reaches the line, to the cent.

    >>> reaches_line(pd.Series([500.0, 499.99]), rules=ReviewRules()).tolist()
    [True, False]
    """
    return monthly_amount.round(2) >= rules.margin_line_amount


def _sum_period(account: Account, names: list[str]) -> pd.DataFrame:
    goods = account.goods[(account.goods["gross_amount_period"] != 0)
                          | (account.goods["net_amount_period"] != 0)]
    if goods.empty:
        account.require_orders()
        raise RefusedError(_("This account bought nothing in the period."))
    about = account.products.set_index("product_id") if len(account.products) else pd.DataFrame()
    keyed = goods.assign(**{key: goods["product_id"].map(about[key]).fillna("")
                            if key in about else "" for key in KEYS})
    return keyed.groupby(KEYS)[[f"{name}_period" for name in names]].sum().rename(
        columns=lambda name: name.removesuffix("_period")).reset_index()


def _finish(sums: pd.DataFrame, column: str, account: Account, rules: ReviewRules
            ) -> pd.DataFrame:
    months = account.period.n_days / 30.4375
    # A period of whole months has exactly that many.
    months = round(months) if abs(months - round(months)) < 0.1 else months
    sums[f"monthly_{column}"] = sums[column] / months
    sums["is_over_line"] = reaches_line(sums[f"monthly_{column}"], rules=rules)
    return sums.sort_values([column, *KEYS], ascending=[False, True, True], ignore_index=True)
