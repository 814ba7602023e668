"""Headings and codes of what to mend first."""

from __future__ import annotations

HEADINGS: dict[str, str] = {}

VALUES: dict[str, str] = {}
