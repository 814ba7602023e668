"""Sales by region, industry, channel and every other way the company divides its accounts."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.sales.spans import (
    SUMS,
    add_up,
    change_rate,
    check_total,
    choose_base,
    known_spans,
    ratio,
    total_of,
)

ACCOUNT_DIMENSIONS = ("region", "country", "city_tier", "industry", "size_class", "account_type",
                      "category", "star", "tier")
DIMENSIONS = ("region", "country", "city_tier", "industry", "channel", "product_line",
              "account_type", "category", "size_class", "star", "tier")
NOT_GIVEN, TOTAL = "not_given", "total"
BREAKDOWN_COLUMNS = [
    "dimension", "category", "n_accounts", "account_share", "net_amount", "amount_share",
    "mean_amount", "previous_net_amount", "previous_growth_rate", "year_before_net_amount",
    "year_before_growth_rate", "contribution_rate", "margin_amount", "margin_known_amount",
    "margin_share", "margin_known_share", "largest_account_id", "largest_account_share", "n_core"]
CROSS_COLUMNS = ["industry", "product_line", "n_accounts", "net_amount", "amount_share",
                 "year_before_net_amount", "year_before_growth_rate", "margin_share",
                 "margin_known_share"]


def join_parts(facts: pd.DataFrame, account_spans: pd.DataFrame,
               accounts: pd.DataFrame | None) -> pd.DataFrame:
    """Put what is known of each account beside its sums: all that a breakdown divides.

    facts: account_facts; account_spans: one row a span, account, product line and channel;
    accounts: one row an account with columns of the dictionary and tier, each of which may be
    absent. Returns one row as in account_spans, of the spans that the facts know, with every
    dimension given for any account ("not_given" where it is unknown). Raises KamlibError when
    the net sales of a span do not tie out with the facts to the cent.
    """
    known = known_spans(facts)
    parts = account_spans[account_spans["span"].isin(known)]
    if accounts is not None:
        named = accounts[[c for c in ("account_id", *ACCOUNT_DIMENSIONS) if c in accounts]]
        clash = named.columns.difference(["account_id"]).intersection(parts.columns)
        parts = parts.merge(named.drop(columns=clash), on="account_id", how="left")
    for span in known:
        total = float(parts.loc[parts["span"] == span, "net_amount"].sum())
        check_total(total, total_of(facts, f"net_amount_{span}"), what="account and line")
    given = [c for c in DIMENSIONS if c in parts and _is_given(parts[c]).any()]
    named_columns = {c: name_categories(parts[c]) for c in given}
    table = parts[["span", "account_id", *SUMS]].assign(**named_columns)
    has_sales = (table[[c for c in SUMS if c != "adjustment_amount"]] != 0).any(axis=1)
    return table[has_sales].reset_index(drop=True)


def name_categories(values: pd.Series) -> pd.Series:
    """Write categories as texts: 4 for 4.0, "not_given" for a gap or a blank.

    A company's own category called "total" or "not_given" is put in quotes.

    >>> name_categories(pd.Series([4.0, None])).tolist()
    ['4', 'not_given']
    """
    given = _is_given(values)
    if pd.api.types.is_float_dtype(values) and (values[given] % 1 == 0).all():
        values = values.astype("Int64")
    texts = values.astype("str").astype("object").where(given, "")
    texts = texts.where(~texts.isin([NOT_GIVEN, TOTAL]), "“" + texts + "”")
    return texts.where(given, NOT_GIVEN).astype("str")


def _is_given(values: pd.Series) -> pd.Series:
    return values.notna() & (values.astype("str").str.strip() != "")


def build_breakdown(parts: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Break the sales of the period down by every dimension that is given.

    parts: from `join_parts`; facts: the account facts that every dimension is tied to.
    Returns one row a dimension and category, the largest first, then "not_given" where anything
    is unknown, then "total": dimension, category, n_accounts (with net or gross sales in the
    period; by channel and product line an account may count in several), account_share (of all
    accounts with sales), net_amount, amount_share, mean_amount (per account), net sales and
    growth rate of the previous period and the year before, contribution_rate (change against the
    year before, else the previous period, as a share of that span's total: the rates add up to
    the growth of the total), margin_amount, margin_known_amount (net sales of known cost),
    margin_share (of these), margin_known_share (these, of net sales), largest_account_id and its
    largest_account_share (of the category), n_core (accounts of tier core). Rates and shares are
    gaps where what they divide by is not above zero.
    Source: catalogue SAL-02 to SAL-05, REC-02, REC-03.
    """
    given = [dimension for dimension in DIMENSIONS if dimension in parts]
    if not given:
        raise RefusedError(_("No region, industry, channel or other way to divide sales is given. "
                             "Such columns of the accounts, orders or products would lift this."))
    is_core = parts["tier"] == "core" if "tier" in parts else False
    tables = []
    for dimension in given:
        rows = parts[["span", "account_id", *SUMS]].assign(
            category=parts[dimension], is_core=is_core)
        rows = pd.concat([rows, rows.assign(category=TOTAL)])
        table = _break_down(rows, facts)
        if "tier" in parts:
            counts = _count_accounts(rows[rows["is_core"]], ["category"])
            table["n_core"] = table["category"].map(counts).fillna(0)
        check_total(float(table.loc[table["category"] != TOTAL, "net_amount"].sum()),
                    total_of(facts, "net_amount_period"), what=dimension)
        tables.append(table.assign(dimension=dimension))
    columns = pd.concat(tables, ignore_index=True).reindex(columns=BREAKDOWN_COLUMNS)
    return columns.astype({"n_accounts": "Int64", "n_core": "Int64", "largest_account_id": "str"})


def _break_down(rows: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    table = compare_spans(rows, ["category"], facts)
    base = choose_base(known_spans(facts))
    totals = table.loc[[TOTAL]].iloc[0] if TOTAL in table.index else None
    total = table["n_accounts"].get(TOTAL, 0)
    table["account_share"] = ratio(table["n_accounts"], pd.Series(total, index=table.index))
    table["mean_amount"] = ratio(table["net_amount"], table["n_accounts"])
    if base and totals is not None:
        change = table["net_amount"] - table[f"{base}_net_amount"]
        table["contribution_rate"] = ratio(
            change, pd.Series(totals[f"{base}_net_amount"], index=table.index))
    table = table.join(_find_largest(rows[rows["span"] == "period"]))
    table["largest_account_share"] = ratio(table["largest_amount"], table["net_amount"])
    place = table.index.map({NOT_GIVEN: 1, TOTAL: 2}.get).fillna(0)
    table = table.assign(place=place).reset_index()
    return table.sort_values(["place", "net_amount", "category"], ascending=[True, False, True])


def compare_spans(rows: pd.DataFrame, by: Sequence[str], facts: pd.DataFrame) -> pd.DataFrame:
    """Sums of the period with the growth against both other spans, by keys.

    rows: sums with span and keys. Returns one row a key with rows in any span, indexed by it:
    n_accounts, net_amount, amount_share (of all net sales), the two compared net amounts with
    their growth rates (gaps where the facts do not know the span), margins and their shares.
    """
    keys = add_up(rows, by).index
    known = known_spans(facts)

    def of(span: str) -> pd.DataFrame:
        found = add_up(rows[rows["span"] == span], by)
        return found.reindex(keys, fill_value=0.0 if span in known else float("nan"))

    table = of("period")[["net_amount", "margin_amount", "margin_known_amount"]].copy()
    table["n_accounts"] = _count_accounts(rows, by).reindex(keys, fill_value=0)
    net = total_of(facts, "net_amount_period")
    table["amount_share"] = ratio(table["net_amount"], pd.Series(net, index=keys))
    for span in ("previous", "year_before"):
        table[f"{span}_net_amount"] = of(span)["net_amount"]
        table[f"{span}_growth_rate"] = change_rate(table["net_amount"],
                                                   table[f"{span}_net_amount"])
    table["margin_share"] = ratio(table["margin_amount"], table["margin_known_amount"])
    table["margin_known_share"] = ratio(table["margin_known_amount"], table["net_amount"])
    return table


def _count_accounts(rows: pd.DataFrame, by: Sequence[str]) -> pd.Series:
    """Accounts with net or gross sales in the period, by keys."""
    held = add_up(rows[rows["span"] == "period"], [*by, "account_id"],
                  ["net_amount", "gross_amount"])
    return held[(held != 0).any(axis=1)].groupby(level=list(range(len(by)))).size()


def _find_largest(rows: pd.DataFrame) -> pd.DataFrame:
    """The account with the highest net sales of each category, if above zero."""
    held = add_up(rows, ["category", "account_id"], ["net_amount"]).reset_index()
    held = held[held["net_amount"] > 0].sort_values(["net_amount", "account_id"],
                                                    ascending=[False, True])
    first = held.drop_duplicates("category").set_index("category")
    return first.rename(columns={"account_id": "largest_account_id",
                                 "net_amount": "largest_amount"})


def cross_industry(parts: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Sales of every industry by product line, with growth and margin.

    parts, facts: as for `build_breakdown`. Returns one row an industry and product line with
    sales in the period or a year before, sorted: industry, product_line ("not_given" where
    unknown), n_accounts, net_amount, amount_share (of all), year_before_net_amount and
    year_before_growth_rate, margin_share (of the net sales of known cost), margin_known_share
    (these, of net sales). Source: catalogue SAL-04.
    """
    missing = [name for name in ("industry", "product_line") if name not in parts]
    if missing:
        raise RefusedError(_("Sales by industry and product line need both; an industry of the "
                             "accounts and a product line of the products would lift this."))
    rows = parts[parts["span"].isin(("period", "year_before"))]
    table = compare_spans(rows, ["industry", "product_line"], facts).reset_index()
    check_total(float(table["net_amount"].sum()), total_of(facts, "net_amount_period"),
                what="industry and product line")
    return table[CROSS_COLUMNS].astype({"n_accounts": "Int64"})
