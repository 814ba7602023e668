"""How good the warnings were in the past: charts and computed readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.warning import Warnings
from kamlib.warning.findings import backtest_row, describe_verdict, say_interval, telling_signs

# What a page shows of the back-test; the published table has every column.
BACKTEST_COLUMNS = ("basis", "ranked_by", "n_called", "n_hits", "precision_share",
                    "precision_share_ci_low", "precision_share_ci_high", "lift",
                    "false_alarms_a_month", "precision_verdict")
ORDER_COLUMNS = ("basis", "ranked_by", "recall_share", "caught_amount_share",
                 "caught_amount_share_ci_low", "caught_amount_share_ci_high", "roc_area",
                 "roc_area_ci_low", "roc_area_ci_high", "brier", "roc_verdict")


def plot_hits(result: Warnings, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Dots: of the accounts each list would have called, the share that left, with interval."""
    ax = ax or theme.new_axes(8.5, 4.2)
    basis = _basis(result)
    table = result.backtest
    rows = table[table["basis"] == basis]
    if rows.empty:
        return theme.say_nothing(ax, _untested(result))
    rows = rows.sort_values(["precision_share", "ranked_by"])
    ax.set_title(_hits_title(result, basis))
    y = np.arange(len(rows))
    ours = rows["ranked_by"].isin(("signs", "model"))
    colours = [theme.ACCENT if own else theme.MUTED for own in ours]
    low, high = (rows[f"precision_share_ci_{end}"] for end in ("low", "high"))
    ax.hlines(y, low, high, color=colours, linewidth=2.4)
    ax.scatter(rows["precision_share"], y, color=colours, s=46, zorder=3,
               label=_("of the called, share that left (line: interval)"))
    ax.scatter(rows["caught_amount_share"], y, marker="D", facecolors="white",
               edgecolors=colours, s=40, zorder=3,
               label=_("of the leavers' sales, share called"))
    ax.set_yticks(y, [label(name) for name in rows["ranked_by"]])
    ax.set_xlim(0, 1)
    theme.share_axis(ax, axis="x")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    ax.set_xlabel(_("share (%); {n} accounts called on each of {n_cuts} past days",
                    n=fmt_count(result.rules.n_called), n_cuts=fmt_count(rows["n_cuts"].iloc[0])))
    ax.legend(loc="upper center", bbox_to_anchor=(0.4, -0.16), ncols=2, fontsize=9)
    return ax


def read_hits(result: Warnings, *, currency: str = "") -> str:
    """Say what signs and model were worth beside simple lists, and among accounts still buying."""
    if result.backtest.empty:
        return _untested(result)
    said = [describe_verdict(result, "signs", basis="as_warned"),
            describe_verdict(result, "model", basis="tested_days")
            or result.refused.get("model", result.refused.get("model_test", ""))]
    row = backtest_row(result, "signs")
    if row is not None and row["n_called"]:
        said.append(_("The signs gave {alarms} false alarms a month.",
                      alarms=fmt_number(row["false_alarms_a_month"], 1)))
    score, basis = ("model", "still_buying_tested") if _basis(result) == "tested_days" \
        else ("signs", "still_buying")
    early = backtest_row(result, score, basis=basis)
    if early is not None:
        name = _("the warning signs") if score == "signs" else _("the model")
        said.append(_("Where it is still early, among accounts that bought within the last {days} "
                      "days, {share} ({interval}) of the {called} called by {name} left.",
                      days=fmt_count(result.horizon_days), called=fmt_count(early["n_called"]),
                      share=fmt_share(early["precision_share"]),
                      interval=say_interval(early, "precision_share"), name=name))
    return join_sentences(text for text in said if text)


def plot_signs(result: Warnings, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Dots: of the accounts that showed a sign, the share that left, beside those without it."""
    rows = result.signs.iloc[::-1].reset_index(drop=True)
    ax = ax or theme.new_axes(8.5, 1.8 + 0.42 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, _untested(result))
    told = telling_signs(result.signs)["flag"]
    ax.set_title(_n("{n} of {total} signs told in the past who would leave",
                    "{n} of {total} signs told in the past who would leave", len(told),
                    total=fmt_count(len(rows))))
    colours = [theme.ACCENT if flag in set(told) else theme.MUTED for flag in rows["flag"]]
    ax.hlines(rows.index, rows["left_share_ci_low"], rows["left_share_ci_high"], color=colours,
              linewidth=2.4)
    ax.scatter(rows["left_share"], rows.index, color=colours, s=46, zorder=3,
               label=_("with the sign (line: interval)"))
    ax.scatter(rows["others_left_share"], rows.index, marker="|", color=theme.INK, s=120,
               zorder=4, label=_("without it"))
    ax.set_yticks(rows.index, [f"{label(flag)} (n = {fmt_count(n)})" for flag, n in zip(
        rows["flag"], rows["n_fired"], strict=True)])
    ax.set_xlim(left=0)
    theme.share_axis(ax, axis="x")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    ax.set_xlabel(_("share that bought nothing in the {days} days that followed (%)",
                    days=fmt_count(result.horizon_days)))
    ax.legend(loc="lower right", fontsize=9)
    return ax


def read_signs(result: Warnings, *, currency: str = "") -> str:
    """Say which signs told something, and which did not."""
    if result.signs.empty:
        return _untested(result)
    told = telling_signs(result.signs)
    mute = result.signs[~result.signs["flag"].isin(told["flag"])]
    said = []
    if len(told):
        first = told.iloc[0]
        said.append(_("{sign} told most: {share} ({interval}) of {n} left, {others} of those "
                      "without it.", sign=label(first["flag"]),
                      share=fmt_share(first["left_share"]), n=fmt_count(first["n_fired"]),
                      interval=fmt_range(first["left_share_ci_low"], first["left_share_ci_high"],
                                         fmt_share),
                      others=fmt_share(first["others_left_share"])))
    if len(mute):
        said.append(_("Not surely more often than others left those with: {signs}. Such signs "
                      "may still be worth a call, but not as a warning of leaving; weight and "
                      "threshold of each stand in the rules.",
                      signs=fmt_list(label(flag).lower() for flag in mute["flag"])))
    return join_sentences(said)


def plot_calibration(result: Warnings, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Dots on the diagonal: chances that the model gave, and shares that left, with interval."""
    ax = ax or theme.new_axes(6.5, 4.6)
    table = result.calibration
    if table.empty:
        return theme.say_nothing(ax, _untested_model(result))
    ax.set_title(_calibration_title(table))
    rows = table[table["calibration_group"] != "all"]
    top = min(1.0, float(max(rows["observed_share_ci_high"].max(),
                             rows["expected_share"].max())) * 1.06)
    ax.plot([0, top], [0, top], color=theme.MUTED, linestyle="--", linewidth=1,
            label=_("as forecast"))
    ax.vlines(rows["expected_share"], rows["observed_share_ci_low"],
              rows["observed_share_ci_high"], color=theme.ACCENT, linewidth=2)
    ax.scatter(rows["expected_share"], rows["observed_share"], color=theme.ACCENT, s=46, zorder=3,
               label=_("group of accounts (line: interval)"))
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    theme.share_axis(ax, axis="x")
    theme.share_axis(ax)
    ax.set_xlabel(_("mean chance of leaving that was forecast (%)"))
    ax.set_ylabel(_("share that left (%)"))
    ax.legend(loc="upper left", fontsize=9)
    return ax


def read_calibration(result: Warnings, *, currency: str = "") -> str:
    """Say whether as many left as the model foretold, in all and by group."""
    table = result.calibration
    if table.empty:
        return _untested_model(result)
    is_off = ((table["expected_share"] < table["observed_share_ci_low"])
              | (table["expected_share"] > table["observed_share_ci_high"]))
    is_all = table["calibration_group"] == "all"
    row = table[is_all].iloc[0]
    values = {"expected": fmt_count(row["expected_share"] * row["n_rows"]),
              "left": fmt_count(row["n_happened"]), "n": fmt_count(row["n_rows"]),
              "interval": fmt_range(row["observed_share_ci_low"] * row["n_rows"],
                                    row["observed_share_ci_high"] * row["n_rows"], fmt_count)}
    said = [_("The model foretold {expected} that would leave, {left} of {n} did: more than "
              "chance would explain ({interval}).", **values)
            if is_off[is_all].any() and row["observed_share"] > row["expected_share"] else
            _("The model foretold {expected} that would leave, {left} of {n} did: fewer than "
              "chance would explain ({interval}).", **values) if is_off[is_all].any() else
            _("The model foretold {expected} that would leave, {left} of {n} did; that may be "
              "chance ({interval}).", **values)]
    n_off, n_groups = int(is_off[~is_all].sum()), int((~is_all).sum())
    if n_off:
        said.append(_n(
            "In {n} of {total} groups the forecast lies outside the interval of what happened: "
            "read its percentages as an order, not to the point.",
            "In {n} of {total} groups the forecast lies outside the interval of what happened: "
            "read its percentages as an order, not to the point.", n_off,
            total=fmt_count(n_groups)))
    else:
        said.append(_n("In {n} group by chance the forecast lies within the interval of what "
                       "happened.", "In each of {n} groups by chance the forecast lies within the "
                       "interval of what happened.", n_groups))
    return join_sentences(said)


def _basis(result: Warnings) -> str:
    tested = backtest_row(result, "model", basis="tested_days")
    return "all_days" if tested is None else "tested_days"


def _hits_title(result: Warnings, basis: str) -> str:
    name = "model" if basis == "tested_days" else "signs"
    row = backtest_row(result, name, basis=basis)
    assert row is not None  # the chart has rows, and each basis has its own score
    values = {"name": {"signs": _("The warning signs"), "model": _("The model")}[name],
              "rival": label(row["precision_rival"]).lower()}
    titles = {"better": _("{name} found more of those that left than any simple list", **values),
              "worse": _("{name} found fewer of those that left than a simple list: {rival}",
                         **values),
              "cannot tell": _("{name} found about as many of those that left as a simple list: "
                               "{rival}", **values)}
    return titles[str(row["precision_verdict"])]


def _calibration_title(table: pd.DataFrame) -> str:
    row = table[table["calibration_group"] == "all"].iloc[0]
    return _("The model foretold {expected} that would leave; {left} did",
             expected=fmt_count(row["expected_share"] * row["n_rows"]),
             left=fmt_count(row["n_happened"]))


def _untested(result: Warnings) -> str:
    return result.refused.get("past", result.refused.get("backtest", _(
        "No warning could be tested.")))


def _untested_model(result: Warnings) -> str:
    return result.refused.get("model", result.refused.get("model_test", _untested(result)))
