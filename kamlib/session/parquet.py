"""Tables to Parquet files, equal tables to equal bytes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def write_parquet(frame: pd.DataFrame | Iterable[pd.DataFrame], path: Path) -> None:
    """Write a table without the writer's traces, so that equal tables have equal bytes.

    frame: the table, or its parts one after another (at least one), of which one is held at a time.
    """
    parts = map(_to_arrow, [frame] if isinstance(frame, pd.DataFrame) else frame)
    first = next(parts)
    with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
        for part in chain([first], parts):
            writer.write_table(part)


def _to_arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
