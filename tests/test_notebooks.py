"""How the committed notebooks are written; that their tables are still true is held by nbval."""

from __future__ import annotations

import ast
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kamlib.review import FOR_CUSTOMER

FOLDER = Path(__file__).resolve().parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
PARAMETERS = ["dataset", "period", "rules", "out", "lang"]
# A page of one account takes these besides, and is no chapter of the period report.
OF_AN_ACCOUNT = ["account", "audience"]
MAX_CODE_CELLS, MAX_LINES = 15, 5
BANNED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.While, ast.Lambda)
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code_cells(path: Path) -> list[Any]:
    return [cell for cell in read(path).cells if cell.cell_type == "code"]


def is_parameters(cell: Any) -> bool:
    return "parameters" in cell.metadata.get("tags", [])


def test_the_chapters_are_there():
    assert {"02_segmentation", "04_lifecycle", "05_satisfaction", "06_loyalty"} <= {
        path.stem for path in NOTEBOOKS}


@each
def test_one_cell_of_plain_parameters(path):
    (cell,) = [cell for cell in code_cells(path) if is_parameters(cell)]
    statements = ast.parse(cell.source).body
    assert all(isinstance(s, ast.AnnAssign) and isinstance(s.value, ast.Constant)
               for s in statements)
    further = OF_AN_ACCOUNT if path.stem == "09_account_review" else []
    assert [s.target.id for s in statements] == [*PARAMETERS, *further]
    assert [s.annotation.id for s in statements] == [type(s.value.value).__name__
                                                     for s in statements]
    # papermill tells what a parameter is by the words beside it.
    assert all(re.search(r"  # \w", line) for line in cell.source.splitlines())


@each
def test_the_notebook_asks_and_kamlib_computes(path):
    trees = [ast.parse(cell.source) for cell in code_cells(path)]  # a magic would not parse
    nodes = [node for tree in trees for node in ast.walk(tree)]
    assert [type(node).__name__ for node in nodes if isinstance(node, BANNED)] == []
    modules = {(node.module if isinstance(node, ast.ImportFrom) else node.names[0].name)
               for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)}
    assert {str(name).split(".")[0] for name in modules} == {"kamlib"}


@each
def test_code_is_short(path):
    cells = code_cells(path)
    assert len(cells) <= MAX_CODE_CELLS
    long = {cell.id: n for cell in cells if not is_parameters(cell)
            and (n := sum(bool(line.strip()) for line in cell.source.splitlines())) > MAX_LINES}
    assert long == {}


@each
def test_cells_have_readable_names_of_their_own(path):
    names = [cell.id for cell in read(path).cells]
    assert max(Counter(names).values()) == 1
    assert [n for n in names if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", n)
            or re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]+)*", n)] == []


@each
def test_begins_with_its_question_and_ends_with_its_provenance(path):
    cells = read(path).cells
    assert re.match(r"# .+\?\n", cells[0].source)
    assert "## Limits" in "".join(c.source for c in cells if c.cell_type == "markdown")
    assert cells[-1].source == "report.provenance"


def test_what_is_not_for_the_customer_is_marked_with_its_prose():
    cells = read(FOLDER / "09_account_review.ipynb").cells
    marked = {cell.id for cell in cells if "internal" in cell.metadata.get("tags", [])}
    assert marked == {"standing", "standing-prose", "standing-shown", "margin-prose", "margin",
                      "dealings-prose", "dealings", "records-prose", "records"}
    # What is handed over reads only what the customer may see.
    asked = {name for cell in cells if cell.cell_type == "code" and cell.id not in marked
             for name in re.findall(r'result\["(\w+)"\]', cell.source)}
    assert asked <= FOR_CUSTOMER


def published(path: Path) -> list[str]:
    """Names under which a notebook publishes tables and figures."""
    calls = [node for cell in code_cells(path) for node in ast.walk(ast.parse(cell.source))
             if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
             and node.func.attr in ("table", "figure")]
    return [ast.literal_eval(call.args[0]) for call in calls]


def test_published_names_are_unique():
    names = Counter(name for path in NOTEBOOKS for name in published(path))
    assert [name for name, n in names.items() if n > 1] == []


@each
def test_shows_tables_and_figures(path):
    assert len(published(path)) >= 4


@each
def test_saved_whole_and_without_errors(path):
    # nbval compares nothing in a cell that was never executed, and passes it.
    cells = code_cells(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}


@each
def test_saved_without_traces_of_a_machine(path):
    saved = json.loads(path.read_text(encoding="utf-8"))
    outputs = json.dumps([cell.get("outputs", []) for cell in saved["cells"]])
    assert not re.search(r"/(home|root|work|Users|tmp)/|[A-Z]:\\\\\\\\", outputs)
    assert [cell["id"] for cell in saved["cells"] if "execution" in cell["metadata"]] == []
