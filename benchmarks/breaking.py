"""A small company of four tables, and the ways in which its files are broken; see `broken`."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Callable

LONG = "Z" * 10_000
HOSTILE = (
    "many", "1,2,3", "1e999", "-1e999", "NaN", "inf", "-inf", "9" * 40, "1e-400", "12.3.4", "0x1F",
    "=cmd|'/C calc'!A1", "@SUM(1+1)", "<script>alert(1)</script>", "\u202egnp.exe", "NULL", "",
    " ", "2025-13-45", "31/12/2025", "9999-12-31", "0000-00-00", "1-1-1", "2999-01-01", "TRUE",
    "'; DROP TABLE orders; --", "x' OR '1'='1", LONG, "\U0001f600", "客户", "a\u0000b", "\u0000",
    'a"b', "$x^2$ \\frac{1}{2}", "**bold** [l](javascript:x)", "\ufeff", "\u00a0", "1 000",
    "１２３",
    "-", "+", ".", "1.", "٣", "2025-02-30", "2025-06-31T25:61:00", "{}", "${HOME}", "%s%n", "\\N")
TABLES: dict[str, tuple[str, ...]] = {
    "orders": ("order_id", "account_id", "order_date", "product_id", "line_kind", "quantity",
               "amount"),
    "accounts": ("account_id", "name", "party_role", "parent_id", "customer_since"),
    "products": ("product_id", "name", "product_line", "launch_date"),
    "complaints": ("complaint_id", "account_id", "opened_date", "resolved_date"),
}
HEAD = '''id = "broken"
name = "Broken company"
currency = "EUR"
tax = "excluded"
history_from = 2024-01-01
complete_until = 2025-12-31
'''
EXPRESSIONS = '''[tables.orders.columns]
order_id = "order_id"
amount = "amount"
quantity = "CASE WHEN line_kind = 'free' THEN 0 ELSE quantity END"
[tables.orders.exclude]
test_rows = "order_id LIKE 'TEST%'"
'''
SQL = (
    "1); DROP TABLE orders; --", "(SELECT 1)", "amount; SELECT 1", "read_csv('/etc/passwd')",
    "getenv('HOME')", "COPY orders TO 'x'", "amount +", "ammount", "amount / 0", "1/0",
    "CAST(amount AS", "sum(amount)", "row_number() OVER ()", "''", "", " ", "NULL", "'a'", "*",
    "orders.amount", "amount::DATE", "error('x')", "(amount", "amount)", "/* */", "-- x",
    "current_setting('home_directory')", "regexp_replace(order_id, '(', '')", "x -> x + 1",
    "CASE WHEN amount > 0 THEN 'a' ELSE 1 END", "list_value(1, 2)", "repeat('x', 100)", "a b c",
    "DATE 'x'", "strptime(order_date, '%Q')", "query('SELECT 1')", "PRAGMA version", "$1", "?",
    "EXISTS (SELECT 1)", "amount IN (SELECT 1)", "INTERVAL 1 DAY", "TRUE", "order_date",
    "unnest([1, 2])",
    "nextval('s')", "random()", "version()", "lambda x: x", "amount COLLATE nocase", "\u0000")
VALUES = ("1", '"x"', "true", "[]", "{}", "2025-01-01", "-1", '""', "nan", "1e400", "[[1]]",
          '{ a = 1 }', '"${KAM_NO_SUCH}"', "'''\nx'''", "99999-01-01", '"\\u0000"', "1_0")


# -- the company ---------------------------------------------------------------------------------

Rows = list[list[str]]


def make_rows(name: str, dice: random.Random) -> Rows:
    """Return header and rows of a sound table."""
    ids = [f"A{i}" for i in range(6)]
    days = [f"2025-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(40)]
    made: Rows = [list(TABLES[name])]
    if name == "orders":
        for i in range(24):
            kind = dice.choice(("sale", "sale", "sale", "return"))
            sign = "-" if kind == "return" else ""
            made.append([f"O{i}", dice.choice(ids), dice.choice(days), f"P{i % 3}", kind,
                         f"{sign}{dice.randint(1, 9)}", f"{sign}{dice.randint(1, 99_999) / 100}"])
    elif name == "accounts":
        made += [[a, f"Name {a}", "customer", "", "2019-05-20"] for a in ids]
    elif name == "products":
        made += [[f"P{i}", f"Product {i}", "Line", "2020-01-01"] for i in range(3)]
    else:
        made += [[f"C{i}", dice.choice(ids), dice.choice(days), ""] for i in range(8)]
    return made


def write_rows(rows: Rows) -> bytes:
    """Write rows as CSV, quoted where they have to be."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode("utf-8", "surrogatepass")


def count_lines(raw: bytes) -> int | None:
    """Count the records below the header by another reader; None where readers may differ."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if '"' in text or "\r" in text or "\x00" in text or "\u0085" in text or "\u2028" in text:
        return None
    lines = text.split("\n")
    if "," not in lines[0]:  # of one column a blank line is a row
        return None
    return sum(1 for line in lines[1:] if line)


def write_toml(names: list[str], dice: random.Random) -> str:
    """Return the dataset file of the tables, with or without expressions."""
    text = HEAD + "".join(f'[tables.{name}]\nsource = "{name}.csv"\n' for name in names)
    return text + EXPRESSIONS if dice.random() < 0.4 else text


# -- what is broken in rows ----------------------------------------------------------------------

def put_bad_cells(rows: Rows, dice: random.Random) -> Rows:
    for _ in range(dice.randint(1, 6)):
        if len(rows) > 1 and (row := dice.choice(rows[1:])):
            row[dice.randrange(len(row))] = dice.choice(HOSTILE)
    return rows


def put_bad_column(rows: Rows, dice: random.Random) -> Rows:
    place, bad = dice.randrange(max(len(rows[0]), 1)), dice.choice(HOSTILE)
    for row in rows[1:]:
        if place < len(row) and dice.random() < 0.9:
            row[place] = bad
    return rows


def drop_column(rows: Rows, dice: random.Random) -> Rows:
    place = dice.randrange(len(rows[0]))
    return [row[:place] + row[place + 1:] for row in rows]


def rename_column(rows: Rows, dice: random.Random) -> Rows:
    names = (*HOSTILE, "Amount", "order-date", "客户编号")
    rows[0][dice.randrange(len(rows[0]))] = dice.choice(names)
    return rows


def double_column(rows: Rows, dice: random.Random) -> Rows:
    place = dice.randrange(len(rows[0]))
    return [row + row[place:place + 1] for row in rows]


def double_rows(rows: Rows, dice: random.Random) -> Rows:
    return rows + [list(row) for row in rows[1:][: dice.randint(1, 30)]]


def keep_header(rows: Rows, dice: random.Random) -> Rows:
    return rows[:1]


def repeat_header(rows: Rows, dice: random.Random) -> Rows:
    rows.insert(dice.randint(1, len(rows)), list(rows[0]))
    return rows


def make_ragged(rows: Rows, dice: random.Random) -> Rows:
    for row in rows[1:]:
        if dice.random() < 0.3:
            if dice.random() < 0.5:
                row.append("extra")
            elif len(row) > 1:
                row.pop()
    return rows


def put_blank_lines(rows: Rows, dice: random.Random) -> Rows:
    rows.insert(dice.randint(1, len(rows)), [])
    return rows


def put_title(rows: Rows, dice: random.Random) -> Rows:
    return [["Orders of the company"], [], *rows]


def put_totals(rows: Rows, dice: random.Random) -> Rows:
    return [*rows, ["Total", *[""] * (len(rows[0]) - 2), "99999.99"]]


def shift_days(rows: Rows, dice: random.Random) -> Rows:
    year = dice.choice(("1899", "1970", "2031", "9999", "25", "20255", "-5"))
    return [rows[0], *[[re.sub(r"^2025-", f"{year}-", cell) for cell in row] for row in rows[1:]]]


def flip_signs(rows: Rows, dice: random.Random) -> Rows:
    return [rows[0], *[[f"-{cell}" if re.fullmatch(r"\d+(\.\d+)?", cell) else cell for cell in row]
                       for row in rows[1:]]]


def grow_numbers(rows: Rows, dice: random.Random) -> Rows:
    zeros = "0" * dice.choice((6, 10, 14, 20, 200))
    return [rows[0], *[[cell.replace(".", zeros + ".") if re.fullmatch(r"-?\d+\.\d+", cell)
                        else cell for cell in row] for row in rows[1:]]]


def write_decimal_commas(rows: Rows, dice: random.Random) -> Rows:
    return [rows[0], *[[cell.replace(".", ",") for cell in row] for row in rows[1:]]]


def lose_references(rows: Rows, dice: random.Random) -> Rows:
    return [rows[0], *[[f"{cell}x" if re.fullmatch(r"[AP]\d", cell) and dice.random() < 0.5
                        else cell for cell in row] for row in rows[1:]]]


ROW_CHANGES: tuple[Callable[[Rows, random.Random], Rows], ...] = (
    put_bad_cells, put_bad_cells, put_bad_cells, put_bad_column, put_bad_column, drop_column,
    rename_column, double_column, double_rows, keep_header, repeat_header, make_ragged,
    put_blank_lines, put_title, put_totals, shift_days, flip_signs, grow_numbers,
    write_decimal_commas, lose_references)


# -- what is broken in bytes ---------------------------------------------------------------------

def write_otherwise(raw: bytes, dice: random.Random) -> bytes:
    text = raw.decode("utf-8", "replace").replace("A1", "Müller 客户")
    return text.encode(dice.choice(("utf-16", "gb18030", "cp1252", "utf-32", "utf-16-le",
                                    "shift-jis", "utf-8-sig")), "replace")


def change_delimiter(raw: bytes, dice: random.Random) -> bytes:
    return raw.replace(b",", dice.choice((b";", b"\t", b"|", b" ", b"\x01", b",,")))


def change_line_ends(raw: bytes, dice: random.Random) -> bytes:
    return raw.replace(b"\n", dice.choice((b"\r\n", b"\r", b"\n\n", b"\n\r", b"\x00")))


def cut_off(raw: bytes, dice: random.Random) -> bytes:
    return raw[: dice.randrange(len(raw) + 1)]


def open_a_quote(raw: bytes, dice: random.Random) -> bytes:
    place = dice.randrange(len(raw) + 1)
    return raw[:place] + b'"' + raw[place:]


def spill_bytes(raw: bytes, dice: random.Random) -> bytes:
    spilt = bytearray(raw)
    for _ in range(dice.choice((1, 1, 5, 50))):
        spilt.insert(dice.randrange(len(spilt) + 1), dice.randrange(256))
    return bytes(spilt)


def be_a_picture(raw: bytes, dice: random.Random) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + dice.randbytes(3_000)


def be_empty(raw: bytes, dice: random.Random) -> bytes:
    return dice.choice((b"", b"\n", b"\xef\xbb\xbf", b" \n \n", b"\x00" * 50, b",,,\n"))


def have_a_long_line(raw: bytes, dice: random.Random) -> bytes:
    return raw + b"O99," + b"x" * dice.choice((100_000, 2_500_000)) + b"\n"


BYTE_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    write_otherwise, write_otherwise, change_delimiter, change_line_ends, cut_off, open_a_quote,
    open_a_quote, spill_bytes, spill_bytes, be_a_picture, be_empty, have_a_long_line)


# -- what is broken in the dataset file ----------------------------------------------------------

def mistype_key(text: str, dice: random.Random) -> str:
    found = list(re.finditer(r"^(\w+) =", text, re.MULTILINE))
    match = dice.choice(found)
    name = list(match[1])
    place = dice.randrange(len(name))
    name[place:place + 1] = dice.choice(([], [name[place]] * 2, ["x"], ["é"]))
    return text[:match.start(1)] + "".join(name) + text[match.end(1):]


def mistype_table(text: str, dice: random.Random) -> str:
    return text.replace("[tables.orders]", dice.choice((
        "[tables.order]", "[table.orders]", "[tables]", "[tables.orders", "[[tables.orders]]",
        "[tables.orders.x]", "[tables.'orders']", "")))


def drop_line(text: str, dice: random.Random) -> str:
    lines = text.splitlines()
    lines.pop(dice.randrange(len(lines)))
    return "\n".join(lines)


def double_line(text: str, dice: random.Random) -> str:
    lines = text.splitlines()
    place = dice.randrange(len(lines))
    return "\n".join(lines[:place] + [lines[place]] + lines[place:])


def change_value(text: str, dice: random.Random) -> str:
    match = dice.choice(list(re.finditer(r" = (.*)$", text, re.MULTILINE)))
    return text[:match.start(1)] + dice.choice(VALUES) + text[match.end(1):]


def write_bad_sql(text: str, dice: random.Random) -> str:
    sql = dice.choice(SQL).replace("\x00", "\\u0000")
    place = dice.choice(("columns.amount", "columns.account_id", "columns.line_kind",
                         "exclude.odd", "columns.order_date"))
    return re.sub(rf'(?m)^{place.split(".")[1]} = .*\n', "", text) + \
        f'\n[tables.orders.{place.split(".")[0]}]\n{place.split(".")[1]} = "{sql}"\n' \
        if "[tables.orders.columns]" not in text else \
        re.sub(r'(?m)^amount = .*$', lambda _: f'amount = "{sql}"', text)


def write_bad_read(text: str, dice: random.Random) -> str:
    option = dice.choice((
        'delimiter = ""', 'delimiter = ";;"', 'delimiter = ";"', "skip = 10000000000", "skip = 3",
        "skip = -1", 'encoding = "utf-99"', 'encoding = "utf-16"', 'quote = "ab"', 'quote = ""',
        "header = false", 'names = ["a"]', 'names = ["a", "a", "a", "a", "a", "a", "a"]',
        'decimal = ","', 'decimal = ""', 'decimal = "]"', 'thousands = "."', 'thousands = "\\\\"',
        'date_format = "%Q"', 'date_format = "x"', 'null = [""]', 'null = ["A1"]',
        'types = { amount = "text" }', 'types = { amount = "date" }', 'types = { nope = "text" }',
        'types = { order_id = "money" }', "whitespace = true", 'sheet = "x"', 'delimiter = "\\n"',
        'encoding = "rot13"', 'encoding = "hex"', 'encoding = "idna"', 'delimiter = "\'"',
        'quote = ","', 'decimal = "1"', 'thousands = "1"', 'names = []', 'encoding = ""'))
    return text.replace('source = "orders.csv"\n',
                        f'source = "orders.csv"\nread = {{ {option} }}\n')


def change_source(text: str, dice: random.Random) -> str:
    return text.replace('"orders.csv"', dice.choice((
        '"order.csv"', '"*.csv"', '""', '"/"', '"."', '"/dev/null"', '"../../etc/passwd"',
        '["a.csv", "b.csv"]', "[]", '"http://127.0.0.1:9/orders.csv"', '"s3://bucket/orders.csv"',
        '"orders.csv\\u0000"', '"[.csv"', '"**"', '"orders.parquet"', '"${KAM_NO_SUCH}/x.csv"',
        '"~/orders.csv"', f'"{"x" * 5000}.csv"', '"dataset.toml"', "{ a = 1 }", '"orders.xlsx"')))


def add_section(text: str, dice: random.Random) -> str:
    return text + dice.choice((
        '[engine]\nurl = "nonsense"\n', '[engine]\nurl = "postgres://u:pw123secret@127.0.0.1:1/x"\n',
        '[engine]\nurl = "duckdb://none.db"\n', '[engine]\nuri = "x"\n', "[engine]\n",
        '[tables.orders.join.p]\nsource = "products.csv"\non = { product_id = "nope" }\n',
        '[tables.orders.join.p]\nsource = "orders.csv"\non = { product_id = "product_id" }\n',
        '[tables.orders.join."x y"]\nsource = "none.csv"\non = {}\n',
        '[tables.orders.join.o]\nsource = "orders.csv"\non = {}\n',
        '[tables.orders.unpivot]\ncolumns = ["*"]\n', '[tables.orders.unpivot]\ncolumns = []\n',
        '[tables.orders.unpivot]\ncolumns = ["nope"]\n',
        '[tables.orders.constants]\nline_kind = "sale"\namount = "x"\n',
        '[tables.orders.constants]\naccount_id = "one"\n',
        '[tables.orders.constants]\norder_date = 1.5\n',
        '[tables.accounts]\nsource = "orders.csv"\none_row_per = "account_id"\n',
        '[tables.accounts]\nsource = "orders.csv"\none_row_per = "nope"\n',
        '[tables.accounts]\nsource = "orders.csv"\none_row_per = "account_id"\n'
        '[tables.accounts.columns]\naccount_id = "account_id"\nname = "max(product_id)"\n'
        '[tables.accounts.constants]\nparty_role = "customer"\n',
        "[nonsense]\nx = 1\n", "x = \n", "\u0000", "]]]", 'x = "\\q"', "a.b.c = 1\n"))


def garble(text: str, dice: random.Random) -> str:
    letters = list(text)
    for _ in range(dice.choice((1, 2, 10))):
        place = dice.randrange(len(letters))
        letters[place] = dice.choice(("", letters[place] * 2, "\x00", '"', "=", "é", "\udcff", "["))
    return "".join(letters)


FILE_CHANGES: tuple[Callable[[str, random.Random], str], ...] = (
    mistype_key, mistype_table, drop_line, double_line, change_value, change_value, write_bad_sql,
    write_bad_sql, write_bad_sql, write_bad_read, write_bad_read, change_source, add_section,
    garble)
