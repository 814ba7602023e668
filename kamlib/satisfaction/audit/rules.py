"""What a company may decide about the audit of quoted numbers."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section


class AuditRules(Section):
    """What a company may decide about the audit of quoted numbers."""

    name: ClassVar[str] = "audit"
