"""The matrices, the test of the RFM classes and the other readings, as charts and sentences."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

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
    name_currency,
)
from kamlib.segmentation.matrices.matrix import APART, AXES, CELLS

# What a page shows of a wide table; the published one has every column.
MATRIX_COLUMNS = ("subject_id", "amount", "amount_share", "growth_rate", "margin_amount", "cell",
                  "action")
ACCOUNT_COLUMNS = ("account_id", "amount", "amount_share", "growth_rate", "margin_amount", "cell")
BACKTEST_COLUMNS = ("predictor", "n_accounts", "n_groups", "mae_amount", "rank_correlation",
                    "rank_correlation_ci_low", "rank_correlation_ci_high", "rank_difference",
                    "rank_difference_ci_low", "rank_difference_ci_high", "verdict")
SCORE_COLUMNS = ("measure", "score", "from_value", "to_value", "n_accounts")
SWITCHBOARD_COLUMNS = ("question", "chosen", "other", "n_changed", "changed_share",
                       "changed_amount", "reason")
N_NAMED = 8
# More bubbles than this would make a page slow; they are drawn as one picture.
MAX_VECTORS = 3000
# Best corner, high across only, high up only, low on both.
CELL_COLOURS = (theme.CATEGORY[2], theme.ACCENT, theme.CATEGORY[1], theme.MUTED)
# Beyond so many times the cut, an axis is bent so that the small ones can be told apart.
FAR = 20
Row = Mapping[Hashable, Any]
LEAST_AREA, LARGEST_AREA, AREA_STEPS = 14.0, 900.0, 12  # of a bubble, square points


def plot_matrix(matrix: pd.DataFrame, cuts: pd.DataFrame, *, names: Mapping[str, str] | None = None,
                ax: Axes | None = None, currency: str = "") -> Axes:
    """Bubbles in four cells, their area the net sales, with the cut lines and the largest named.

    matrix, cuts: from `build_matrix` and `find_matrix_cuts`; names: shown name by subject_id.
    """
    ax = ax or theme.new_axes(8.6, 5.4)
    if matrix.empty:
        return theme.say_nothing(ax, theme.reason_of(matrix))
    variant = str(matrix["variant"].iloc[0])
    x, y = AXES[variant]
    placed = _placed(matrix)
    ax.set_title(_matrix_title(matrix, variant))
    for cell, colour in zip(CELLS[variant].values(), CELL_COLOURS, strict=True):
        part = placed[placed["cell"] == cell]
        areas = _areas(part, placed)
        # Bubbles of one size share one drawing, which makes a page a tenth as large.
        for area in np.unique(np.r_[areas, LEAST_AREA]):
            alike = part[areas == area]
            ax.scatter(alike[x], alike[y], s=area, color=colour, alpha=0.55, edgecolors="white",
                       linewidths=0.6, rasterized=len(placed) > MAX_VECTORS,
                       label=_cell_words(cell, part) if area == LEAST_AREA else "_")
    _bend(ax, placed, cuts)
    _draw_cuts(ax, cuts, currency)
    _name_largest(ax, placed, variant, names or {})
    ax.set_xlabel(_axis_words(x, currency))
    ax.set_ylabel(_axis_words(y, currency))
    ax.grid(False)
    legend = ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=2, fontsize=9)
    for handle in legend.legend_handles:
        handle.set_sizes([60])  # type: ignore[union-attr]
    return ax


def read_matrix(matrix: pd.DataFrame, cuts: pd.DataFrame, *, names: Mapping[str, str] | None = None,
                currency: str = "") -> str:
    """Say where the cuts lie, what each cell brings, who stands apart and what the axes lack."""
    if matrix.empty:
        return theme.reason_of(matrix)
    variant = str(matrix["variant"].iloc[0])
    across, up = cuts.to_dict("records")
    texts = [_("High is {x_name} from {x} ({x_rule}) and {y_name} from {y} ({y_rule}).",
               x_name=label(across["axis"]).lower(), x=_show_cut(across, currency),
               x_rule=label(across["cut_rule"]), y_name=label(up["axis"]).lower(),
               y=_show_cut(up, currency), y_rule=label(up["cut_rule"]))]
    placed = _placed(matrix)
    held = join_items(
        _("{cell}: {n}, {amount}", cell=label(cell), n=fmt_count(len(part)),
          amount=fmt_money(part["amount"].sum(), currency))
        for cell in CELLS[variant].values() for part in [placed[placed["cell"] == cell]])
    texts.append(_("{cells}.", cells=held))
    counts = matrix["cell"].value_counts()
    apart = [_("{cell} {n}", cell=label(cell), n=fmt_count(counts[cell]))
             for cell in APART if cell in counts]
    if apart:
        texts.append(_("Apart stand: {cells}.", cells=join_items(apart)))
    return join_sentences([*texts, _matrix_limit(placed, variant, names or {})])


def accounts_of(matrix: pd.DataFrame) -> pd.DataFrame:
    """The matrix of accounts under their own column, so that a page shows names beside them."""
    return matrix.rename(columns={"subject_id": "account_id"})[list(ACCOUNT_COLUMNS)]


def plot_switchboard(summary: pd.DataFrame, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Lying bars: share of the accounts that change class under each other reading."""
    ax = ax or theme.new_axes(9.0, 4.4)
    known = summary[summary["is_available"].astype(bool)]
    if known.empty:
        return theme.say_nothing(ax, theme.reason_of(summary))
    top = _most(known, "changed_share")
    ax.set_title(_("Read otherwise, one rule moves {share} of the accounts to another class",
                   share=fmt_share(top["changed_share"])))
    table = summary.iloc[::-1].reset_index(drop=True)
    shares = table["changed_share"].fillna(0.0).to_numpy("float64")
    ax.barh([label(code) for code in table["reading"]], shares, color=theme.ACCENT, height=0.6)
    for at, row in enumerate(table.to_dict("records")):
        text = _("cannot be computed")
        if row["is_available"]:
            text = _("{n} of {total}, {amount}", n=fmt_count(row["n_changed"]),
                     total=fmt_count(row["n_accounts"]),
                     amount=fmt_money(row["changed_amount"], currency))
        ax.annotate(text, (shares[at], at), xytext=(5, 0), textcoords="offset points",
                    va="center", fontsize=9,
                    color=theme.INK if row["is_available"] else theme.MUTED)
    ax.set_xlim(0, max(0.1, 1.45 * float(shares.max())))
    ax.set_xlabel(_("share of the accounts that change class (%)"))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    return ax


def read_switchboard(summary: pd.DataFrame, *, currency: str = "") -> str:
    """Say which other reading moves most accounts and most money, and which cannot be computed."""
    known = summary[summary["is_available"].astype(bool)]
    if known.empty:
        return theme.reason_of(summary)
    most, dearest = _most(known, "changed_share"), _most(known, "changed_amount")
    texts = [_("Most accounts change class under {reading}: {n} of {total} ({share}), with "
               "{amount} of net sales.", reading=label(most["reading"]),
               n=fmt_count(most["n_changed"]), total=fmt_count(most["n_accounts"]),
               share=fmt_share(most["changed_share"]),
               amount=fmt_money(most["changed_amount"], currency))]
    if dearest["reading"] != most["reading"]:
        texts.append(_("Most money moves under {reading}: {amount}.",
                       reading=label(dearest["reading"]),
                       amount=fmt_money(dearest["changed_amount"], currency)))
    same = known[known["n_changed"] == 0]
    if len(same):
        texts.append(_("Nothing changes under: {readings}.",
                       readings=join_items(label(code) for code in same["reading"])))
    gaps = summary[~summary["is_available"].astype(bool)]
    texts += [_("{reading} cannot be computed: {reason}", reading=label(row["reading"]),
                reason=row["reason"]) for row in gaps.to_dict("records")]
    return join_sentences(texts)


def plot_backtest(backtest: pd.DataFrame, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Rank correlation of each prediction with what came, with its interval."""
    ax = ax or theme.new_axes(8.0, 3.0)
    if backtest.empty:
        return theme.say_nothing(ax, theme.reason_of(backtest))
    table = backtest.iloc[::-1].reset_index(drop=True)
    ax.set_title(_backtest_title(backtest))
    for at, row in enumerate(table.to_dict("records")):
        colour = theme.ACCENT if row["predictor"] == "rfm_class" else theme.MUTED
        ends = (row["rank_correlation_ci_low"], row["rank_correlation_ci_high"])
        ax.hlines(at, *ends, color=colour, linewidth=2.5)
        ax.plot([row["rank_correlation"]], [at], marker="o", markersize=9, linestyle="",
                color=colour, label=f"_{row['predictor']}")
        ax.annotate(fmt_number(row["rank_correlation"], 2), (row["rank_correlation"], at),
                    xytext=(0, 9), textcoords="offset points", ha="center", fontsize=9,
                    color=theme.INK)
    ax.axvline(0, color=theme.FAINT, linewidth=1)
    ax.set_yticks(range(len(table)), [label(code) for code in table["predictor"]])
    ax.set_ylim(-0.5, len(table) - 0.3)
    low = float(np.nanmin(table["rank_correlation_ci_low"].to_numpy("float64"), initial=0))
    ax.set_xlim(min(-0.05, low - 0.05), 1)
    ax.set_xlabel(_("rank correlation with the period's {outcome} (1: every pair in order)",
                    outcome=label(backtest["outcome"].iloc[0]).lower()))
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    return ax


def read_backtest(backtest: pd.DataFrame, *, currency: str = "") -> str:
    """Say how well the class of the period's opening foretold the period, and amount alone."""
    if backtest.empty:
        return theme.reason_of(backtest)
    rows = backtest.set_index("predictor").to_dict("index")
    rfm, amount, mean = (rows[name] for name in ("rfm_class", "amount_groups", "overall_mean"))
    return join_sentences([
        _("Of {n} accounts, the {groups} classes of the period's opening order the period's "
          "{outcome} with a rank correlation of {rfm}; as many groups by amount alone reach "
          "{amount}.", n=fmt_count(rfm["n_accounts"]), groups=fmt_count(rfm["n_groups"]),
          outcome=label(rfm["outcome"]).lower(), rfm=_estimate(rfm, "rank_correlation"),
          amount=_estimate(amount, "rank_correlation")),
        _("The difference is {difference}: {verdict}.",
          difference=_estimate(rfm, "rank_difference"), verdict=label(rfm["verdict"]).lower()),
        _("The mean error is {rfm} by class, {amount} by amount and {mean} by the mean of all "
          "accounts.", rfm=fmt_money(rfm["mae_amount"], currency),
          amount=fmt_money(amount["mae_amount"], currency),
          mean=fmt_money(mean["mae_amount"], currency))])


def read_scores(thresholds: pd.DataFrame, *, currency: str = "") -> str:
    """Say what the best score takes, and where equal values leave fewer scores than asked."""
    if thresholds.empty:
        return theme.reason_of(thresholds)
    used = thresholds[thresholds["n_accounts"] > 0]
    best = {name: part.sort_values("score").iloc[-1].to_dict()
            for name, part in used.groupby("measure")}
    texts = [_n("The best scores take a sale no more than {n} day ago, at least {orders} orders "
                "and {amount} of net sales.",
                "The best scores take a sale no more than {n} days ago, at least {orders} orders "
                "and {amount} of net sales.", int(best["days_since_last_sale"]["to_value"]),
                orders=fmt_count(best["n_orders"]["from_value"]),
                amount=fmt_money(best["net_amount"]["from_value"], currency))]
    asked = int(thresholds["score"].max())
    for row in best.values():
        values = {"measure": label(row["measure"]).lower(), "used": fmt_count(row["n_scores"]),
                  "asked": fmt_count(asked), "share": fmt_share(row["tied_share"])}
        if row["tied_share"] > 0.5:
            texts.append(_("By {measure}, more than half of the accounts ({share}) are the same "
                           "and share one score; {used} of {asked} scores are in use.", **values))
        elif row["n_scores"] < asked:
            texts.append(_("By {measure}, {share} of the accounts are the same; {used} of {asked} "
                           "scores are in use.", **values))
    return join_sentences(texts)


def _placed(matrix: pd.DataFrame) -> pd.DataFrame:
    return matrix[~matrix["cell"].isin(APART)]


def _matrix_title(matrix: pd.DataFrame, variant: str) -> str:
    best, *_others = CELLS[variant].values()
    part = matrix[matrix["cell"] == best]
    total = float(matrix["amount"].sum())
    held = fmt_share(part["amount"].sum() / total if total > 0 else float("nan"))
    whole = fmt_count(len(_placed(matrix)))
    if variant == "growth_share":
        return _n("{n} star of {whole} placed brings {held} of net sales",
                  "{n} stars of {whole} placed bring {held} of net sales", len(part),
                  whole=whole, held=held)
    return _n("{n} of {whole} is high in sales and margin and brings {held} of net sales",
              "{n} of {whole} are high in sales and margin and bring {held} of net sales",
              len(part), whole=whole, held=held)


def _matrix_limit(placed: pd.DataFrame, variant: str, names: Mapping[str, str]) -> str:
    if variant == "growth_share":
        return _("Share is that of the own portfolio: a market share would need figures of the "
                 "market, which the data does not hold.")
    apart = placed[placed["x_high"] != placed["y_high"]]
    if apart.empty:
        return _("Margin follows sales in every case, so this matrix says no more than size.")
    apart = apart.sort_values(["amount", "subject_id"], ascending=[False, True])
    shown = [names.get(key) or key for key in apart["subject_id"][:3]]
    return _n("Only {n} is high on one axis alone ({names}); for the others margin follows sales.",
              "{n} are high on one axis alone, the largest {names}; for the others margin follows "
              "sales.", len(apart), names=fmt_list(shown))


def _cell_words(cell: str, part: pd.DataFrame) -> str:
    return _("{cell} ({n})", cell=label(cell), n=fmt_count(len(part)))


def _axis_words(axis: str, currency: str) -> str:
    return {"amount_share": _("share of net sales of {window} (%)"),
            "growth_rate": _("growth since the year before (%)"),
            "amount": _("net sales of {window} ({currency})", currency=name_currency(currency)),
            "margin_amount": _("margin of {window} ({currency})",
                               currency=name_currency(currency))}[axis]


def _areas(part: pd.DataFrame, placed: pd.DataFrame) -> Any:
    largest = float(placed["amount"].abs().max()) or 1.0
    steps = np.ceil(AREA_STEPS * part["amount"].abs().to_numpy("float64") / largest)
    return np.maximum(LEAST_AREA, LARGEST_AREA * steps / AREA_STEPS)


def _bend(ax: Axes, placed: pd.DataFrame, cuts: pd.DataFrame) -> None:
    """Bend an axis on which the largest lies far beyond the cut, and write its ticks."""
    ax.margins(0.08)
    for side, row in zip("xy", cuts.to_dict("records"), strict=True):
        is_growth, cut = row["axis"] == "growth_rate", abs(float(row["cut_value"]))
        # Growth is straight from -100 to 100 %, the rest up to the power of ten below the cut.
        straight = 1.0 if is_growth else 10.0**np.floor(np.log10(cut)) if cut else 0.0
        far = 3 if is_growth else FAR
        if straight and float(placed[row["axis"]].abs().max()) > far * straight:
            set_scale = ax.set_xscale if side == "x" else ax.set_yscale
            set_scale("symlog", linthresh=straight, linscale=0.5)
            ax.tick_params(which="minor", length=0)
        if row["axis"] in ("amount_share", "growth_rate"):
            axis = ax.xaxis if side == "x" else ax.yaxis
            axis.set_major_formatter(FuncFormatter(lambda x, _at: _share(x)))
        else:
            theme.amount_axis(ax, axis=side)
    # The largest stand at the right, and so do their names.
    ax.autoscale_view()
    corner = (ax.bbox.x1 + 0.2 * ax.bbox.width, ax.bbox.y0)
    ax.set_xlim(right=float(ax.transData.inverted().transform(corner)[0]))


def _share(x: float) -> str:
    """A share with as many decimals as it takes to tell it from its neighbours."""
    digits = next((d for d in range(4) if abs(round(x, d + 2) - x) < 1e-9), 4)
    return fmt_share(x, digits=digits)


def _show_cut(row: Row, currency: str) -> str:
    value = float(row["cut_value"])
    if row["axis"] not in ("amount_share", "growth_rate"):
        return fmt_money(value, currency)
    digits = 0 if abs(value) >= 0.1 or not value else -int(np.floor(np.log10(abs(value)))) - 1
    return fmt_share(value, digits=digits)


def _draw_cuts(ax: Axes, cuts: pd.DataFrame, currency: str) -> None:
    across, up = cuts.to_dict("records")
    style: dict[str, Any] = {"color": theme.INK, "linewidth": 0.9, "linestyle": "--", "zorder": 1}
    ax.axvline(float(across["cut_value"]), **style)
    ax.axhline(float(up["cut_value"]), **style)
    ax.annotate(_show_cut(across, currency), (float(across["cut_value"]), 1),
                xycoords=("data", "axes fraction"), xytext=(4, 0), textcoords="offset points",
                ha="left", va="top", fontsize=9, color=theme.INK)
    ax.annotate(_show_cut(up, currency), (1, float(up["cut_value"])),
                xycoords=("axes fraction", "data"), xytext=(4, 0), textcoords="offset points",
                va="center", fontsize=9, color=theme.INK)


def _name_largest(ax: Axes, placed: pd.DataFrame, variant: str, names: Mapping[str, str]) -> None:
    x, y = AXES[variant]
    largest = placed.assign(size=placed["amount"].abs()).sort_values(
        ["size", "subject_id"], ascending=[False, True]).head(N_NAMED)
    shown = [str(names.get(key) or label(key)) for key in largest["subject_id"]]
    name_points(ax, list(zip(largest[x], largest[y], strict=True)), shown,
                radii=np.sqrt(_areas(largest, placed)) / 2)


def _most(known: pd.DataFrame, column: str) -> Row:
    order = known.sort_values([column, "reading"], ascending=[False, True])
    return order.to_dict("records")[0]


def _backtest_title(backtest: pd.DataFrame) -> str:
    verdict = str(backtest.set_index("predictor").loc["rfm_class", "verdict"])
    return {"better": _("The RFM class foretold the period better than amount alone"),
            "worse": _("Amount alone foretold the period better than the RFM class"),
            "cannot tell": _("RFM class or amount alone: which foretells better cannot be told"),
            }[verdict]


def _estimate(row: Row, name: str) -> str:
    span = fmt_range(row[f"{name}_ci_low"], row[f"{name}_ci_high"],
                     lambda x: fmt_number(x, 2))
    return _("{value} ({span})", value=fmt_number(row[name], 2), span=span)
