"""How fast complaints are answered and settled: charts and computed readings."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import _, _n, fmt_count, fmt_money, fmt_range, fmt_share, join_sentences
from kamlib.satisfaction import Complaints
from kamlib.satisfaction.complaints.handover import find

# What a page shows of a wide table; the published one has every column.
TIME_COLUMNS = ("step", "span", "n_complaints", "n_waiting", "median_wait_days",
                "median_wait_days_ci_low", "median_wait_days_ci_high", "ninety_days",
                "ninety_days_ci_low", "ninety_days_ci_high", "promised_days", "kept_share",
                "kept_share_ci_low", "kept_share_ci_high")


def plot_waits(result: Complaints, step: str, *, ax: Axes | None = None) -> Axes:
    """Share of complaints that have had their first answer, or are settled, by days since."""
    ax = ax or theme.new_axes(8.6, 4.0)
    curves = result.curves[result.curves["step"] == step] if len(result.curves) else result.curves
    now = find(result.times, step=step, span="window")
    if curves.empty or now is None:
        reason = str(now["reason"]) if now else theme.first_reason(result.refused, "times", "log")
        return theme.say_nothing(ax, reason)
    longest = 1.0
    for span, colour in (("window_before", theme.MUTED), ("window", theme.ACCENT)):
        part = curves[curves["span"] == span]
        if part.empty:
            continue
        days = np.concatenate([[0.0], part["wait_days"].to_numpy("float64")])
        share, low, high = (np.concatenate([[0.0], part[f"ended_share{end}"].to_numpy("float64")])
                            for end in ("", "_ci_low", "_ci_high"))
        if span == "window":
            ax.fill_between(days, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
        ax.step(days, share, where="post", color=colour, linewidth=2.0,
                label=_("last {window}") if span == "window" else _("{window} before"))
        longest = max(longest, float(days[np.searchsorted(share, 0.97).clip(max=len(days) - 1)]))
    promised = float(now["promised_days"])
    ax.axvline(promised, color=theme.BAD, linestyle="--", linewidth=1.2)
    ax.annotate(_n("promised: {n} day", "promised: {n} days", int(promised)), (promised, 0.03),
                xytext=(5, 0), textcoords="offset points", color=theme.BAD, fontsize=9)
    ax.set(ylim=(0, 1.02), xlim=(0, max(longest, promised) * 1.1 + 1))
    theme.share_axis(ax)
    ax.set_ylabel(_("share of complaints (%)"))
    ax.set_xlabel(_("days since the complaint (those waiting still are counted as waiting)"))
    ax.set_title(_wait_title(now))
    ax.legend(loc="lower right", fontsize=9)
    return ax


def _wait_title(row: dict[Hashable, Any]) -> str:
    if pd.isna(row["kept_share"]):
        return str(row["reason"])
    known = {"share": fmt_share(row["kept_share"]), "n": fmt_count(row["n_complaints"])}
    if row["step"] == "response":
        return _n("{share} of complaints had a first answer within {n} day",
                  "{share} of complaints had a first answer within {n} days",
                  int(row["promised_days"]), share=known["share"])
    return _n("{share} of complaints were settled within {n} day",
              "{share} of complaints were settled within {n} days",
              int(row["promised_days"]), share=known["share"])


def read_waits(result: Complaints) -> str:
    """Say how long answers and settlements take, against the window a year before."""
    said = [_say_wait(result, step) for step in ("response", "resolution")]
    return join_sentences(said) if any(said) else theme.first_reason(result.refused, "times",
                                                                     "log")


def _say_wait(result: Complaints, step: str) -> str:
    row, before = (find(result.times, step=step, span=span) for span in ("window",
                                                                       "window_before"))
    if row is None:
        return ""
    if row["reason"]:
        return _("{step}: {reason}", step=label(step), reason=row["reason"])
    known = {"step": label(step), "median": _days(row, "median_wait_days"),
             "late": _days(row, "ninety_days"), "share": fmt_share(row["kept_share"]),
             "range": fmt_range(row["kept_share_ci_low"], row["kept_share_ci_high"], fmt_share),
             "promised": fmt_count(row["promised_days"])}
    text = _("{step}: half within {median}, nine of ten within {late}; {share} within the "
             "promised {promised} days ({range}).", **known)
    if before and pd.notna(before["kept_share"]):
        text = join_sentences([text, _("In the {window} before it was {share}.",
                                       share=fmt_share(before["kept_share"]))])
    return text


def _days(row: dict[Hashable, Any], name: str) -> str:
    if pd.isna(row[name]):
        return _("a time not yet known")
    text = _n("{n} day", "{n} days", int(row[name]))
    low, high = row[f"{name}_ci_low"], row[f"{name}_ci_high"]
    if pd.isna(high) or pd.isna(low) or low == high:
        return text
    return _("{days} ({range})", days=text, range=fmt_range(low, high, fmt_count))


def read_open(result: Complaints, *, currency: str = "") -> str:
    """Say how many complaints are open, how old they are, and whose they are."""
    if result.waiting.empty:
        return (theme.first_reason(result.refused, "log") if "log" in result.refused
                else _("No complaint is open."))
    ages, last = result.ages, result.ages.iloc[-1]
    text = _n("{n} complaint is open", "{n} complaints are open", int(ages["n_open"].sum()))
    n_silent = int(ages["n_unanswered"].sum())
    text = _("{open}, {unanswered} of them without a first answer.", open=text,
             unanswered=fmt_count(n_silent))
    if last["n_open"]:
        text = join_sentences([text, _n(
            "{n} has been so for more than {days} days, with accounts that bought for {amount} "
            "in {window}; some of these may be settled and only not entered.",
            "{n} have been so for more than {days} days, with accounts that bought for {amount} "
            "in {window}; some of these may be settled and only not entered.",
            int(last["n_open"]), days=fmt_count(last["age_from_days"] - 1),
            amount=fmt_money(last["net_amount_window"], currency))])
    return text
