"""Margins by industry and product line, and what the mix did to them, as chart and readings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.figures.comparison import find_base, money_label
from kamlib.labels import label
from kamlib.language import _, fmt_money, fmt_number, fmt_share, join_sentences
from kamlib.sales import Sales

# What a page shows of a wide table; the published one has every column.
CROSS_COLUMNS = ("industry", "product_line", "n_accounts", "net_amount", "amount_share",
                 "year_before_net_amount", "year_before_growth_rate", "margin_share",
                 "margin_known_share")
ROWS = 8  # industries and product lines that the heat map has room for
# A title or reading names no part smaller than this.
NAMED_SHARE = 0.02
KNOWN_SHARE = 0.5  # of sales with known cost, from which on a margin is written into a cell
DARK = 0.7  # cells darker than this carry white letters


def plot_cross(sales: Sales, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Heat map: margin of each industry and product line, its net sales written below."""
    table = sales.cross
    if table.empty:
        return theme.say_nothing(ax or theme.new_axes(), theme.first_reason(sales.refused, "cross"))
    amounts = table.pivot(index="industry", columns="product_line", values="net_amount")
    rows, columns = (_largest(table, name) for name in ("industry", "product_line"))
    amounts = amounts.reindex(index=rows, columns=columns).astype("float64")
    known = table["margin_share"].where(table["margin_known_share"] >= KNOWN_SHARE)
    margins = table.assign(known=known.astype("float64")).pivot(
        index="industry", columns="product_line", values="known").reindex(index=rows,
                                                                            columns=columns)
    ax = ax or theme.new_axes(2.2 + 1.05 * max(4, len(columns)), 1.6 + 0.5 * max(3, len(rows)))
    _fill(ax, margins.to_numpy("float64"), amounts.to_numpy("float64"))
    ax.set_xticks(np.arange(len(columns)) + 0.5)
    ax.xaxis.set_major_formatter(FixedFormatter([theme.wrap(label(x), width=13) for x in columns]))
    ax.set_yticks(np.arange(len(rows)) + 0.5)
    ax.yaxis.set_major_formatter(FixedFormatter([theme.wrap(label(x), width=28) for x in rows]))
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_xlabel(money_label(_("product line; margin (%, darker is higher), below it net sales"),
                              currency))
    ax.set_title(_cross_title(sales))
    return ax


def read_cross(sales: Sales, *, currency: str = "") -> str:
    """Say where the margin is lowest and highest among the parts worth naming, and how known."""
    if sales.cross.empty:
        return theme.first_reason(sales.refused, "cross")
    cells = _named_cells(sales)
    if cells.empty:
        return _("For too few lines is the cost known to compare margins.")
    low, high = cells.iloc[0], cells.iloc[-1]
    total = sales.breakdown[sales.breakdown["category"] == "total"].iloc[0]
    return _("The margin of all sales is {total}, known for {known} of them. Among parts of at "
             "least {size} of net sales it is highest for {high_line} in {high_industry} "
             "({high}) and lowest for {low_line} in {low_industry} ({low}, {amount} of net "
             "sales).", total=fmt_share(total["margin_share"], digits=1),
             known=fmt_share(total["margin_known_share"]), size=fmt_share(NAMED_SHARE),
             high_line=label(high["product_line"]), high_industry=label(high["industry"]),
             high=fmt_share(high["margin_share"], digits=1),
             low_line=label(low["product_line"]), low_industry=label(low["industry"]),
             low=fmt_share(low["margin_share"], digits=1),
             amount=fmt_money(low["net_amount"], currency))


def read_mix(sales: Sales) -> str:
    """Say how the margin moved, and what the types' weights and their margins did to it."""
    table = sales.account_type_mix
    if table.empty:
        return theme.first_reason(sales.refused, "account_type_mix")
    mix, rate = table["mix_effect_share"].sum(), table["rate_effect_share"].sum()
    base = find_base(sales)
    text = _("The margin share moved by {change} percentage points against {base}: {mix} because "
             "sales moved between types of accounts, {rate} because the types' own margins moved.",
             change=_points(mix + rate), mix=_points(mix), rate=_points(rate),
             base=base["base_label"] if base else label("year_before"))
    largest = table.sort_values("rate_effect_share", key=abs, ascending=False,
                                kind="stable").to_dict("records")[0]
    return join_sentences([text, _("The largest own move: {name}, {points} points.",
                                   name=label(largest["category"]),
                                   points=_points(largest["rate_effect_share"]))])


def _fill(ax: Axes, margins: Any, amounts: Any) -> None:
    has_margin = bool(np.isfinite(margins).any())
    values = margins if has_margin else np.nan_to_num(amounts)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    scale = (values - low) / (high - low) if high > low else np.full(values.shape, 0.3)
    ax.pcolormesh(np.arange(values.shape[1] + 1), np.arange(values.shape[0] + 1),
                  np.ma.masked_invalid(scale), cmap="Blues", vmin=0, vmax=1.25, edgecolors="white",
                  linewidth=2)
    for y, x in np.ndindex(values.shape):
        amount = fmt_money(amounts[y, x]) if np.isfinite(amounts[y, x]) else ""
        text = f"{fmt_share(margins[y, x])}\n{amount}" if has_margin and amount else amount
        ax.text(x + 0.5, y + 0.5, text, ha="center", va="center", fontsize=8.5,
                color="white" if scale[y, x] > DARK * 1.25 else theme.INK)


def _largest(table: pd.DataFrame, column: str) -> list[Any]:
    """The names with most net sales, the one not given last."""
    sums = table[table[column] != "total"].groupby(column, sort=True)["net_amount"].sum()
    names = sums.sort_values(ascending=False, kind="stable").index.tolist()
    named = [name for name in names if name != "not_given"][:ROWS]
    return named + [name for name in names if name == "not_given"]


def _named_cells(sales: Sales) -> pd.DataFrame:
    table = sales.cross
    named = ~table[["industry", "product_line"]].isin(["total", "not_given"]).any(axis=1)
    large = (table["amount_share"] >= NAMED_SHARE) & (table["margin_known_share"] >= KNOWN_SHARE)
    return table[named & large & table["margin_share"].notna()].sort_values("margin_share")


def _cross_title(sales: Sales) -> str:
    cells = _named_cells(sales)
    if cells.empty:
        return _("Net sales of each industry and product line")
    low, high = cells.iloc[0], cells.iloc[-1]
    return _("Margin is highest for {high_line} in {high_industry}: {high}; lowest for {low_line} "
             "in {low_industry}: {low}", high_line=label(high["product_line"]),
             high_industry=label(high["industry"]), high=fmt_share(high["margin_share"]),
             low_line=label(low["product_line"]), low_industry=label(low["industry"]),
             low=fmt_share(low["margin_share"]))


def _points(share: Any) -> str:
    text = fmt_number(None if pd.isna(share) else share * 100, 1)
    return f"+{text}" if pd.notna(share) and share * 100 >= 0.05 else text
