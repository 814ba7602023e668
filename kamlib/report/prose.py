"""A notebook's prose and parameters: Markdown to HTML, headings with ids, literals to a table."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

# Prose may fold a definition and write an index below the line; other HTML is shown as text.
BARE_TAGS = re.compile(r"&lt;(/?(?:details|summary|sub|sup|br|kbd) ?/?)&gt;")
FENCE = re.compile(r"^ {0,3}(```|~~~)")


@dataclass(frozen=True)
class Heading:
    """A heading of the prose, as HTML; its id is the same in every language: links survive."""

    level: int
    html: Markup
    id: str

    @property
    def text(self) -> str:
        """The heading without its markup."""
        return self.html.striptags()


@dataclass(frozen=True)
class Prose:
    """A heading and, apart from it, all that follows up to the next one of level 1 or 2."""

    heading: Heading | None
    html: Markup


@dataclass(frozen=True)
class Parameter:
    """One parameter of a notebook, with the value that was used and the help beside it."""

    name: str
    value: str
    help: str = ""


class _ProseRenderer(IPythonRenderer):
    """nbconvert's renderer without anchors, colouring, harmful links or loads from elsewhere."""

    def __init__(self) -> None:
        super().__init__(escape=True, allow_harmful_protocols=False)

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<h{level}>{text}</h{level}>\n"

    def block_code(self, code: str, info: str | None = None) -> str:
        return f"<pre><code>{escape(code)}</code></pre>\n"

    def block_html(self, html: str) -> str:
        return BARE_TAGS.sub(r"<\1>", str(escape(html)))

    def inline_html(self, html: str) -> str:
        return BARE_TAGS.sub(r"<\1>", str(escape(html)))

    def image(self, text: str, url: str, title: str | None = None) -> str:
        # A picture in prose would have to be fetched; its description stays.
        if not url.startswith("data:image/"):
            return f"<em>{text}</em>"
        return super().image(text, url, title)


def render_prose(source: str, *, cell_id: str, taken: set[str]) -> list[Prose]:
    r"""Render a Markdown cell, cut at its headings of level 1 and 2.

    taken: ids already on the page; those given here are added to it.

    >>> [piece.heading.id for piece in render_prose("# A\n## B", cell_id="b", taken=set())]
    ['section-b', 'section-b-2']
    """
    pieces = []
    for text in _cut_at_headings(source):
        html = str(MarkdownWithMath(renderer=_ProseRenderer()).render(text)).strip()
        heading = None
        if match := re.match(r"<h([12])>(.*?)</h\1>", html, flags=re.DOTALL):
            heading = Heading(int(match[1]), Markup(match[2]),
                              free_id(f"section-{cell_id}", taken))
            html = html[match.end():].strip()
        pieces.append(Prose(heading, Markup(html)))
    return pieces


def free_id(wanted: str, taken: set[str]) -> str:
    """Return the id, or with a number behind it when it is taken, and take it."""
    name, n = wanted, 1
    while name in taken:
        n += 1
        name = f"{wanted}-{n}"
    taken.add(name)
    return name


def _cut_at_headings(source: str) -> list[str]:
    pieces: list[list[str]] = [[]]
    fence = ""
    for line in source.splitlines():
        if match := FENCE.match(line):
            fence = "" if fence == match[1] else fence or match[1]
        elif not fence and re.match(r"##? ", line):
            pieces.append([])
        pieces[-1].append(line)
    return ["\n".join(piece) for piece in pieces if any(line.strip() for line in piece)]


def read_parameters(sources: Iterable[str]) -> list[Parameter]:
    """Read the literals of the parameters cells; a later cell (the injected one) wins.

    >>> read_parameters(['lang: str = "en"  # en or zh', 'lang = "zh"'])
    [Parameter(name='lang', value='zh', help='en or zh')]
    """
    found: dict[str, Parameter] = {}
    for source in sources:
        try:
            tree = ast.parse(source)
        except SyntaxError:
            continue
        helps = _comments(source)
        for node in tree.body:
            if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
                continue
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            name = ast.unparse(target)
            known = found.get(name, Parameter(name, ""))
            found[name] = Parameter(name, _literal(node.value),
                                    helps.get(node.lineno, "") or known.help)
    return list(found.values())


def _literal(node: ast.expr) -> str:
    try:
        return str(ast.literal_eval(node))
    except ValueError:
        return ast.unparse(node)


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string.lstrip("# ").strip()
            for token in tokens if token.type == tokenize.COMMENT}
