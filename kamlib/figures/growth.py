"""What drove the change in sales: the bridge from a base to the period, as chart and reading."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter

from kamlib.figures import theme
from kamlib.figures.comparison import find_base, money_label, say_no_base, signed_money
from kamlib.labels import label
from kamlib.language import _, fmt_list, fmt_money, join_sentences
from kamlib.sales import Sales

PART_COLUMNS = ("component", "amount", "n_products")
LINE_COLUMNS = ("product_line", "base_amount", "price_amount", "volume_amount", "mix_amount",
                "quantity_unknown_amount", "return_effect_amount", "current_amount")
STEPS = ("price", "volume", "mix_new", "mix_gone", "quantity_unknown", "returned")
UP, DOWN = theme.VERDICT_COLOURS["better"], theme.VERDICT_COLOURS["worse"]


def plot_bridge(sales: Sales, *, comparison: str = "", ax: Axes | None = None,
                currency: str = "") -> Axes:
    """Waterfall of net sales from a base to the period: price, volume, mix, returns."""
    ax = ax or theme.new_axes(8.5, 4.4)
    comparison = comparison or sales.base
    rows = _components(sales, comparison)
    if rows.empty:
        return theme.say_nothing(ax, _reason(sales, comparison))
    steps, base = _steps(rows), _base_label(sales, comparison)
    moves = rows[steps].to_numpy("float64")
    tops = rows["base"] + np.concatenate([[0.0], moves.cumsum()])
    # Base and period are levels, not bars: a bar's axis would have to begin at 0.
    for x, name in ((0, "base"), (len(steps) + 1, "current")):
        ax.hlines(rows[name], x - 0.35, x + 0.35, color=theme.INK, linewidth=4)
        _write(ax, x, rows[name], fmt_money(rows[name], currency))
    places = np.arange(1, len(steps) + 1)
    ax.bar(places, moves, bottom=tops[:-1], width=0.62, color=np.where(moves >= 0, UP, DOWN))
    ax.hlines(tops, np.arange(len(tops)) + 0.35, np.arange(len(tops)) + 1.31, color=theme.MUTED,
              linewidth=0.8)
    for at, move in enumerate(moves):
        _write(ax, at + 1, max(tops[at], tops[at + 1]), signed_money(move, currency))
    ax.set_title(_bridge_title(sales, rows, comparison, currency))
    names = [base, *(theme.wrap(label(name), width=13) for name in steps), sales.period.label]
    ax.set_xticks(range(len(names)))
    ax.xaxis.set_major_formatter(FixedFormatter(names))
    _leave_room(ax, [*tops, rows["current"]])
    ax.set_xlabel(_("from {base} to {period}", base=base, period=sales.period.label))
    ax.set_ylabel(money_label(_("net sales, axis may begin above 0"), currency))
    theme.amount_axis(ax)
    return ax


def read_bridge(sales: Sales, *, comparison: str = "", currency: str = "") -> str:
    """Say each part of the change in money, and that the parts add up to it."""
    comparison = comparison or sales.base
    rows = _components(sales, comparison)
    if rows.empty:
        return _reason(sales, comparison)
    parts = fmt_list(_("{name} {amount}", name=label(name).lower(),
                       amount=signed_money(rows[name], currency)) for name in _steps(rows))
    change = rows["current"] - rows["base"]
    if not parts:
        return _("Net sales did not change against {base}.", base=_base_label(sales, comparison))
    texts = [_("Against {base}: {parts}; together {change}.", parts=parts,
               base=_base_label(sales, comparison), change=signed_money(change, currency))]
    unknown = rows.get("quantity_unknown", 0.0)
    if unknown and rows["current"]:
        texts.append(_("Of the change, {amount} comes from products whose quantity is not known, "
                       "so price and volume cannot be told apart there.",
                       amount=signed_money(unknown, currency)))
    return join_sentences(texts)


def parts_of(sales: Sales, comparison: str = "") -> pd.DataFrame:
    """Return the bridge of one comparison; without its name, of the one told first."""
    rows = sales.growth[sales.growth["comparison"] == (comparison or sales.base)]
    return rows.reset_index(drop=True)


def lines_of(sales: Sales, comparison: str = "") -> pd.DataFrame:
    """Return the bridge by product line for one comparison, the largest change first.

    What returns did to net sales is called return_effect_amount here: it is no amount of returns.
    """
    lines = sales.growth_lines[sales.growth_lines["comparison"] == (comparison or sales.base)]
    size = (lines["current_amount"] - lines["base_amount"]).abs()
    order = size.sort_values(ascending=False, kind="stable").index
    return lines.loc[order].reset_index(drop=True).rename(
        columns={"returned_amount": "return_effect_amount"})


def caption_of(sales: Sales, comparison: str = "") -> str:
    """Name both ends of the bridge, for the caption of its tables."""
    row = find_base(sales, comparison)
    if row is None:
        return _("Net sales of {period}", period=sales.period.label)
    return _("Net sales from {base} to {period}", base=row["base_label"],
             period=sales.period.label)


def read_lines(sales: Sales, *, comparison: str = "", currency: str = "") -> str:
    """Say which product line gained most and which lost most, and how much of it was price."""
    comparison = comparison or sales.base
    lines = lines_of(sales, comparison)
    if lines.empty:
        return _reason(sales, comparison)
    rows = lines.assign(change=lines["current_amount"] - lines["base_amount"]).sort_values(
        "change", ascending=False, kind="stable").to_dict("records")
    base = _base_label(sales, comparison)
    texts = []
    if rows[0]["change"] > 0:
        texts.append(_("Most gained {line}: {change} against {base}, of which price {price} and "
                       "volume {volume}.", line=label(rows[0]["product_line"]), base=base,
                       **_amounts(rows[0], currency)))
    if rows[-1]["change"] < 0:
        texts.append(_("Most lost {line}: {change} against {base}, of which price {price} and "
                       "volume {volume}.", line=label(rows[-1]["product_line"]), base=base,
                       **_amounts(rows[-1], currency)))
    return join_sentences(texts or [_("No product line changed against {base}.", base=base)])


def _amounts(row: dict[object, object], currency: str) -> dict[str, str]:
    return {"change": signed_money(row["change"], currency),
            "price": signed_money(row["price_amount"], currency),
            "volume": signed_money(row["volume_amount"], currency)}


def _components(sales: Sales, comparison: str) -> pd.Series:
    rows = sales.growth[sales.growth["comparison"] == comparison].set_index("component")["amount"]
    rows = rows.astype("float64")
    # A bridge without both of its ends is none.
    whole = {"base", "current"} <= set(rows.index) and rows.loc[["base", "current"]].notna().all()
    return rows if whole else rows.iloc[:0]


def _steps(rows: pd.Series) -> list[str]:
    return [name for name in STEPS if name in rows.index and rows[name]]


def _reason(sales: Sales, comparison: str) -> str:
    if comparison and "growth" not in sales.refused and find_base(sales, comparison) is None:
        return say_no_base(sales, comparison)
    return theme.first_reason(sales.refused, "growth", "growth_lines")


def _base_label(sales: Sales, comparison: str) -> str:
    row = find_base(sales, comparison)
    return str(row["base_label"]) if row else label(comparison)


def _bridge_title(sales: Sales, rows: pd.Series, comparison: str, currency: str) -> str:
    change, base = rows["current"] - rows["base"], _base_label(sales, comparison)
    steps = _steps(rows)
    if not steps:
        return _("Net sales did not change against {base}", base=base)
    values = {"base": base, "change": fmt_money(abs(change), currency),
              "parts": _say_parts(rows[steps].sort_values(ascending=False, kind="stable"),
                                  currency)}
    if change > 0:
        return _("Net sales rose by {change} against {base}: {parts}", **values)
    if change < 0:
        return _("Net sales fell by {change} against {base}: {parts}", **values)
    return _("Net sales are as in {base}: {parts}", **values)


def _say_parts(moves: pd.Series, currency: str) -> str:
    """Name the part that added most and the one that took most."""
    up, down = (_("{name} ({amount})", name=label(moves.index[at]).lower(),
                  amount=signed_money(moves.iloc[at], currency)) for at in (0, -1))
    if moves.iloc[0] > 0 > moves.iloc[-1]:
        return _("{up} added most, {down} took most", up=up, down=down)
    return _("{part} made most of it", part=up if moves.iloc[0] > 0 else down)


def _leave_room(ax: Axes, tops: list[float]) -> None:
    low, high = float(np.min(tops)), float(np.max(tops))
    room = max(0.3 * (high - low), 0.02 * abs(high), 1e-9)
    ax.set_ylim(max(0.0, low - room) if low >= 0 else low - room, high + room)


def _write(ax: Axes, x: float, y: float, text: str) -> None:
    ax.annotate(text, (x, y), xytext=(0, 4), textcoords="offset points", ha="center", va="bottom",
                fontsize=9.5, color=theme.INK)
