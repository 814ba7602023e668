"""What accounts are worth: margins to come, discounted to today."""

from kamlib.value.rules import ValueRules

__all__ = ["ValueRules"]
