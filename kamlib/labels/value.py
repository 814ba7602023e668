"""Names of the columns and codes that the value room adds."""

from __future__ import annotations

HEADINGS: dict[str, str] = {}
VALUES: dict[str, str] = {}
