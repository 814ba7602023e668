"""Broken data sets and dataset files, made from seeds, and what may become of them.

A company of four tables is written and then broken in one way, or in several. Whatever the way,
opening it may give only two things: an opened data set in which every row is accounted for, or one
readable paragraph. `check_broken` says what else came of it.

    .venv/bin/python -m benchmarks.broken --first 0 --number 100
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from benchmarks.breaking import (
    BYTE_CHANGES,
    FILE_CHANGES,
    ROW_CHANGES,
    TABLES,
    count_lines,
    make_rows,
    write_rows,
    write_toml,
)
from kamlib.dataset import open_dataset
from kamlib.errors import KamlibError


@dataclass(frozen=True)
class Broken:
    """A broken data set: its file, how it was broken, and the lines that can be counted."""

    file: Path
    story: str
    n_lines: dict[str, int]


def write_broken(folder: Path, seed: int) -> Broken:
    """Write the data set of a seed into a folder; every fourth is broken in its dataset file."""
    dice = random.Random(seed)
    rows = {name: make_rows(name, dice) for name in TABLES}
    names = ["orders", *(name for name in ("accounts", "products", "complaints")
                         if dice.random() < 0.3)]
    text = write_toml(names, dice)
    stories = []
    raw: dict[str, bytes] = {}
    for name in names:
        raw[name] = write_rows(rows[name])
    if seed % 4 == 3:
        for _ in range(dice.choice((1, 1, 1, 2))):
            change = dice.choice(FILE_CHANGES)
            text = change(text, dice)
            stories.append(change.__name__)
    else:
        for _ in range(dice.choice((1, 1, 2, 3))):
            name = dice.choice((*names, "orders"))
            edit = dice.choice(ROW_CHANGES)
            rows[name] = edit(rows[name], dice)
            raw[name] = write_rows(rows[name])
            stories.append(f"{name}: {edit.__name__}")
        if dice.random() < 0.35:
            name = dice.choice((*names, "orders"))
            harm = dice.choice(BYTE_CHANGES)
            raw[name] = harm(raw[name], dice)
            stories.append(f"{name}: {harm.__name__}")
    for name, content in raw.items():
        (folder / f"{name}.csv").write_bytes(content)
    file = folder / "dataset.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    counted = {name: n for name, content in raw.items() if (n := count_lines(content)) is not None}
    return Broken(file, ", ".join(stories), counted)


def check_broken(broken: Broken) -> tuple[str, str]:
    """Open a broken data set; return opened, refused or bug, and what was said or is wrong."""
    try:
        opened = open_dataset(broken.file)
    except KamlibError as error:
        text = str(error)
        wrong = judge_paragraph(text)
        return ("bug", f"{wrong}: {text[:600]}") if wrong else ("refused", text)
    except Exception:
        return "bug", traceback.format_exc()[-1500:]
    for row in opened.accounting.to_dict("records"):
        name = row["table"]
        if row["read"] != row["kept"] + row["excluded"] + row["quarantined"]:
            return "bug", f"rows do not add up: {row}"
        if name in broken.n_lines and row["read"] != broken.n_lines[name]:
            return "bug", f"{name}: {broken.n_lines[name]} lines, but {row}"
        kept, set_aside = int(opened.tables[name].count().execute()), len(opened.quarantine[name])
        if kept != row["kept"] or set_aside != row["quarantined"]:
            return "bug", f"{name}: {kept} kept and {set_aside} set aside, but {row}"
        reasons = opened.reasons[opened.reasons["table"] == name]
        if int(reasons["n"].sum()) != row["excluded"] + row["quarantined"]:
            return "bug", f"{name}: reasons do not add up: {reasons.to_dict('records')}, {row}"
    return "opened", opened.accounting.to_string()


def judge_paragraph(text: str) -> str:
    """Say what is wrong with an error's text; "" when a person can read it."""
    if "\n" in text or not text.strip():
        return "not one paragraph"
    if len(text) > 2_000:
        return f"{len(text)} characters"
    if "Traceback" in text or re.search(r"\b(ibis|sqlglot|pandas|duckdb)\.\w+\.\w+", text):
        return "speaks of the program's insides"
    if re.search(r"[\x00-\x08\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069]", text):
        return "has marks that nobody sees"
    return ""


def main() -> None:
    """Open the broken data sets of some seeds and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--number", type=int, default=1_000)
    parser.add_argument("--only", default="", help="files, or rows, or a word of the story")
    given = parser.parse_args()
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in range(given.first, given.first + given.number):
        if given.only and given.only != ("files" if seed % 4 == 3 else "rows"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            broken = write_broken(Path(folder), seed)
            verdict, said = check_broken(broken)
        counts[verdict] += 1
        if verdict == "bug":
            print(f"--- {seed} ({broken.story})\n{said}", flush=True)
    print(f"{sum(counts.values())} broken data sets in {time.perf_counter() - started:.0f} s: "
          + ", ".join(f"{n} {verdict}" for verdict, n in sorted(counts.items())))


if __name__ == "__main__":
    main()
