"""Small data sets, written file by file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

HEAD = """\
id = "tiny"
name = "Tiny"
currency = "EUR"
tax = "excluded"
history_from = 2025-01-01
complete_until = 2025-12-31
"""
ORDERS = """
[tables.orders]
source = "orders.csv"
constants = { line_kind = "sale" }
"""
LINES = """\
order_id,account_id,order_date,amount,quantity
A1,C1,2025-01-13,100.00,1
A2,C2,2025-02-17,250.50,2
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes files and the dataset file, and returns the latter."""
    def write(tables: str = ORDERS, head: str = HEAD, **files: str | bytes) -> Path:
        for name, content in ({"orders__csv": LINES} | files).items():
            path = tmp_path / name.replace("__", ".")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        (tmp_path / "dataset.toml").write_text(head + tables, encoding="utf-8")
        return tmp_path / "dataset.toml"
    return write
