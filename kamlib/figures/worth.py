"""Delivered value, and satisfaction joined to money, as charts and computed readings."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.figures.naming import name_points
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
)
from kamlib.satisfaction import Worth
from kamlib.satisfaction.worth.handover import (
    compare,
    describe_bands,
    describe_claim,
    points,
)

# What a page shows of a wide table; the published one has every column.
PART_COLUMNS = ("side", "text", "n_accounts", "part_index", "part_index_ci_low",
                "part_index_ci_high", "effect_index")
DELIVERED_COLUMNS = ("account_id", "owner_id", "worth_index", "burden_index", "delivered_index",
                     "account_index", "net_amount_window")
WAVE_COLUMNS = ("name", "n_questionnaires", "n_used", "n_accounts", "delivered_index",
                "delivered_index_ci_low", "delivered_index_ci_high", "n_below_zero", "n_paired",
                "change_index", "change_index_ci_low", "change_index_ci_high", "movement")
BAND_COLUMNS = ("band_name", "n_answers", "retained_share", "retained_share_ci_low",
                "retained_share_ci_high", "before_amount", "after_amount", "change_share",
                "change_share_ci_low", "change_share_ci_high", "complaints_per_100",
                "complaints_per_100_ci_low", "complaints_per_100_ci_high")
CLAIM_COLUMNS = ("claim", "n_accounts", "n_below_zero", "estimate", "estimate_ci_low",
                 "estimate_ci_high", "verdict")
NOW_COLUMNS = ("band_name", "n_accounts", "net_amount_window", "clv_amount",
               "mean_clv_amount", "mean_clv_amount_ci_low",
               "mean_clv_amount_ci_high", "clv_per_sales", "clv_per_sales_ci_low",
               "clv_per_sales_ci_high")
GAP_COLUMNS = ("measure", "band_name", "against", "difference", "difference_ci_low",
               "difference_ci_high", "verdict")
FORETELL_COLUMNS = ("predictor", "n_answers", "n_accounts", "n_left", "roc_area",
                    "roc_area_ci_low", "roc_area_ci_high", "difference", "difference_ci_low",
                    "difference_ci_high", "verdict")
N_NAMED = 8


def plot_parts(result: Worth, *, ax: Axes | None = None) -> Axes:
    """Steps: what each item adds to the mean delivered value, and what each takes away."""
    rows = result.parts
    ax = ax or theme.new_axes(8.6, 1.8 + 0.38 * max(4, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "parts", "waves"))
    effects = rows["effect_index"].to_numpy("float64")
    ends = effects.cumsum()
    y = np.arange(len(rows) + 1)
    starts = ends - effects
    ax.barh(y[:-1], effects, left=starts, height=0.62,
            color=[theme.GOOD if effect > 0 else theme.BAD for effect in effects])
    for place, (start, effect) in enumerate(zip(starts, effects, strict=True)):
        at = max(start, start + effect)
        ax.annotate(points(effect) if effect < 0 else f"+{points(effect)}", (at, place),
                    xytext=(4, 0), textcoords="offset points", va="center", fontsize=9,
                    color=theme.INK)
    ax.barh(y[-1], ends[-1], height=0.62, color=theme.ACCENT)
    ax.annotate(points(ends[-1]), (max(0.0, ends[-1]), y[-1]), xytext=(4, 0),
                textcoords="offset points", va="center", fontsize=9, color=theme.INK,
                fontweight="bold")
    ax.axvline(0, color=theme.INK, linewidth=0.8)
    names = [*(theme.wrap(str(text), width=38, lines=2) for text in rows["text"]),
             _("Delivered value")]
    ax.set_yticks(y, names)
    ax.invert_yaxis()
    ax.margins(x=0.1)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    ax.set_xlabel(_("points that the item adds (green) or takes (red); ratings put on 0–100"))
    ax.set_title(_parts_title(result))
    return ax


def _parts_title(result: Worth) -> str:
    costs = result.parts[result.parts["side"] == "costs"]
    most = str(costs.iloc[0]["text"]) if len(costs) else ""
    last = result.waves.iloc[-1]
    if pd.isna(last["delivered_index"]):
        return _("What adds to delivered value and what takes from it")
    return _("Accounts put what they get {points} points above what it costs them; “{item}” takes "
             "most", points=points(last["delivered_index"]), item=most)


def read_parts(result: Worth) -> str:
    """Say the mean delivered value with its interval, and from how many."""
    if result.waves.empty:
        return theme.first_reason(result.refused, "waves")
    last = result.waves.iloc[-1]
    if pd.isna(last["delivered_index"]):
        return theme.first_reason(result.refused, "delivered", "parts")
    return join_sentences([
        _("In {wave} {n} accounts rate what they get at {worth} and what it costs them at "
          "{burden}: delivered value is {value} points ({range}).", wave=last["name"],
          n=fmt_count(last["n_accounts"]), worth=points(last["worth_index"]),
          burden=points(last["burden_index"]), value=points(last["delivered_index"]),
          range=fmt_range(last["delivered_index_ci_low"], last["delivered_index_ci_high"],
                          points)),
        _("{used} of {all} questionnaires answer enough of both sides.",
          used=fmt_count(last["n_used"]), all=fmt_count(last["n_questionnaires"]))])


def plot_delivered(result: Worth, *, ax: Axes | None = None,
                   names: Mapping[str, str] | None = None) -> Axes:
    """Points: delivered value and satisfaction index of each account, with both lines."""
    ax = ax or theme.new_axes(8.4, 4.6)
    table = result.delivered[result.delivered["account_index"].notna()]
    if table.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "cross", "delivered",
                                                        "waves"))
    is_negative = table["is_negative"].to_numpy("bool")
    x, y = (table[c].to_numpy("float64") for c in ("delivered_index", "account_index"))
    ax.scatter(x[~is_negative], y[~is_negative], s=30, color=theme.MUTED,
               label=_("gets more than it costs"))
    ax.scatter(x[is_negative], y[is_negative], s=38, color=theme.BAD, zorder=3,
               label=_("costs more than it gets"))
    ax.axvline(0, color=theme.INK, linewidth=0.9)
    ax.axhline(result.satisfied_line, color=theme.INK, linestyle="--", linewidth=0.9)
    top = table[is_negative].sort_values(["net_amount_window", "account_id"],
                                         ascending=[False, True]).head(N_NAMED)
    called = [(names or {}).get(str(a), str(a)) for a in top["account_id"]]
    name_points(ax, list(zip(top["delivered_index"], top["account_index"], strict=True)), called,
                radii=[4.0] * len(top))
    ax.set_xlabel(_("delivered value (points; below zero: costs more than it gets)"))
    ax.set_ylabel(_("satisfaction index (points; dashed: satisfied)"))
    ax.set_title(_delivered_title(result))
    ax.legend(loc="lower right", fontsize=9)
    return ax


def _delivered_title(result: Worth) -> str:
    row = result.cross[result.cross["delivered"] == "negative"]
    if row.empty or not row["n_accounts"].iloc[0]:
        return _("No account puts what we cost it above what it gets")
    return _("{low} of {n} accounts with a negative delivered value are dissatisfied",
             low=fmt_count(row["n_dissatisfied"].iloc[0]), n=fmt_count(row["n_accounts"].iloc[0]))


def read_claims(result: Worth) -> str:
    """Hold both of the source's claims against the answers."""
    if result.claims.empty:
        return theme.first_reason(result.refused, "claims", "cross", "waves")
    return join_sentences([*(describe_claim(row) for row in result.claims.to_dict("records")),
                           _("Both come from the same person on the same day, so they go "
                             "together more easily than cause and effect would.")])


def read_negative(result: Worth, *, currency: str = "") -> str:
    """Say how many accounts are below zero and what they buy for."""
    if result.delivered.empty:
        return theme.first_reason(result.refused, "delivered", "waves")
    low = result.delivered[result.delivered["is_negative"].astype("bool")]
    if low.empty:
        return _("No account puts what we cost it above what it gets.")
    top = low.sort_values(["net_amount_window", "account_id"], ascending=[False, True]).iloc[0]
    return _n("{n} of {n_of} accounts is below zero; it bought for {amount} in {window}.",
              "{n} of {n_of} accounts are below zero; they bought for {amount} in {window}, the "
              "largest of them, {account}, for {own}.", len(low),
             n_of=fmt_count(len(result.delivered)), account=top["account_id"],
             amount=fmt_money(low["net_amount_window"].sum(), currency),
             own=fmt_money(top["net_amount_window"], currency))


def plot_bands(result: Worth, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Change of sales by satisfaction band, with intervals; n and who stayed below each."""
    ax = ax or theme.new_axes(8.4, 4.2)
    rows = result.bands[result.bands["change_share"].notna()]
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "bands", "rows"))
    x, value = np.arange(len(rows)), rows["change_share"].to_numpy("float64")
    sure = [(low > 0, high < 0) for low, high in zip(
        rows["change_share_ci_low"], rows["change_share_ci_high"], strict=True)]
    ax.bar(x, value, width=0.5, color=[theme.GOOD if up else theme.BAD if down else theme.MUTED
                                       for up, down in sure])
    ends = [np.nan_to_num(np.abs(rows[f"change_share_ci_{end}"].to_numpy("float64") - value))
            for end in ("low", "high")]
    ax.errorbar(x, value, yerr=ends, fmt="none", ecolor=theme.INK, elinewidth=1.0, capsize=4)
    ax.axhline(0, color=theme.INK, linewidth=0.8)
    ax.set_xticks(x, [_("{band}\n{n} accounts\n{share} bought afterwards", band=row["band_name"],
                        n=fmt_count(row["n_accounts"]), share=fmt_share(row["retained_share"]))
                      for row in rows.to_dict("records")])
    ax.set_xlim(-0.7, len(rows) - 0.3)
    theme.share_axis(ax)
    ax.set_ylabel(_("change in sales, {months} months after\nagainst as many before (%)",
                    months=fmt_count(result.rules.follow_months)))
    ax.set_xlabel(_("satisfaction index of the account in a past wave"))
    ax.set_title(_bands_title(result))
    return ax


def _bands_title(result: Worth) -> str:
    gap = compare(result, "change_share")
    if gap is None:
        return _("Sales after a wave, by satisfaction")
    if gap["verdict"] == "cannot tell":
        return _("Whether sales of dissatisfied accounts went another way than those of satisfied "
                 "ones cannot be told")
    if gap["verdict"] == "worse":
        return _("Sales of accounts with an index {band} went worse than of those with {against}",
                 band=gap["band_name"], against=gap["against"])
    return _("Sales of accounts with an index {band} went better than of those with {against}",
             band=gap["band_name"], against=gap["against"])


def read_bands(result: Worth, *, currency: str = "") -> str:
    """Say what dissatisfied accounts buy for, what became of such accounts, and over which months.
    """
    if result.bands.empty:
        return theme.first_reason(result.refused, "bands", "rows", "present")
    waves = fmt_list(result.followed["name"])
    return join_sentences([describe_bands(result, currency), _(
        "Followed are {n_of} answers of {waves}; after {n} of them the account bought again within "
        "{months} months. The months before are the same calendar months a year earlier.",
        waves=waves,
        n=fmt_count(result.bands["n_retained"].sum()),
        n_of=fmt_count(result.bands["n_answers"].sum()),
        months=fmt_count(result.rules.follow_months))])


def read_gaps(result: Worth, *, currency: str = "") -> str:
    """Say by what dissatisfied accounts differ from the most satisfied, and what cannot be told."""
    if result.gaps.empty:
        return theme.first_reason(result.refused, "gaps", "bands", "rows")
    low = result.gaps[result.gaps["band"] == 0]
    told = low[low["verdict"] != "cannot tell"].to_dict("records")
    open_ones = low.loc[low["verdict"] == "cannot tell", "measure"]
    said = []
    if told:
        said.append(_("Against accounts with an index of {against} the dissatisfied differ beyond "
                      "chance in: {measures}.", against=told[0]["against"],
                      measures=join_items(_say_gap(row) for row in told)))
    if len(open_ones):
        said.append(_("Cannot be told: {measures}.",
                      measures=fmt_list(_name(name).lower() for name in open_ones)))
    gap = compare(result, "change_share")
    if gap is not None and pd.notna(gap["sales_gap_amount"]):
        said.append(_say_money(gap, currency))
    said.append(_("All of this is association: a large, growing or well-served account may be both "
                  "satisfied and loyal for other reasons."))
    return join_sentences(said)


def _name(measure: str) -> str:
    return label(measure)


def _say_gap(row: dict[Hashable, Any]) -> str:
    is_share = str(row["measure"]).endswith("_share")
    fmt = fmt_share if is_share else partial(fmt_number, digits=2)
    return _("{measure} {difference} ({range})", measure=_name(str(row["measure"])).lower(),
             difference=fmt(row["difference"]),
             range=fmt_range(row["difference_ci_low"], row["difference_ci_high"], fmt))


def _say_money(gap: dict[Hashable, Any], currency: str) -> str:
    money = partial(fmt_money, currency=currency)
    if pd.isna(gap["sales_gap_amount_ci_low"]):
        return ""
    return _("On the sales that dissatisfied accounts bring today the difference in change comes "
             "to {amount} ({range}).", amount=money(gap["sales_gap_amount"]),
             range=fmt_range(gap["sales_gap_amount_ci_low"], gap["sales_gap_amount_ci_high"],
                             money))


def read_foretold(result: Worth) -> str:
    """Say whether satisfaction foretells leaving better than last year's sales."""
    if result.foretold.empty:
        return theme.first_reason(result.refused, "foretold", "rows")
    rows = {str(row["predictor"]): row for row in result.foretold.to_dict("records")}
    own, base, both = (rows[name] for name in ("account_index", "before_amount",
                                               "index_and_sales"))
    text = _("{n} of {n_of} answers were followed by leaving. Of two accounts, one that left and "
             "one that stayed, the less satisfied one is the one that left in {own} of cases "
             "({range}; half would be guessing), the one with less sales in {base}, the one lower "
             "on both together in {both}.", n=fmt_count(own["n_left"]),
             n_of=fmt_count(own["n_answers"]), own=fmt_share(own["roc_area"]),
             base=fmt_share(base["roc_area"]), both=fmt_share(both["roc_area"]),
             range=fmt_range(own["roc_area_ci_low"], own["roc_area_ci_high"], fmt_share))
    words = {"better": _("Satisfaction foretells it better than sales."),
             "worse": _("Sales foretell it better than satisfaction."),
             "cannot tell": _("Which of the two foretells better cannot be told.")}
    added = (_("Asking adds to what sales say already.") if both["verdict"] == "better" else
             _("That asking adds to what sales say already is not shown."))
    return join_sentences([text, words[str(own["verdict"])], added])


def plot_value_waves(result: Worth, *, ax: Axes | None = None) -> Axes:
    """Mean delivered value of each wave with its interval."""
    ax = ax or theme.new_axes(8.4, 3.8)
    rows = result.waves[result.waves["delivered_index"].notna()]
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "waves", "delivered"))
    x, value = np.arange(len(rows)), rows["delivered_index"].to_numpy("float64")
    ends = [np.abs(rows[f"delivered_index_ci_{end}"].to_numpy("float64") - value)
            for end in ("low", "high")]
    ax.errorbar(x, value, yerr=ends, color=theme.ACCENT, marker="o", capsize=3, linewidth=1.8,
                elinewidth=1.0)
    ax.axhline(0, color=theme.INK, linewidth=0.8)
    ax.set_xticks(x, [theme.wrap(str(name), width=9) for name in rows["name"]])
    ax.set_xlim(-0.5, len(rows) - 0.5)
    ax.set_ylabel(_("delivered value (points)"))
    ax.set_xlabel(_("wave of the survey (0: as much burden as worth)"))
    ax.set_title(read_value_change(result))
    return ax


def read_value_change(result: Worth) -> str:
    """Say how delivered value moved since the wave before, account by account."""
    if result.waves.empty:
        return theme.first_reason(result.refused, "waves")
    last = result.waves.iloc[-1]
    if len(result.waves) < 2:
        return _("{wave} is the first wave that asks for delivered value.", wave=last["name"])
    if pd.isna(last["change_index"]):
        return _("Too few accounts said it in both waves to tell a change of delivered value.")
    return _n("Delivered value, {n} account asked both times: {change} points ({range}), "
              "{movement}", "Delivered value, {n} accounts asked both times: {change} points "
              "({range}), {movement}", int(last["n_paired"]), change=points(last["change_index"]),
              range=fmt_range(last["change_index_ci_low"], last["change_index_ci_high"], points),
              movement=label(last["movement"]))


def read_present(result: Worth) -> str:
    """Say of the present what satisfaction bands hold of sales, one sentence."""
    rows = result.present.to_dict("records")
    if not rows:
        return theme.first_reason(result.refused, "present")
    parts = join_items(
        _("index {band} {share}", band=row["band_name"], share=fmt_share(row["amount_share"]))
        for row in rows)
    return _("Of the sales of the accounts heard: {parts}.", parts=parts)
