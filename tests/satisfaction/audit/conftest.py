"""Quoted numbers as somebody types them off a report."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from kamlib.satisfaction import AuditRules, SatisfactionRules, audit_figures

LABEL_SCORES = SatisfactionRules().label_scores


def build_quoted(*rows: dict[str, Any]) -> pd.DataFrame:
    """Rows of quoted_figures; ids F01, F02 … and a label where a row has none."""
    table = pd.DataFrame([{"quote_id": f"F{i:02d}", "label": "figure", "kind": "mean", **row}
                          for i, row in enumerate(rows, start=1)])
    return table.assign(source="review", quoted_date=pd.Timestamp("2025-01-20"))


@pytest.fixture
def quoted() -> Callable[..., pd.DataFrame]:
    return build_quoted


@pytest.fixture
def audit() -> Callable[..., pd.DataFrame]:
    """Check rows of quoted_figures; rules by keyword."""
    return lambda *rows, **rules: audit_figures(
        build_quoted(*rows), rules=AuditRules(**rules), label_scores=LABEL_SCORES)
