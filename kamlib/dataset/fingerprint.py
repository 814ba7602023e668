"""Fingerprints of what a data set is read from, before it is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kamlib.dataset.file import DatasetFile, ReadOptions
from kamlib.dataset.locating import find_files, fingerprint_file

# A table of an engine, how it is read and what messages call it → the fingerprint of its rows.
OfTable = Callable[[str | Sequence[str], ReadOptions, str], str]


def fingerprint_sources(file: DatasetFile) -> dict[str, list[str]]:
    """Return the SHA-256 of every file that the data set's tables are read from, by table.

    A table of an engine has no files: of each its rows are fingerprinted where they are, which
    reads them all once.
    """
    if file.engine is None:  # then no engine is imported: most runs find that nothing changed
        return _fingerprint(file, None)
    from kamlib.dataset.row_fingerprint import open_tables

    with open_tables(file) as of_table:
        return _fingerprint(file, of_table)


def _fingerprint(file: DatasetFile, of_table: OfTable | None) -> dict[str, list[str]]:
    seen: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for name, spec in sorted(file.tables.items()):
        sources = [(spec.source, spec.read, f"tables.{name}")]
        sources += [(join.source, join.read, f"tables.{name}.join.{key}")
                    for key, join in spec.join.items()]
        found[name] = []
        for source, read, where in sources:
            paths = find_files(source, folder=file.folder, where=where)
            for path in paths:
                if str(path) not in seen:
                    seen[str(path)] = fingerprint_file(path).sha256
                found[name].append(seen[str(path)])
            if of_table is not None and not paths:
                key = repr((source, read))
                if key not in seen:
                    seen[key] = of_table(source, read, where)
                found[name].append(seen[key])
    return found
