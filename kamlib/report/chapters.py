"""Notebooks before they are run: which there are, what they ask for and what they take.

Read as the JSON that they are, since what writes and validates notebooks takes a fifth of a second
to import.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kamlib import language
from kamlib.errors import InputError, did_you_mean, one_line

TYPES: dict[str, type[Any]] = {"str": str, "int": int, "float": float, "bool": bool}
RUN_PARAMETERS = ("dataset", "period", "rules", "out", "lang")
TIMEOUT_S = 1800  # how long one may take


@dataclass(frozen=True)
class Chapter:
    """A notebook to run: its file, slug, the prose cell with its question, the tables it needs.

    is_last: it reads what the others handed on, and so runs after them.
    """

    path: Path
    slug: str
    cell_id: str
    prose: str
    tables: tuple[str, ...]
    is_last: bool = False

    @property
    def title(self) -> str:
        """The question it asks, in the language in use; a notebook without one has its slug."""
        prose = language.translate_cell(self.slug, self.cell_id, self.prose)
        return next((line.removeprefix("# ").strip() for line in prose.splitlines()
                     if line.startswith("# ")), self.slug)


def find_chapters(folder: Path) -> list[Chapter]:
    """Return the notebooks of a folder, by name; refuse one that cannot be run for a period.

    A notebook with a parameter `account` is a page of one account and no chapter.
    """
    paths = sorted(p for p in folder.glob("*.ipynb") if not p.name.startswith("."))
    if not paths:
        raise InputError(f"There is no notebook in {folder}. Give --notebooks the folder that "
                         "holds them.")
    found = [_read_chapter(path) for path in paths]
    return [chapter for chapter in found if chapter is not None]


def _read_chapter(path: Path) -> Chapter | None:
    notebook = _read(path)
    declared = read_declared(notebook, path.name)
    if "account" in declared:
        return None
    missing = [name for name in RUN_PARAMETERS if name not in declared]
    if missing:
        raise InputError(f"The notebook {path.name} does not declare {', '.join(missing)} in its "
                         f"parameters cell; a period run needs {', '.join(RUN_PARAMETERS)}.")
    cell_id, prose = next(((str(cell.get("id", "")), cell["source"]) for cell in notebook["cells"]
                           if cell["cell_type"] == "markdown"
                           and any(line.startswith("# ") for line in cell["source"].splitlines())),
                          ("", ""))
    about = notebook["metadata"].get("kam", {})
    return Chapter(path, path.stem, cell_id, prose, tuple(about.get("tables", ())),
                   is_last=bool(about.get("last", False)))


def _read(path: Path) -> dict[str, Any]:
    """Return a notebook with the source of each cell as one text."""
    try:
        notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            cell |= {"source": "".join(cell["source"]), "cell_type": str(cell["cell_type"]),
                     "metadata": dict(cell["metadata"])}
        return notebook | {"metadata": dict(notebook["metadata"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"The notebook {path.name} cannot be read as a notebook of format 4 "
                         f"({one_line(error)[:100]}). Open it in JupyterLab and save it, or move "
                         "it away.") from error


def read_declared(notebook: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the parameters that a notebook declares, name → type, from its parameters cell."""
    cells = [cell for cell in notebook["cells"]
             if "parameters" in cell["metadata"].get("tags", [])]
    if len(cells) != 1:
        raise InputError(f"The notebook {name} has {len(cells)} cells tagged 'parameters'; it "
                         "needs one. Tag the cell that holds dataset, period, rules, out, lang.")
    declared = {}
    for node in ast.parse(cells[0]["source"]).body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            declared[node.target.id] = ast.unparse(node.annotation)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            declared[node.targets[0].id] = type(ast.literal_eval(node.value)).__name__
    return declared


def hash_sources(path: Path) -> str:
    """SHA-256 of what a notebook asks: its cells without their outputs."""
    sources = [[cell["cell_type"], cell["source"]] for cell in _read(path)["cells"]]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()


def check_parameters(given: Sequence[str], chapters: Sequence[Chapter]) -> dict[str, Any]:
    """Turn ``name=value`` texts into typed values; refuse unknown and ill-typed ones."""
    declared: dict[str, str] = {}
    for chapter in chapters:
        declared |= read_declared(_read(chapter.path), chapter.path.name)
    own = sorted(set(declared) - set(RUN_PARAMETERS))
    values: dict[str, Any] = {}
    for item in given:
        name, equals, text = item.partition("=")
        if not equals or name in RUN_PARAMETERS or name not in declared:
            hint = f" Use --{name} instead." if name in RUN_PARAMETERS else did_you_mean(name, own)
            raise InputError(f"No notebook takes a parameter {item!r}.{hint} Further parameters "
                             f"are written name=value; there are: {', '.join(own) or 'none'}.")
        values[name] = _typed(text, declared[name], name)
    return values


def _typed(text: str, kind: str, name: str) -> Any:
    try:
        value = text if kind == "str" else ast.literal_eval(text.capitalize()
                                                            if kind == "bool" else text)
    except (ValueError, SyntaxError):
        value = None
    wanted = TYPES.get(kind, str)
    if kind == "float" and type(value) is int:
        value = float(value)
    if type(value) is not wanted:
        raise InputError(f"The parameter {name} is of type {kind}; {text!r} is not. "
                         "Correct the value and run again.")
    return value
