"""Headings and codes of the audit of quoted numbers."""

from __future__ import annotations

HEADINGS: dict[str, str] = {}

VALUES: dict[str, str] = {}
