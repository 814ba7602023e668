"""Complaints as charts and computed readings: how many, how fast, about what, from whom."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.figures.lifecycle import heat_map
from kamlib.figures.naming import name_points
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
    name_currency,
)
from kamlib.satisfaction import Complaints
from kamlib.satisfaction.complaints.handover import (
    call_class,
    describe_change,
    describe_silent,
    find,
    rate,
    ratio,
)

# What a page shows of a wide table; the published one has every column.
COUNT_COLUMNS = ("span", "from_date", "to_date", "n_complaints", "n_not_complaints",
                 "n_complaining_accounts", "n_orders", "complaints_per_100",
                 "complaints_per_100_ci_low", "complaints_per_100_ci_high")
CHANGE_COLUMNS = ("compared", "n_complaints", "n_complaints_before", "clumping", "rate_ratio",
                  "rate_ratio_ci_low", "rate_ratio_ci_high", "movement")
GROUP_COLUMNS = ("grouped_by", "group", "n_complaints", "n_complaints_before",
                 "complaints_per_100", "complaints_per_100_ci_low", "complaints_per_100_ci_high",
                 "rate_ratio", "rate_ratio_ci_low", "rate_ratio_ci_high", "movement")
LINK_COLUMNS = ("compared", "n_accounts", "rank_correlation", "rank_correlation_ci_low",
                "rank_correlation_ci_high", "verdict")
ACCOUNT_COLUMNS = ("account_id", "owner_id", "n_complaints", "n_open", "complaints_per_100",
                   "complaints_per_100_ci_low", "complaints_per_100_ci_high",
                   "main_class", "account_index", "net_amount_window")
SILENT_COLUMNS = ("account_id", "owner_id", "account_index", "lowest_item", "n_orders",
                  "net_amount_window")
MAX_GROUPS, N_NAMED = 12, 8


def plot_rate(result: Complaints, *, ax: Axes | None = None) -> Axes:
    """Complaints for a hundred orders, three months at a time, with intervals."""
    ax = ax or theme.new_axes(8.6, 4.2)
    table = result.quarters
    known = table[table["complaints_per_100"].notna()]
    if known.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "quarters", "log"))
    x = np.arange(len(known))
    value, low, high = (known[f"complaints_per_100{end}"].to_numpy("float64")
                        for end in ("", "_ci_low", "_ci_high"))
    ax.fill_between(x, low, high, color=theme.ACCENT, alpha=0.15, linewidth=0,
                    label=_("what chance alone allows"))
    ax.plot(x, value, color=theme.ACCENT, marker="o", linewidth=1.8)
    for place, row in zip(x, known.to_dict("records"), strict=True):
        ax.annotate(fmt_count(row["n_complaints"]), (float(place), row["complaints_per_100"]),
                    xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8.5,
                    color=theme.INK)
    ax.set_xticks(x, [pd.Timestamp(day).strftime("%Y-%m") for day in known["to_date"]])
    ax.tick_params(axis="x", labelrotation=45 if len(known) > 8 else 0)
    ax.set_ylim(0, max(high.max() * 1.08, 1))
    ax.set_ylabel(_("complaints for 100 orders"))
    ax.set_xlabel(_("three months to … (above the marks: number of complaints)"))
    ax.set_title(describe_change(result).rstrip(".。"))
    ax.legend(loc="upper left", fontsize=9)
    return ax


def read_rate(result: Complaints) -> str:
    """Say how many complaints the period has, against the two periods before."""
    now = find(result.counts, span="period")
    if now is None:
        return theme.first_reason(result.refused, "log")
    said = [_n("{n} complaint came in {period}.", "{n} complaints came in {period}.",
               int(now["n_complaints"]), period=result.period.label)]
    if pd.notna(now["complaints_per_100"]):
        said = [_n("{n} complaint came in {period}: {rate} for 100 orders ({range}).",
                   "{n} complaints came in {period}: {rate} for 100 orders ({range}).",
                   int(now["n_complaints"]), period=result.period.label,
                   rate=rate(now["complaints_per_100"]), range=fmt_range(
                       now["complaints_per_100_ci_low"], now["complaints_per_100_ci_high"], rate))]
    parts = [_say_compared(row) for row in result.changes.to_dict("records") if row["movement"]]
    if parts:
        said.append(_("Against {parts}.", parts=join_items(parts)))
    if now["n_not_complaints"]:
        said.append(_n("{n} further entry of the log is advice or a request and is counted apart.",
                       "{n} further entries of the log are advice or requests and are counted "
                       "apart.", int(now["n_not_complaints"])))
    if result.n_left_out:
        said.append(_n("{n} entry belongs to no customer known on {day} and is left out.",
                       "{n} entries belong to no customer known on {day} and are left out.",
                       result.n_left_out, day=fmt_date(result.as_of)))
    return join_sentences(said)


def _say_compared(row: dict[Hashable, Any]) -> str:
    known = {"span": label(f"compared_{row['compared']}"), "movement": label(row["movement"])}
    if pd.isna(row["rate_ratio"]):
        return _("{span}: {movement}", **known)
    return _("{span}: × {ratio} ({range}), {movement}", **known, ratio=ratio(row["rate_ratio"]),
             range=fmt_range(row["rate_ratio_ci_low"], row["rate_ratio_ci_high"], ratio))


def plot_classes(result: Complaints, *, by: str = "complaint_class", ax: Axes | None = None
                 ) -> Axes:
    """Bars: complaints of each class in the window, and in the one before."""
    rows = result.groups[result.groups["grouped_by"] == by].head(MAX_GROUPS)
    ax = ax or theme.new_axes(8.4, 1.6 + 0.45 * max(3, len(rows)))
    if rows.empty or not rows["n_complaints"].sum():
        return theme.say_nothing(ax, theme.first_reason(result.refused, "groups", "log"))
    y = np.arange(len(rows))[::-1]
    now = rows["n_complaints"].to_numpy("float64")
    before = rows["n_complaints_before"].to_numpy("float64", na_value=np.nan)
    colours = [theme.BAD if moved == "rose" else theme.ACCENT for moved in rows["movement"]]
    ax.barh(y + 0.18, now, height=0.36, color=colours)
    if not np.isnan(before).all():
        ax.barh(y - 0.2, np.nan_to_num(before), height=0.32, color=theme.FAINT,
                label=_("{window} before"))
        ax.legend(loc="lower right", fontsize=9)
    for place, row in zip(y, rows.to_dict("records"), strict=True):
        text = _("{n} ({share})", n=fmt_count(row["n_complaints"]),
                 share=fmt_share(row["complaint_share"]))
        ax.annotate(text, (float(row["n_complaints"]), place + 0.18), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=9, color=theme.INK)
    ax.set_yticks(y, [theme.wrap(call_class(group), width=32, lines=1) for group in rows["group"]])
    ax.set_xlabel(_("complaints in {window} (red: rose beyond chance)"))
    theme.count_axis(ax, axis="x")
    ax.margins(x=0.16)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    ax.set_title(_class_title(rows))
    return ax


def _class_title(rows: pd.DataFrame) -> str:
    top = rows.iloc[0]
    known = {"group": call_class(top["group"]), "share": fmt_share(top["complaint_share"])}
    if top["grouped_by"] == "region" and top["movement"] == "rose":
        return _("{share} of complaints come from {group}, which has risen from {before} to {n}",
                 **known, before=fmt_count(top["n_complaints_before"]),
                 n=fmt_count(top["n_complaints"]))
    if top["grouped_by"] == "region":
        return _("{share} of complaints come from {group}", **known)
    if top["movement"] == "rose":
        return _("“{group}” is behind {share} of complaints, and has risen from {before} to {n}",
                 **known, before=fmt_count(top["n_complaints_before"]),
                 n=fmt_count(top["n_complaints"]))
    return _("“{group}” is behind {share} of complaints", **known)


def read_classes(result: Complaints) -> str:
    """Say which classes and groups rose or fell, and how the company's classes were understood."""
    if result.groups.empty:
        return theme.first_reason(result.refused, "groups", "log")
    moved = result.groups[result.groups["movement"].isin(["rose", "fell"])]
    said = []
    if len(moved):
        named = join_items(
            _("{group} {movement} (× {ratio}, {range})", group=call_class(row["group"]),
              ratio=ratio(row["rate_ratio"]), movement=label(row["movement"]),
              range=fmt_range(row["rate_ratio_ci_low"], row["rate_ratio_ci_high"], ratio))
            for row in moved.to_dict("records"))
        said.append(_("Beyond chance, for all groups of a kind together, moved: {groups}.",
                      groups=named))
    elif (result.groups["movement"] != "").any():
        said.append(_("No class, line, way or region has moved beyond chance."))
    kinds = result.kinds
    own = kinds.loc[kinds["contact_kind"] == "unassigned", "complaint_class"]
    if len(own):
        said.append(_("Classes without a kind in the rules count as complaints under their own "
                      "name: {classes}.", classes=fmt_list(call_class(name) for name in own)))
    return join_sentences(said)


def plot_matrix(result: Complaints, *, ax: Axes | None = None) -> Axes:
    """Heat map: complaints of the window by class and product line."""
    ax = ax or theme.new_axes(8.4, 3.8)
    if result.matrix.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "matrix", "log"))
    counts = result.matrix.pivot(index="complaint_class", columns="product_line",
                                 values="n_complaints").fillna(0).astype("int64")
    order = counts.sum(axis=1).sort_values(ascending=False, kind="stable").index[:MAX_GROUPS]
    lines = counts.sum().sort_values(ascending=False, kind="stable").index[:MAX_GROUPS]
    counts = counts.loc[order, lines]
    written = [[fmt_count(n) if n else "" for n in row] for row in counts.to_numpy()]
    heat_map(ax, counts / counts.to_numpy().max(), written)
    top = result.matrix.sort_values(["n_complaints", "complaint_class", "product_line"],
                                    ascending=[False, True, True]).iloc[0]
    ax.set_yticklabels([theme.wrap(call_class(c), width=24, lines=1) for c in order], rotation=0)
    ax.set_xticklabels([theme.wrap(line, width=14) for line in lines], rotation=0)
    ax.set(ylabel="", xlabel=_("product line (numbers: complaints in {window})"))
    ax.set_title(_("Most complaints that name a product: “{group}” on {line} ({n})",
                   group=call_class(top["complaint_class"]), line=top["product_line"],
                   n=fmt_count(top["n_complaints"])))
    return ax


def read_accounts(result: Complaints, *, currency: str = "") -> str:
    """Say how complaints spread over accounts."""
    table = result.complainers
    if table.empty:
        return (theme.first_reason(result.refused, "log") if "log" in result.refused
                else _("No account complained in {window}."))
    half = int(np.searchsorted(table["n_complaints"].astype("float64").cumsum(),
                               table["n_complaints"].sum() / 2) + 1)
    top = table.iloc[0]
    return join_sentences([
        _n("{n} account complained, with sales of {amount} in {window}.",
           "{n} accounts complained, with sales of {amount} in {window}.", len(table),
           amount=fmt_money(table["net_amount_window"].sum(), currency)),
        _("Half of all complaints come from {half} of them; most, {n}, from {account}, mostly "
          "about {main}.", half=fmt_count(half), n=fmt_count(top["n_complaints"]),
          account=top["account_id"], main=call_class(top["main_class"]))])


def plot_silent(result: Complaints, *, ax: Axes | None = None, currency: str = "",
                names: Mapping[str, str] | None = None) -> Axes:
    """Points: index and sales of each account heard; those that never complained are hollow."""
    ax = ax or theme.new_axes(8.8, 4.6)
    table = result.heard[result.heard["net_amount_window"] > 0] if len(result.heard) else (
        result.heard)
    if table.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "heard", "log"))
    is_silent = (table["n_complaints"] == 0).to_numpy("bool")
    is_low = ~table["is_satisfied"].to_numpy("bool")
    x, y = (table[c].to_numpy("float64") for c in ("account_index", "net_amount_window"))
    ax.scatter(x[~is_silent], y[~is_silent], s=34, color=theme.MUTED, label=_("complained"))
    ax.scatter(x[is_silent & ~is_low], y[is_silent & ~is_low], s=34, facecolors="white",
               edgecolors=theme.MUTED, label=_("satisfied, no complaint"))
    ax.scatter(x[is_silent & is_low], y[is_silent & is_low], s=40, color=theme.BAD, zorder=3,
               label=_("dissatisfied, no complaint"))
    ax.axvline(result.satisfied_line, color=theme.INK, linestyle="--", linewidth=1.0)
    ax.set_yscale("log")
    ax.set_xlim(max(0.0, x.min() - 4), 102)
    top = table[is_silent & is_low].sort_values(["net_amount_window", "account_id"],
                                                ascending=[False, True]).head(N_NAMED)
    called = [(names or {}).get(str(a), str(a)) for a in top["account_id"]]
    name_points(ax, list(zip(top["account_index"], top["net_amount_window"], strict=True)), called,
                radii=[4.0] * len(top))
    ax.set_xlabel(_("satisfaction index (points; dashed: satisfied from here on)"))
    ax.set_ylabel(_("net sales, {window} ({currency}, each step ten times as much)",
                    currency=name_currency(currency) or "–"))
    theme.amount_axis(ax)
    ax.set_title(describe_silent(result, currency).rstrip(".。"))
    ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=9)
    return ax


def read_silent(result: Complaints, *, currency: str = "") -> str:
    """Say who is dissatisfied in silence, and whether complaints go with dissatisfaction at all."""
    if result.cross.empty:
        return theme.first_reason(result.refused, "cross", "log")
    low, high = (find(result.cross, opinion=name) for name in ("dissatisfied", "satisfied"))
    said = [describe_silent(result, currency)]
    if low and high and low["n_accounts"] and high["n_accounts"]:
        said.append(_("Of dissatisfied accounts {low} complained ({low_range}), of satisfied ones "
                      "{high} ({high_range}).", low=fmt_share(low["complained_share"]),
                      high=fmt_share(high["complained_share"]), low_range=_span(low),
                      high_range=_span(high)))
    row = find(result.links, compared="complaints_per_100")
    if row and pd.notna(row["rank_correlation"]):
        said.append(_say_link(row))
    elif row:
        said.append(str(row["reason"]))
    return join_sentences(said)


def _span(row: dict[Hashable, Any]) -> str:
    return fmt_range(row["complained_share_ci_low"], row["complained_share_ci_high"], fmt_share)


def _say_link(row: dict[Hashable, Any]) -> str:
    two = partial(fmt_number, digits=2)
    known = {"r": two(row["rank_correlation"]), "n": fmt_count(row["n_accounts"]),
             "range": fmt_range(row["rank_correlation_ci_low"], row["rank_correlation_ci_high"],
                                two)}
    if row["verdict"] == "supported":
        return _("The less satisfied complain more for the orders they place: rank correlation "
                 "{r} ({range}, {n} accounts). An association, no cause.", **known)
    if row["verdict"] == "contradicted":
        return _("The more satisfied complain more for the orders they place: rank correlation "
                 "{r} ({range}, {n} accounts).", **known)
    return _("Whether the less satisfied complain more cannot be told: rank correlation {r} "
             "({range}, {n} accounts).", **known)
