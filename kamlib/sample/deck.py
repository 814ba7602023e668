"""What the sample company's own review of 2024 quotes about satisfaction, two mistakes included."""

from __future__ import annotations

from typing import Any

import pandas as pd

# Invented, and drawn from nothing: numbers that somebody typed off a deck.
SOURCE, DAY = "Annual review 2024, page {page}", "2025-01-20"
FIGURES: tuple[tuple[int, dict[str, Any]], ...] = (
    (3, {"label": "Questionnaires returned", "quoted": "62%", "kind": "rate", "n": 180,
         "n_counted": 112}),
    # Its first mistake: an index bears the name of a rate and is held against the rate's target.
    (4, {"label": "Customer satisfaction rate", "quoted": "71.6%", "kind": "index",
         "n": 84, "target": "75%", "target_kind": "rate", "stated_verdict": "not met"}),
    (4, {"label": "Satisfied accounts", "quoted": "61%", "kind": "rate", "n": 84, "n_counted": 51,
         "target": "75%", "target_kind": "rate", "stated_verdict": "not met"}),
    (5, {"label": "All topics, mean of items", "quoted": "7.28", "kind": "mean"}),
    (5, {"label": "Product quality", "quoted": "7.9", "kind": "mean", "part_of": "D04"}),
    (5, {"label": "Fit for purpose", "quoted": "8.1", "kind": "mean", "part_of": "D04"}),
    (5, {"label": "On-time delivery", "quoted": "6.2", "kind": "mean", "part_of": "D04"}),
    (5, {"label": "Complete delivery", "quoted": "6.8", "kind": "mean", "part_of": "D04"}),
    (5, {"label": "Advice", "quoted": "7.4", "kind": "mean", "part_of": "D04"}),
    # Its second: 11 whole scores from 0 to 10 have a mean of 7.36 or 7.45.
    (6, {"label": "Key accounts of South China, overall", "quoted": "7.41", "kind": "mean",
         "n": 11, "n_items": 1, "scale_min": 0.0, "scale_max": 10.0}),
    (7, {"label": "Complaints about delivery", "quoted": "46%", "kind": "share",
         "part_of": "complaints 2024"}),
    (7, {"label": "Complaints about quality", "quoted": "31%", "kind": "share",
         "part_of": "complaints 2024"}),
    (7, {"label": "Other complaints", "quoted": "24%", "kind": "share",
         "part_of": "complaints 2024"}),
)


def build_quoted_figures() -> pd.DataFrame:
    """The table ``quoted_figures``: one row a number of the deck."""
    rows = [{"quote_id": f"D{place:02d}", "source": SOURCE.format(page=page), **row}
            for place, (page, row) in enumerate(FIGURES, start=1)]
    table = pd.DataFrame(rows).assign(quoted_date=pd.Timestamp(DAY))
    table = table.reindex(columns=[*table.columns, "topic", "scale_step", "weight"])
    return table.astype({"n": "Int64", "n_counted": "Int64", "n_items": "Int64"})
