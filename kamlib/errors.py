"""What kamlib raises: every message is one paragraph with the rule, what was seen, what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

ANSI = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")
# Control characters, marks that turn the direction of writing, halves of characters.
UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"
                    "\ud800-\udfff]")
MAX_WORD = 160  # characters of one word; a longer one is a value from the data, not a word


class KamlibError(Exception):
    """Root of all errors that kamlib raises on purpose; whatever they quote, one paragraph."""

    def __init__(self, message: str = "") -> None:
        super().__init__(make_readable(message))


class InputError(KamlibError, ValueError):
    """Data, a dataset file, a rules file or a parameter breaks a stated rule."""


class RefusedError(KamlibError):
    """There is too little data for an honest number; says why and what would lift the refusal."""


def make_readable(text: str) -> str:
    """Return a text in one paragraph without marks that nobody sees and words without end.

    What is quoted from data may hold anything; an unseen mark is written as its code.

    >>> make_readable("a\\n b \\u202e" + "z" * 200)[:16]
    'a b \\\\u202ezzzzzz'
    """
    line = re.sub(r"\s*[\r\n]\s*", " ", ANSI.sub("", text))
    seen = UNSEEN.sub(lambda mark: mark[0].encode("unicode_escape").decode(), line)
    return re.sub(rf"([^\s，。；：、]{{{MAX_WORD}}})[^\s，。；：、]+", r"\1…", seen)


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
