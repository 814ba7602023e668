"""From a number to its definition, and from there to the function and the test: one page a version.

A section of a chapter names the functions that its code asks; this page says of each what it
returns, where it comes from, where it stands in the program and which tests hold it. Everything
is read off the program itself, so nothing here can be out of date.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kamlib.report.layout import Chapter, PageMeta, render_page

PACKAGE = Path(__file__).resolve().parents[1]
TESTS, README = PACKAGE.parent / "tests", PACKAGE.parent / "README.md"
LINK = re.compile(r"\[([^\]]*)\]\(([^)]*)\)")
# They draw and show what the others computed.
SHOWING = ("figures", "open_report")


@dataclass(frozen=True)
class Measure:
    """A row of the method table: a measure, its definition, its source and the tests."""

    name: str
    definition: str
    source: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class Method:
    """A function that a chapter asks: name (room.function), definition, source, file, tests."""

    name: str
    definition: str
    source: str
    file: str
    tests: tuple[str, ...]


def list_functions(codes: Iterable[str]) -> list[str]:
    """Return the functions of kamlib's rooms that code calls, room.function, in their order.

    >>> list_functions(["report.table('t', segmentation.score_tiers(report.facts))"])
    ['segmentation.score_tiers']
    """
    found = []
    for code in codes:
        try:
            tree = ast.parse(code)
        except SyntaxError:
            continue
        calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
        found += [f"{f.value.id}.{f.attr}" for f in calls
                  if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name)
                  and f.value.id not in SHOWING and _find(f"{f.value.id}.{f.attr}")]
    return list(dict.fromkeys(found))


@cache
def describe_method(name: str) -> Method:
    """Describe a function: the first sentence of its docstring, its source, file and tests.

    >>> describe_method("segmentation.score_tiers").file.startswith("kamlib/segmentation")
    True
    """
    function = _find(name)
    assert function is not None  # for the type checker: list_functions found it
    text = inspect.getdoc(function) or ""
    paragraphs = [" ".join(part.split()) for part in text.split("\n\n")]
    source = re.search(r"Sources?: (.+?)(?:\n\n|>>>|$)", text, re.DOTALL)
    path = Path(inspect.getsourcefile(function) or "")
    line = inspect.getsourcelines(function)[1]
    return Method(name, paragraphs[0], " ".join(source[1].split()) if source else "",
                  f"{path.relative_to(PACKAGE.parent).as_posix()}:{line}",
                  find_tests(function.__name__))


def find_tests(function: str) -> tuple[str, ...]:
    """Return the test files that name a function; () where kamlib runs without its tests."""
    word = re.compile(rf"\b{re.escape(function)}\b")
    return tuple(path for path, text in _tests() if word.search(text))


def render_methods(meta: PageMeta, chapters: Sequence[tuple[Chapter, Sequence[str]]]) -> str:
    """Return the page of all functions that the chapters ask, chapter by chapter.

    chapters: each with the code of its cells.
    """
    measures = read_measures(README.read_text(encoding="utf-8")) if README.is_file() else {}
    listed = [(chapter, [describe_method(name) for name in list_functions(codes)])
              for chapter, codes in chapters]
    seen: set[str] = set()
    rows = []
    for chapter, methods in listed:  # an id is given once, where a function comes first
        rows.append((chapter, measures.get(chapter.slug[:2], []),
                     [(method, method.name not in seen) for method in methods]))
        seen |= {method.name for method in methods}
    return render_page("methods.html.j2", lang=meta.lang, meta=meta, chapters=rows,
                       shared=measures.get("all", []))


def read_measures(readme: str) -> dict[str, list[Measure]]:
    """Read the method table of the README: measures by the number of their chapter, or "all".

    >>> row = "| return rate | returned by gross | LOY-03 | [06](n.ipynb) | [loyalty](tests/l.py) |"
    >>> head = "| measure | definition | source | in | test |\\n|---|---|---|---|---|\\n"
    >>> read_measures(head + row)["06"][0].tests
    ('tests/l.py',)
    """
    found: dict[str, list[Measure]] = {}
    _, _, table = readme.partition("| measure | definition | source | in | test |\n")
    for line in table.splitlines()[1:]:
        if not line.startswith("|"):
            break
        name, definition, source, place, tests = (cell.strip() for cell in line[1:-1].split(" | "))
        measure = Measure(_plain(name), _plain(definition), _plain(source),
                          tuple(link[2] for link in LINK.finditer(tests)))
        for number in [link[1][:2] for link in LINK.finditer(place)] or ["all"]:
            found.setdefault(number, []).append(measure)
    return found


def _plain(cell: str) -> str:
    return LINK.sub(r"\1", cell).replace("`", "").replace("\\|", "|")


def _find(name: str) -> Callable[..., object] | None:
    room, _, function = name.partition(".")
    if not (PACKAGE / room).is_dir() and not (PACKAGE / f"{room}.py").is_file():
        return None
    found = getattr(importlib.import_module(f"kamlib.{room}"), function, None)
    return found if inspect.isfunction(found) else None


@cache
def _tests() -> list[tuple[str, str]]:
    return [(path.relative_to(TESTS.parent).as_posix(), path.read_text(encoding="utf-8"))
            for path in sorted(TESTS.rglob("test_*.py"))] if TESTS.is_dir() else []
