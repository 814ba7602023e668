"""What a chart shows, in words, for a reader who cannot see it: computed from the Axes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.colors import to_hex
from matplotlib.container import BarContainer, ErrorbarContainer
from matplotlib.dates import DateFormatter, DateLocator, get_epoch
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedFormatter, FuncFormatter, PercentFormatter, StrMethodFormatter

from kamlib.figures.theme import plain_title
from kamlib.language import _, fmt_count, fmt_date, fmt_number, join_items, join_sentences

MAX_VALUES = 12
MAX_SERIES = 8
NAMED = (StrCategoryFormatter, FixedFormatter)
OWN_FORM = (FuncFormatter, PercentFormatter, StrMethodFormatter, DateFormatter)
# Place in a series → what stands there, in words; asked of the few that are told.
Words = Callable[[int], str]


@dataclass(frozen=True)
class Series:
    """The marks of one kind and colour: where each stands, what it is worth, in words."""

    kind: str
    name: str
    label: Words
    values: Sequence[float]
    shown: Words

    def pair(self, at: int) -> str:
        """Return one value with the label it stands for."""
        return f"{self.label(at)} {self.shown(at)}"


def describe_axes(ax: Axes) -> str:
    """Return a chart's alt text: title, axes, and the numbers of its bars, points and lines.

    Up to twelve values of a series are told one by one; of more, the extremes (of a line also
    the ends). Bands, reference lines and error bars are left to the reading beside the chart.
    """
    title = plain_title(ax)
    is_sentence = title.endswith((".", "。", "!", "?"))
    parts = [title if is_sentence else _("{title}.", title=title)] if title else []
    across, up = (text.replace("\n", " ") for text in (ax.get_xlabel(), ax.get_ylabel()))
    if across:
        parts.append(_("Horizontal axis: {label}.", label=across))
    if up:
        parts.append(_("Vertical axis: {label}.", label=up))
    series = list(find_series(ax))
    parts += [_sentence(one) for one in series[:MAX_SERIES]]
    if len(series) > MAX_SERIES:
        parts.append(_("{n} more series.", n=fmt_count(len(series) - MAX_SERIES)))
    return join_sentences(parts)


def find_series(ax: Axes) -> Iterator[Series]:
    """Yield the bars, lines, points and coloured cells of Axes in the order they were drawn."""
    names = _legend_names(ax)
    caps: set[Any] = set()
    for container in ax.containers:
        if isinstance(container, ErrorbarContainer):
            caps.update(container.lines[1])
        elif isinstance(container, BarContainer) and container.patches:
            yield _bars(ax, container, names)
    for line in ax.lines:
        if line not in caps and not _is_reference(line):
            kind = "points" if line.get_linestyle() in ("None", "", " ") else "line"
            name = _own_name(line.get_label()) or names.get(to_hex(line.get_color()), "")
            yield _placed(ax, kind, name, line.get_xdata(orig=False), line.get_ydata(orig=False))
    for collection in ax.collections:
        if isinstance(collection, PathCollection):
            # The data below the mask: matplotlib masks a point's place when its height is unknown.
            points: Any = np.ma.getdata(collection.get_offsets())
            name = _own_name(collection.get_label())
            if len(points):
                yield _placed(ax, "points", name, points[:, 0], points[:, 1])
        elif isinstance(collection, QuadMesh):
            yield _cells(ax, collection)


def _sentence(series: Series) -> str:
    known = [i for i, value in enumerate(series.values) if np.isfinite(value)]
    if not known:
        return _("{series}: no values.", series=_title(series))
    if len(series.values) <= MAX_VALUES:
        pairs = join_items(series.pair(i) for i in range(len(series.values)))
        return _("{series}: {values}.", series=_title(series), values=pairs)
    low = min(known, key=lambda i: series.values[i])
    high = max(known, key=lambda i: series.values[i])
    extremes = {"series": _title(series), "n": fmt_count(len(known)), "low": series.pair(low),
                "high": series.pair(high)}
    if series.kind == "line":
        return _("{series}: {n} values, first {first}, last {last}, lowest {low}, highest {high}.",
                 first=series.pair(known[0]), last=series.pair(known[-1]), **extremes)
    return _("{series}: {n} values, lowest {low}, highest {high}.", **extremes)


def _title(series: Series) -> str:
    kinds = {"bars": _("Bars"), "line": _("Line"), "points": _("Points"), "cells": _("Cells")}
    kind = kinds[series.kind]
    return _("{kind} “{name}”", kind=kind, name=series.name) if series.name else kind


def _bars(ax: Axes, container: BarContainer, names: dict[str, str]) -> Series:
    patches = list(container.patches)
    lying = container.orientation == "horizontal"
    centres = [p.get_y() + p.get_height() / 2 if lying else p.get_x() + p.get_width() / 2
               for p in patches]
    lengths = [p.get_width() if lying else p.get_height() for p in patches]
    name = _own_name(container.get_label()) or names.get(to_hex(patches[0].get_facecolor()), "")
    along, beside = (ax.xaxis, ax.yaxis) if lying else (ax.yaxis, ax.xaxis)
    return Series("bars", name, _words(beside, centres), lengths, _words(along, lengths))


def _placed(ax: Axes, kind: str, name: str, xs: Any, ys: Any) -> Series:
    across = [float(x) for x in np.atleast_1d(xs)]
    up = [float(y) for y in np.atleast_1d(ys)]
    if isinstance(ax.yaxis.get_major_formatter(), NAMED):
        return Series(kind, name, _words(ax.yaxis, up), across, _words(ax.xaxis, across))
    return Series(kind, name, _words(ax.xaxis, across), up, _words(ax.yaxis, up))


def _cells(ax: Axes, mesh: QuadMesh) -> Series:
    grid: Any = np.ma.filled(np.ma.asarray(mesh.get_array(), dtype=float), np.nan)
    corners: Any = mesh.get_coordinates()
    rows, columns = corners.shape[0] - 1, corners.shape[1] - 1
    down = _words(ax.yaxis, [row + 0.5 for row in range(rows)])
    across = _words(ax.xaxis, [column + 0.5 for column in range(columns)])
    values = [float(value) for value in grid.reshape(-1)]
    written = [text.get_text().replace("\n", " ") for text in ax.texts]
    # Cells with their numbers written in are told in the same form.
    is_written = len(written) == len(values)
    return Series("cells", "", lambda i: f"{down(i // columns)} × {across(i % columns)}", values,
                  lambda i: written[i] if is_written else _plain(values[i]))


def _words(axis: Axis, places: Sequence[float]) -> Words:
    write = _writer(axis)
    return lambda i: write(places[i])


def _writer(axis: Axis) -> Callable[[float], str]:
    """Return what writes a place on an axis as its ticks are written."""
    formatter = axis.get_major_formatter()
    if isinstance(formatter, NAMED):
        named = {round(float(at), 6): text.get_text().replace("\n", " ")
                 for at, text in zip(axis.get_ticklocs(), axis.get_ticklabels(), strict=True)}
        # Bars side by side stand beside their tick, less than half a step away.
        return lambda at: named.get(round(at, 6)) or named.get(float(round(at))) or _plain(at)
    if isinstance(axis.get_major_locator(), DateLocator):
        zero = datetime.fromisoformat(get_epoch())  # type: ignore[no-untyped-call]
        return lambda at: fmt_date(zero + timedelta(days=at) if np.isfinite(at) else None)
    if isinstance(formatter, OWN_FORM):
        return lambda at: formatter(at, None)
    return _plain


def _plain(value: float) -> str:
    """A number in three significant digits; a whole one in full."""
    if not np.isfinite(value) or value == int(value):
        return fmt_number(value, 0)
    return fmt_number(value, max(0, 2 - int(np.floor(np.log10(abs(value))))))


def _legend_names(ax: Axes) -> dict[str, str]:
    legend = ax.get_legend()
    if legend is None:
        return {}
    names: dict[str, str] = {}
    for handle, text in zip(legend.legend_handles, legend.get_texts(), strict=False):
        colour = handle.get_color() if isinstance(handle, Line2D) else _face(handle)
        if colour is not None:
            names.setdefault(to_hex(colour), text.get_text())
    return names


def _face(handle: Any) -> Any:
    colour = handle.get_facecolor() if hasattr(handle, "get_facecolor") else None
    return colour[0] if colour is not None and np.ndim(colour) == 2 and len(colour) else colour


def _own_name(text: object) -> str:
    return "" if str(text).startswith("_") else str(text)


def _is_reference(line: Line2D) -> bool:
    """A straight line along one axis: a target, a quadrant's edge, an error bar."""
    xs, ys = np.atleast_1d(line.get_xdata(orig=False)), np.atleast_1d(line.get_ydata(orig=False))
    return len(xs) == 0 or (len(xs) == 2 and (xs[0] == xs[1] or ys[0] == ys[1]))
