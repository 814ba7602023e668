"""Rules of what to mend first: rivals, importance, priorities, promises."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section


class ImprovementRules(Section):
    """Rules of what to mend first: rivals, importance, priorities, promises."""

    name: ClassVar[str] = "improvement"
