"""The account review as charts, tables and sentences; each from one table of the review."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.figures.comparison import money_label
from kamlib.labels import heading, label
from kamlib.language import (
    _,
    _n,
    fmt_amount,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_month,
    fmt_share,
    join_sentences,
)
from kamlib.review.quota import PARTS

PART_COLOURS = {"no_demand_quantity": theme.FAINT, "supply_short_quantity": "#e69f00",
                "not_ordered_quantity": "#d55e00", "over_order_quantity": "#56b4e9"}
QUOTA_COLUMNS = ("product_line", "n_split_months", "quota_quantity", "ordered_quantity",
                 "fill_share", *PARTS)
MIX_COLUMNS = ("product_line", "net_amount_period", "net_amount_window", "amount_share",
               "peer_amount_share", "n_products_bought", "peer_n_products", "n_products_offered")
GOODS_COLUMNS = ("product_name", "product_line", "quantity_period", "net_amount_period",
                 "amount_share")
N_GOODS = 8
GAP_COLUMNS = ("product_name", "product_line", "n_peer_buyers", "n_peers", "peer_buyer_share",
               "peer_buyer_share_ci_low", "peer_buyer_share_ci_high")
TREND_COLUMNS = ("comparison", "now_label", "base_label", "now_net_amount", "base_net_amount",
                 "change_amount", "change_rate", "quantity_change_rate")


def name_items(table: pd.DataFrame) -> pd.DataFrame:
    """Name the facts of a header, card or note: item by its heading, content by its label."""
    if table.empty:
        return table
    table = table[table["content"] != ""]
    names = [heading(item) if heading(item) != item else label(item) for item in table["item"]]
    return table.assign(item=names, content=[label(text) for text in table["content"]])


def _axes(height: float, *, left: float = 0.27, below: float = 0.65) -> Axes:
    """Axes with fixed margins (inches below and above, share on the left).

    Hundreds of pages are drawn in one run, and finding margins takes half of the time of a chart.
    """
    ax = theme.new_axes(8.0, height)
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.set_layout_engine(None)
        figure.subplots_adjust(left=left, right=0.97, top=1 - 0.6 / height, bottom=below / height)
    return ax


def plot_months(months: pd.DataFrame, *, currency: str = "", ax: Axes | None = None) -> Axes:
    """Net sales of the last twelve months as bars, the year before as marks."""
    ax = _axes(3.3, left=0.11, below=0.35) if ax is None else ax
    places = np.arange(len(months))
    ax.bar(places, months["net_amount"], color=theme.ACCENT, width=0.62, label=_("these months"))
    if months["year_before_amount"].notna().any():
        ax.plot(places, months["year_before_amount"], color=theme.INK, marker="_", markersize=16,
                markeredgewidth=2, linestyle="none", label=_("the same month a year before"))
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.2 * (high - low))  # room for the legend above the bars
        ax.legend(loc="upper left", ncols=2)
    # Every second month is named: twelve names do not fit beside each other.
    ax.set_xticks(places[::2], [f"{m:%Y-%m}" for m in months["month"][::2]])
    theme.amount_axis(ax)
    ax.set_ylabel(money_label(heading("net_amount"), currency))
    ax.set_title(_months_title(months, currency))
    return ax


def _months_title(months: pd.DataFrame, currency: str) -> str:
    n_none = int((months["net_amount"] == 0).sum())
    best = months.iloc[int(months["net_amount"].to_numpy().argmax())]
    told = {"month": fmt_month(best["month"]), "amount": fmt_money(best["net_amount"], currency)}
    if n_none:
        return _n("{month} was the best month with {amount}; {n} month had no sales",
                  "{month} was the best month with {amount}; {n} months had no sales", n_none,
                  **told)
    return _("{month} was the best of the months with {amount}", **told)


def read_trend(trend: pd.DataFrame, *, currency: str = "") -> str:
    """Say the change against each base that is known, naming it every time."""
    said, unknown = [], []
    for row in trend.to_dict("records"):
        told = {"now": row["now_label"], "base": row["base_label"],
                "amount": fmt_money(row["now_net_amount"], currency)}
        if pd.isna(row["base_net_amount"]):
            unknown.append(row["base_label"])
        elif pd.isna(row["change_rate"]):
            said.append(_("{now}: {amount}; in {base} there were no sales to compare with.",
                          **told))
        elif abs(row["change_rate"]) < 0.0005:
            said.append(_("{now}: {amount}, as in {base}.", **told))
        else:
            told["change"] = fmt_share(abs(row["change_rate"]), 1)
            said.append(_("{now}: {amount}, {change} more than in {base}.", **told)
                        if row["change_rate"] > 0 else
                        _("{now}: {amount}, {change} less than in {base}.", **told))
    if unknown:
        said.append(_("Not compared, since the known history does not hold them: {bases}.",
                      bases=fmt_list(unknown)))
    return join_sentences(said)


def read_months(months: pd.DataFrame, *, currency: str = "") -> str:
    """Name the month with the least sales, or say how many had none."""
    n_none = int((months["net_amount"] == 0).sum())
    if n_none > 1:
        return _("{n} of {n_of} months had no sales.", n=fmt_count(n_none),
                 n_of=fmt_count(len(months)))
    low = months.iloc[int(months["net_amount"].to_numpy().argmin())]
    return _("The lowest month was {month} with {amount}.", month=fmt_month(low["month"]),
             amount=fmt_money(low["net_amount"], currency))


def plot_mix(mix: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Share of each product line in what the account buys, beside like accounts."""
    ax = _axes(1.6 + 0.45 * max(2, len(mix))) if ax is None else ax
    places = np.arange(len(mix))
    ax.barh(places, mix["amount_share"].fillna(0), color=theme.ACCENT, height=0.55,
            label=_("this account"))
    if mix["peer_amount_share"].notna().any():
        ax.plot(mix["peer_amount_share"], places, color=theme.INK, marker="|", markersize=16,
                markeredgewidth=2, linestyle="none", label=_("mean of like accounts"))
        ax.legend(loc="lower right")
    names = [theme.wrap(str(name) or _("no product line"), width=24) for name in
             mix["product_line"]]
    ax.set_yticks(places, names)
    ax.set_ylim(len(mix) - 0.4, -0.6)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    theme.share_axis(ax, axis="x")
    ax.set_xlabel(heading("amount_share"))
    top = mix.iloc[0]
    ax.set_title(_("{line} is {share} of what this account buys",
                   line=str(top["product_line"]) or _no_line(), share=fmt_share(
                       top["amount_share"])))
    return ax


def _no_line() -> str:
    return _("What has no product line")


def read_mix(mix: pd.DataFrame) -> str:
    """Say which lines are bought, and where the range is narrower than at like accounts."""
    bought = mix[mix["n_products_bought"] > 0]
    named = mix[mix["product_line"] != ""]
    none = named.loc[named["n_products_bought"] == 0, "product_line"]
    said = [_("The account bought of {n} of {n_of} product lines.",
              n=fmt_count((bought["product_line"] != "").sum()), n_of=fmt_count(len(named)))]
    if len(none):
        said.append(_("Nothing was bought of {lines}.", lines=fmt_list(none)))
    known = mix["n_peers"].dropna()
    if len(known):
        group = label(mix["peer_group"].iloc[0])
        said.append(_("Like accounts: {group} ({n}).", n=fmt_count(known.iloc[0]), group=group))
    else:
        said.append(_("Too few accounts are alike to compare with."))
    return join_sentences(said)


def read_goods(goods: pd.DataFrame) -> str:
    """Say how many products were bought, and how much the first few are of it."""
    top = goods.head(N_GOODS)
    return _n("{n} product was bought in the period.",
              "{n} products were bought in the period; the first {n_top} are {share} of it.",
              len(goods), n_top=fmt_count(len(top)), share=fmt_share(top["amount_share"].sum()))


def read_gaps(gaps: pd.DataFrame) -> str:
    """Name the product most like accounts hold and this one does not."""
    row = gaps.iloc[0]
    return _("{n} of {n_of} like accounts ({group}) buy {product}, this one does not.",
             n=fmt_count(row["n_peer_buyers"]), n_of=fmt_count(row["n_peers"]),
             group=label(row["peer_group"]), product=row["product_name"])


def plot_quota(lines: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Why quota and orders differ, by product line, in pieces."""
    ax = _axes(2.1 + 0.5 * max(2, len(lines)), below=1.2) if ax is None else ax
    places, base = np.arange(len(lines)), np.zeros(len(lines))
    for part in PARTS[:3]:
        values = lines[part].to_numpy(dtype="float64")
        ax.barh(places, values, left=base, color=PART_COLOURS[part], height=0.5,
                label=heading(part))
        base = base + values
    over = lines["over_order_quantity"].to_numpy(dtype="float64")
    ax.barh(places, -over, color=PART_COLOURS["over_order_quantity"], height=0.5,
            label=heading("over_order_quantity"))
    ax.axvline(0, color=theme.INK, linewidth=1.0)
    ax.set_yticks(places, [theme.wrap(str(n), width=24) for n in lines["product_line"]])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    theme.count_axis(ax, axis="x")
    ax.set_xlabel(_("pieces: not used to the right, ordered beyond to the left"))
    ax.legend(loc="upper center", bbox_to_anchor=(0.36, -0.32), ncols=2)
    ax.set_title(_quota_title(lines))
    return ax


def _quota_title(lines: pd.DataFrame) -> str:
    sums = lines[list(PARTS)].sum()
    if not sums[list(PARTS[:3])].sum():
        return _("The quota was used to the full")
    largest = str(sums[list(PARTS[:3])].idxmax())
    words = {"no_demand_quantity": _("Most of the unused quota was not asked for"),
             "supply_short_quantity": _("Most of the unused quota could not be delivered"),
             "not_ordered_quantity": _("Most of the unused quota was wanted and there, but not "
                                       "ordered")}
    return words[largest]


def read_quota(lines: pd.DataFrame) -> str:
    """Say of each product line how much of the quota was ordered, and why the rest was not."""
    said = []
    for row in lines.head(4).to_dict("records"):
        parts = [_("{n} not asked for", n=fmt_amount(row["no_demand_quantity"])),
                 _("{n} not deliverable", n=fmt_amount(row["supply_short_quantity"])),
                 _("{n} not ordered", n=fmt_amount(row["not_ordered_quantity"]))]
        kept = [part for part, name in zip(parts, PARTS, strict=False) if row[name] > 0]
        told = {"line": row["product_line"], "ordered": fmt_amount(row["ordered_quantity"]),
                "quota": fmt_amount(row["quota_quantity"]),
                "over": fmt_amount(row["over_order_quantity"]), "parts": fmt_list(kept)}
        if kept and row["over_order_quantity"] > 0:
            said.append(_("{line}: {ordered} ordered at a quota of {quota} pieces; {parts}, and "
                          "{over} beyond what was asked for or there.", **told))
        elif kept:
            said.append(_("{line}: {ordered} ordered at a quota of {quota} pieces; {parts}.",
                          **told))
        elif row["over_order_quantity"] > 0:
            said.append(_("{line}: {ordered} ordered at a quota of {quota} pieces, {over} beyond "
                          "what was asked for or there.", **told))
        else:
            said.append(_("{line}: {ordered} ordered, the whole quota.", **told))
    n_open = int((lines["n_quota_months"] - lines["n_split_months"]).sum())
    if n_open:
        said.append(_n("{n} month is left out, since demand or supply is not known.",
                       "{n} months are left out, since demand or supply is not known.", n_open))
    return join_sentences(said)


def plot_retail_margins(margins: pd.DataFrame, *, currency: str = "", ax: Axes | None = None
                        ) -> Axes:
    """The retailer's margin by product line and brand, in money."""
    rows, column = margins.head(10), "retail_margin_amount"
    ax = _axes(1.6 + 0.42 * max(2, len(rows)), left=0.3) if ax is None else ax
    places = np.arange(len(rows))
    ax.barh(places, rows[column].fillna(0), color=theme.ACCENT, height=0.55)
    ax.set_yticks(places, [theme.wrap(name_brand(row), width=30) for row in
                           rows.to_dict("records")])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    theme.amount_axis(ax, axis="x")
    ax.set_xlabel(money_label(heading(column), currency))
    ax.set_title(_("The retailer's margin: {name} brings most, {amount}",
                   name=name_brand(rows.iloc[0].to_dict()),
                   amount=fmt_money(rows.iloc[0][column], currency)))
    return ax


def name_brand(row: Any) -> str:
    """Return a product line and brand as one name."""
    told = " · ".join(str(row[key]) for key in ("product_line", "brand") if row[key])
    return told or _("neither line nor brand given")


def read_margins(margins: pd.DataFrame, *, currency: str = "", line: float = 500.0) -> str:
    """Say our margin in money and as a rate, and which brands reach the line."""
    known = margins["margin_known_amount"].sum()
    told = {"amount": fmt_money(margins["margin_amount"].sum(), currency),
            "rate": fmt_share(margins["margin_amount"].sum() / known, 1),
            "share": fmt_share(known / margins["net_amount"].sum())
            if margins["net_amount"].sum() else "–"}
    first = _("Our margin in the period is {amount}, {rate} of the sales with known cost ({share} "
              "of all).", **told)
    return join_sentences([first, _over_line(margins, line, currency)])


def read_retail_margins(margins: pd.DataFrame, *, currency: str = "", line: float = 500.0) -> str:
    """Say the retailer's margin in money and as a rate, and which brands reach the line."""
    amount, total = margins["retail_margin_amount"].sum(), margins["retail_amount"].sum()
    first = _("At the stated retail prices the retailer's margin on what it bought in the period "
              "is {amount}, {rate} of the retail amount.", amount=fmt_money(amount, currency),
              rate=fmt_share(amount / total, 1))
    return join_sentences([first, _over_line(margins, line, currency)])


def _over_line(margins: pd.DataFrame, line: float, currency: str) -> str:
    over = margins[margins["is_over_line"].astype(bool)]
    told = {"line": fmt_money(line, currency), "n": fmt_count(len(over)),
            "n_of": fmt_count(len(margins))}
    if over.empty:
        return _("None of {n_of} brands reaches {line} a month.", n_of=told["n_of"],
                 line=told["line"])
    names = fmt_list(name_brand(row) for row in over.head(3).to_dict("records"))
    return _("{n} of {n_of} brands reach {line} a month, first {names}.", names=names, **told)


def name_codes(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Return a table with the codes of these columns named."""
    if table.empty:
        return table
    return table.assign(**{column: [label(code) for code in table[column]] for column in columns})
