"""The command kam: one module for each kind of command."""

from kamlib.cli.entry import main, run_words

__all__ = ["main", "run_words"]
