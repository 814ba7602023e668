"""The loyalty index, its test, and loyalty beside satisfaction: charts and computed readings."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
)
from kamlib.loyalty import CLASSES, PARTS, Standing

# What a page shows of a wide table; the published one has every column.
INDEX_COLUMNS = ("account_id", "tier", "loyalty_index", *[f"{part}_index" for part in PARTS])
CLASSED_COLUMNS = ("account_id", "tier", "loyalty_class", "account_index", "loyalty_index",
                   "net_amount_window", "is_near_class_line")
CLASS_COLOURS = {"apostle": "#009e73", "mercenary": "#e69f00", "hostage": "#cc79a7",
                 "defector": "#d55e00"}


def plot_staying(result: Standing, *, ax: Axes | None = None) -> Axes:
    """How well each order of the accounts foretold who stayed, with intervals; 0.5 is chance."""
    ax = ax or theme.new_axes(8.0, 3.4)
    rows = result.staying
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "staying", "index"))
    places = np.arange(len(rows))
    ax.hlines(places, rows["roc_area_ci_low"], rows["roc_area_ci_high"], color=theme.INK,
              linewidth=1.2)
    ax.plot(rows["roc_area"], places, linestyle="", marker="o", markersize=7, color=theme.ACCENT)
    ax.axvline(0.5, color=theme.MUTED, linestyle="--", linewidth=1)
    best = rows.sort_values("roc_area", kind="stable").iloc[-1]
    ax.set_title(_("Best order of those who stayed: {predictor}, {share} of the pairs right",
                   predictor=label(best["predictor"]).lower(), share=fmt_share(best["roc_area"])))
    ax.set_yticks(places, [label(name) for name in rows["predictor"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    ax.set_xlabel(_("pairs of accounts in the right order (%); 50 % by chance"))
    theme.share_axis(ax, axis="x")
    return ax


def read_index(result: Standing) -> str:
    """Say what the index is made of, and how many accounts have one."""
    if result.index.empty:
        return theme.first_reason(result.refused, "index")
    counted = result.weights[result.weights["is_counted"].astype(bool)]
    parts = [_("{part} {share}", part=label(row["part"]).lower(),
               share=fmt_share(row["weight_share"])) for row in counted.to_dict("records")]
    n_scored = int(result.index["loyalty_index"].notna().sum())
    text = _("The index of {n} of {all} accounts is made of {parts}.", n=fmt_count(n_scored),
             all=fmt_count(len(result.index)), parts=join_items(parts))
    if result.rules.weight_amount > 0:
        return join_sentences([text, _("Amount is in it by rule, though it is value and not "
                                       "loyalty.")])
    return join_sentences([text, _("Amount is shown beside it and not in it: it is value, not "
                                   "loyalty.")])


def read_staying(result: Standing) -> str:
    """Say whether the index foretells staying better than tenure, and what does so best."""
    if result.staying.empty:
        return theme.first_reason(result.refused, "staying", "index")
    rows = {row["predictor"]: row for row in result.staying.to_dict("records")}
    index, tenure, silence = (rows[name] for name in ("loyalty_index", "tenure_alone",
                                                      "silence_alone"))
    values = {"index": fmt_share(index["roc_area"]), "tenure": fmt_share(tenure["roc_area"]),
              "difference": fmt_number(100 * index["difference"], 1),
              "span": fmt_range(100 * index["difference_ci_low"],
                                100 * index["difference_ci_high"], lambda x: fmt_number(x, 1))}
    told = {
        "better": _("The index foretells who stays better than tenure alone: of two accounts, one "
                    "that stayed and one that left, it ranks {index} right, tenure {tenure} "
                    "(difference {difference} points, {span}).", **values),
        "worse": _("The index foretells who stays worse than tenure alone: of two accounts, one "
                   "that stayed and one that left, it ranks {index} right, tenure {tenure} "
                   "(difference {difference} points, {span}).", **values),
        "cannot tell": _("Whether the index foretells staying better than tenure alone cannot be "
                         "told: of two accounts, one that stayed and one that left, it ranks "
                         "{index} right, tenure {tenure} (difference {difference} points, "
                         "{span}).", **values)}
    parts = [told[index["verdict"]], _(
        "{n} accounts on {days} days of the past, {left} times one left.",
        n=fmt_count(index["n_accounts"]), days=fmt_count(len(result.origins)),
        left=fmt_count(index["n_left"]))]
    if silence["roc_area"] > index["roc_area"]:
        parts.append(_("To foretell, the time since the last purchase alone does better ({share}): "
                       "the index says how accounts are bound, early warning who is about to "
                       "leave.", share=fmt_share(silence["roc_area"])))
    return join_sentences(parts)


def plot_classes(result: Standing, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Each account heard by satisfaction and loyalty, its area the sales, four classes."""
    ax = ax or theme.new_axes(8.5, 5.4)
    rows = result.classed
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "classed", "index"))
    largest = float(rows["net_amount_window"].clip(lower=0).max()) or 1.0
    for name in CLASSES:
        part = rows[rows["loyalty_class"] == name]
        area = 18 + 500 * part["net_amount_window"].clip(lower=0) / largest
        ax.scatter(part["account_index"], part["loyalty_index"], s=area, alpha=0.65,
                   color=CLASS_COLOURS[name], edgecolor="white", linewidth=0.6,
                   label=_("{name} (n = {n})", name=label(name), n=fmt_count(len(part))))
    ax.axvline(result.satisfied_line, color=theme.MUTED, linewidth=1)
    ax.axhline(result.rules.loyal_line_index, color=theme.MUTED, linewidth=1)
    held = rows[rows["loyalty_class"] == "hostage"]
    ax.set_title(_("Loyal though dissatisfied: {n} accounts with {amount} in {window}",
                   n=fmt_count(len(held)),
                   amount=fmt_money(held["net_amount_window"].sum(), currency)))
    ax.set_xlabel(_("satisfaction index (points)"))
    ax.set_ylabel(_("loyalty index (points)"))
    ax.set_ylim(0, 100)
    legend = ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=4)
    for handle in legend.legend_handles:
        handle.set_sizes([60])  # type: ignore[union-attr]
    return ax


def read_classes(result: Standing, *, currency: str = "") -> str:
    """Say the four classes with their sales, who was not heard, and how both indexes move."""
    if result.classes.empty:
        return theme.first_reason(result.refused, "classed", "index")
    rows = {row["loyalty_class"]: row for row in result.classes.to_dict("records")}
    told = [_("{name} {n} ({amount})", name=label(name),
              n=fmt_count(rows[name]["n_accounts"]),
              amount=fmt_money(rows[name]["net_amount"], currency)) for name in CLASSES]
    parts = [_("{classes}. Not heard: {n} accounts with {amount}.", classes=join_items(told),
               n=fmt_count(rows["unheard"]["n_accounts"]),
               amount=fmt_money(rows["unheard"]["net_amount"], currency)),
             _("{n} of these accounts lie so near a line that their class may be another.",
               n=fmt_count(sum(rows[name]["n_near"] for name in CLASSES)))]
    if result.correlation is not None:
        r, ends, n = result.correlation
        parts.append(_("Satisfaction and loyalty rank the accounts alike by {r} ({span}, n = {n}; "
                       "1: the same order, 0: no connection).", r=fmt_number(r, 2),
                       span=fmt_range(ends.low, ends.high, lambda x: fmt_number(x, 2)),
                       n=fmt_count(n)))
    return join_sentences(parts)
