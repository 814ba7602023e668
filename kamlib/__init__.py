"""Key account workbench: notebooks ask, kamlib computes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kamlib.session import open_report

__all__ = ["open_report"]


def __getattr__(name: str) -> Any:
    """Import the front door only when it is opened: `import kamlib.errors` stays light."""
    if name == "open_report":
        from kamlib.session import open_report

        return open_report
    raise AttributeError(f"module 'kamlib' has no attribute {name!r}")
