"""The row equation: every row read is kept, excluded or set aside, and what is kept is valid."""

from __future__ import annotations

import csv
import tempfile
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kamlib.dataset import open_dataset

HEAD = """\
id = "tiny"
name = "Tiny"
currency = "EUR"
tax = "excluded"
history_from = 2025-01-01
complete_until = 2025-12-31
[tables.accounts]
source = "accounts.csv"
constants = { party_role = "customer" }
[tables.orders]
source = "orders.csv"
[tables.orders.columns]
order_id = "no"
order_date = "day"
[tables.orders.exclude]
test_order = "no LIKE 'T%'"
no_account = "account_id IS NULL"
"""
COLUMNS = ["no", "account_id", "day", "line_kind", "quantity", "amount", "is_tender"]
KNOWN = ("C1", "C2", "007")
ROW = st.tuples(
    st.sampled_from(["A1", "A2", "T1", "", "  "]),
    st.sampled_from([*KNOWN, "7", "C9", ""]),
    st.sampled_from(["2025-01-13", "2025-2-3", "13.01.2025", "2025-13-01", "soon", ""]),
    st.sampled_from(["sale", "return", "Sale", "free", ""]),
    st.sampled_from(["1", "-1", "2.5", "two", ""]),
    st.sampled_from(["10.00", "-10.00", "0", "1,5", "1e3", "", "99999999999999999999", "x"]),
    st.sampled_from(["true", "false", "maybe", ""]))


def as_decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def expect(row: tuple[str, ...]) -> str:
    """Say what becomes of a row, read off data/README.md and not off the code."""
    no, account, day, kind, quantity, amount, tender = (cell.strip() for cell in row)
    if no.startswith("T") or not account:
        return "excluded"
    money, pieces = as_decimal(amount), as_decimal(quantity) if quantity else Decimal(0)
    is_good = (no and account in KNOWN and day in ("2025-01-13", "2025-2-3")
               and kind in ("sale", "return", "free") and money is not None
               and abs(money) < 10**14 and pieces is not None and tender != "maybe")
    if not is_good or money is None or pieces is None:
        return "quarantined"
    back = kind == "return"
    holds = money == 0 if kind == "free" else money <= 0 if back else money >= 0
    return "kept" if holds and (pieces <= 0 if back else pieces >= 0) else "quarantined"


@settings(max_examples=5, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(ROW, min_size=40, max_size=70))
def test_every_row_is_accounted_for_and_what_is_kept_is_valid(rows: list[tuple[str, ...]]) -> None:
    good = ("A0", "C1", "2025-01-13", "sale", "1", "10.00", "true")  # one order is needed
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "orders.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, good, *rows])
        (folder / "accounts.csv").write_text(
            "account_id,name\n" + "".join(f"{a},{a}\n" for a in KNOWN), encoding="utf-8")
        (folder / "dataset.toml").write_text(HEAD, encoding="utf-8")
        dataset = open_dataset(folder / "dataset.toml")
    counts = dataset.accounting.set_index("table").loc["orders"]
    fates = [expect(row) for row in [good, *rows]]
    assert {fate: counts[fate] for fate in ("kept", "excluded", "quarantined")} == \
        {fate: fates.count(fate) for fate in ("kept", "excluded", "quarantined")}
    assert counts["read"] == len(fates)
    kept = dataset.tables["orders"].to_pyarrow().to_pylist()
    amounts = [as_decimal(row[5]) for row, fate in zip([good, *rows], fates, strict=True)
               if fate == "kept"]
    assert sum(row["amount"] for row in kept) == sum(amounts, Decimal(0))
    assert {row["order_date"] for row in kept} <= {date(2025, 1, 13), date(2025, 2, 3)}
    assert len(dataset.quarantine["orders"]) == counts["quarantined"]
    told = dataset.reasons.query("table == 'orders'").groupby("kind")["n"].sum().to_dict()
    assert told.get("quarantined", 0) == counts["quarantined"]
    assert told.get("excluded", 0) == counts["excluded"]


def test_quarantine_keeps_the_rows_as_they_were_read(write) -> None:
    path = write('[tables.orders]\nsource = "orders.csv"\nconstants = { line_kind = "sale" }\n',
                 orders__csv="order_id,account_id,order_date,amount,colour\n"
                             "A1,C1,2025-01-13,10.00,red\nA2,C1,13.1.2025,7.00,blue\n"
                             "A3,C1,2025-01-13,-7.00,\n")
    assert open_dataset(path).quarantine["orders"].to_dict("records") == [
        {"reason": "rule:sale_not_negative", "order_id": "A3", "account_id": "C1",
         "order_date": "2025-01-13", "amount": "-7.00", "colour": ""},
        {"reason": "wrong_type:order_date", "order_id": "A2", "account_id": "C1",
         "order_date": "13.1.2025", "amount": "7.00", "colour": "blue"}]


def test_the_second_row_of_a_key_is_set_aside(write) -> None:
    path = write('[tables.orders]\nsource = "orders.csv"\nconstants = { line_kind = "sale" }\n'
                 '[tables.accounts]\nsource = "accounts.csv"\n'
                 'constants = { party_role = "customer" }\n',
                 accounts__csv="account_id,name\nC1,Harbour\nC2,Mill\nC1,Abbey\n")
    dataset = open_dataset(path)
    assert dataset.accounting.set_index("table").loc["accounts"].to_dict() == \
        {"read": 3, "kept": 2, "excluded": 0, "quarantined": 1}
    assert dataset.reasons["reason"].tolist() == ["duplicate_key:account_id"]
    # the first in the order of all columns stays, whatever the order of the file
    assert sorted(dataset.tables["accounts"].name.execute()) == ["Abbey", "Mill"]


def test_accounts_are_made_from_the_orders_where_there_is_no_table(write) -> None:
    accounts = open_dataset(write()).tables["accounts"].execute()
    assert sorted(accounts["account_id"]) == sorted(accounts["name"]) == ["C1", "C2"]
    assert set(accounts["party_role"]) == {"customer"}


def test_only_the_tables_asked_for_are_opened(write) -> None:
    path = write('[tables.orders]\nsource = "orders.csv"\nconstants = { line_kind = "sale" }\n'
                 '[tables.products]\nsource = "missing.csv"\n')
    assert set(open_dataset(path, only=["orders"]).tables) == {"orders", "accounts"}
