"""The main charts of two versions side by side, as their notebooks drew them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from kamlib.labels import label
from kamlib.report.compare.pair import Pair
from kamlib.report.outputs import Block, output_blocks


@dataclass(frozen=True)
class ChartPair:
    """The first chart of a chapter in both versions."""

    slug: str
    title: str
    name: str
    old: Block
    new: Block


def pair_charts(pair: Pair) -> list[ChartPair]:
    """Return, for each chapter, its first chart that both versions drew."""
    found = []
    for path in sorted(pair.new.folder.glob("*.ipynb")):
        before = pair.old.folder / path.name
        if not before.is_file():
            continue
        old = {block.id: block for block in _figures(before)}
        for block in _figures(path):
            if block.id in old:
                found.append(ChartPair(path.stem, label(path.stem), block.id, old[block.id],
                                       block))
                break
    return found


def _figures(path: Path) -> Iterator[Block]:
    """The named charts of a notebook, in its order."""
    taken: set[str] = set()
    for cell in nbformat.read(path, as_version=4).cells:
        for block in output_blocks(cell.get("outputs", []), taken=taken):
            if block.kind == "figure" and block.id:
                yield block
