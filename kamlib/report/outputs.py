"""A cell's outputs as blocks of a page: figures, tables, text and errors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from markupsafe import Markup

from kamlib.language import _
from kamlib.report.prose import free_id

# ipykernel 7 writes this at each start; it says nothing about the numbers.
NOISE = re.compile(r"Kernel is running over TCP without encryption")
# The pid in the path of a warning raised in a cell.
KERNEL_PATH = re.compile(r"\S*ipykernel_\d+/\d+\.py:\d+: ")
ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
ID = re.compile(r"<[^>]*?\sid=[\"']([^\"']+)[\"']")
ACTIVE = re.compile(r"<\s*(?:script|iframe|object|embed|link)\b|\s(?:src|srcset)\s*=\s*[\"']?"
                    r"\s*(?:https?:)?//", re.IGNORECASE)
CAPTION = re.compile(r"<caption>(.*?)</caption>", re.DOTALL)
EMPTY = Markup()
# What would end an attribute, be a part of a link, or be left out of one by a browser.
IN_A_LINK = str.maketrans({c: quote(c) for c in "%#\"<>&\\^`\n\r\t"})
TAG, TURNED = re.compile(r"<[^>]*>"), str.maketrans({'"': "'", "'": '"'})


@dataclass(frozen=True)
class Block:
    """One thing to show; kind is prose, html, table, figure, text, stderr or error."""

    kind: str
    html: Markup = EMPTY
    text: str = ""
    detail: str = ""
    id: str = ""
    src: str = ""
    alt: str = ""
    caption: str = ""
    data_href: str = ""
    download: str = ""


def html_ids(cells: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return the ids that our own tables bring along: nothing else may take them."""
    return {name for cell in cells for output in cell.get("outputs", [])
            for name in ID.findall(plain(output.get("data", {}).get("text/html", "")))}


def plain(text: object) -> str:
    """Return a multi-line value of a notebook, text or list of lines, as one text."""
    return "".join(map(str, text)) if isinstance(text, list | tuple) else str(text or "")


def output_blocks(outputs: Sequence[Mapping[str, Any]], *, taken: set[str]) -> list[Block]:
    """Return what a reader is shown of a cell's outputs, in their order.

    taken: ids already on the page; a figure's id is added to it.
    """
    blocks: list[Block] = []
    for output in outputs:
        kind = output["output_type"]
        if kind == "stream":
            blocks.extend(_stream(output))
        elif kind == "error":
            blocks.append(_error(output, taken))
        else:
            blocks.extend(_data(output.get("data", {}), output.get("metadata", {}), taken))
    return blocks


def _data(data: Mapping[str, Any], metadata: Mapping[str, Any], taken: set[str]) -> list[Block]:
    for kind in ("image/svg+xml", "image/png", "image/jpeg"):
        if kind in data:
            return [_figure(kind, plain(data[kind]), metadata.get(kind, {}), taken)]
    text = plain(data.get("text/plain", "")).strip()
    html = plain(data.get("text/html", "")).strip()
    if html and ACTIVE.search(html):
        left_out = _("An interactive output is left out here: this page runs no scripts and "
                     "loads nothing. The notebook beside it holds it.")
        return [Block("text", text="\n".join(filter(None, [left_out, text])))]
    if html:
        # Outputs are made by kamlib, which escapes what comes from the data.
        caption = CAPTION.search(html)
        return [Block("table" if "<table" in html else "html", html=Markup(html),
                      caption=Markup(caption[1]).striptags() if caption else "")]
    return [Block("text", text=text)] if text else []


def _figure(kind: str, content: str, about: Mapping[str, Any], taken: set[str]) -> Block:
    # A notebook holds SVG as text and other pictures in base64 already.
    src = _as_link(f"{kind};charset=utf-8", TAG.sub(_turn_quotes, content)) \
        if kind == "image/svg+xml" else \
        f"data:{kind};base64,{''.join(content.split())}"
    caption, name = plain(about.get("caption")), plain(about.get("name"))
    csv = plain(about.get("csv"))
    # A spreadsheet program reads Chinese in a CSV only with the byte order mark.
    data = _as_link("text/csv;charset=utf-8", chr(0xFEFF) + csv) if csv else \
        plain(about.get("href"))
    figure_id = ""
    if name:
        figure_id = free_id(name if name not in taken else f"{name}-figure", taken)
    return Block("figure", id=figure_id, src=src, caption=caption,
                 alt=plain(about.get("alt")) or caption or _("A chart without a description"),
                 data_href=data, download=plain(about.get("download")) or f"{name or 'data'}.csv")


def _turn_quotes(tag: re.Match[str]) -> str:
    """Write a tag of SVG with the quotes that need no escape inside an attribute of the page."""
    return tag[0].translate(TURNED)


def _as_link(kind: str, text: str) -> Markup:
    """Return a text as a link that holds it; base64 would make every page a third longer.

    It is safe inside double quotes: what could end them is written as a part of the link.
    """
    return Markup(f"data:{kind},{text.translate(IN_A_LINK)}")


def _stream(output: Mapping[str, Any]) -> list[Block]:
    text = ANSI.sub("", plain(output.get("text")))
    if output.get("name") != "stderr":
        return [Block("text", text=text.rstrip())] if text.strip() else []
    lines = [KERNEL_PATH.sub("", line) for line in text.splitlines() if not NOISE.search(line)]
    kept = "\n".join(lines).strip()
    return [Block("stderr", text=kept)] if kept else []


def _error(output: Mapping[str, Any], taken: set[str]) -> Block:
    """Return the message to read at once, and the traceback to fold away."""
    message = f"{output.get('ename', '')}: {output.get('evalue', '')}".strip(": ")
    traceback = ANSI.sub("", "\n".join(map(str, output.get("traceback", []))))
    return Block("error", id=free_id("error", taken), text=ANSI.sub("", message), detail=traceback)
