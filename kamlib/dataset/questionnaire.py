"""Wide questionnaires: one row a questionnaire, one column a question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kamlib.dataset.profile import Profile

MIN_ITEMS = 3
MAX_SCORE = 10
CODE = re.compile(r"^\s*(Q|q|题|第|item|问题)?[\s_.]*\d+(题|[a-z])?\s*$|^[A-Za-z]{1,5}_?\d+$")
LONG_NAME = 12  # letters; Chinese says as much in half of them
KINDS = (("nps", r"recommend|推荐"), ("overall", r"overall|总体|整体|综合"),
         ("intention", r"buy again|continue|repurchase|再次购买|继续合作|续约"))
SCALES = ((5.0, 1.0), (7.0, 1.0), (10.0, 1.0))


@dataclass(frozen=True)
class Questionnaire:
    """The columns that are questions, and an id for each; ids equal the names when these are short.
    """

    items: tuple[str, ...]
    ids: tuple[str, ...]
    scale: tuple[float, float]

    @property
    def are_renamed(self) -> bool:
        """The questions are written out as headings, so that short ids take their place."""
        return self.items != self.ids


def find_questionnaire(profiles: Mapping[str, Profile]) -> Questionnaire | None:
    """Return the questions among the columns, or None when it is no questionnaire.

    A question has small whole numbers as answers and a heading like Q1 or a whole sentence.
    """
    items = [name for name, profile in profiles.items() if _is_item(name, profile)]
    coded = [name for name in items if CODE.match(name)]
    chosen = coded if len(coded) >= MIN_ITEMS and len(coded) >= len(items) / 2 else \
        [name for name in items if _is_question(name)]
    if len(chosen) < MIN_ITEMS:
        return None
    are_codes = all(CODE.match(name) for name in chosen)
    ids = tuple(chosen) if are_codes else tuple(
        f"Q{i:0{len(str(len(chosen)))}d}" for i in range(1, len(chosen) + 1))
    scores = [float(v) for name in chosen for v in profiles[name].values
              if find_kind(name) != "nps" and v.isdigit()]
    low, high = min(scores, default=1), max(scores, default=5)
    top, bottom = next((s for s in SCALES if s[0] >= high), SCALES[-1])
    return Questionnaire(tuple(chosen), ids, (min(bottom, low), top))


def _is_item(name: str, profile: Profile) -> bool:
    whole = [v for v in profile.values if re.match(r"^\d{1,2}(\.0)?$", v) and
             float(v) <= MAX_SCORE]
    return bool(whole) and profile.n_distinct <= MAX_SCORE + 3 and \
        sum(profile.values[v] for v in whole) >= 0.9 * profile.n


def _is_question(name: str) -> bool:
    length = len(name) + len(re.findall(r"[\u4e00-\u9fff]", name))
    return length >= LONG_NAME or bool(re.search(r"[?？]|满意|satisf", name, re.IGNORECASE))


def find_kind(text: str) -> str:
    """Return what a question measures, by its words.

    >>> find_kind("Would you recommend us?"), find_kind("您对交货速度满意吗？")
    ('nps', 'rating')
    """
    return next((kind for kind, words in KINDS if re.search(words, text, re.IGNORECASE)), "rating")


def write_item_rows(questionnaire: Questionnaire, wave_id: str) -> list[list[Any]]:
    """Return the rows of survey_items, header first: text, kind and topic are guesses."""
    rows: list[list[Any]] = [["wave_id", "item_id", "text", "category", "kind"]]
    return rows + [[wave_id, item, text, "general", find_kind(text)]
                   for item, text in zip(questionnaire.ids, questionnaire.items, strict=True)]


def write_wave_rows(questionnaire: Questionnaire, wave_id: str, name: str, start: date,
                    end: date) -> list[list[Any]]:
    """Return the rows of survey_waves, header first."""
    low, high = questionnaire.scale
    return [["wave_id", "name", "start_date", "end_date", "scale_min", "scale_max"],
            [wave_id, name, start.isoformat(), end.isoformat(), f"{low:g}", f"{high:g}"]]
