"""What a company may decide about delivered value and about satisfaction joined to money."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section


class WorthRules(Section):
    """What a company may decide about delivered value and about satisfaction joined to money."""

    name: ClassVar[str] = "worth"
