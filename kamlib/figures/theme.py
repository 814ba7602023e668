"""The look of every chart: colours with a fixed meaning and quiet axes.

Nothing global is changed: each Axes is styled by itself, so a chart drawn beside others, or in a
notebook with a style of its own, looks the same.
"""

from __future__ import annotations

import re
import textwrap
import warnings
from collections.abc import Mapping
from functools import cache

import numpy as np
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogFormatter

from kamlib.language import _, fmt_count, fmt_money, fmt_share

INK = "#222222"
MUTED = "#8a8f98"
FAINT = "#d9dce1"
ACCENT = "#0b5cad"

# Hues after Okabe & Ito (2008), jfly.uni-koeln.de/color: apart for the three common kinds of
# colour blindness, and apart in lightness when printed grey.
CATEGORY = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#444444", "#7a4b00")
TIER_COLOURS = {"core": "#0b3c6f", "important": "#3f8fce", "general": "#b9c4cf"}
STAGE_COLOURS = {"exploration": "#56b4e9", "formation": "#009e73", "stability": "#0b3c6f",
                 "decline": "#d55e00", "undetermined": "#b9c4cf"}
GOOD, BAD = "#00745a", "#b8410b"
VERDICT_COLOURS = {"met": GOOD, "better": GOOD, "in line": "#5d6672",
                   "cannot tell": "#8a8f98", "not met": BAD, "worse": BAD}

FONT_SIZE = 10.0
TITLE_SIZE = 12.0
# Twelve-point DejaVu Sans puts about eleven letters on an inch.
LETTERS_AN_INCH = 10.5
# Where Unicode's East Asian blocks begin: letters twice as wide as Latin ones.
WIDE_FROM = 0x2E80
# Names under which the common systems install a font that covers Chinese.
CHINESE_FONTS = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC",
                 "WenQuanYi Micro Hei", "SimHei", "Noto Serif CJK SC", "Noto Sans CJK JP")


@cache
def font_families() -> list[str]:
    """Return the fonts a chart uses: DejaVu Sans, and an installed Chinese one if there is any."""
    installed = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *[name for name in CHINESE_FONTS if name in installed][:1]]


def new_axes(width: float = 8.0, height: float = 4.2) -> Axes:
    """Return quiet Axes on a figure of their own (inches); the figure is not pyplot's."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    ax: Axes = figure.add_subplot()
    return style_axes(ax)


def style_axes(ax: Axes) -> Axes:
    """Give Axes the quiet look: no box, a light grid behind the marks, dark grey text."""
    ax.set_axisbelow(True)
    ax.grid(True, axis="y", color=FAINT, linewidth=0.6)
    ax.spines[["top", "right", "left"]].set_visible(False)
    ax.spines["bottom"].set_color(FAINT)
    ax.tick_params(colors=INK, labelsize=FONT_SIZE, length=0)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set(color=INK, fontsize=FONT_SIZE)
    return ax


def finish(figure: Figure) -> None:
    """Bring what was drawn into the house form: titles, legends and fonts.

    A title set in the plain way, ``ax.set_title(sentence)``, moves to the left and is wrapped
    onto three lines at most. Doing this again changes nothing.
    """
    inches = float(figure.get_size_inches()[0])
    _lay_out(figure)
    for ax in figure.axes:
        title = plain_title(ax)
        ax.set_title("")
        if title:
            width = int(inches * LETTERS_AN_INCH * ax.get_position().width)
            ax.set_title(wrap(title, width=width, lines=3), loc="left", color=INK,
                         fontsize=TITLE_SIZE, pad=12)
        legend = ax.get_legend()
        if legend is not None:
            legend.set_frame_on(False)
    for text in figure.findobj(Text):
        text.set_fontfamily(font_families())
        # A customer called "A$B$C" is not a formula.
        text.set_parse_math(False)
    for axis in (axis for ax in figure.axes for axis in (ax.xaxis, ax.yaxis)):
        if isinstance(axis.get_major_formatter(), LogFormatter):
            for text in axis.get_ticklabels(which="both"):
                text.set_parse_math(True)


def _lay_out(figure: Figure) -> None:
    """Find the width of each Axes, which long names beside it make narrower."""
    if figure.get_layout_engine() is None:  # fixed margins; only the ticks have to be there
        for ax in figure.axes:
            for axis in (ax.xaxis, ax.yaxis):
                axis.get_ticklabels(which="both")
        return
    with warnings.catch_warnings():
        # Only places are looked for; the reader's font has the glyph.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.draw_without_rendering()


def plain_title(ax: Axes) -> str:
    """Return the title of Axes without its line breaks, wherever it stands."""
    titles = (ax.get_title(loc=place) for place in ("left", "center", "right"))
    text = next((title for title in titles if title), "")
    # Chinese has no spaces to put back.
    return "".join(_joined(line) for line in text.split("\n")).strip()


def wrap(text: str, *, width: int, lines: int = 2) -> str:
    """Break a text into lines of about `width` Latin letters; a longer rest is cut with "…".

    >>> wrap("Nine accounts carry half of all sales", width=20)
    'Nine accounts carry\\nhalf of all sales'
    """
    # A Chinese character is as wide as two letters and may be broken after.
    if sum(ord(letter) > WIDE_FROM for letter in text) > len(text) / 3:
        width = width // 2
    return "\n".join(textwrap.wrap(text, width, max_lines=lines, placeholder=" …"))


def amount_axis(ax: Axes, *, axis: str = "y", currency: str = "") -> None:
    """Write the ticks of an axis as compact money."""
    _ticks(ax, axis).set_major_formatter(FuncFormatter(lambda x, _: _tick(x, currency)))


def name_columns_above(ax: Axes) -> Axes:
    """Make Axes a table of cells: columns named above, the first row on top, no lines between."""
    ax.xaxis.tick_top()
    ax.invert_yaxis()
    ax.grid(False)
    ax.spines["bottom"].set_visible(False)
    return ax


def share_axis(ax: Axes, *, axis: str = "y") -> None:
    """Write the ticks of an axis that runs from 0 to 1 as percent, no two of them alike."""
    ticks = _ticks(ax, axis)

    def write(x: float, _place: object) -> str:
        percents = 100 * np.asarray(ticks.get_majorticklocs())
        digits = next((n for n in range(2) if np.allclose(percents, percents.round(n))), 2)
        return fmt_share(x, digits)

    ticks.set_major_formatter(FuncFormatter(write))


def count_axis(ax: Axes, *, axis: str = "y") -> None:
    """Write the ticks of an axis as whole numbers."""
    ticks = _ticks(ax, axis)
    ticks.get_major_locator().set_params(integer=True)  # type: ignore[call-arg]
    ticks.set_major_formatter(FuncFormatter(lambda x, _: fmt_count(x)))


def _tick(x: float, currency: str) -> str:
    # A tick is exact: "5 M", not "5.00 M".
    return re.sub(r"\.0+(?=\D|$)|(\.\d*[1-9])0+(?=\D|$)", r"\1", fmt_money(x, currency))


def _joined(line: str) -> str:
    return line if line and ord(line[-1]) > WIDE_FROM else f"{line} "


def _ticks(ax: Axes, axis: str) -> Axis:
    return ax.xaxis if axis == "x" else ax.yaxis


def say_nothing(ax: Axes, reason: str) -> Axes:
    """Make an empty chart a short strip that says why there is nothing to see."""
    figure = ax.get_figure(root=True)
    if figure is not None:
        figure.set_size_inches(8, 1.2)
    ax.set_title(_("There is nothing to show"))
    ax.text(0.0, 0.5, wrap(reason, width=90, lines=3), ha="left", va="center",
            transform=ax.transAxes, color=MUTED)
    ax.set_axis_off()
    return ax


def first_reason(refused: Mapping[str, str], *tables: str) -> str:
    """Return why the first of these tables was refused, or that there is nothing to show."""
    reasons = [refused[name] for name in tables if name in refused]
    return reasons[0] if reasons else _("There is nothing to show for this period.")


def reason_of(table: pd.DataFrame) -> str:
    """Return why a table is empty, which it carries itself when it was refused."""
    return str(table.attrs.get("reason", "")) or first_reason({})
