"""Mistakes that people make with exports, each with the paragraph they get for it.

`docs/mistakes.md` is written from this list: python tests/dataset/mistakes.py
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import xlsxwriter

from kamlib.dataset import open_dataset
from kamlib.dataset.advice import explain_quarantine
from kamlib.errors import KamlibError

DOCS = Path(__file__).parents[2] / "docs" / "mistakes.md"
COLUMNS = "[tables.orders.columns]"
HEAD = """\
id = "tiny"
name = "Tiny"
currency = "CNY"
tax = "excluded"
history_from = 2025-01-01
complete_until = 2025-12-31
"""
ORDERS = """
[tables.orders]
source = "orders.csv"
constants = { line_kind = "sale" }
[tables.orders.columns]
order_id = "OrderNo"
account_id = "Customer"
order_date = "Date"
amount = "Amount"
"""
ROWS = ["A1,C1,2025-01-13,100.00", "A2,C2,2025-02-17,250.50"]
TITLE = "OrderNo,Customer,Date,Amount"


@dataclass(frozen=True)
class Mistake:
    """A mistake: what happened, the files, the tables of the dataset file, and what is said.

    files: name → text, bytes, or a function that writes the file; shown: how the docs show it;
    check: the check that tells, else it is the error or the paragraph about rows set aside;
    cure: what to replace in the dataset file by what, as the paragraph advises; total: the sum of
    the amounts after that.
    """

    name: str
    story: str
    files: dict[str, str | bytes | Callable[[Path], None]]
    tables: str = ORDERS
    shown: str = ""
    head: str = HEAD
    check: str = ""
    cure: tuple[str, str] = ("", "")
    total: str = "350.50"


def csv(*rows: str, title: str = TITLE, end: str = "\n") -> str:
    return end.join([title, *rows]) + end


def build(mistake: Mistake, folder: Path) -> Path:
    """Write the files of a case and return its dataset file."""
    for name, content in mistake.files.items():
        path = folder / name
        if callable(content):
            content(path)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
    file = folder / "dataset.toml"
    file.write_text(mistake.head + mistake.tables, encoding="utf-8")
    return file


def run(mistake: Mistake, folder: Path) -> str:
    """Build a case and return what the user reads, with the folder's path taken out."""
    try:
        dataset = open_dataset(build(mistake, folder))
    except KamlibError as error:
        return str(error).replace(f"{folder}/", "")
    if mistake.check:
        row = dataset.checks.set_index("check").loc[mistake.check]
        return f"{row['n']:,} {row['message']}"
    return "\n".join(explain_quarantine(dataset))


def cured(mistake: Mistake) -> Mistake:
    """Follow the advice."""
    old, new = mistake.cure
    assert old in mistake.tables
    return replace(mistake, tables=mistake.tables.replace(old, new))


def workbook(sheets: dict[str, list[list[object]]]) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with xlsxwriter.Workbook(str(path)) as book:
            for name, rows in sheets.items():
                sheet = book.add_worksheet(name)
                for i, row in enumerate(rows):
                    sheet.write_row(i, 0, row)
    return write


def locked_workbook(path: Path) -> None:
    """Write what Excel writes for a workbook with a password: an OLE file with EncryptedPackage."""
    free, end, fat_mark = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD

    def entry(name: str, kind: int, child: int, right: int, start: int, size: int) -> bytes:
        text = (name + "\0").encode("utf-16-le")
        return (text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, right,
                                                    child) + b"\0" * 36
                + struct.pack("<IQ", start, size))
    header = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 16
              + struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 0x1000,
                            end, 0, end, 0)
              + struct.pack("<I", 0) + struct.pack("<I", free) * 108)
    data = b"\1" * 4096  # eight sectors each; smaller streams would need a mini stream
    chain = [fat_mark, end, *range(3, 10), end, *range(11, 18), end]
    table = struct.pack("<128I", *chain, *[free] * (128 - len(chain)))
    directory = (entry("Root Entry", 5, 1, free, end, 0)
                 + entry("EncryptedPackage", 2, free, 2, 2, 4096)
                 + entry("EncryptionInfo", 2, free, free, 10, 4096)
                 + entry("", 0, free, free, 0, 0))
    path.write_bytes(header + table + directory + data + data)


MANY = [f"A{i},C{i % 7},2025-{i % 12 + 1:02d}-{i % 12 + 1:02d},10.00" for i in range(1, 121)]
JOIN = """
[tables.orders]
source = "orders.csv"
constants = { line_kind = "sale" }
join.heads = { source = "heads.csv", on = { OrderNo = "OrderNo" } }
[tables.orders.columns]
order_id = "OrderNo"
account_id = "heads.Customer"
order_date = "heads.Date"
amount = "Amount"
"""
ACCOUNTS = """
[tables.accounts]
source = "customers.csv"
constants = { party_role = "customer" }
columns = { account_id = "Customer", name = "Name" }
"""
MISTAKES = [
    Mistake("The wrong delimiter", "The export parts its columns with semicolons.",
            {"orders.csv": csv(*ROWS).replace(",", ";")},
            cure=(COLUMNS, 'read = { delimiter = ";" }\n' + COLUMNS)),
    Mistake("The wrong encoding", "A Chinese Excel saved the file as GB18030, not as UTF-8.",
            {"orders.csv": csv(*ROWS, title="单号,客户,日期,金额").encode("gb18030")},
            tables=ORDERS.replace("OrderNo", "单号"), shown="(in GB18030) 单号,客户,日期,金额"),
    Mistake("Another date format", "Dates are written the German way.",
            {"orders.csv": csv("A1,C1,13.01.2025,100.00", "A2,C2,17.02.2025,250.50")},
            cure=(COLUMNS, 'read = { date_format = "%d.%m.%Y" }\n' + COLUMNS)),
    Mistake("Day and month swapped", "The format says month first, the file has the day first.",
            {"orders.csv": csv("A1,C1,13/01/2025,100.00", "A2,C2,02/03/2025,250.50")},
            tables=ORDERS.replace("[tables.orders.columns]",
                                  'read = { date_format = "%m/%d/%Y" }\n[tables.orders.columns]'),
            cure=('%m/%d/%Y', '%d/%m/%Y')),
    Mistake("Day and month swapped, unseen", "A spreadsheet swapped them wherever both were "
            "possible; every row is a date, and none is after the 12th.",
            {"orders.csv": csv(*MANY)}, check="days_up_to_12"),
    Mistake("Day numbers of a spreadsheet", "Dates came out as the numbers a spreadsheet keeps.",
            {"orders.csv": csv("A1,C1,45670,100.00", "A2,C2,45705,250.50")},
            cure=('order_date = "Date"',
                  "order_date = \"DATE '1899-12-30' + CAST(Date AS INTEGER)\"")),
    Mistake("A decimal comma", "Amounts are written 1.250,50.",
            {"orders.csv": csv("A1;C1;2025-01-13;100,00", "A2;C2;2025-02-17;1.250,50",
                               title=TITLE.replace(",", ";"))},
            tables=ORDERS.replace("[tables.orders.columns]",
                                  'read = { delimiter = ";" }\n[tables.orders.columns]'),
            cure=('delimiter = ";"', 'delimiter = ";", decimal = ",", thousands = "."'),
            total="1350.50"),
    Mistake("A thousands point read as a decimal point", "12.487 means twelve thousand, "
            "and reads as twelve and a half.",
            {"orders.csv": csv("A1,C1,2025-01-13,12.487", "A2,C2,2025-02-17,3.251",
                               "A3,C2,2025-03-03,850")}, check="three_decimals",
            cure=(COLUMNS, 'read = { decimal = ",", thousands = "." }\n' + COLUMNS),
            total="16588.00"),
    Mistake("Marks between thousands", "Amounts are written 1,250.50, in quotes.",
            {"orders.csv": csv('A1,C1,2025-01-13,"1,250.50"', 'A2,C2,2025-02-17,"12,000.00"')},
            cure=(COLUMNS, 'read = { thousands = "," }\n' + COLUMNS), total="13250.50"),
    Mistake("Amounts with ¥ and 万", "Amounts carry a currency mark or count in ten thousands.",
            {"orders.csv": csv("A1,C1,2025-01-13,¥1200", "A2,C2,2025-02-17,3.5万")},
            cure=('amount = "Amount"', "amount = \"CAST(regexp_replace(Amount, '[^0-9.-]', '', 'g')"
                  " AS DECIMAL(18, 4)) * CASE WHEN Amount LIKE '%万%' THEN 10000 ELSE 1 END\""),
            total="36200.00"),
    Mistake("The header twice", "Two exports were pasted one under the other.",
            {"orders.csv": csv(ROWS[0], TITLE, ROWS[1])},
            cure=(COLUMNS, 'exclude = { repeated_header = "Date = \'Date\'" }\n' + COLUMNS)),
    Mistake("Title rows above the header", "The export begins with a title and a date.",
            {"orders.csv": csv(*ROWS, title=f"Sales 2025,,,\nprinted 2026-01-02,,,\n{TITLE}")},
            cure=(COLUMNS, 'read = { skip = 2 }\n' + COLUMNS)),
    Mistake("Ids like 17850.0", "A spreadsheet turned the ids into decimal numbers.",
            {"orders.csv": csv("A1,17850.0,2025-01-13,100.00", "A2,13047.0,2025-02-17,250.50"),
             "customers.csv": "Customer,Name\n17850,Harbour Foods\n13047,Mill Lane\n"},
            tables=ORDERS + ACCOUNTS,
            cure=('account_id = "Customer"\norder_date',
                  "account_id = '''regexp_replace(Customer, '\\.0$', '')'''\norder_date")),
    Mistake("Lost leading zeros", "A spreadsheet cut the zeros off the ids of one file.",
            {"orders.csv": csv("A1,42,2025-01-13,100.00", "A2,107,2025-02-17,250.50"),
             "customers.csv": "Customer,Name\n000042,Harbour Foods\n000107,Mill Lane\n"},
            tables=ORDERS + ACCOUNTS,
            cure=('account_id = "Customer"\norder_date',
                  "account_id = \"lpad(Customer, 6, '0')\"\norder_date")),
    Mistake("Unknown accounts", "The customer list is older than the orders.",
            {"orders.csv": csv(*ROWS, "A3,C9,2025-03-20,80.00"),
             "customers.csv": "Customer,Name\nC1,Harbour Foods\nC2,Mill Lane\n"},
            tables=ORDERS + ACCOUNTS,
            cure=(ACCOUNTS, ""), total="430.50"),
    Mistake("Amounts with and without VAT", "One branch exports with VAT, the others without.",
            {"orders.csv": csv(*(f"A{i},C{i % 3},2025-01-{i + 10},{i % 4 + 1},P1,"
                                 f"{(113 if i % 3 == 0 else 100) * (i % 4 + 1)}.00"
                                 for i in range(1, 13)),
                               title="OrderNo,Customer,Date,Pieces,Product,Amount")},
            tables=ORDERS + 'quantity = "Pieces"\nproduct_id = "Product"\n', check="vat_mixed"),
    Mistake("With or without VAT, not said", "The dataset file says nothing about VAT.",
            {"orders.csv": csv(*ROWS)}, head=HEAD.replace('tax = "excluded"\n', ""),
            check="tax_unknown"),
    Mistake("Returns without a minus", "Returns have their own kind and a positive amount.",
            {"orders.csv": csv("A1,C1,2025-01-13,100.00,out", "A2,C1,2025-02-17,40.00,back",
                               title=TITLE + ",Kind")},
            tables=ORDERS.replace('constants = { line_kind = "sale" }\n', "")
            + "line_kind = \"CASE WHEN Kind = 'back' THEN 'return' ELSE 'sale' END\"\n",
            cure=('amount = "Amount"',
                  "amount = \"CASE WHEN Kind = 'back' THEN -abs(Amount) ELSE Amount END\""),
            total="60.00"),
    Mistake("Two currencies", "Some lines are in dollars, and nothing converts them.",
            {"orders.csv": csv(*(row + ",CNY" for row in ROWS), "A3,C1,2025-03-20,80.00,USD",
                               title=TITLE + ",Currency")},
            cure=('amount = "Amount"',
                  "amount = \"CASE WHEN Currency = 'USD' THEN 7.15 * Amount ELSE Amount END\""),
            total="922.50"),
    Mistake("The same file twice", "A download left a copy beside the file, and the glob takes "
            "both.", {"orders.csv": csv(*ROWS), "orders (1).csv": csv(*ROWS)},
            tables=ORDERS.replace("orders.csv", "orders*.csv")),
    Mistake("The same lines twice", "Two exports overlap by a few days.",
            {"orders.csv": csv(*ROWS, ROWS[1])}, check="exact_duplicates"),
    Mistake("A join whose key is not unique", "The order heads were exported twice.",
            {"orders.csv": "OrderNo,Amount\nA1,100.00\n",
             "heads.csv": "OrderNo,Customer,Date\nA1,C1,2025-01-13\nA1,C1,2025-01-14\n"},
            tables=JOIN),
    Mistake("A group that is its own parent", "Two accounts name each other as their head office.",
            {"orders.csv": csv(*ROWS),
             "customers.csv": "Customer,Name,Head\nC1,Harbour Foods,C2\nC2,Mill Lane,C1\n"},
            tables=ORDERS + ACCOUNTS.replace(" }\ncolumns", " }\ncolumns").replace(
                'name = "Name" }', 'name = "Name", parent_id = "Head" }')),
    Mistake("A locked workbook", "The workbook asks for a password.",
            {"orders.xlsx": locked_workbook},
            tables=ORDERS.replace("orders.csv", "orders.xlsx"),
            shown="(a workbook with a password)"),
    Mistake("The wrong sheet", "The first sheet of the workbook is a cover.",
            {"orders.xlsx": workbook({"Cover": [["Sales report"]],
                                      "Data": [TITLE.split(","), *(r.split(",") for r in ROWS)]})},
            tables=ORDERS.replace("orders.csv", "orders.xlsx"),
            shown="(sheets: Cover, Data)",
            cure=(COLUMNS, 'read = { sheet = "Data" }\n' + COLUMNS)),
    Mistake("An empty export", "The period asked for had no rows.",
            {"orders.csv": csv()}),
    Mistake("A misspelt column", "The dataset file asks for Costumer.",
            {"orders.csv": csv(*ROWS)}, tables=ORDERS.replace('"Customer"', '"Costumer"'),
            cure=('Costumer', 'Customer')),
    Mistake("A misspelt table", "The dataset file has a table acounts.",
            {"orders.csv": csv(*ROWS)}, tables=ORDERS + '[tables.acounts]\nsource = "a.csv"\n'),
    Mistake("An environment variable that is not set", "The source starts with a variable.",
            {"orders.csv": csv(*ROWS)},
            tables=ORDERS.replace('"orders.csv"', '"${KAM_NO_SUCH_FOLDER}/orders.csv"')),
    Mistake("A comma inside a text", "A name with a comma stands without quotes.",
            {"orders.csv": csv(ROWS[0], "A2,Mill, Lane,2025-02-17,250.50")}),
]


def write_docs(said: dict[str, str]) -> str:
    """Return docs/mistakes.md with what is said of each mistake."""
    lines = ["# Mistakes people make with their exports, and what kamlib says", "",
             "What is wrong stops the run, is set aside and counted, or is shown among the checks "
             "of every report; nothing is repaired in silence. This page is written by "
             "`python tests/dataset/mistakes.py`, and the tests hold every word of it."]
    for i, mistake in enumerate(MISTAKES, 1):
        lines += ["", f"## {i}. {mistake.name}", "", mistake.story, "", "```text",
                  mistake.shown or "\n".join(map(_show, mistake.files.items())), "```", "",
                  "Among the checks:" if mistake.check else "kamlib says:", "",
                  f"> {said[mistake.name]}"]
    return "\n".join(lines) + "\n"


def _show(file: tuple[str, object]) -> str:
    name, rows = file[0], str(file[1]).splitlines()
    return "\n".join([f"{name}:", *(f"    {row}" for row in rows[:6]),
                      *(["    …"] if len(rows) > 6 else [])])


def read_said(text: str) -> dict[str, str]:
    """Return what docs/mistakes.md says of each mistake."""
    found = re.findall(r"^## \d+\. (.*?)$.*?^> (.*?)$", text, re.DOTALL | re.MULTILINE)
    return dict(found)


def main() -> None:
    """Write docs/mistakes.md from what is said now; read the difference before you keep it."""
    said = {}
    for mistake in MISTAKES:
        with tempfile.TemporaryDirectory() as folder:
            said[mistake.name] = run(mistake, Path(folder))
    DOCS.write_text(write_docs(said), encoding="utf-8")


if __name__ == "__main__":
    main()
