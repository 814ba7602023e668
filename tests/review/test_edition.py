"""The notebook run cell by cell for the customer: internal cells compute and show nothing."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest

from kamlib import lifecycle, satisfaction, segmentation
from kamlib.segmentation import ranks

ROOT = Path(__file__).parents[2]
OURS = re.compile(r"\b(tiers?|core|probabilit\w+|lifetime|loyal\w*|credit|decline|our margin|"
                  r"stability|formation|exploration|overdue|invoices?|complaints?)\b", re.I)


def run_notebook(**parameters):
    """Execute the code cells with these parameters; return what each shows, as HTML."""
    shown, here = {}, []

    def display(thing):
        if thing is not None and hasattr(thing, "_repr_mimebundle_"):
            here.append(str(thing._repr_mimebundle_()))
        elif thing is not None and hasattr(thing, "_repr_html_"):
            here.append(thing._repr_html_())
        elif repr(thing) not in ("", "None"):
            here.append(repr(thing))

    names = {"display": display}
    notebook = nbformat.read(ROOT / "notebooks" / "09_account_review.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        body = ast.parse(cell.source).body
        last = body.pop() if isinstance(body[-1], ast.Expr) else None
        exec(compile(ast.Module(body, []), cell.id, "exec"), names)
        if last is not None:
            display(eval(compile(ast.Expression(last.value), cell.id, "eval"), names))
        if cell.id == "parameters":
            names |= parameters
        shown[cell.id] = "".join(here)
        here.clear()
    return shown


def test_in_jupyterlab_the_customers_edition_shows_nothing_of_ours(sample_report, monkeypatch):
    for room, name in ((segmentation, "score_tiers"), (ranks, "estimate_ranks"),
                       (lifecycle, "stage_accounts"), (satisfaction, "build_survey")):
        monkeypatch.setattr(room, name, lambda *a, **k: pytest.fail("was computed"))
    dataset = str(ROOT / "data" / "sample" / "dataset.toml")
    shown = run_notebook(dataset=dataset, audience="customer")
    empty = {name for name, html in shown.items() if not html}
    assert empty >= {"open", "standing", "standing-shown", "margin", "dealings", "records"}
    assert {"headline", "trend", "mix", "quota", "retail", "swot", "provenance"} <= {
        name for name, html in shown.items() if html}
    assert OURS.findall("".join(shown.values())) == []
