"""Quoted numbers from a file of its own: what somebody typed off a report."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from kamlib.dataset.single import SingleTable, read_single
from kamlib.errors import InputError
from kamlib.language import _, fmt_count, fmt_list
from kamlib.schema import load_schema

# What a list typed off one report may leave out.
MAY_LACK = ("quote_id", "source", "quoted_date")


def read_quoted_file(path: str | Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Read quoted_figures from a text file or workbook, and what to know about it.

    Headings are recognised in English and Chinese. Numbers without an id get the place of their
    row, those without a source the file's name. Returns one row a number, and sentences: which
    columns stayed unused, which rows were set aside and why.
    Raises InputError when the file cannot be read, lacks a column or holds no number.
    """
    found = read_single(path, table="quoted_figures", may_lack=MAY_LACK)
    quoted, name = found.kept.copy(), Path(path).name
    places = pd.Series([str(i) for i in range(1, len(quoted) + 1)], index=quoted.index)
    quoted["quote_id"] = quoted["quote_id"].astype("object").where(
        quoted["quote_id"].notna(), places)
    quoted["source"] = quoted["source"].astype("object").where(quoted["source"].notna(), name)
    is_twice = quoted["quote_id"].duplicated()
    notes = [*found.notes, *_describe_broken(found)]
    if is_twice.any():
        notes.append(_("Set aside, since their id stands in an earlier row: {ids}.",
                       ids=fmt_list(quoted.loc[is_twice, "quote_id"].unique()[:5])))
    quoted = quoted[~is_twice].reset_index(drop=True)
    if quoted.empty:
        raise InputError(" ".join([f"{name} holds no number that can be audited: no row has "
                                   "label, quoted and kind.", *notes]))
    return quoted, tuple(notes)


def _describe_broken(found: SingleTable) -> list[str]:
    """One sentence a reason: which rows were set aside, and what the column may hold."""
    columns = load_schema()["quoted_figures"].columns
    sentences = []
    for reason, rows in found.broken.groupby("reason", sort=True)["row"]:
        name = str(reason).partition(":")[2]
        limits = columns[name].limits if name in columns else ""
        heading = found.matched.get(name, name)
        about = _("{heading} may be {limits}", heading=heading, limits=limits) if limits else \
            _("{heading} cannot be used", heading=heading)
        sentences.append(_("Set aside: row {rows} ({about}).", about=about,
                           rows=fmt_list(fmt_count(row) for row in rows.head(5))))
    return sentences
