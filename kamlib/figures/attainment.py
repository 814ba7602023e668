"""Targets against what was reached, as chart and reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import _, _n, fmt_count, fmt_money, fmt_month, fmt_share, join_sentences
from kamlib.period import Period
from kamlib.sales import Sales

# What a page shows of a wide table; the published one has every column.
ATTAINMENT_COLUMNS = ("scope", "scope_id", "metric", "from_date", "to_date", "target", "actual",
                      "attainment_rate", "target_gap", "verdict", "pace")

TARGETS = 16  # targets that a chart has room for
METRICS = ("net_amount", "net_revenue")
SCOPES = ("company", "region", "product_line", "owner", "account")
BEHIND, AHEAD = theme.VERDICT_COLOURS["not met"], theme.VERDICT_COLOURS["met"]


def plot_attainment(sales: Sales, *, ax: Axes | None = None, currency: str = "",
                    names: Mapping[str, str] | None = None) -> Axes:
    """Lying bars: share of each target reached; a mark where the pace should be by now."""
    table = _targets(sales)
    shown = table.head(TARGETS).iloc[::-1]
    ax = ax or theme.new_axes(8.5, 1.7 + 0.34 * max(2, len(shown)))
    if table.empty:
        return theme.say_nothing(ax, theme.first_reason(sales.refused, "attainment"))
    places = np.arange(len(shown))
    is_mixed = shown[["from_date", "to_date"]].drop_duplicates().shape[0] > 1
    rates = shown["attainment_rate"].to_numpy("float64")
    ax.barh(places, rates, height=0.62, color=[_pace_colour(row) for row in
                                               shown.to_dict("records")])
    expected = (shown["expected_amount"] / shown["target"]).to_numpy("float64")
    if (shown["elapsed_share"] < 1).any():  # else the mark would be the target itself
        ax.plot(expected, places, linestyle="", marker="|", markersize=15, markeredgewidth=2.2,
                color=theme.INK, label=_("expected by now"))
    ax.axvline(1, color=theme.MUTED, linewidth=1, linestyle="--")
    ends = np.fmax(np.nan_to_num(expected), rates)
    for row, y, end in zip(shown.to_dict("records"), places, ends, strict=True):
        ax.annotate(_("{actual} of {target}", actual=fmt_money(row["actual"]),
                      target=fmt_money(row["target"], currency)), (max(0.0, end), y),
                    xytext=(8, 0), textcoords="offset points", va="center", fontsize=8.5,
                    color=theme.INK)
    ax.set_yticks(places)
    ax.yaxis.set_major_formatter(FixedFormatter([
        theme.wrap(_scope_name(row, names or {}, sales.period, is_mixed), width=30)
        for row in shown.to_dict("records")]))
    ax.set_title(_attainment_title(table, currency))
    ax.set_xlabel(_axis_label(shown, len(table) - len(shown), "" if is_mixed else _span(
        shown.to_dict("records")[0])))
    ax.set_xlim(min(0.0, float(np.nanmin(rates))), max(1.05, float(np.nanmax(ends))) * 1.3)
    _lying(ax)
    theme.share_axis(ax, axis="x")
    return ax


def read_attainment(sales: Sales, *, currency: str = "",
                    names: Mapping[str, str] | None = None) -> str:
    """Say how many targets are ahead and behind, and where most money is missing."""
    table = _targets(sales)
    if table.empty:
        return theme.first_reason(sales.refused, "attainment")
    behind = table[_is_behind(table)]
    behind = behind.assign(short=behind["expected_amount"] - behind["actual"]).sort_values(
        ["short", "scope_id"], ascending=[False, True])
    texts = [_n("{n} of {total} targets is missed or behind what is expected by now.",
                "{n} of {total} targets are missed or behind what is expected by now.",
                len(behind), total=fmt_count(len(table)))]
    if len(behind):
        row = behind.to_dict("records")[0]
        texts.append(_("Most is missing at {name}: {gap}, with {share} of the target reached.",
                       name=_scope_name(row, names or {}, sales.period),
                       gap=fmt_money(row["short"], currency),
                       share=fmt_share(row["attainment_rate"])))
    return join_sentences(texts)


def _targets(sales: Sales) -> pd.DataFrame:
    """Targets of net sales with a result, the widest scope first and the lowest first in it.

    Of each scope those for the period itself; else those for the shortest time that covers it,
    else for the longest inside it.
    """
    table = sales.attainment
    table = table[table["metric"].isin(METRICS) & table["attainment_rate"].notna()]
    if table.empty:
        return table
    start, end = pd.Timestamp(sales.period.start), pd.Timestamp(sales.period.end)
    days = (table["to_date"] - table["from_date"]).dt.days
    covers = (table["from_date"] <= start) & (table["to_date"] >= end)
    table = table.assign(_rank=days.where(covers, 10**6 - days), _order=table["scope"].map(
        {scope: at for at, scope in enumerate(SCOPES)}))
    table = table[table["_rank"] == table.groupby("scope")["_rank"].transform("min")]
    return table.sort_values(["_order", "attainment_rate", "scope_id"],
                             ignore_index=True).drop(columns=["_order", "_rank"])


def _is_behind(table: pd.DataFrame) -> pd.Series:
    return (table["verdict"] == "not met") | (table["pace"] == "behind")


def _pace_colour(row: Mapping[Any, Any]) -> str:
    if row["verdict"] == "not met" or row["pace"] == "behind":
        return BEHIND
    if row["verdict"] == "met" or row["pace"] == "ahead":
        return AHEAD
    return theme.MUTED


def _scope_name(row: Mapping[Any, Any], names: Mapping[str, str], period: Period,
                is_mixed: bool = True) -> str:
    name = str(row["scope_id"])
    name = names.get(name, name) if row["scope"] == "account" else label(name)
    if row["scope"] == "company":
        name = label("company")
    ends = (row["from_date"].date(), row["to_date"].date())
    if ends == (period.start, period.end) or not is_mixed:
        return name
    return _("{name}, {span}", name=name, span=_span(row))


def _span(row: Mapping[Any, Any]) -> str:
    return _("{start} to {end}", start=fmt_month(row["from_date"]), end=fmt_month(row["to_date"]))


def _axis_label(shown: pd.DataFrame, n_left: int, span: str) -> str:
    reached = _("share of the target reached (%)")
    if span:
        reached = _("share of the target for {span} reached (%)", span=span)
    if (shown["elapsed_share"] < 1).any():
        reached = _("{reached}; the mark is what is expected by now", reached=reached)
    if not n_left:
        return reached
    return _n("{reached}; {n} more in the table", "{reached}; {n} more in the table", n_left,
              reached=reached)


def _attainment_title(table: pd.DataFrame, currency: str) -> str:
    n_behind = int(_is_behind(table).sum())
    count = _n("{n} of {total} targets is missed or behind",
               "{n} of {total} targets are missed or behind", n_behind,
               total=fmt_count(len(table)))
    top = table.to_dict("records")[0]
    if top["scope"] != "company":
        return count
    return _("The company reached {actual} of its target of {target} ({share}); {count}",
             actual=fmt_money(top["actual"], currency), target=fmt_money(top["target"], currency),
             share=fmt_share(top["attainment_rate"]), count=count)


def _lying(ax: Axes) -> None:
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
