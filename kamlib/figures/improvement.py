"""What to mend first, rivals, markets and promises: charts and computed readings."""

from __future__ import annotations

from typing import Any

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
    fmt_money,
    fmt_number,
    fmt_probability,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.satisfaction import Improvement, name_item
from kamlib.satisfaction.improvement.findings import points
from kamlib.satisfaction.improvement.handover import say_first, say_promises, say_rivals

VERDICTS = {"not met": theme.BAD, "met": theme.GOOD, "better": theme.GOOD, "worse": theme.BAD,
            "rose": theme.GOOD, "fell": theme.BAD, "equal": theme.ACCENT}
# Letters of a question beside a chart.
LETTERS = 40
SAME_WEIGHT = 1e-9

# What a page shows of a wide table; the published one has every column.
PRIORITY_COLUMNS = ("priority_rank", "text", "item_index", "gap_index", "gap_index_ci_low",
                    "gap_index_ci_high", "gap_verdict", "weight_share", "below_amount",
                    "main_owner_id")
RIVAL_COLUMNS = ("text", "n_both", "own_index", "rival_index", "difference_index",
                 "difference_index_ci_low", "difference_index_ci_high", "rival_verdict",
                 "rival_ahead_amount")
EXPECTATION_COLUMNS = ("text", "compared_with", "n_both", "expectation_index",
                       "performance_index", "difference_index", "difference_index_ci_low",
                       "difference_index_ci_high", "expectation_verdict")
PROMISE_COLUMNS = ("action_id", "topic", "account_id", "owner_id", "due_date", "promise_status",
                   "overdue_days", "net_amount_window")
TOPIC_COLUMNS = ("topic", "n_promised", "n_kept", "n_kept_late", "n_overdue", "n_paired",
                 "change_index", "change_index_ci_low", "change_index_ci_high", "movement")


def plot_priorities(result: Improvement, *, ax: Axes | None = None) -> Axes:
    """Bars: what the index would gain from each question, most first; colour by verdict."""
    rows = result.priorities
    ax = ax or theme.new_axes(9.0, 1.6 + 0.42 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.reason_of(rows))
    places, gain = np.arange(len(rows)), rows["priority_index"].to_numpy(dtype="float64")
    low, high = (rows["weight_share"] * rows[f"gap_index_ci_{end}"].clip(lower=0)
                 for end in ("low", "high"))
    ax.barh(places, gain, color=_colours(rows["gap_verdict"]), height=0.62)
    _bar_ends(ax, gain, places, low, high)
    _name_rows(ax, rows)
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        if row["gap_verdict"] == "met":
            ax.annotate(_("reaches its target"), (0, place), xytext=(4, 0), va="center",
                        textcoords="offset points", color=theme.GOOD, fontsize=theme.FONT_SIZE - 1)
    ax.set(title=_priorities_title(result), ylabel="",
           xlabel=_("Points that the index would gain if the question reached {target} (dark red: "
                    "clearly below it)", target=fmt_number(result.target_index, 0)))
    return ax


def read_priorities(result: Improvement, *, currency: str = "") -> str:
    """Say what to mend first, how sure that is, whose accounts they are, and what the target is."""
    if result.priorities.empty:
        return theme.reason_of(result.priorities)
    top = result.priorities.iloc[0]
    said = [say_first(result, currency)]
    if top["priority_index"] > 0:
        said.append(_("Were other such accounts asked, it would come first in {share} of cases.",
                      share=fmt_probability(top["top_probability"])))
    if top["main_owner_id"] and pd.notna(top["main_owner_amount"]):
        said.append(_("Most of it, {amount}, is with accounts of {owner}.",
                      amount=fmt_money(top["main_owner_amount"], currency),
                      owner=top["main_owner_id"]))
    if top["n_open_promises"]:
        said.append(_n("{n} promise on its topic is still open.",
                       "{n} promises on its topic are still open.", int(top["n_open_promises"])))
    said.append(_("The target of {target} points is {source}.",
                  target=fmt_number(result.target_index, 0), source=label(result.target_source)))
    return join_sentences([*said, *_say_weights(result)])


def _say_weights(result: Improvement) -> list[str]:
    """Say by which weights the questions are ordered, and what the other reading puts first."""
    weights, known = result.priorities["weight_share"], result.importance
    said = [_("All questions weigh the same in the index, so the order follows the gap to the "
              "target alone.") if weights.max() - weights.min() < SAME_WEIGHT else
            _("The order follows the gap to the target and the weight of each question in the "
              "index.")]
    known = known[known["derived_share"].notna()] if len(known) else known
    if known.empty:
        return said
    top = known.sort_values(["derived_share", "item_id"], ascending=[False, True]).iloc[0]
    share = fmt_share(top["derived_share"])
    between = fmt_range(top["derived_share_ci_low"], top["derived_share_ci_high"], fmt_share)
    if top["item_id"] == result.priorities["item_id"].iloc[0]:
        return [*said, _("What the overall judgement follows is another reading of what matters; "
                         "it puts the same question first ({share}, {range}).",
                         share=share, range=between)]
    return [*said, _("What the overall judgement follows is another reading of what matters; there "
                     "“{item}” counts most ({share}, {range}).",
                     item=name_item(top.to_dict()), share=share, range=between)]


def plot_rivals(result: Improvement, *, ax: Axes | None = None) -> Axes:
    """Our rating less the best rival's, question by question; the band counts as equal."""
    rows = result.rivals
    ax = ax or theme.new_axes(9.0, 1.6 + 0.42 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.reason_of(rows))
    _draw_differences(ax, rows, "difference_index", rows["rival_verdict"])
    _name_rows(ax, rows)
    ax.axvspan(-result.rules.equal_margin, result.rules.equal_margin, color=theme.FAINT,
               alpha=0.6, zorder=0)
    ax.set(title=_rivals_title(result), ylabel="",
           xlabel=_("Points by which we are rated above the best rival (grey band: within {margin} "
                    "points, equal)", margin=fmt_number(result.rules.equal_margin, 0)))
    return ax


def read_rivals(result: Improvement) -> str:
    """Say on what the best rival is ahead and on what we are, or that it was not measured."""
    if result.rivals.empty:
        return theme.reason_of(result.rivals)
    n = int(result.rivals["n_both"].max())
    return join_sentences([say_rivals(result), _n(
        "At most {n} account rated both.", "At most {n} accounts rated both.", n)])


def read_expectations(result: Improvement) -> str:
    """Say whether accounts got what they had expected, or that it was not asked."""
    if result.expectations.empty:
        return theme.reason_of(result.expectations)
    row = result.expectations.iloc[0]
    gap = {"gap": points(abs(row["difference_index"])), "n": fmt_count(row["n_both"]),
           "range": fmt_range(row["difference_index_ci_low"], row["difference_index_ci_high"],
                              points)}
    if row["expectation_verdict"] == "missed":
        return _("{n} accounts got {gap} points less than they had expected (difference {range}).",
                 **gap)
    if row["expectation_verdict"] == "exceeded":
        return _("{n} accounts got {gap} points more than they had expected (difference {range}).",
                 **gap)
    return _("Whether {n} accounts got what they had expected, one cannot tell (difference "
             "{range}).", **gap)


def plot_cells(result: Improvement, *, ax: Axes | None = None) -> Axes:
    """Heat map: every question in every market, against the target."""
    cells = result.cells
    markets = _order_markets(cells)
    order = [row for row in result.priorities["item_id"] if row in set(cells["item_id"])]
    ax = ax or theme.new_axes(2.6 + 1.3 * max(4, len(markets)), 1.9 + 0.5 * max(3, len(order)))
    if cells.empty:
        return theme.say_nothing(ax, theme.reason_of(cells))
    values = cells.pivot(index="item_id", columns="region", values="item_index").loc[order, markets]
    image = ax.imshow(values.to_numpy(dtype="float64") - result.target_index, cmap="RdBu",
                      vmin=-25, vmax=25, aspect="auto")
    rows = cells.set_index(["item_id", "region"])
    for i, item in enumerate(order):
        for j, market in enumerate(markets):
            if (item, market) in rows.index:
                _write_cell(ax, rows.loc[(item, market)], (j, i), result.target_index)
    named = cells.drop_duplicates("item_id").set_index("item_id").loc[order]
    ax.set_yticks(range(len(order)), [theme.wrap(name_item(row), width=LETTERS)
                                      for row in named.to_dict("records")])
    ax.set_xticks(range(len(markets)), [theme.wrap(str(m), width=12) for m in markets])
    ax.grid(False)
    bar = ax.figure.colorbar(image, ax=ax, shrink=0.8, pad=0.02)
    bar.set_label(_("points against the target of {target}",
                    target=fmt_number(result.target_index, 0)), color=theme.INK)
    bar.outline.set_visible(False)
    ax.set(title=_cells_title(result), ylabel="",
           xlabel=_("Market; small figure: accounts; bold: clearly above or below the target"))
    return ax


def read_cells(result: Improvement) -> str:
    """Say which questions are clearly below target in which markets."""
    if result.cells.empty:
        return theme.reason_of(result.cells)
    low = result.cells[result.cells["gap_verdict"] == "not met"].sort_values(
        ["item_index", "item_id", "region"])
    n_hidden = int(result.cells["item_index"].isna().sum())
    hidden = _n("{n} cell has fewer than {minimum} accounts and is not shown.",
                "{n} cells have fewer than {minimum} accounts and are not shown.", n_hidden,
                minimum=fmt_count(result.rules.min_cell)) if n_hidden else ""
    if low.empty:
        return join_sentences(t for t in (_(
            "In no market is any question clearly below {target}, all cells taken together.",
            target=fmt_number(result.target_index, 0)), hidden) if t)
    worst = fmt_list(_("“{item}” in {market} ({index})", item=name_item(row), market=row["region"],
                       index=points(row["item_index"])) for row in low.head(3).to_dict("records"))
    return join_sentences(t for t in (_n(
        "{n} cell lies clearly below {target}, all taken together: {worst}.",
        "{n} cells lie clearly below {target}, all taken together; lowest: {worst}.", len(low),
        target=fmt_number(result.target_index, 0), worst=worst), hidden) if t)


def read_markets(result: Improvement) -> str:
    """Say what the comparison with the best rival asks for in each market."""
    if result.markets.empty:
        return theme.reason_of(result.markets)
    told = result.markets[result.markets["rival_verdict"] != "cannot tell"]
    said = [_("{advice}: {markets}.", advice=label(advice), markets=fmt_list(part["region"]))
            for advice, part in told.groupby("rival_advice", sort=True)]
    n_open = len(result.markets) - len(told)
    if n_open:
        said.append(_n("In {n} market one cannot tell whether we or the best rival is ahead.",
                       "In {n} markets one cannot tell whether we or the best rival is ahead.",
                       n_open))
    return join_sentences(said)


def plot_topics(result: Improvement, *, ax: Axes | None = None) -> Axes:
    """Change of each promised topic since the promises, and how many of them were kept."""
    rows = result.topics[result.topics["change_index"].notna()]
    ax = ax or theme.new_axes(9.0, 1.8 + 0.45 * max(2, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.reason_of(result.topics))
    _draw_differences(ax, rows, "change_index", rows["movement"])
    kept = rows["n_kept"] + rows["n_kept_late"]
    names = [_("{topic}: {kept} of {n} kept", topic=label(topic), kept=fmt_count(k), n=fmt_count(n))
             for topic, k, n in zip(rows["topic"], kept, rows["n_promised"], strict=True)]
    ax.set_yticks(np.arange(len(rows)), [theme.wrap(name, width=LETTERS) for name in names])
    ax.invert_yaxis()
    ax.set(title=_topics_title(result), ylabel="",
           xlabel=_("Change of the topic since {previous}, same accounts (points)",
                    previous=result.previous_name))
    return ax


def read_promises(result: Improvement, *, currency: str = "") -> str:
    """Say what became of the promises, and who waits longest."""
    if result.promises.empty:
        return theme.reason_of(result.promises)
    late = result.promises[result.promises["promise_status"] == "overdue"]
    said = [say_promises(result)]
    if len(late):
        worst = late.iloc[0]
        owner = worst["owner_id"] or _("nobody named")
        said.append(_("Longest overdue, by {days} days, is “{topic}” ({owner}).",
                      days=fmt_count(worst["overdue_days"]), topic=worst["topic"], owner=owner))
        known = late.drop_duplicates("account_id")["net_amount_window"].dropna()
        if len(known):
            said.append(_("Accounts that wait buy for {amount} a year.",
                          amount=fmt_money(known.sum(), currency)))
    return join_sentences(said)


def read_topics(result: Improvement) -> str:
    """Say which promised topics are rated better or worse since, or that one cannot tell."""
    if result.topics.empty:
        return theme.reason_of(result.topics)
    moved = {way: fmt_list(result.topics.loc[result.topics["movement"] == way, "topic"])
             for way in ("rose", "fell")}
    said = []
    if moved["rose"]:
        said.append(_("Rated better since the promises: {topics}.", topics=moved["rose"]))
    if moved["fell"]:
        said.append(_("Rated worse in spite of the promises: {topics}.", topics=moved["fell"]))
    if not said:
        n = int(result.topics["n_promised"].sum())
        said.append(_n("After {previous} {n} promise was made; no topic has clearly moved since.",
                       "After {previous} {n} promises were made; no topic has clearly moved since.",
                       n, previous=result.previous_name))
    unasked = result.topics.loc[result.topics["movement"] == "", "topic"]
    if len(unasked):
        said.append(_("The questionnaire does not ask about {topics}.", topics=fmt_list(unasked)))
    return join_sentences(said)


def _draw_differences(ax: Axes, rows: pd.DataFrame, column: str, verdicts: pd.Series) -> None:
    """Points with their intervals around zero, coloured by verdict."""
    places = np.arange(len(rows))
    values = rows[column].to_numpy(dtype="float64")
    ax.axvline(0, color=theme.INK, linewidth=1.0)
    _bar_ends(ax, values, places, rows[f"{column}_ci_low"], rows[f"{column}_ci_high"])
    ax.scatter(values, places, color=_colours(verdicts), s=64, zorder=3)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)


def _bar_ends(ax: Axes, values: Any, places: Any, low: pd.Series, high: pd.Series) -> None:
    below, above = ((values - low.to_numpy(dtype="float64")),
                    (high.to_numpy(dtype="float64") - values))
    spread = np.clip(np.nan_to_num(np.vstack([below, above])), 0, None)
    ax.errorbar(values, places, xerr=spread, fmt="none", ecolor=theme.INK, elinewidth=1.0,
                capsize=2.5)


def _name_rows(ax: Axes, rows: pd.DataFrame) -> None:
    names = [theme.wrap(name_item(row), width=LETTERS) for row in rows.to_dict("records")]
    ax.set_yticks(np.arange(len(rows)), names)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)


def _write_cell(ax: Axes, row: Any, place: tuple[int, int], target: float) -> None:
    j, i = place
    if pd.isna(row["item_index"]):
        ax.text(j, i, _("n = {n}", n=fmt_count(row["n_accounts"])), ha="center", va="center",
                color=theme.MUTED, fontsize=theme.FONT_SIZE - 2)
        return
    dark = abs(float(row["item_index"]) - target) > 15
    colour = "white" if dark else theme.INK
    weight = "bold" if row["gap_verdict"] in ("met", "not met") else "normal"
    ax.text(j, i - 0.12, fmt_number(row["item_index"], 0), ha="center", va="center", color=colour,
            fontsize=theme.FONT_SIZE, fontweight=weight)
    ax.text(j, i + 0.27, fmt_count(row["n_accounts"]), ha="center", va="center", color=colour,
            fontsize=theme.FONT_SIZE - 3)


def _order_markets(cells: pd.DataFrame) -> list[Any]:
    """Markets, the least satisfied first."""
    means = cells.groupby("region")["item_index"].mean().sort_values(kind="stable")
    return list(means.index)


def _colours(verdicts: pd.Series) -> list[str]:
    return [VERDICTS.get(str(verdict), theme.MUTED) for verdict in verdicts]


def _priorities_title(result: Improvement) -> str:
    top = result.priorities.iloc[0].to_dict()
    if top["gap_verdict"] != "not met":
        return _("No question is clearly below its target of {target}",
                 target=fmt_number(result.target_index, 0))
    return _("“{item}” comes first: mending it would lift the index by {points} points",
             item=name_item(top), points=points(top["priority_index"]))


def _rivals_title(result: Improvement) -> str:
    counts = result.rivals["rival_verdict"].value_counts()
    return _("The best rival is ahead on {worse} of {n} questions, we on {better}",
             worse=fmt_count(counts.get("worse", 0)), better=fmt_count(counts.get("better", 0)),
             n=fmt_count(len(result.rivals)))


def _cells_title(result: Improvement) -> str:
    low = result.cells[result.cells["gap_verdict"] == "not met"]
    if low.empty:
        return _("No market is clearly below target on any question")
    most = low.groupby("region").size().sort_values(ascending=False, kind="stable")
    return _n("{market} is clearly below target on {n} question",
              "{market} is clearly below target on {n} questions", int(most.iloc[0]),
              market=most.index[0])


def _topics_title(result: Improvement) -> str:
    counts = result.topics["movement"].value_counts()
    if counts.get("rose", 0) or counts.get("fell", 0):
        return _("Of {n} promised topics {up} are rated better since, {down} worse",
                 n=fmt_count(len(result.topics)), up=fmt_count(counts.get("rose", 0)),
                 down=fmt_count(counts.get("fell", 0)))
    return _("No promised topic has clearly moved since {previous}", previous=result.previous_name)
