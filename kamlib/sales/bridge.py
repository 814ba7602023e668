"""From the sales of a former span to those of the period: price, volume, mix, returns."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.sales.breakdown import name_categories
from kamlib.sales.spans import DECIMALS, check_total, known_spans, total_of
from kamlib.sales.summary import no_base, no_lines

EFFECTS = ("price", "volume", "mix_new", "mix_gone", "quantity_unknown", "returned")
COMPONENTS = ("base", *EFFECTS, "current")
GROWTH_COLUMNS = ["comparison", "component", "amount", "n_products"]
GROWTH_LINE_COLUMNS = ["comparison", "product_line", "base_amount", "price_amount",
                       "volume_amount", "mix_amount", "quantity_unknown_amount",
                       "returned_amount", "current_amount"]
SUMMED = ["n_lines", "quantity", "quantity_gross_amount", "gross_amount", "returned_amount",
          "net_amount"]


def split_products(product_spans: pd.DataFrame, *, comparison: str) -> pd.DataFrame:
    """Split the change of each product's net sales.

    product_spans: one row a span, product, product line and channel; comparison: the former
    span. Returns one row a product and product line (the channels together) with net sales in
    either span, sorted: product_id, product_line, base (former net sales), price, volume,
    mix_new, mix_gone, quantity_unknown, returned, current (net sales of the period).

    Notes
    -----
    price = (p1 - p0) q1 and volume = (q1 - q0) p0 with p = gross / quantity of the lines whose
    quantity is known, for products sold in both spans with such lines in both; what is left of
    their gross sales, and all of products without a quantity or an id, is quantity_unknown.
    A product sold in one span only is mix. returned = -(change of what came back).
    Source: Horngren, Datar & Rajan, Cost Accounting, 14th ed. (2012), ch. 7: selling-price and
    sales-volume variances, the former span in the place of the budget.
    """
    now, before = (_sum_products(product_spans, span) for span in ("period", comparison))
    index = now.index.union(before.index)
    now, before = now.reindex(index, fill_value=0.0), before.reindex(index, fill_value=0.0)
    is_named = index.get_level_values("product_id") != ""
    sold_now, sold_before = now["n_lines"] > 0, before["n_lines"] > 0
    has_price = is_named & sold_now & sold_before & \
        (now["quantity"] > 0) & (before["quantity"] > 0)
    old_price = (before["quantity_gross_amount"] / before["quantity"].where(has_price)).fillna(0)
    volume = ((now["quantity"] - before["quantity"]) * old_price).where(has_price, 0.0)
    priced = (now["quantity_gross_amount"] - before["quantity_gross_amount"]).where(has_price, 0.0)
    change = now["gross_amount"] - before["gross_amount"]
    is_new, is_gone = is_named & sold_now & ~sold_before, is_named & sold_before & ~sold_now
    table = pd.DataFrame({
        "base": before["net_amount"], "price": priced - volume, "volume": volume,
        "mix_new": change.where(is_new, 0.0), "mix_gone": change.where(is_gone, 0.0),
        "quantity_unknown": (change - priced).where(~is_new & ~is_gone, 0.0),
        "returned": before["returned_amount"] - now["returned_amount"],
        "current": now["net_amount"]})
    is_moved = (table != 0).any(axis=1)  # not what only an adjustment or a free line is for
    return table.assign(is_priced=has_price)[is_moved].reset_index()


def _sum_products(product_spans: pd.DataFrame, span: str) -> pd.DataFrame:
    rows = product_spans[product_spans["span"] == span]
    keys = ["product_id", "product_line"]
    return rows[keys + SUMMED].astype(dict.fromkeys(SUMMED, "float64")).groupby(
        keys, sort=True).sum().round(DECIMALS)


def build_growth(product_spans: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """The bridge from former to present net sales, closing to the cent.

    product_spans: one row a span, product, product line and channel; facts: the account facts
    that both ends are tied to. Returns one row a comparison (previous, year_before) and
    component, in the order of the bridge: comparison, component (base, price, volume, mix_new,
    mix_gone, quantity_unknown, returned, current), amount, n_products (that have a part in it).
    Refused where no product has a quantity in both spans. Source: see `split_products`.
    """
    tables = []
    for comparison, products in _compared(product_spans, facts):
        parts = products[list(COMPONENTS)]
        amounts = parts.sum().round(DECIMALS)
        named = parts[products["product_id"] != ""]
        counts = (named != 0).sum()
        counts[["price", "volume"]] = int(products["is_priced"].sum())
        for end, span in (("base", comparison), ("current", "period")):
            check_total(amounts[end], total_of(facts, f"net_amount_{span}"), what="product")
        check_total(amounts["base"] + amounts[list(EFFECTS)].sum(), amounts["current"],
                    what="component of the bridge")
        tables.append(pd.DataFrame({
            "comparison": comparison, "component": list(COMPONENTS),
            "amount": amounts.to_numpy() + 0.0, "n_products": counts.to_numpy()}))
    return pd.concat(tables, ignore_index=True).astype({"n_products": "Int64"})


def build_growth_lines(product_spans: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """The same bridge for every product line.

    Returns one row a comparison and product line ("not_given" where unknown), the largest
    present sales first: comparison, product_line, base_amount, price_amount, volume_amount,
    mix_amount (new and gone products), quantity_unknown_amount, returned_amount (what changed
    in it, a rise of returns is negative), current_amount; the parts add up from base to current.
    Refused as `build_growth`, and where no product line is given.
    """
    tables = []
    for comparison, products in _compared(product_spans, facts):
        if not (products["product_line"] != "").any():
            raise RefusedError(no_lines())
        lines = name_categories(products["product_line"])
        sums = products.groupby(lines)[list(COMPONENTS)].sum().round(DECIMALS)
        sums["mix"] = sums["mix_new"] + sums["mix_gone"]
        table = sums.add_suffix("_amount").reset_index().assign(comparison=comparison)
        tables.append(table.sort_values(["current_amount", "product_line"],
                                        ascending=[False, True]))
    return pd.concat(tables, ignore_index=True)[GROWTH_LINE_COLUMNS]


def _compared(product_spans: pd.DataFrame,
              facts: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    spans = known_spans(facts)[1:]
    if not spans:
        raise RefusedError(no_base())
    if not (product_spans["product_id"] != "").any():
        raise RefusedError(_("The orders name no products, so price and volume cannot be told "
                             "apart. A product_id in the orders table would lift this."))
    tables = [(span, split_products(product_spans, comparison=span)) for span in spans]
    if not any(products["is_priced"].any() for _span, products in tables):
        raise RefusedError(_("No product was sold with a known quantity in both spans, so price "
                             "and volume cannot be told apart. Quantities in the orders table "
                             "would lift this."))
    return tables
