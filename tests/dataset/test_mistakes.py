"""Mistakes that people make: what they are told, and that following it helps."""

from __future__ import annotations

import sys
from decimal import Decimal
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from kamlib.dataset import open_dataset

SPEC = spec_from_file_location("mistakes", Path(__file__).with_name("mistakes.py"))
assert SPEC and SPEC.loader
mistakes = module_from_spec(SPEC)
sys.modules["mistakes"] = mistakes  # where its dataclass looks for it
SPEC.loader.exec_module(mistakes)
DOCS = mistakes.DOCS.read_text(encoding="utf-8")
SAID = mistakes.read_said(DOCS)
CASES = [pytest.param(case, id=case.name) for case in mistakes.MISTAKES]
CURED = [pytest.param(case, id=case.name) for case in mistakes.MISTAKES if case.cure[0]]


@pytest.mark.parametrize("case", CASES)
def test_what_is_said_is_what_the_page_says(case, tmp_path: Path) -> None:
    assert mistakes.run(case, tmp_path) == SAID[case.name]


@pytest.mark.parametrize("case", CURED)
def test_following_the_advice_helps(case, tmp_path: Path) -> None:
    dataset = open_dataset(mistakes.build(mistakes.cured(case), tmp_path))
    assert dataset.accounting["quarantined"].sum() == 0
    assert case.check not in set(dataset.checks["check"]) - {""}
    assert dataset.tables["orders"].amount.sum().execute() == Decimal(case.total)


def test_the_page_is_written_from_the_cases() -> None:
    assert mistakes.write_docs(SAID) == DOCS
    assert len(SAID) == len(mistakes.MISTAKES) == 30
