"""What a matrix is made from: amounts of accounts or product lines, now and a year before."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_date
from kamlib.measures import require_window
from kamlib.period import add_months
from kamlib.segmentation.matrices.matrix import INPUT_COLUMNS

SUMS = {"net_amount": "amount", "margin_amount": "margin_amount",
        "margin_known_amount": "margin_known_amount"}


def account_matrix_inputs(facts: pd.DataFrame,
                          facts_year_before: pd.DataFrame | None = None) -> pd.DataFrame:
    """Amounts of the accounts in the analysis window and in the same window a year before.

    facts, facts_year_before: account_facts at as_of and a year before (None where the history
    does not reach so far).
    Returns one row an account, sorted: subject (account), subject_id, amount, amount_before (gap
    for all where that window is not known), margin_amount, margin_known_amount (net sales with
    known cost). Raises RefusedError where the window itself is not known.

    >>> facts = pd.DataFrame({"account_id": ["a"], "net_amount_window": [9.0],
    ...                       "margin_amount_window": [2.0], "margin_known_amount_window": [9.0]})
    >>> account_matrix_inputs(facts, facts)[["amount", "amount_before"]].to_numpy().tolist()
    [[9.0, 9.0]]
    """
    require_window(facts, ("account_id", "net_amount_window"), name="account_matrix_inputs")
    columns = {f"{column}_window": name for column, name in SUMS.items()}
    table = facts[["account_id", *columns]].rename(columns={**columns, "account_id": "subject_id"})
    before = pd.Series(dtype="float64")
    if facts_year_before is not None and facts_year_before["net_amount_window"].notna().all():
        before = facts_year_before.set_index("account_id")["net_amount_window"].astype("float64")
        # An account that the facts of then do not hold had bought nothing.
        before = before.reindex(table["subject_id"]).fillna(0.0)
    table["amount_before"] = before.reindex(table["subject_id"]).to_numpy("float64")
    return _finish(table, "account")


def line_matrix_inputs(products: pd.DataFrame, *, as_of: date, window_months: int = 12,
                       history_from: date | None = None) -> pd.DataFrame:
    """Amounts of the product lines in the analysis window and in the same window a year before.

    products: account_products, one row an account, product line, channel and quarter.
    Returns one row a product line, sorted, with the columns of `account_matrix_inputs` (subject
    is product_line; sales of no line have the subject_id unknown). amount_before is a gap for all
    where that window begins before history_from.
    Raises RefusedError where the window is not made of whole quarters, which is all that the
    table holds, or begins before history_from.
    """
    end = as_of + timedelta(days=1)
    if end.day != 1 or end.month % 3 != 1 or window_months % 3:
        raise RefusedError(_(
            "Sales of product lines are kept by quarter, and the analysis window to {day} is not "
            "made of whole quarters. A period that ends with a quarter would lift this.",
            day=fmt_date(as_of)))
    start = add_months(end, -window_months)
    if history_from is not None and start < history_from:
        raise RefusedError(_("The analysis window begins before the known history, so its sales "
                             "are not complete. A later period would lift this."))
    lines = products["product_line"].astype("str").fillna("")
    products = products.assign(subject_id=lines.where(lines.str.strip() != "", "unknown"))
    now = _sum_lines(products, start, end).rename(columns=SUMS)
    old = _sum_lines(products, add_months(start, -12), add_months(end, -12))["net_amount"]
    table = now.join(old.rename("amount_before"), how="outer").fillna(0.0)
    if history_from is not None and add_months(start, -12) < history_from:
        table["amount_before"] = float("nan")
    return _finish(table.rename_axis("subject_id").reset_index(), "product_line")


def _sum_lines(products: pd.DataFrame, start: date, end: date) -> pd.DataFrame:
    inside = ((products["quarter"] >= pd.Timestamp(start))
              & (products["quarter"] < pd.Timestamp(end)))
    return products[inside].groupby("subject_id")[list(SUMS)].sum().astype("float64")


def _finish(table: pd.DataFrame, subject: str) -> pd.DataFrame:
    table = table.assign(subject=subject)[INPUT_COLUMNS]
    return table.sort_values("subject_id", ignore_index=True)
