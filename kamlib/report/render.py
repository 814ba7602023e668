"""An executed notebook as a chapter: what reviewers read, without Python and without a script.

The notebook's order is kept, except that the answer stands at the top and the set-up is folded.
Cells are known by their ids (`headline`, `provenance`) and tags (`parameters`), as all notebooks
of the workbench have them; any other notebook is rendered cell by cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from nbformat import NotebookNode

from kamlib import language
from kamlib.report.layout import Chapter, PageMeta, render_page
from kamlib.report.methods import list_functions
from kamlib.report.outputs import Block, html_ids, output_blocks
from kamlib.report.prose import Heading, Parameter, read_parameters, render_prose

PAPERMILL_MARK = "papermill-error-cell-tag"
REASON = '<p class="reason">'
PARAMETER_TAGS = {"parameters", "injected-parameters"}


@dataclass
class Part:
    """What stands under one heading: prose and outputs in order, and the code that made them."""

    heading: Heading | None = None
    blocks: list[Block] = field(default_factory=list)
    code: list[str] = field(default_factory=list)

    @property
    def functions(self) -> list[str]:
        """The functions that its code asks: their definitions are a link away."""
        return list_functions(self.code)

    @property
    def has_error(self) -> bool:
        """An error must be seen: what holds one is not folded."""
        return any(block.kind == "error" for block in self.blocks)


@dataclass
class Page:
    """A notebook taken apart for the template."""

    title: str = ""
    parameters: list[Parameter] = field(default_factory=list)
    question: Part = field(default_factory=Part)
    answer: Part = field(default_factory=Part)
    setup: Part = field(default_factory=Part)
    sections: list[Part] = field(default_factory=list)
    provenance: Part = field(default_factory=Part)

    @property
    def n_errors(self) -> int:
        """How many cells stopped with an error."""
        parts = [self.question, self.answer, self.setup, *self.sections, self.provenance]
        return sum(block.kind == "error" for part in parts for block in part.blocks)


def render_chapter(notebook: NotebookNode, *, slug: str, title: str, meta: PageMeta,
                   previous: Chapter | None = None, following: Chapter | None = None) -> str:
    """Return an executed notebook as one self-contained HTML page.

    notebook: nbformat 4, with its outputs. Figures are `image/svg+xml` whose metadata gives
    ``alt, caption, name, download, csv``; tables and readings are our own `text/html`.
    slug: file name without ending; title: the chapter's short name; previous, following: the
    chapters beside it, None at either end.
    """
    with language.using(meta.lang):
        page = _take_apart(notebook)
        return render_page("chapter.html.j2", lang=meta.lang, meta=meta, slug=slug, title=title,
                           page=page, previous=previous, following=following)


def render_account(notebook: NotebookNode, *, name: str, audience: str, meta: PageMeta) -> str:
    """Return the executed review of one account as one self-contained HTML page.

    name: of the account; audience: "internal", or "customer" for a page without code, parameters,
    versions or links to what is internal.
    """
    with language.using(meta.lang):
        page = _take_apart(notebook)
        for part in page.sections:
            _leave_reasons(part)
        if audience == "customer":  # a section that shows nothing of the account is left out
            page.sections = [part for part in page.sections if not part.code
                             or any(block.kind != "prose" for block in part.blocks)]
        return render_page("account.html.j2", lang=meta.lang, meta=meta, name=name,
                           internal=audience == "internal", page=page)


def _leave_reasons(part: Part) -> None:
    """Say each reason once; of a section that holds nothing else, only the reasons."""
    shown = list({(b.kind, b.html, b.id): b for b in part.blocks}.values())
    found = [block for block in shown if block.kind != "prose"]
    if found and all(str(block.html).startswith(REASON) for block in found):
        shown = found
    part.blocks = shown


def _take_apart(notebook: NotebookNode) -> Page:
    cells = [cell for cell in notebook.cells if PAPERMILL_MARK not in _tags(cell)]
    page = Page(parameters=read_parameters(
        cell.source for cell in cells if PARAMETER_TAGS & _tags(cell)))
    taken = html_ids(cells)
    has_answer = any(cell.get("id") == "headline" for cell in cells)
    # Until the answer, code is set-up; a notebook without one is shown as it stands.
    part = page.setup if has_answer else page.question
    for cell in cells:
        if cell.cell_type == "markdown":
            part = _add_prose(page, cell, part, taken)
        elif cell.cell_type == "code" and not PARAMETER_TAGS & _tags(cell):
            named = {"headline": page.answer, "provenance": page.provenance}
            place = named.get(str(cell.get("id")), part)
            if cell.source.strip():
                place.code.append(cell.source.strip())
            place.blocks.extend(output_blocks(cell.get("outputs", []), taken=taken))
            if place is page.answer and part is page.setup:
                part = page.question
    return page


def _add_prose(page: Page, cell: NotebookNode, part: Part, taken: set[str]) -> Part:
    """Put prose where it belongs and return the part in which the next cell goes on."""
    cell_id = str(cell.get("id") or "prose")
    pieces = render_prose(cell.source, cell_id=cell_id, taken=taken)
    for piece in pieces:
        if piece.heading and piece.heading.level == 1 and not page.title:
            page.title = piece.heading.text
            page.question.blocks.append(Block("prose", html=piece.html))
        elif piece.heading:
            part = Part(heading=piece.heading)
            page.sections.append(part)
            part.blocks.append(Block("prose", html=piece.html))
        else:
            place = page.question if part is page.setup else part
            place.blocks.append(Block("prose", html=piece.html))
    return part


def _tags(cell: NotebookNode) -> set[str]:
    tags: Sequence[Any] = cell.get("metadata", {}).get("tags", [])
    return {str(tag) for tag in tags}
