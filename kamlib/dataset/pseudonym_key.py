"""The key of a pseudonymised report, and the codes that it makes.

A code is a keyed hash (HMAC-SHA256): the same value has the same code in every table and period,
and without the key nobody can try out values until one fits. The key never enters a report.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from kamlib.errors import InputError, one_line

VARIABLE = "KAM_PSEUDONYM_KEY"
MIN_KEY_BYTES = 32
CODE_LETTERS = 12  # 60 bits: among five million ids two codes meet once in 90,000 data sets


@dataclass(frozen=True)
class Pseudonyms:
    """Makes codes; min_accounts: a class of fewer accounts is joined with others."""

    key: bytes = field(repr=False)
    min_accounts: int = 3

    def code(self, value: str) -> str:
        """Return the code of a value.

        >>> Pseudonyms(b"k" * 32).code("A0042")
        'jmkuxtcmxayu'
        """
        digest = hmac.digest(self.key, value.encode("utf-8", "surrogatepass"), "sha256")
        return base64.b32encode(digest).decode()[:CODE_LETTERS].lower()

    @property
    def mark(self) -> str:
        """Tells two keys apart, and nothing of either."""
        return self.code("\0kamlib")


def load_key(dataset: str | Path, *, key_file: str | Path = "") -> bytes:
    """Return the key: from a file, from KAM_PSEUDONYM_KEY, or from beside the dataset file.

    Where there is none, one is made beside the dataset file, readable by its owner alone. Raises
    InputError for a key that is short, missing, or readable by others.
    """
    if not key_file and VARIABLE in os.environ:
        return _check_key(os.environ[VARIABLE].strip().encode(), VARIABLE)
    file = Path(dataset)
    beside = (file / "dataset" if file.is_dir() else file).with_suffix(".pseudonym-key")
    path = Path(key_file) if key_file else beside
    if not path.is_file():
        if key_file:
            raise InputError(f"The key file {path.name} does not exist. Give the one with which "
                             "earlier reports were made, or leave it out to make a new key.")
        _make_key(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise InputError(f"The key file {path.name} can be read by others, who could then find out "
                         f"whose codes these are. Run: chmod 600 {path.name}")
    return _check_key(path.read_bytes().strip(), path.name)


def _make_key(path: Path) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputError(f"No key can be written beside the dataset file ({one_line(error)}). Set "
                         f"{VARIABLE} to at least {MIN_KEY_BYTES} characters.") from error
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(secrets.token_hex(32) + "\n")


def _check_key(key: bytes, origin: str) -> bytes:
    if len(key) < MIN_KEY_BYTES:
        raise InputError(f"The key of {origin} is shorter than {MIN_KEY_BYTES} characters and "
                         "could be guessed. Make one with: openssl rand -hex 32")
    return key
