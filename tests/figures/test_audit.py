"""The reading of the audit: every sentence, and the table's columns."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib.figures.audit import AUDIT_COLUMNS, FIGURE_COLUMNS, read_audit
from kamlib.language import using
from kamlib.satisfaction.audit import check

FITS, FAILS, MIXED, OPEN = "adds up", "does not add up", "different kinds", "cannot tell"


def judged(*verdicts: str) -> pd.DataFrame:
    return pd.DataFrame({"quote_id": [f"F{i}" for i in range(len(verdicts))], "label": "rate",
                         "quoted": "62%", "source": "p. 3", "verdict": list(verdicts)})


@pytest.mark.parametrize(("verdicts", "sentence"), [
    ((), "No table of quoted numbers (quoted_figures) is given, so none was checked."),
    ((FITS,), "Of 1 quoted number 1 adds up."),
    ((FITS, FITS), "Of 2 quoted numbers 2 add up."),
    ((FITS, FAILS), "Of 2 quoted numbers 1 add up. Not adding up: 62% “rate” (F1; p. 3)."),
    ((MIXED, OPEN), "Of 2 quoted numbers 0 add up. Kinds are mixed up: 62% “rate” (F0; p. 3). "
                    "1 cannot be judged."),
    ((FAILS,) * 5, "Of 5 quoted numbers 0 add up. Not adding up: 62% “rate” (F0; p. 3), "
                   "62% “rate” (F1; p. 3), 62% “rate” (F2; p. 3) and 2 other numbers.")])
def test_the_reading(verdicts, sentence):
    assert read_audit(judged(*verdicts)) == sentence


def test_the_reading_in_chinese():
    with using("zh"):
        assert "62%" in read_audit(judged(FAILS))


def test_what_a_page_shows_is_there():
    assert set(AUDIT_COLUMNS) <= set(check.CHECK_COLUMNS)
    assert set(FIGURE_COLUMNS) <= set(check.FIGURE_COLUMNS)
