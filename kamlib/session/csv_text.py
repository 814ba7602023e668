"""CSV for people, who open it in a spreadsheet program that takes some texts for formulas."""

from __future__ import annotations

import re

import pandas as pd

# What a spreadsheet program would compute; a number with its sign is none.
FORMULA = re.compile(r"^\s*[=@]|^[\t\r]|^[+-](?![\d.,]+$)(?=.)", re.DOTALL)


def write_csv_text(frame: pd.DataFrame) -> str:
    """Return a table as CSV in which no text is a formula: one gets an apostrophe before it.

    >>> print(write_csv_text(pd.DataFrame({"name": ["=1+1", "-5", "A"], "n": [-1, 2, 3]})))
    name,n
    '=1+1,-1
    -5,2
    A,3
    <BLANKLINE>
    """
    safe = {name: frame[name] if pd.api.types.is_numeric_dtype(frame[name]) else frame[name].map(
        lambda cell: _disarm(cell) if isinstance(cell, str) else cell) for name in frame.columns}
    named = pd.DataFrame(safe, index=frame.index).rename(columns=lambda name: _disarm(str(name)))
    text: str = named.to_csv(index=False, lineterminator="\n")
    return text


def _disarm(text: str) -> str:
    return f"'{text}" if FORMULA.match(text) else text
