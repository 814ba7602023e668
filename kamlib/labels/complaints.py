"""Headings and codes of complaints."""

from __future__ import annotations

HEADINGS: dict[str, str] = {}

VALUES: dict[str, str] = {}
