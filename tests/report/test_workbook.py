"""What a workbook holds, and what it names instead."""

from __future__ import annotations

import pandas as pd
from python_calamine import CalamineWorkbook

from kamlib.figures import table
from kamlib.report.workbook import write_workbook


def test_a_table_too_large_for_a_sheet_is_named_with_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "MAX_CELLS", 6)
    pd.DataFrame({"a": [1, 2, 3], "b": [4, 5, 6]}).to_parquet(tmp_path / "fits.parquet")
    pd.DataFrame({"a": range(4), "b": range(4)}).to_parquet(tmp_path / "large.parquet")
    write_workbook(tmp_path, to=tmp_path / "tables.xlsx")
    book = CalamineWorkbook.from_path(str(tmp_path / "tables.xlsx"))
    assert book.sheet_names == ["contents", "01 fits"]
    assert book.get_sheet_by_name("contents").to_python()[1:] == [
        ["fits", "3", "2", "01 fits"],
        ["large", "4", "2", "too large for a sheet: tables/large.parquet"]]
    assert book.get_sheet_by_name("01 fits").to_python()[1:] == [[1, 4], [2, 5], [3, 6]]
