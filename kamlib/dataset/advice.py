"""What to do about rows that were set aside."""

from __future__ import annotations

from kamlib.dataset.opening import Dataset


def explain_quarantine(dataset: Dataset) -> list[str]:
    return []
