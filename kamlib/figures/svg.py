"""A figure as SVG text: the same bytes each time, its words kept as words."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from html import escape
from io import StringIO
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from kamlib.figures.theme import finish, font_families


def render_svg(fig: Figure, *, name: str, alt: str = "") -> str:
    """Render a figure as an <svg> element and close it.

    name: of the figure, unique on its page: the ids inside are made from it; alt: what a reader
    who cannot see the chart is told.
    The text stays text, in a list of fonts that ends with the reader's own sans-serif, so that
    it can be searched and shows Chinese wherever the reader's machine can.
    """
    finish(fig)
    settings: dict[Any, Any] = {"svg.fonttype": "none", "svg.hashsalt": name}
    written = StringIO()
    with mpl.rc_context(settings), warnings.catch_warnings():
        # Only the layout is drawn with this machine's font; the reader's one has the glyph.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        fig.savefig(written, format="svg", facecolor="none",
                    metadata={"Date": None, "Creator": None})
    plt.close(fig)
    return _element(written.getvalue(), name=name, alt=alt)


def _element(document: str, *, name: str, alt: str) -> str:
    svg = document[document.index("<svg"):]
    prefix = re.sub(r"[^A-Za-z0-9_-]", "_", name)
    # matplotlib numbers its groups alike in every figure; on one page ids must differ.
    svg = re.sub(r'<g id="([^"]+)"', rf'<g id="{prefix}-\1"', svg)
    svg = _shorten(_reader_fonts(svg), prefix=prefix)
    if alt:
        svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    return svg


def _shorten(svg: str, *, prefix: str) -> str:
    """Leave out what nobody sees: places below a hundredth of a point, blanks, a notice."""
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = _name_styles(re.sub(r">\s+<", "><", svg), prefix=prefix)
    return re.sub(r'(?<=[ \n])(d|x|y)="[^"]*"',
                  lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), svg)


def _name_styles(svg: str, *, prefix: str) -> str:
    """Write a style that comes again once, as a class of the drawing."""
    counted = Counter(re.findall(r' style="([^"]*)"', svg))
    names = {style: f"{prefix}-{at}" for at, style in
             enumerate(style for style, n in counted.items() if n > 1)}
    rules = "".join(f".{name}{{{style}}}" for style, name in names.items())
    svg = re.sub(r' style="([^"]*)"', lambda found: (
        f' class="{names[found[1]]}"' if found[1] in names else found[0]), svg)
    return svg.replace("</style>", f"{rules}</style>", 1)


def _reader_fonts(svg: str) -> str:
    ours = ", ".join(f"'{family}'" for family in font_families())
    return svg.replace(ours, f"{ours}, sans-serif")
