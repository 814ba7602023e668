"""Texts from the data that would like to be more: nothing of them runs, and no secret gets out."""

from __future__ import annotations

import importlib.util
import zipfile
from pathlib import Path

import ibis
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from kamlib.cli import main
from kamlib.dataset import load_dataset_file, open_dataset
from kamlib.errors import InputError
from kamlib.report.workbook import write_workbook
from kamlib.session.csv_text import write_csv_text

_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

EVIL = ["=cmd|'/C calc'!A1", "@SUM(1+1)*cmd|' /C calc'!A0", "+1+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0", "\t=1+1", " =1+1", "<script>alert(1)</script>", "**b** [l](x)",
        "$\\frac{1}{2}$", "'; DROP TABLE orders; --", "a\u0000b", "\u202egnp.exe", "W" * 10_000]
SECRET = "hunter2-of-the-url"


def test_nothing_is_a_formula_in_the_workbook(tmp_path):
    pd.DataFrame({"account_id": EVIL}).to_parquet(tmp_path / "evil.parquet")
    write_workbook(tmp_path, to=tmp_path / "tables.xlsx")
    with zipfile.ZipFile(tmp_path / "tables.xlsx") as book:
        sheets = [book.read(n).decode() for n in book.namelist() if "worksheets" in n]
        assert not any("externalLink" in n for n in book.namelist())
    assert not any("<f>" in sheet or "hyperlink" in sheet for sheet in sheets)
    rows = CalamineWorkbook.from_path(str(tmp_path / "tables.xlsx")).get_sheet_by_index(1)
    said = [row[0] for row in rows.to_python()[1:]]
    plain = [text for text in EVIL if "\u0000" not in text and text == text.strip()]
    assert [text for text in plain if text not in said] == []


def test_nothing_is_a_formula_in_a_download():
    text = write_csv_text(pd.DataFrame({"=1+1": EVIL, "n": range(len(EVIL))}))
    cells = pd.read_csv(pd.io.common.StringIO(text), dtype="str")
    assert list(cells.columns) == ["'=1+1", "n"]
    assert [c for c in cells.iloc[:, 0] if c.lstrip()[:1] in ("=", "+", "-", "@")] == []
    assert [c if c == evil else c.removeprefix("'")
            for c, evil in zip(cells.iloc[:, 0], EVIL, strict=True)] == EVIL
    kept = pd.DataFrame({"text": ["-5", "+49", "-1,234.50", "-"]})
    assert pd.read_csv(pd.io.common.StringIO(write_csv_text(kept)))["text"].tolist()[:3] == \
        ["-5", "+49", "-1,234.50"]


def test_names_are_no_sql_for_the_engine(tmp_path):
    lines = ["order_id,account_id,order_date,line_kind,amount"]
    quoted = [name.replace('"', '""') for name in EVIL if "\u0000" not in name]
    lines += [f'{i},"{name}",2025-11-01,sale,{i}.5' for i, name in enumerate(quoted)]
    opened = open_dataset(small.write_dataset(tmp_path, lines))
    orders = opened.tables["orders"].execute()
    assert len(orders) == len(quoted)
    assert "'; DROP TABLE orders; --" in set(orders["account_id"])


def test_no_secret_of_a_url_or_the_environment_gets_out(tmp_path, monkeypatch, capsys):
    place = tmp_path / SECRET
    place.mkdir()
    con = ibis.duckdb.connect(place / "company.db")
    con.create_table("orders", pd.DataFrame({
        "order_id": ["1"], "account_id": ["A"], "order_date": [pd.Timestamp("2025-11-01")],
        "line_kind": ["sale"], "amount": [5.0]}))
    con.disconnect()
    file = tmp_path / "dataset.toml"
    file.write_text(small.DATASET.replace("orders.csv", "orders")
                    + '[engine]\nurl = "${KAM_SECRET_URL}"\n', encoding="utf-8")
    monkeypatch.setenv("KAM_SECRET_URL", f"duckdb://{place / 'company.db'}")
    small.write_notebook(tmp_path / "notebooks", "01_demo", small.HAND_ON, tables=("wallets",))
    with pytest.raises(SystemExit) as stop:
        main(["run", "--dataset", str(file), "--period", "2025Q4", "--reports",
              str(tmp_path / "reports"), "--notebooks", str(tmp_path / "notebooks")])
    said = capsys.readouterr()
    assert (stop.value.code, SECRET in said.out + said.err) == (0, False)
    files = [path for path in (tmp_path / "reports").rglob("*") if path.is_file()]
    assert len(files) > 8
    assert [path.name for path in files if SECRET.encode() in path.read_bytes()] == []


@pytest.mark.parametrize("engine", [
    f'url = "postgres://u:{SECRET}@h/x"\npassword = "{SECRET}"', f'urll = "{SECRET}"',
    f'url = ["{SECRET}"]'])
def test_a_wrong_engine_section_is_told_without_what_it_holds(tmp_path, engine):
    file = tmp_path / "dataset.toml"
    file.write_text(f"{small.DATASET}[engine]\n{engine}\n", encoding="utf-8")
    with pytest.raises(InputError, match="engine") as error:
        load_dataset_file(file)
    assert SECRET not in str(error.value)
    assert error.value.__cause__ is None
