"""What a company may decide about complaints: what is slow, what is often."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section


class ComplaintRules(Section):
    """What a company may decide about complaints: what is slow, what is often."""

    name: ClassVar[str] = "complaints"
