"""Loyalty as charts and as computed readings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap

from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
)
from kamlib.loyalty import BENCHMARK, MEASURES, TIERS, Loyalty

# What a page shows of a wide table; the published one has every column.
TENURE_COLUMNS = ("tier", "n_accounts", "n_known", "tenure_years", "tenure_years_ci_low",
                  "tenure_years_ci_high", "median_tenure_years", "longest_tenure_years")
RETURNER_COLUMNS = ("account_id", "tier", "gross_amount", "returned_amount", "n_return_orders",
                    "amount_return_rate")
CELL_COLUMNS = ("tier", "measure", "better", "n", "published", "benchmark_class", "verdict",
                "verdict_reason")
CALLED_OFF_COLUMNS = ("tier", "n_accounts", "n_cancelling", "n_called_off_orders",
                      "called_off_amount", "called_off_share", "amount_return_rate",
                      "with_pairs_rate")
VERDICTS = ("better", "in line", "worse", "cannot tell")
SHORT = partial(fmt_share, digits=1)


def plot_tenure(result: Loyalty, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Boxes of tenure by tier (accounts with a known start), the mean as a diamond."""
    ax = ax or theme.new_axes(8.0, 4.2)
    if result.tenures.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "tenure"))
    rows = {row["tier"]: row for row in result.tenure.to_dict("records")}
    ax.set_title(_("Core accounts have been customers for {core} years on average, general ones "
                   "for {general}", core=fmt_number(rows["core"]["tenure_years"], 1),
                   general=fmt_number(rows["general"]["tenure_years"], 1)))
    parts = [result.tenures.loc[result.tenures["tier"] == tier, "tenure_years"] for tier in TIERS]
    drawn = ax.boxplot(parts, positions=range(len(TIERS)), widths=0.5, patch_artist=True,
                       showfliers=False, medianprops={"color": theme.INK},
                       manage_ticks=False)
    for box, tier in zip(drawn["boxes"], TIERS, strict=True):
        box.set(facecolor=theme.TIER_COLOURS[tier], edgecolor=theme.INK, alpha=0.6)
    means = [rows[tier]["tenure_years"] for tier in TIERS]
    ax.plot(range(len(TIERS)), means, linestyle="", marker="D", markersize=7,
            markerfacecolor="white", markeredgecolor=theme.INK, label=_("mean"))
    ax.set_xticks(range(len(TIERS)), [
        _("{tier}\n{known} of {n} known", tier=label(tier), known=fmt_count(rows[tier]["n_known"]),
          n=fmt_count(rows[tier]["n_accounts"])) for tier in TIERS])
    ax.set_ylabel(_("tenure (years)"))
    ax.set_ylim(0, ax.get_ylim()[1] * 1.12)
    ax.legend(loc="upper right")
    return ax


def read_tenure(result: Loyalty) -> str:
    """Say the mean tenure by tier and for how many accounts it is not known."""
    if result.tenure.empty:
        return theme.first_reason(result.refused, "tenure")
    rows = {row["tier"]: row for row in result.tenure.to_dict("records")}
    return _("Mean tenure in years: core {core}, important {important}, general {general}; median "
             "over all {median}. The start of {unknown} of {n} accounts lies before the known "
             "history, so they are left out.",
             core=fmt_number(rows["core"]["tenure_years"], 1),
             important=fmt_number(rows["important"]["tenure_years"], 1),
             general=fmt_number(rows["general"]["tenure_years"], 1),
             median=fmt_number(rows["all"]["median_tenure_years"], 1),
             unknown=fmt_count(rows["all"]["n_unknown"]), n=fmt_count(rows["all"]["n_accounts"]))


def plot_repurchase(result: Loyalty, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Repurchase rate of each tier with its interval, the published rate as a mark."""
    ax = ax or theme.new_axes(8.0, 3.8)
    if "repurchase" in result.refused or result.repurchase.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "repurchase"))
    rate = result.repurchase.iloc[-1]
    ax.set_title(_("{rate} of the accounts bought again", rate=fmt_share(rate["repurchase_rate"])))
    _plot_rates(ax, result.repurchase, "repurchase_rate", "n_observed", marks="repurchase")
    ax.set_ylim(0, 1.12)
    ax.set_ylabel(_("accounts that bought again (%)"))
    return ax


def read_repurchase(result: Loyalty) -> str:
    """Say the repurchase rate of each tier, with its interval and n."""
    if "repurchase" in result.refused or result.repurchase.empty:
        return theme.first_reason(result.refused, "repurchase")
    parts = [_("{tier} {rate} ({span}, n = {n})", tier=label(row["tier"]).lower(),
               rate=fmt_share(row["repurchase_rate"]), n=fmt_count(row["n_observed"]),
               span=fmt_range(row["repurchase_rate_ci_low"], row["repurchase_rate_ci_high"],
                              fmt_share)) for row in result.repurchase.to_dict("records")]
    rules = result.rules
    if rules.repurchase_rule == "window":
        return _("Bought on two days of the analysis window: {parts}. Orders also decide on the "
                 "tier, so core is high by construction.", parts=join_items(parts))
    return _("Second purchase within {days} days of the first, among first purchases at least so "
             "long ago: {parts}. Who is core or important now has come back, so these rates are "
             "high by construction; accounts without sales by now count as general.",
             days=fmt_count(rules.repurchase_days), parts=join_items(parts))


def read_frequency(result: Loyalty) -> str:
    """Say how many orders an account places, by tier, and the usual time between purchases."""
    if result.frequency.empty:
        return theme.first_reason(result.refused, "frequency")
    rows = {row["tier"]: row for row in result.frequency.to_dict("records")}
    row = rows["all"]
    return _("An account placed {mean} orders in {window} on average ({span}), half of them "
             "{median} or fewer; core accounts {core}, general ones {general}. Half of the "
             "accounts buy again within {gap} days on average.",
             mean=fmt_number(row["mean_orders"], 1),
             span=fmt_range(row["mean_orders_ci_low"], row["mean_orders_ci_high"],
                            lambda x: fmt_number(x, 1)),
             median=fmt_number(row["median_orders"], 0),
             core=fmt_number(rows["core"]["mean_orders"], 1),
             general=fmt_number(rows["general"]["mean_orders"], 1),
             gap=fmt_number(row["usual_gap_days"], 0))


def plot_returns(result: Loyalty, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Return rate by amount of each tier with its interval, the published rate as a mark."""
    ax = ax or theme.new_axes(8.0, 3.8)
    if result.returns.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "returns"))
    rate = result.returns.iloc[-1]
    ax.set_title(_("{rate} of what was sold came back", rate=SHORT(rate["amount_return_rate"])))
    _plot_rates(ax, result.returns, "amount_return_rate", "n_accounts", marks="returns")
    ax.set_ylim(0, ax.get_ylim()[1] * 1.12)
    ax.set_ylabel(_("returned of gross sales (%)"))
    return ax


def read_returns(result: Loyalty, *, currency: str = "") -> str:
    """Say the return rate on its three bases and how few accounts make half of it."""
    if result.returns.empty:
        return theme.first_reason(result.refused, "returns")
    row = result.returns.to_dict("records")[-1]
    text = _("Returned: {amount} of the amount ({money}), {quantity} of the quantity, {orders} of "
             "the orders.", amount=SHORT(row["amount_return_rate"]),
             money=fmt_money(row["returned_amount"], currency),
             quantity=SHORT(row["quantity_return_rate"]), orders=SHORT(row["order_return_rate"]))
    named = result.high_returners
    return join_sentences([text, _n(
        "{n} account with orders enough returns more than {line}.",
        "{n} accounts with orders enough return more than {line}.", len(named),
        line=fmt_share(result.rules.high_return_share))])


def read_called_off(result: Loyalty, *, currency: str = "") -> str:
    """Say what was called off at once, and what a ledger that counts it as returned would say."""
    if result.cancelled.empty:
        return theme.first_reason(result.refused, "returns")
    row = result.cancelled.to_dict("records")[-1]
    if not row["n_called_off_orders"]:
        return _("No order was called off in full within days.")
    return _n("{n} order was called off in full within days: {amount}, {share} of all ordered. It "
              "is in none of the return rates; with it on both sides {rate} would be {wrong}.",
              "{n} orders were called off in full within days: {amount}, {share} of all ordered. "
              "They are in none of the return rates; with them on both sides {rate} would be "
              "{wrong}.", int(row["n_called_off_orders"]),
              amount=fmt_money(row["called_off_amount"], currency),
              share=SHORT(row["called_off_share"]), rate=SHORT(row["amount_return_rate"]),
              wrong=SHORT(row["with_pairs_rate"]))


def plot_benchmark(result: Loyalty, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Nine cells, tiers down and measures across: estimate, published figure, verdict's colour."""
    ax = ax or theme.new_axes(8.0, 4.2)
    if result.benchmark.empty:
        return theme.say_nothing(ax, theme.first_reason(
            result.refused, "benchmark", "tenure", "repurchase", "returns"))
    cells = {(c["tier"], c["measure"]): c for c in result.benchmark.to_dict("records")}
    worse = int((result.benchmark["verdict"] == "worse").sum())
    ax.set_title(_n("{n} of {all} figures is worse than the published one",
                    "{n} of {all} figures are worse than the published ones", worse,
                    all=fmt_count(len(cells))))
    codes = [[VERDICTS.index(cells[tier, measure]["verdict"]) for measure in MEASURES]
             for tier in TIERS]
    colours = ListedColormap([theme.VERDICT_COLOURS[verdict] for verdict in VERDICTS])
    ax.pcolormesh(np.arange(4), np.arange(4), codes, cmap=colours, vmin=0, vmax=len(VERDICTS) - 1,
                  alpha=0.18, edgecolors="white", linewidth=6)
    for y, tier in enumerate(TIERS):
        for x, measure in enumerate(MEASURES):
            ax.text(x + 0.5, y + 0.5, _cell_text(cells[tier, measure]), ha="center", va="center",
                    color=theme.INK, fontsize=9.5, linespacing=1.6)
    ax.set_xticks(np.arange(3) + 0.5, [_("Tenure (years)"), _("Repurchase rate (%)"),
                                       _("Return rate (%)")])
    ax.set_yticks(np.arange(3) + 0.5, [label(tier) for tier in TIERS])
    return theme.name_columns_above(ax)


def read_benchmark(result: Loyalty) -> str:
    """Say which figures are better, in line and worse, and why some are open."""
    if result.benchmark.empty:
        return theme.first_reason(result.refused, "benchmark", "tenure", "repurchase", "returns")
    cells = result.benchmark
    groups = [(label(verdict), cells[cells["verdict"] == verdict]) for verdict in VERDICTS]
    groups.append((_("Between two published ranges"), cells[cells["benchmark_class"] == "between"]))
    return join_sentences(
        _("{verdict}: {cells}.", verdict=verdict,
          cells=join_items(_cell_name(cell) for cell in group.to_dict("records")))
        for verdict, group in groups if len(group))


def read_aims(result: Loyalty) -> str:
    """Say how the company's own targets stand, or that there are none."""
    if result.aims.empty:
        return _("The company has set no target of its own for tenure, repurchase or returns "
                 "(table targets, or the rules of loyalty).")
    told = [_("{measure} {verdict}", measure=label(row["measure"]).lower(),
              verdict=label(row["verdict"]).lower()) for row in result.aims.to_dict("records")]
    return _("Own targets: {told}.", told=join_items(told))


def _plot_rates(ax: Axes, table: pd.DataFrame, rate: str, n: str, *,
                marks: str) -> None:
    rows = {row["tier"]: row for row in table.to_dict("records")}
    ax.bar(range(len(TIERS)), [rows[tier][rate] for tier in TIERS], width=0.5,
           color=[theme.TIER_COLOURS[tier] for tier in TIERS])
    for x, tier in enumerate(TIERS):
        row = rows[tier]
        ax.vlines(x, row[f"{rate}_ci_low"], row[f"{rate}_ci_high"], color=theme.INK, linewidth=1.2)
        top = np.nanmax([row[rate], row[f"{rate}_ci_high"], 0.0])
        ax.annotate(SHORT(row[rate]), (x, top), xytext=(0, 4), textcoords="offset points",
                    ha="center", fontsize=9, color=theme.INK)
    cells = BENCHMARK[BENCHMARK["measure"] == marks].set_index("tier").loc[list(TIERS)]
    ax.plot(range(len(TIERS)), cells["benchmark_figure"], linestyle="", marker="D", markersize=7,
            markerfacecolor="white", markeredgecolor=theme.INK, label=_("published"))
    ax.set_xticks(range(len(TIERS)), [_("{tier}\nn = {n}", tier=label(tier),
                                        n=fmt_count(rows[tier][n])) for tier in TIERS])
    theme.share_axis(ax)
    ax.legend(loc="upper right")


def _cell_text(cell: Mapping[Any, Any]) -> str:
    published = _("published: {figure}", figure=label(cell["published"]))
    return "\n".join([_measured(cell), published, label(cell["verdict"]).upper()])


def _measured(cell: Mapping[Any, Any]) -> str:
    unit = "years" if cell["measure"] == "tenure" else "share"
    value, low, high = (cell[f"measured_{unit}{end}"] for end in ("", "_ci_low", "_ci_high"))
    fmt = partial(fmt_number, digits=1) if unit == "years" else SHORT
    return _("{value} ({span})", value=fmt(value), span=fmt_range(low, high, fmt))


def _cell_name(cell: Mapping[Any, Any]) -> str:
    return _("{tier} {measure}", tier=label(cell["tier"]).lower(),
             measure=label(cell["measure"]).lower())
