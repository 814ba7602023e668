"""A figure as SVG text: the same bytes each time, its words kept as words."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from html import escape
from io import StringIO
from itertools import groupby
from typing import Any
from zlib import crc32

import matplotlib as mpl
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from kamlib.figures.theme import finish, font_families

# A circle as matplotlib draws it, of eight curves that begin and end at its lowest point.
NUMBER = r"-?[\d.]+"
CIRCLE = (rf'<path ([^>]*?)(id="[^"]*" )d="M 0 ({NUMBER}) C (?:{NUMBER} ){{6}}'
          rf'(?:C (?:{NUMBER} ){{6}}){{7}}z ?"([^>]*)/>')
XLINK = ' xmlns:xlink="http://www.w3.org/1999/xlink"'  # of browsers before 2018
USE, NAME = r'<use ([^>]*?) class="{}"/>', r'[^"]+'


def render_svg(fig: Figure, *, name: str, alt: str = "") -> str:
    """Render a figure as an <svg> element and close it.

    name: of the figure, unique on its page: the names inside are made from it; alt: what a reader
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
    svg = _shorten(_reader_fonts(svg), prefix=f"c{crc32(name.encode()):08x}"[:6])
    if alt:
        svg = svg.replace("<svg ", f'<svg role="img" aria-label="{escape(alt)}" ', 1)
    return svg


def _shorten(svg: str, *, prefix: str) -> str:
    """Leave out what nobody sees: places below a hundredth of a point, blanks, a notice.

    Nor does anybody point at matplotlib's groups, which are numbered alike in every figure, so
    that their ids would meet on one page; most of them hold nothing, or one mark alone.
    """
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r">\s+<", "><", svg)
    svg = re.sub(r'<g id="[^"]+"', "<g", svg)
    svg = re.sub(r' transform="rotate\(-?0 [^"]*"', "", svg)
    svg = re.sub(r"<g/>", "", svg)
    svg = svg.replace(" xlink:href=", " href=").replace(XLINK, "")
    while (fewer := re.sub(r"<g>(<(?:use|path|text)\b[^>]*/>|<text\b[^>]*>[^<]*</text>|)</g>",
                           r"\1", svg)) != svg:
        svg = fewer
    svg = _name_styles(_say_fonts_once(svg), prefix=prefix)
    svg = re.sub(r'(?<=[ \n])(d|x|y)="[^"]*"', lambda found: re.sub(
        r"\.00(?!\d)|(\.\d\d)\d+", r"\1", " ".join(found[0].split())), svg)
    svg = re.sub(CIRCLE, r'<circle \2r="\3"\4/>', svg)
    # Within a shape a hundredth can be seen; where it stands, a tenth is finer than a screen.
    svg = re.sub(r'(?<=<use )[^>]*', lambda found: re.sub(r"(\.\d)\d", r"\1", found[0]), svg)
    svg = re.sub(f"(?:{USE.format(NAME)}){{2,}}", _gather_marks, svg)
    return _name_parts(svg, prefix=prefix)


def _gather_marks(found: re.Match[str]) -> str:
    """Say the class of many marks once, around them; a chart of accounts has hundreds."""
    parts = []
    for name, marks in groupby(re.finditer(USE.format(f"({NAME})"), found[0]), lambda m: m[2]):
        inside = [mark[1] for mark in marks]
        parts.append(f'<g class="{name}">{"".join(f"<use {mark}/>" for mark in inside)}</g>'
                     if len(inside) > 1 else f'<use {inside[0]} class="{name}"/>')
    return "".join(parts)


def _name_parts(svg: str, *, prefix: str) -> str:
    """Give what is pointed at short names; they are written once for every mark."""
    names = {name: f"{prefix}{at}" for at, name in enumerate(re.findall(r' id="([^"]+)"', svg))}
    return re.sub(r'(?<= id=")[^"]+|(?<=href="#)[^"]+|(?<=url\(#)[^)]+',
                  lambda found: names.get(found[0], found[0]), svg)


def _say_fonts_once(svg: str) -> str:
    """Name the fonts on the drawing itself, from which its words inherit them."""
    fonts = set(re.findall(r"font-family: [^;\"]*", svg))
    if len(fonts) != 1:
        return svg
    family = fonts.pop()
    return svg.replace(f"{family}; ", "").replace(family, "").replace(
        "<svg ", f'<svg style="{family}" ', 1)


def _name_styles(svg: str, *, prefix: str) -> str:
    """Write a style that comes again once, as a class of the drawing."""
    counted = Counter(re.findall(r' style="([^"]*)"', svg))
    names = {style: f"{prefix}-{at}" for at, style in
             enumerate(style for style, n in counted.items() if n > 1)}
    rules = "".join(f".{name}{{{style.replace('; ', ';').replace(': ', ':')}}}"
                    for style, name in names.items())
    svg = re.sub(r' style="([^"]*)"', lambda found: (
        f' class="{names[found[1]]}"' if found[1] in names else found[0]), svg)
    return svg.replace("</style>", f"{rules}</style>", 1)


def _reader_fonts(svg: str) -> str:
    ours = ", ".join(f"'{family}'" for family in font_families())
    return svg.replace(ours, f"{ours}, sans-serif")
