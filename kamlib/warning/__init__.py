"""Who is about to leave: flags by rules, a model, and how well both did on the past."""

from kamlib.warning.rules import WarningRules

__all__ = ["WarningRules"]
