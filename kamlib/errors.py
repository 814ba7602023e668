"""What kamlib raises: every message is one paragraph with the rule, what was seen, what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class KamlibError(Exception):
    """Root of all errors that kamlib raises on purpose."""


class InputError(KamlibError, ValueError):
    """Data, a dataset file, a rules file or a parameter breaks a stated rule."""


class RefusedError(KamlibError):
    """There is too little data for an honest number; says why and what would lift the refusal."""


def did_you_mean(name: str, options: Iterable[str]) -> str:
    """Return a hint with the nearest of `options`, or "" when none is near.

    >>> did_you_mean("acount_id", ["account_id", "amount"])
    " Did you mean 'account_id'?"
    >>> did_you_mean("zzz", ["account_id"])
    ''
    """
    by_lower = {option.lower(): option for option in options}
    near = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f" Did you mean {by_lower[near[0]]!r}?" if near else ""


def one_line(error: BaseException) -> str:
    """Return an error's message as one line, for use inside a paragraph.

    >>> one_line(ValueError("a\\n  b"))
    'a b'
    """
    return " ".join(str(error).split())
