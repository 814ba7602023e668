"""Where sales come from: by region, industry, channel, product line, type of account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.figures.comparison import (
    find_base,
    money_label,
    net_of,
    signed_money,
    signed_share,
)
from kamlib.labels import heading, label
from kamlib.language import (
    _,
    _n,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_share,
    join_sentences,
)
from kamlib.sales import Sales

WHERE = ("region", "industry", "channel", "product_line", "account_type")
BREAKDOWN_COLUMNS = ("dimension", "category", "n_accounts", "net_amount", "amount_share",
                     "year_before_net_amount", "year_before_growth_rate", "contribution_rate",
                     "margin_share", "largest_account_share")
ROW_COLUMNS = BREAKDOWN_COLUMNS[1:]
# Catalogue REC-02 and REC-03: how accounts and sales are spread over the categories.
DISTRIBUTION_COLUMNS = ("dimension", "category", "n_accounts", "account_share", "net_amount",
                        "amount_share", "mean_amount", "n_core")
ROWS = 8  # categories of one dimension that a chart with several has room for
# A title or reading names no part smaller than this.
NAMED_SHARE = 0.02
DOMINANT_SHARE = 0.4  # of a category, from which on its largest account is named
MAX_NAMED = 3
NO_NAME = "#c3c7cd"


def rows_of(sales: Sales, *dimensions: str) -> pd.DataFrame:
    """Return the rows of `breakdown` for some dimensions, in the order of the names."""
    parts = [sales.breakdown[sales.breakdown["dimension"] == name] for name in dimensions]
    return pd.concat(parts, ignore_index=True) if parts else sales.breakdown.iloc[:0]


def plot_where(sales: Sales, *, dimensions: Sequence[str] = WHERE, ax: Axes | None = None,
               currency: str = "") -> Axes:
    """Lying bars of several dimensions on one scale, the base a mark at each bar."""
    tables = [table for name in _given(sales, dimensions)
              if len(table := _shown(sales, name, limit=ROWS))]
    n_lines = sum(len(table) + 1 for table in tables)
    ax = ax or theme.new_axes(8.5, 1.6 + 0.25 * n_lines)
    if not tables:
        return theme.say_nothing(ax, _not_given(sales, *dimensions))
    names, places, top = [], [], n_lines
    for table in tables:
        dimension = str(table["dimension"].iloc[0])
        ax.annotate(heading(dimension), (0.0, top), xycoords=("axes fraction", "data"),
                    xytext=(4, 0), textcoords="offset points", va="center", fontsize=9.5,
                    fontweight="bold", color=theme.INK)
        at = np.arange(top - 1, top - 1 - len(table), -1)
        ax.barh(at, table["net_amount"], height=0.66, label=f"{heading(dimension)}",
                color=[_colour(name) for name in table["category"]])
        _write_ends(ax, table, at, currency)
        names += [_tick(x) for x in table["category"]]
        places += at.tolist()
        top -= len(table) + 1
    base, every = find_base(sales), pd.concat(tables)
    if base:
        ax.plot(every["base"].to_numpy("float64"), places, linestyle="", marker="|",
                markersize=12, markeredgewidth=2.6, color=theme.CATEGORY[1],
                label=_("mark: {base}", base=base["base_label"]))
    ax.set_yticks(places)
    ax.yaxis.set_major_formatter(FixedFormatter(names))
    ax.set_ylim(0.2, n_lines + 0.7)
    ax.set_title(_moves_title(sales, every, currency))
    _finish(ax, sales, currency)
    ax.legend(handles=ax.lines[:1], loc="lower right")
    return ax


def read_where(sales: Sales, *, dimensions: Sequence[str] = WHERE, currency: str = "",
               names: Mapping[str, str] | None = None) -> str:
    """Say what brings most in each dimension, where one account dominates, what is not given."""
    dimensions = _given(sales, dimensions)
    rows = rows_of(sales, *dimensions)
    named = rows[~rows["category"].isin(["total", "not_given"]) & rows["net_amount"].notna()]
    if named.empty:
        return _not_given(sales, *dimensions)
    first = named.sort_values("net_amount", ascending=False, kind="stable").drop_duplicates(
        "dimension").set_index("dimension").to_dict("index")
    most = fmt_list(
        _("{name} ({dimension}; {amount}, {share})", name=label(first[dimension]["category"]),
          dimension=heading(dimension).lower(),
          amount=fmt_money(first[dimension]["net_amount"], currency),
          share=fmt_share(first[dimension]["amount_share"]))
        for dimension in dimensions if dimension in first)
    texts = [_("Most net sales come from {parts}.", parts=most)]
    large = named[(named["amount_share"] >= NAMED_SHARE) & (named["n_accounts"] > 1)
                  & (named["largest_account_share"] >= DOMINANT_SHARE)]
    texts += [_("In {name} one account, {account}, brings {share}.", name=label(row["category"]),
                account=(names or {}).get(str(row["largest_account_id"]),
                                          row["largest_account_id"]),
                share=fmt_share(row["largest_account_share"]))
              for row in large.to_dict("records")[:MAX_NAMED]]
    unknown = rows[(rows["category"] == "not_given") & (rows["net_amount"] != 0)]
    if len(unknown):
        lacking = fmt_list(
            _("{dimension} of {amount} ({share})", dimension=heading(row["dimension"]).lower(),
              amount=fmt_money(row["net_amount"], currency),
              share=fmt_share(row["amount_share"], digits=1))
            for row in unknown.to_dict("records"))
        texts.append(_("Not given: {parts}.", parts=lacking))
    return join_sentences(texts)


def read_ties(sales: Sales, *, currency: str = "") -> str:
    """Say that the totals of all dimensions are the ledger's net sales, or which are not."""
    net = net_of(sales)
    if pd.isna(net) or sales.breakdown.empty:
        return theme.first_reason(sales.refused, "breakdown", "concentration")
    totals = sales.breakdown[sales.breakdown["category"] == "total"]
    # Half a cent: sums of many amounts differ in their last bits.
    off = totals[(totals["net_amount"].astype("float64") - net).abs() >= 0.005]
    amount = fmt_number(net, 2)
    if off.empty:
        return _n("The total of {n} breakdown is the ledger's net sales of {amount}, to the cent.",
                  "The totals of all {n} breakdowns are the ledger's net sales of {amount}, to "
                  "the cent.", len(totals), amount=amount)
    return _("The ledger's net sales are {amount}; these breakdowns give another total: {names}.",
             amount=amount, names=fmt_list(
                 f"{heading(row['dimension'])} {fmt_number(row['net_amount'], 2)}"
                 for row in off.to_dict("records")))


def _given(sales: Sales, dimensions: Sequence[str]) -> list[str]:
    """Those of the dimensions that the data has; all it has where that is none of them."""
    there = sales.breakdown["dimension"].drop_duplicates().tolist()
    # Core accounts have grown by their making, so the tier comes last.
    others = [name for name in there if name != "tier"]
    return [name for name in dimensions if name in there] or others or there


def _not_given(sales: Sales, *dimensions: str) -> str:
    names = fmt_list(heading(name) for name in dimensions or WHERE)
    return sales.refused.get("breakdown") or _("Not given in the data: {names}.", names=names)


def _shown(sales: Sales, dimension: str, *, limit: int) -> pd.DataFrame:
    """Categories of a dimension, largest first, the rest as one row, those not given last."""
    rows = sales.breakdown[(sales.breakdown["dimension"] == dimension)
                           & (sales.breakdown["category"] != "total")]
    base = find_base(sales)
    column = f"{base['comparison']}_net_amount" if base else "net_amount"
    rows = rows.assign(base=rows[column].astype("float64") if base else np.nan,
                       net_amount=rows["net_amount"].astype("float64"))
    rows = rows[["dimension", "category", "net_amount", "amount_share", "base"]]
    named = rows[rows["category"] != "not_given"].sort_values(
        ["net_amount", "category"], ascending=[False, True])
    rest = named.iloc[limit:]
    if len(rest):
        one = {"dimension": dimension, "category": _n("{n} other", "{n} others", len(rest)),
               **rest[["net_amount", "amount_share", "base"]].sum(min_count=1).to_dict()}
        named = pd.concat([named.iloc[:limit], pd.DataFrame([one])])
    unknown = rows[(rows["category"] == "not_given")
                   & (rows[["net_amount", "base"]].fillna(0).ne(0).any(axis=1))]
    return pd.concat([named, unknown], ignore_index=True)


def _moves_title(sales: Sales, table: pd.DataFrame, currency: str) -> str:
    base = find_base(sales)
    named = table[table["category"] != "not_given"]
    moves = named.assign(change=named["net_amount"] - named["base"]).dropna(subset="change")
    if named.empty:
        return _("Where sales come from is not given")
    if base is None or moves.empty:
        top = named.sort_values("net_amount", ascending=False, kind="stable").to_dict("records")[0]
        return _("Most net sales come from {name}: {amount}", name=label(top["category"]),
                 amount=fmt_money(top["net_amount"], currency))
    rows = moves.sort_values("change", ascending=False, kind="stable").to_dict("records")
    is_mixed = named["dimension"].nunique() > 1
    said = {place: _("{name} {amount}", name=_full_name(row) if is_mixed
                     else label(row["category"]), amount=signed_money(row["change"], currency))
            for place, row in (("gain", rows[0]), ("loss", rows[-1]))}
    return _say_moves(moves["change"], said, str(base["base_label"]))


def _full_name(row: dict[Any, Any]) -> str:
    return _("{name} ({dimension})", name=label(row["category"]),
             dimension=heading(row["dimension"]).lower())


def _say_moves(changes: pd.Series, said: dict[str, str], base: str) -> str:
    if changes.max() > 0 > changes.min():
        return _("Against {base}, most gained: {gain}; most lost: {loss}", base=base, **said)
    if changes.max() > 0:
        return _("Against {base}, no part lost; most gained: {gain}", base=base, gain=said["gain"])
    if changes.min() < 0:
        return _("Against {base}, no part gained; most lost: {loss}", base=base, loss=said["loss"])
    return _("No part changed against {base}", base=base)


def _write_ends(ax: Axes, table: pd.DataFrame, places: Any, currency: str) -> None:
    for row, y in zip(table.to_dict("records"), places, strict=True):
        text = fmt_money(row["net_amount"])
        if pd.notna(row["base"]):
            change = row["net_amount"] - row["base"]
            text = _("{amount} ({change})", amount=text, change=signed_money(change, ""))
            if row["base"] > 0:
                text = _("{amount} ({change}, {share})", amount=fmt_money(row["net_amount"]),
                         change=signed_money(change, ""), share=signed_share(change / row["base"]))
        ends = [x for x in (row["net_amount"], row["base"], 0.0) if pd.notna(x)]
        ax.annotate(text, (max(ends), y), xytext=(7, 0), textcoords="offset points", va="center",
                    fontsize=8.5, color=theme.INK)


def _finish(ax: Axes, sales: Sales, currency: str) -> None:
    base = find_base(sales)
    text = _("net sales of {period}", period=sales.period.label)
    if base:
        text = _("net sales of {period}; behind it the change against {base}",
                 period=sales.period.label, base=base["base_label"])
        ax.legend(loc="lower right")
    ax.set_xlabel(money_label(text, currency))
    ax.margins(x=0.3)
    ax.set_xlim(left=min(0.0, 1.05 * float(ax.dataLim.x0)))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.amount_axis(ax, axis="x")


def _tick(category: Any) -> str:
    return theme.wrap(label(category), width=28)


def _colour(category: Any) -> str:
    return NO_NAME if category == "not_given" else theme.ACCENT
