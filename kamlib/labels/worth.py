"""Headings and codes of what satisfaction is worth."""

from __future__ import annotations

HEADINGS: dict[str, str] = {}

VALUES: dict[str, str] = {}
