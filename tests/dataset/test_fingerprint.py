"""Fingerprints: another when one value changes, only where it changed; rows in any order."""

from __future__ import annotations

import hashlib
import re
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from kamlib.dataset.engines import connect
from kamlib.dataset.file import load_dataset_file
from kamlib.dataset.fingerprint import fingerprint_sources
from kamlib.dataset.row_fingerprint import fingerprint_table

ROWS = [(f"o{n}", f"A{n % 3}", date(2025, 1 + n // 10, 1 + n % 28), Decimal(f"{n}.2500"), None)
        for n in range(30)]
SCHEMA = pa.schema([("order_id", pa.string()), ("account_id", pa.string()),
                    ("order_date", pa.date32()), ("amount", pa.decimal128(18, 4)),
                    ("channel", pa.string())])


def fingerprint(rows: list[tuple], event_date: str = "order_date") -> dict[str, str]:
    data = [dict(zip(SCHEMA.names, row, strict=True)) for row in rows]
    table = connect().create_table("orders", pa.Table.from_pylist(data, SCHEMA))
    return fingerprint_table(table, event_date=event_date)


def changed(rows: list[tuple]) -> list[str]:
    before, after = fingerprint(ROWS), fingerprint(rows)
    return sorted(m for m in before.keys() | after.keys() if before.get(m) != after.get(m))


def replace(place: int, **values: object) -> list[tuple]:
    rows = [dict(zip(SCHEMA.names, row, strict=True)) for row in ROWS]
    rows[place] |= values
    return [tuple(row.values()) for row in rows]


def test_a_count_and_a_number_for_every_month():
    found = fingerprint(ROWS)
    assert list(found) == ["2025-01", "2025-02", "2025-03"]
    assert all(re.fullmatch(r"10:[0-9a-f]+", text) for text in found.values())


def test_the_number_is_the_sum_of_five_digits_of_each_md5():
    texts = [f"{o}|{a}|{d}|{m}|" for o, a, d, m, _ in ROWS[10:20]]
    total = sum(int(hashlib.md5(t.encode()).hexdigest()[:5], 16) for t in texts)
    assert fingerprint(ROWS)["2025-02"] == f"10:{total:x}"


def test_the_order_of_rows_is_irrelevant():
    assert changed(ROWS[::-1]) == []
    assert changed(ROWS[17:] + ROWS[:17]) == []


@pytest.mark.parametrize("values", [
    {"amount": Decimal("12.2501")}, {"account_id": "A9"}, {"order_id": "o99"}, {"channel": "web"},
    {"order_date": date(2025, 2, 28)}])
def test_one_changed_value_changes_its_month_only(values):
    assert changed(replace(12, **values)) == ["2025-02"]


def test_a_row_moved_to_another_month_changes_both():
    assert changed(replace(12, order_date=date(2025, 3, 28))) == ["2025-02", "2025-03"]


def test_a_lost_and_a_doubled_row_change_their_month():
    assert changed(ROWS[:-1]) == ["2025-03"]
    assert changed(ROWS + ROWS[:1]) == ["2025-01"]


def test_two_amounts_exchanged_change_the_month_though_their_sum_stays():
    rows = replace(12, amount=ROWS[13][3])
    rows[13] = (*ROWS[13][:3], ROWS[12][3], None)
    assert changed(rows) == ["2025-02"]


def test_without_an_event_date_there_is_one_number():
    assert list(fingerprint(ROWS, event_date="")) == [""]


def test_rows_without_a_day_are_undated():
    assert list(fingerprint(replace(0, order_date=None))) == [
        "2025-01", "2025-02", "2025-03", "undated"]


def test_fingerprints_of_files_follow_their_bytes(tmp_path):
    (tmp_path / "dataset.toml").write_text(
        'id = "tiny"\nname = "Tiny"\ncurrency = "EUR"\ndate_basis = "ordered"\n'
        "history_from = 2025-01-01\ncomplete_until = 2025-12-31\n"
        '[tables.orders]\nsource = "orders*.csv"\n[tables.orders.columns]\n'
        'order_id = "order_id"\naccount_id = "account_id"\norder_date = "order_date"\n'
        'amount = "amount"\n')
    text = "order_id,account_id,order_date,amount\n1,A,2025-01-01,5\n"
    (tmp_path / "orders_1.csv").write_text(text)
    (tmp_path / "orders_2.csv").write_text(text.replace("1,A", "2,A"))
    file = load_dataset_file(tmp_path / "dataset.toml")
    before = fingerprint_sources(file)
    assert before["orders"][0] == hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "orders_2.csv").write_text(text.replace("1,A", "3,A"))
    after = fingerprint_sources(file)
    assert list(after) == ["orders"]
    assert [a == b for a, b in zip(before["orders"], after["orders"], strict=True)] == [True, False]
