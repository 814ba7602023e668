"""The classes of accounts as charts and as computed readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.figures import theme
from kamlib.labels import heading, label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_range,
    fmt_share,
    join_sentences,
)

# What a page shows of the wide tables; the published ones have every column.
CLASS_COLUMNS = ("account_id", "class", "rule", "why")
SUMMARY_COLUMNS = ("class", "n_accounts", "account_share", "net_amount", "amount_share", "action")
CROSS_WALK_COLUMNS = ("class", "other_class", "n_accounts", "class_share", "net_amount")
PREFERRED = ("industry", "region", "account_type", "size_class", "country")
PROFILE_COLUMNS = ("category", "n_accounts", "n_core", "core_share", "core_share_ci_low",
                   "core_share_ci_high", "net_amount", "amount_share", "mean_amount")
MAX_CATEGORIES = 12
# The class that a scheme is asked for; of the others the one with the highest sales is told.
ASKED_FOR = {"value_class": "bz", "business_class": "prospect", "service_line": "is_large",
             "service_level": "limited_service"}


def plot_classes(summary: pd.DataFrame, *, scheme: str, ax: Axes | None = None,
                 currency: str = "") -> Axes:
    """Lying bars: each class of one scheme by its share of accounts and of net sales.

    summary: from `summarise_classes`; scheme: one of its schemes.
    A class without accounts has no bar.
    """
    everything = _of(summary, "scheme", scheme)
    table = _filled(everything)
    ax = ax or theme.new_axes(8.0, 1.6 + 0.62 * max(1, len(table)))
    if table.empty:
        return theme.say_nothing(ax, theme.reason_of(summary))
    ax.set_title(_title(everything, scheme, currency))
    places = np.arange(len(table))
    texts = [[_n("{n} account", "{n} accounts", int(n)) for n in table["n_accounts"]],
             [fmt_money(amount, currency) for amount in table["net_amount"]]]
    for at, (column, name) in enumerate((("account_share", _("share of accounts")),
                                         ("amount_share", _("share of net sales")))):
        shares = table[column].fillna(0).to_numpy("float64")
        heights = places + (at - 0.5) * 0.38
        ax.barh(heights, shares, height=0.36, color=(theme.MUTED, theme.ACCENT)[at], label=name)
        for y, share, text in zip(heights, shares, texts[at], strict=True):
            ax.annotate(text, (max(0.0, share), y), xytext=(5, 0), textcoords="offset points",
                        va="center", fontsize=8.5, color=theme.INK)
    ax.set_yticks(places, [label(one) for one in table["class"]])
    ax.invert_yaxis()
    ax.set_xlabel(_("share of all accounts and of all net sales (%)"))
    ax.set_xlim(min(0.0, float(table["amount_share"].fillna(0).min())) - 0.002,
                max(0.3, float(table[["account_share", "amount_share"]].max().max())) * 1.2)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    # Nobody reads a legend that covers a bar.
    ax.legend(loc="upper left", bbox_to_anchor=(0.0, -0.9 / (1.6 + 0.62 * len(table))), ncols=2)
    return ax


def read_classes(summary: pd.DataFrame, *, scheme: str, currency: str = "") -> str:
    """Say how large the classes of one scheme are, and what the scheme cannot say."""
    filled = _filled(_of(summary, "scheme", scheme))
    if filled.empty:
        return theme.reason_of(summary)
    parts = [_n("{name}: {n} account with {amount}", "{name}: {n} accounts with {amount}",
                int(row["n_accounts"]), name=label(row["class"]),
                amount=fmt_money(row["net_amount"], currency))
             for row in filled.to_dict("records")]
    sizes = _("{classes} of net sales in {window}.", classes=fmt_list(parts))
    return join_sentences([sizes, *_notes(scheme, filled)])


def _notes(scheme: str, filled: pd.DataFrame) -> list[str]:
    there = set(filled["class"])
    notes = {
        "categories": _("An account may have several categories, so their shares add up to more "
                        "than one. “Important by influence” is not the tier “important”, which "
                        "goes by amount or frequency alone."),
        "value_class": _("Below zero means that the margin does not pay for the recorded work; it "
                         "asks for a review and drops nobody."),
        "business_class": _("Prospects have never ordered; what they could buy is an estimate."),
        "service_level": _("Only transport and payment terms tell: whoever collects the goods and "
                           "pays at once has limited service."),
        "service_line": _("Sales a month are the mean over the known months of the window of "
                          "{window}, also for an account that began within it."),
        "key_ordinary_potential": _("“Potential” is a state of life, not a value: these accounts "
                                    "bought nothing in {window}."),
    }
    found = [notes[scheme]] if scheme in notes else []
    if scheme in ("value_class", "business_class", "service_line") and "cannot_tell" in there:
        unknown = filled.loc[filled["class"] == "cannot_tell", "n_accounts"].iloc[0]
        found.append(_n("Of {n} account too little is known to tell.",
                        "Of {n} accounts too little is known to tell.", int(unknown)))
    return found


def _title(table: pd.DataFrame, scheme: str, currency: str) -> str:
    rows = table.to_dict("records")
    asked = next((row for row in rows if row["class"] == ASKED_FOR.get(scheme)), None)
    unknown = sum(row["n_accounts"] for row in rows if row["class"] == "cannot_tell")
    known = sum(row["n_accounts"] for row in rows
                if row["class"] not in ("cannot_tell", "no_sales"))
    if scheme == "value_class" and asked and unknown and not known:
        return _("Of no account with sales is the profit known")
    if scheme == "business_class" and asked and unknown and not asked["n_accounts"]:
        return _n("{n} account has never ordered, and nobody knows what it could buy",
                  "{n} accounts have never ordered, and nobody knows what they could buy",
                  int(unknown))
    if scheme == "value_class" and asked:
        return _n("{n} account leaves less margin than the work on it costs",
                  "{n} accounts leave less margin than the work on them costs",
                  int(asked["n_accounts"]))
    if scheme == "business_class" and asked:
        return _n("{n} account has never ordered and has something to win",
                  "{n} accounts have never ordered and have something to win",
                  int(asked["n_accounts"]))
    row = asked or max(rows, key=lambda one: one["net_amount"])
    return _n("{name}: {n} account brings {amount} of net sales",
              "{name}: {n} accounts bring {amount} of net sales", int(row["n_accounts"]),
              name=label(row["class"]), amount=fmt_money(row["net_amount"], currency))


def plot_cross_walk(walk: pd.DataFrame, *, other: str, ax: Axes | None = None,
                    currency: str = "") -> Axes:
    """The cross-walk as a heat map: the chosen classes down, the other ones across.

    walk: from `cross_walk`; other: the scheme to compare with.
    """
    table = _without_empty(_of(walk, "other_scheme", other))
    down, across = (table[c].drop_duplicates().tolist() for c in ("class", "other_class"))
    ax = ax or theme.new_axes(8.4, 1.8 + 0.55 * max(1, len(down)))
    if table.empty:
        return theme.say_nothing(ax, theme.reason_of(walk))
    ax.set_title(_walk_title(table))
    counts = table["n_accounts"].to_numpy("int64").reshape(len(down), len(across))
    shares = table["class_share"].fillna(0).to_numpy("float64").reshape(counts.shape)
    ax.pcolormesh(np.arange(len(across) + 1), np.arange(len(down) + 1), shares, cmap="Blues",
                  vmin=0, vmax=1.4, edgecolors="white", linewidth=2)
    for y, x in np.ndindex(counts.shape):
        ax.text(x + 0.5, y + 0.5, fmt_count(counts[y, x]), ha="center", va="center",
                color="white" if shares[y, x] > 0.75 else theme.INK)
    ax.set_xticks(np.arange(len(across)) + 0.5,
                  [theme.wrap(label(one), width=14) for one in across])
    ax.set_yticks(np.arange(len(down)) + 0.5, [label(one) for one in down])
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_xlabel(_("{scheme} (accounts)", scheme=label(other)))
    ax.set_ylabel(_("{scheme} (accounts)", scheme=label(table["scheme"].iloc[0])))
    return ax


def read_cross_walk(walk: pd.DataFrame, *, other: str, currency: str = "") -> str:
    """Say where the first class of the chosen vocabulary goes in the other one."""
    table = _without_empty(_of(walk, "other_scheme", other))
    if table.empty:
        return theme.reason_of(walk)
    top = _top_class(table)
    parts = [_n("{n} is “{name}” ({amount})", "{n} are “{name}” ({amount})",
                int(row["n_accounts"]), name=label(row["other_class"]),
                amount=fmt_money(row["net_amount"], currency))
             for row in top[top["n_accounts"] > 0].to_dict("records")]
    return _("Of the accounts that are “{name}”, {parts}. The vocabularies name the same accounts "
             "differently, so a class has to be read with its scheme.",
             name=label(top["class"].iloc[0]), parts=fmt_list(parts))


def _walk_title(table: pd.DataFrame) -> str:
    top = _top_class(table)
    most = max(top.to_dict("records"), key=lambda row: row["n_accounts"])
    return _n("Of {n} “{name}” account {held} is “{other}” in the other vocabulary",
              "Of {n} “{name}” accounts {held} are “{other}” in the other vocabulary",
              int(top["n_accounts"].sum()), name=label(most["class"]),
              held=fmt_count(most["n_accounts"]), other=label(most["other_class"]))


def _top_class(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of the first class that has accounts."""
    first: pd.DataFrame = table[table["class"] == table["class"].iloc[0]]
    return first


def plot_profile(profile: pd.DataFrame, *, dimension: str = "", ax: Axes | None = None,
                 currency: str = "") -> Axes:
    """Lying bars: share of core accounts in each category, with its interval.

    profile: from `profile_core_accounts`; dimension: one of its dimensions, or "" for the first of
    PREFERRED that divides the accounts. Of many categories those with the highest net sales are
    shown.
    """
    dimension = dimension or _choose(profile)
    table = _counted(profile, dimension)
    ax = ax or theme.new_axes(8.0, 1.7 + 0.36 * max(1, min(len(table), MAX_CATEGORIES)))
    if table.empty:
        return theme.say_nothing(ax, theme.reason_of(profile))
    ax.set_title(_profile_title(table, dimension))
    shown = table.head(MAX_CATEGORIES)
    places = np.arange(len(shown))
    shares = shown["core_share"].to_numpy("float64")
    ends = shown[["core_share_ci_low", "core_share_ci_high"]].to_numpy("float64")
    ax.barh(places, shares, height=0.62, color=theme.TIER_COLOURS["core"])
    ax.hlines(places, ends[:, 0], ends[:, 1], color=theme.CATEGORY[1], linewidth=2.2)
    for y, row, (_low, high) in zip(places, shown.to_dict("records"), ends, strict=True):
        text = _("{core} of {n}", core=fmt_count(row["n_core"]), n=fmt_count(row["n_accounts"]))
        ax.annotate(text, (np.fmax(high, row["core_share"]), y), xytext=(6, 0),
                    textcoords="offset points", va="center", fontsize=9, color=theme.INK)
    ax.set_yticks(places, [theme.wrap(label(one), width=28) for one in shown["category"]])
    ax.invert_yaxis()
    ax.set_xlim(0, 1.12)
    ax.set_xticks(np.arange(0, 1.01, 0.2))
    ax.set_xlabel(_("share of core accounts in the category, with its interval (%)"))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    return ax


def read_profile(profile: pd.DataFrame, *, dimension: str = "", currency: str = "") -> str:
    """Say where most core accounts are, and whether any category stands out from the lowest."""
    dimension = dimension or _choose(profile)
    table = _counted(profile, dimension)
    if table.empty:
        return theme.reason_of(profile)
    most = max(table.to_dict("records"), key=lambda row: row["n_core"])
    texts = [_n("{dimension}: {n} of {total} core accounts is in “{name}”, where all accounts "
                "together bring {amount} of net sales.",
                "{dimension}: {n} of {total} core accounts are in “{name}”, where all accounts "
                "together bring {amount} of net sales.", int(most["n_core"]),
                dimension=heading(dimension), total=fmt_count(table["n_core"].sum()),
                name=label(most["category"]), amount=fmt_money(most["net_amount"], currency)),
             *_compare(table), *_left_out(profile)]
    return join_sentences(texts)


def _compare(table: pd.DataFrame) -> list[str]:
    named = table[table["category"] != "not_given"]
    if len(named) < 2:
        return []
    rows = named.to_dict("records")
    high = max(rows, key=lambda row: row["core_share"])
    low = min(rows, key=lambda row: row["core_share"])
    spans = {name: f"{fmt_share(row['core_share'])} ("
                   + fmt_range(row["core_share_ci_low"], row["core_share_ci_high"], fmt_share)
                   + ")" for name, row in (("high", high), ("low", low))}
    names = {"high_name": label(high["category"]), "low_name": label(low["category"])}
    if high["core_share_ci_low"] > low["core_share_ci_high"]:
        return [_("The share of core accounts goes from {low} in “{low_name}” to {high} in "
                  "“{high_name}”.", **spans, **names)]
    return [_("The share of core accounts goes from {low} in “{low_name}” to {high} in "
              "“{high_name}”; the intervals overlap, so this may be chance.", **spans, **names)]


def _left_out(profile: pd.DataFrame) -> list[str]:
    others = profile[profile["n_core"].isna()]
    if others.empty:
        return []
    return [_n("{n} supplier or partner is left out.", "{n} suppliers and partners are left out.",
               int(others["n_accounts"].sum()))]


def _profile_title(table: pd.DataFrame, dimension: str) -> str:
    most = max(table.to_dict("records"), key=lambda row: row["n_core"])
    return _n("{dimension}: “{name}” has {held} of {n} core account",
              "{dimension}: “{name}” has {held} of {n} core accounts, the most",
              int(table["n_core"].sum()), dimension=heading(dimension),
              name=label(most["category"]), held=fmt_count(most["n_core"]))


def _choose(profile: pd.DataFrame) -> str:
    sizes = profile.groupby("dimension").size()
    return next((name for name in PREFERRED if sizes.get(name, 0) > 1), PREFERRED[0])


def _counted(profile: pd.DataFrame, dimension: str) -> pd.DataFrame:
    table = _of(profile, "dimension", dimension)
    return table[table["n_core"].notna()]


def actions_of(summary: pd.DataFrame) -> pd.DataFrame:
    """The classes with somebody in them and something to do about it, for a page."""
    return summary[(summary["n_accounts"] > 0) & (summary["action"] != "")].reset_index(drop=True)


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["n_accounts"] > 0].reset_index(drop=True)


def _without_empty(walk: pd.DataFrame) -> pd.DataFrame:
    """The cross-walk without the classes, down and across, in which nobody is."""
    filled = _filled(walk)
    return walk[walk["class"].isin(filled["class"])
                & walk["other_class"].isin(filled["other_class"])].reset_index(drop=True)


def _of(table: pd.DataFrame, column: str, name: str) -> pd.DataFrame:
    if column not in table:
        return pd.DataFrame(columns=[column, "n_accounts", "n_core", "class", "other_class"])
    return table[table[column] == name].reset_index(drop=True)
