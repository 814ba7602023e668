"""Bringing a table out of the engine, with one type for each kind of column."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

INTEGERS = {pa.int64(): pd.Int64Dtype()}


def fetch(expression: Table) -> pd.DataFrame:
    """Bring a table out of the engine: counts as Int64, sums as float64, days as datetime64."""
    decimals = {name: "float64" for name, kind in expression.schema().items() if kind.is_decimal()}
    table = expression.cast(decimals).to_pyarrow()  # half as wide as what was added up exactly
    return pd.DataFrame({name: _column(table[name]) for name in table.column_names})


def _column(values: pa.ChunkedArray) -> pd.Series:
    kind = values.type
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        values, target = values.cast("timestamp[s]"), "datetime64[s]"
    elif pa.types.is_integer(kind):
        return pd.Series(values.cast("int64").to_pandas(types_mapper=INTEGERS.get))
    elif pa.types.is_floating(kind):
        target = "float64"
    elif pa.types.is_boolean(kind):
        target = "boolean"
    else:
        target = "str"
    return pd.Series(values.to_pandas()).astype(target)  # type: ignore[call-overload,no-any-return]
