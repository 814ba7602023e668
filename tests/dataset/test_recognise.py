"""kam init: exports as companies have them become dataset files that open, right to the cent."""

from __future__ import annotations

import tomllib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import xlsxwriter

from kamlib.dataset import Dataset
from kamlib.dataset.draft import Draft, init_dataset, write_dataset_file
from kamlib.dataset.recognise import recognise_files
from kamlib.dataset.sniff import find_delimiter, find_encoding, sniff_file
from kamlib.errors import InputError


def opened(draft: Draft) -> Dataset:
    """Return the data set of a draft, whose row equation has to hold."""
    assert draft.dataset is not None, draft.problem
    for row in draft.dataset.accounting.to_dict("records"):
        assert row["read"] == row["kept"] + row["excluded"] + row["quarantined"]
    return draft.dataset


def total(dataset: Dataset, column: str = "amount") -> Decimal:
    return dataset.tables["orders"][column].sum().execute()


def columns(draft: Draft, table: str = "orders") -> dict[str, str]:
    return tomllib.loads(draft.text)["tables"][table]["columns"]


@pytest.fixture
def chinese(tmp_path: Path) -> Path:
    """An export of a Chinese ERP in GB18030: marks, 万, a return by its name, a line of totals."""
    path = tmp_path / "销售明细.csv"
    path.write_text("单据编号,客户编号,客户名称,下单日期,商品编码,数量,单价,销售金额,单据类型\n"
                    "XS001,0001,海港食品,2025年1月13日,P1,10,¥120.50,¥1205.00,销售\n"
                    "XS002,0002,磨坊路,2025年2月17日,P2,3,¥80.10,¥240.30,销售\n"
                    "XS003,0001,海港食品,2025年3月31日,P1,2,¥6000.00,1.2万,销售\n"
                    "XT001,0002,磨坊路,2025年3月31日,P2,1,¥80.10,¥80.10,退货\n"
                    "合计,,,,,,,¥13525.40,\n", encoding="gb18030")
    return path


def test_chinese_headers_in_gb18030(chinese: Path, tmp_path: Path) -> None:
    draft = write_dataset_file([chinese], out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    # 1205.00 + 240.30 + 12000.00 - 80.10
    assert total(dataset) == Decimal("13365.20")
    assert total(dataset, "quantity") == Decimal(14)
    assert dataset.file.currency == "CNY"
    assert (dataset.file.history_from, dataset.file.complete_until) == \
        (date(2025, 1, 13), date(2025, 3, 31))
    accounts = dataset.tables["accounts"].execute().sort_values("account_id")
    assert accounts[["account_id", "name"]].to_numpy().tolist() == \
        [["0001", "海港食品"], ["0002", "磨坊路"]]
    assert dataset.accounting.set_index("table").loc["orders"].to_dict() == \
        {"read": 5, "kept": 4, "excluded": 1, "quarantined": 0}
    kinds = dataset.tables["orders"].line_kind.value_counts(name="n").execute()
    assert dict(kinds.itertuples(index=False)) == {"sale": 3, "return": 1}


def test_the_written_file_says_where_each_guess_comes_from(chinese: Path, tmp_path: Path) -> None:
    lines = write_dataset_file([chinese], out=tmp_path / "dataset.toml").text.splitlines()
    assert 'source = "销售明细.csv"' in lines
    assert '''order_id = '"单据编号"'  # from "单据编号" (name)''' in lines
    assert '''order_date = '"下单日期"'  # from "下单日期" (name)''' in lines
    assert 'read = { encoding = "gb18030", date_format = "%Y年%m月%d日" }' in lines
    assert 'currency = "CNY"  # guess, from the marks of "单价"' in lines
    assert '''total = '"单据编号" IN (\\'合计\\')'  # guess: lines with totals''' not in lines
    assert any(line.startswith("total = ") and line.endswith("# guess: lines with totals")
               for line in lines)


def test_a_mark_of_utf8_and_no_amount(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("Order No,Customer No,Order Date,Qty,Unit Price\n"
                    "1001,17850.0,12/31/2025,6,2.55\n1002,13047.0,01/13/2025,-2,3.39\n"
                    "1003,,02/14/2025,1,9.99\n", encoding="utf-8-sig")
    draft = write_dataset_file([path], out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    assert total(dataset) == Decimal("8.52")  # 6 × 2.55 - 2 × 3.39
    found = dataset.tables["orders"].execute().sort_values("order_id")
    assert found["account_id"].tolist() == ["17850", "13047"]
    assert found["line_kind"].tolist() == ["sale", "return"]
    assert columns(draft)["amount"] == '"Qty" * "Unit Price"' or \
        columns(draft)["amount"] == 'Qty * "Unit Price"'
    assert dataset.reasons.to_dict("records") == [
        {"table": "orders", "kind": "excluded", "reason": "no_account", "n": 1}]
    assert dataset.file.complete_until == date(2025, 12, 31)


def test_decimal_commas_and_semicolons(tmp_path: Path) -> None:
    path = tmp_path / "Umsätze März.csv"
    path.write_text("Invoice No;Customer ID;Company Name;Invoice Date;Net Amount\n"
                    "R1;C1;Müller;31.12.2024;1.234,50\nR2;C2;Bäckerei;02.01.2025;99,99\n"
                    "R3;C1;Müller;15.02.2025;-12.000,01\n", encoding="cp1252")
    draft = write_dataset_file([path], out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    assert total(dataset) == Decimal("-10665.52")
    assert dataset.file.tables["orders"].read.model_dump(exclude_defaults=True) == {
        "delimiter": ";", "encoding": "cp1252", "decimal": ",", "thousands": ".",
        "date_format": "%d.%m.%Y"}
    assert sorted(dataset.tables["accounts"].name.execute()) == ["Bäckerei", "Müller"]
    assert (dataset.file.tax, dataset.file.date_basis) == ("excluded", "invoiced")
    assert dataset.file.complete_until == date(2025, 1, 31)  # the last full month


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    """A title, a date, a header of two rows with merged cells; customers on a second sheet."""
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet = book.add_worksheet("Lines")
        sheet.merge_range(0, 0, 0, 5, "Sales report 2025", bold)
        sheet.write(1, 0, "printed 2026-01-02")
        for column, text in ((0, "Order No"), (3, "Date"), (4, "Quantity"), (5, "Amount")):
            sheet.merge_range(2, column, 3, column, text, bold)
        sheet.merge_range(2, 1, 2, 2, "Customer", bold)
        sheet.write_row(3, 1, ["No", "Name"])
        for row, line in enumerate([("SO1", "007", "Harbour", date(2025, 1, 13), 2, 100.25),
                                    ("SO2", "042", "Mill Lane", date(2025, 3, 31), 1, 0.5),
                                    ("SO3", "007", "Harbour", date(2025, 2, 1), 10, 1000)], 4):
            sheet.write_row(row, 0, line[:3])
            sheet.write_datetime(row, 3, line[3], day)
            sheet.write_row(row, 4, line[4:])
        other = book.add_worksheet("Customers")
        for row, line in enumerate([("Customer No", "Customer Name", "Region"),
                                    ("007", "Harbour", "East"), ("042", "Mill Lane", "West")]):
            other.write_row(row, 0, line)
        book.add_worksheet("empty")
    return path


def test_a_workbook_with_titles_merged_headers_and_sheets(workbook: Path, tmp_path: Path) -> None:
    draft = write_dataset_file([workbook], out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    assert total(dataset) == Decimal("1100.75")
    assert total(dataset, "quantity") == 13
    read = dataset.file.tables["orders"].read
    assert (read.sheet, read.skip) == ("Lines", 3)
    assert read.names == ("Order No", "Customer No", "Customer Name", "Date", "Quantity", "Amount")
    accounts = dataset.tables["accounts"].execute().sort_values("account_id")
    assert accounts[["account_id", "name", "region"]].to_numpy().tolist() == \
        [["007", "Harbour", "East"], ["042", "Mill Lane", "West"]]


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,account_id,order_date,amount\n"
                    "A1,C1,2025-01-13,100.10\nA2,C2,2025-02-28,250.20\n", encoding="utf-8")
    return path


def test_a_wide_questionnaire_becomes_answers_items_and_a_wave(
        orders: Path, tmp_path: Path) -> None:
    survey = tmp_path / "满意度调查.csv"
    survey.write_text("客户编号,填写日期,您对产品质量满意吗？,您对交货速度满意吗？,您对售后服务满意吗？,"
                      "您愿意向同行推荐我们吗？\nC1,2025-09-20,5,4,3,9\nC2,2025-10-02,2,,1,6\n",
                      encoding="utf-8")
    draft = write_dataset_file([orders, survey], out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    answers = dataset.tables["survey_answers"].execute()
    assert len(answers) == 8 and answers["score"].sum() == 30 and answers["score"].isna().sum() == 1
    assert set(answers["item_id"]) == {"Q1", "Q2", "Q3", "Q4"}
    items = dataset.tables["survey_items"].execute().set_index("item_id")
    assert items.loc["Q2", "text"] == "您对交货速度满意吗？"
    assert items["kind"].to_dict() == {"Q1": "rating", "Q2": "rating", "Q3": "rating", "Q4": "nps"}
    wave = dataset.tables["survey_waves"].execute().iloc[0]
    assert (wave["wave_id"], wave["start_date"].isoformat()[:10], wave["end_date"].isoformat()[:10],
            wave["scale_min"], wave["scale_max"]) == ("W2025", "2025-09-20", "2025-10-02", 1, 5)
    assert [path.name for path in draft.beside] == ["survey_waves.csv", "survey_items.csv"]
    assert total(dataset) == Decimal("350.30")


def test_monthly_sheets_of_one_table_become_one(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(str(tmp_path / "erp.xlsx")) as book:
        for month in (1, 2, 3):
            sheet = book.add_worksheet(f"{month}月")
            sheet.write(0, 0, "销售出库明细表")
            sheet.write_row(1, 0, ["序号", "客户", "订单编号", "日期", "数量", "价税合计"])
            sheet.write_row(2, 0, [1, "海港", f"SO{month}", f"2025-{month:02d}-28", 2, 113.01])
            sheet.write_row(3, 0, ["合计", "", "", "", 2, 113.01])
    draft = write_dataset_file([tmp_path / "erp.xlsx"], out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    assert total(dataset) == Decimal("339.03")
    assert dataset.file.tables["orders"].read.sheet == "*月"
    assert dataset.file.tax == "included"
    assert dataset.accounting[["read", "kept", "excluded"]].to_numpy().tolist() == [[6, 3, 3]]


def test_an_sap_export(tmp_path: Path) -> None:
    """Tabs, a minus behind the number, a quantity without one, a column that says EUR."""
    path = tmp_path / "vf05.txt"
    path.write_text("Sales Doc.\tSold-to party\tBilling Date\tMaterial\tBill.qty\tNet Value\tCurr."
                    "\n"
                    "900001\t0000101\t10.03.2025\tM1\t2\t1.200,50\tEUR\n"
                    "900002\t0000102\t31.03.2025\tM1\t1\t600,25-\tEUR\n", encoding="cp1252")
    dataset = opened(write_dataset_file([path], out=tmp_path / "dataset.toml"))
    assert (total(dataset), total(dataset, "quantity")) == (Decimal("600.25"), 1)
    assert dataset.file.currency == "EUR"
    assert sorted(dataset.tables["orders"].account_id.execute()) == ["0000101", "0000102"]


def test_account_names_and_visits(tmp_path: Path) -> None:
    (tmp_path / "us.csv").write_text(
        'Invoice #,Client Name,Inv Date,Amt\n1,Acme,1/31/25,"$1,100.25"\n'
        '2,Bolt,2/28/25,"($0.25)"\n', encoding="utf-8")
    (tmp_path / "visits.csv").write_text(
        "客户编号,拜访日期,业务员,拜访方式\nAcme,2025-02-03,M1,电话\nBolt,2025-02-09,M1,上门\n",
        encoding="utf-8")
    draft = write_dataset_file([tmp_path / "us.csv", tmp_path / "visits.csv"],
                               out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    assert (total(dataset), dataset.file.currency) == (Decimal("1100.00"), "USD")
    assert sorted(dataset.tables["contacts"].kind.execute()) == ["call", "visit"]
    assert any(line.startswith("account_id") and "Client Name" in line for line in draft.ambiguous)


def test_several_files_of_one_table_become_a_glob(tmp_path: Path) -> None:
    for year, amount in ((2024, "1.10"), (2025, "2.20")):
        (tmp_path / f"orders_{year}.csv").write_text(
            f"order_id,account_id,order_date,amount\nA{year},C1,{year}-05-31,{amount}\n",
            encoding="utf-8")
    draft = write_dataset_file(sorted(tmp_path.glob("*.csv")), out=tmp_path / "dataset.toml")
    dataset = opened(draft)
    assert total(dataset) == Decimal("3.30")
    assert dataset.file.tables["orders"].source == "orders_*.csv"
    assert (dataset.file.history_from, dataset.file.complete_until) == \
        (date(2024, 5, 31), date(2025, 5, 31))


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    path = tmp_path / "orders.parquet"
    pd.DataFrame({"Order No": [1, 2], "Customer": ["007", "042"], "Amount": [1.25, -0.5],
                  "Order Date": pd.to_datetime(["2025-01-31", "2025-03-31"])}).to_parquet(path)
    dataset = opened(write_dataset_file([path], out=tmp_path / "dataset.toml"))
    assert total(dataset) == Decimal("0.75")
    assert sorted(dataset.tables["orders"].account_id.execute()) == ["007", "042"]


def test_a_header_that_occurs_again_is_excluded(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,account_id,order_date,amount\nA1,C1,31.01.2025,100.10\n"
                    "order_id,account_id,order_date,amount\nA2,C2,28.02.2025,250.20\n" +
                    "".join(f"B{i},C1,01.01.2025,1.00\n" for i in range(10)), encoding="utf-8")
    dataset = opened(write_dataset_file([path], out=tmp_path / "dataset.toml"))
    assert total(dataset) == Decimal("360.30")
    assert dataset.reasons["reason"].tolist() == ["repeated_header"]


def test_day_and_month_that_cannot_be_told_apart_are_ambiguous(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,account_id,order_date,amount\nA1,C1,01/02/2025,5\n",
                    encoding="utf-8")
    draft = write_dataset_file([path], out=tmp_path / "dataset.toml")
    assert any(line.startswith("order_date") and "%m/%d/%Y fits as well" in line
               for line in draft.ambiguous)


def test_what_is_told(orders: Path, tmp_path: Path) -> None:
    (tmp_path / "cities.csv").write_text("city,height\nUlm,478\n", encoding="utf-8")
    out = tmp_path / "dataset.toml"
    told = init_dataset([orders, tmp_path / "cities.csv"], out=out)
    assert told.replace(str(tmp_path), "…").splitlines() == [
        "Written: …/dataset.toml", "",
        "orders.csv: orders (4 columns)",
        "cities.csv: not recognised; left out", "",
        "2 line(s) of the file are ambiguous; look at them:",
        '  currency = "USD"  # AMBIGUOUS: nothing in the file names the currency',
        '  tax = "unknown"  # AMBIGUOUS: excluded or included, as the amounts are without or with'
        " VAT", "",
        "orders: 2 rows read = 2 kept + 0 excluded + 0 quarantined", "",
        "Look through …/dataset.toml, then: kam run --dataset …/dataset.toml "
        "--period 2025-01-13..2025-02-28"]


def test_nothing_is_written_over(orders: Path, tmp_path: Path) -> None:
    out = tmp_path / "dataset.toml"
    out.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match=r"exists already and is not written over\. Give another "
                                         r"place with --out, or remove it first\."):
        write_dataset_file([orders], out=out)
    assert out.read_text(encoding="utf-8") == "mine"


def test_no_orders_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    path = tmp_path / "customers.csv"
    path.write_text("Customer No,Customer Name\nC1,Harbour\nC2,Mill Lane\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"None of the files looks like orders.*customers\.csv "
                                         r"\(accounts: Customer No, Customer Name\)"):
        write_dataset_file([path], out=tmp_path / "dataset.toml")
    assert not (tmp_path / "dataset.toml").exists()


@pytest.mark.parametrize(("text", "encoding", "found"), [
    ("客户,金额", "gb18030", "gb18030"), ("客户,金额", "utf-8", "utf-8-sig"),
    ("客户,金额", "utf-16", "utf-16"), ("Müller,Größe", "cp1252", "cp1252"),
    ("plain", "ascii", "utf-8-sig")])
def test_encodings(text: str, encoding: str, found: str) -> None:
    assert find_encoding(text.encode(encoding))[0] == found


@pytest.mark.parametrize(("line", "mark"), [
    ("a,b,c", ","), ("a;1,5;2,5", ";"), ("a\tb,c\td", "\t"), ("a|b|c", "|"), ("a b c", " ")])
def test_delimiters(line: str, mark: str) -> None:
    assert find_delimiter([line] * 3) == mark


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "orders.pdf").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"orders\.pdf is not a kind of file that can be read"):
        sniff_file(tmp_path / "orders.pdf")


# What each file and column is follows from the description published with it.
PUBLIC = {
    "accounts_receivable/accounts_receivable.csv": ("invoices", {
        "invoice_id": "invoiceNumber", "account_id": "customerID", "invoice_date": "InvoiceDate",
        "due_date": "DueDate", "amount": "InvoiceAmount", "is_disputed": "Disputed"}),
    "crm_sales_opportunities/accounts.csv": ("accounts", {
        "account_id": "account", "industry": "sector", "employees": "employees"}),
    "crm_sales_opportunities/sales_pipeline.csv": ("opportunities", {
        "opportunity_id": "opportunity_id", "account_id": "account", "product_id": "product",
        "created_date": "engage_date", "amount": "close_value", "closed_date": "close_date",
        "outcome": "deal_stage"}),
    "wholesale_customers/wholesale_customers.csv": ("", {}),
}


@pytest.mark.parametrize("name", PUBLIC)
def test_public_files_are_what_they_are(name: str, real_data: Path) -> None:
    (guess,) = recognise_files([real_data / name])
    found: dict[str, Any] = {match.column: match.source for match in guess.matches}
    assert (guess.table, found) == PUBLIC[name]


def test_cdnow_without_a_header(real_data: Path, tmp_path: Path) -> None:
    """6,919 purchases, as Fader & Hardie's file has them; 244,091.94 is the column's own sum."""
    dataset = opened(write_dataset_file([real_data / "cdnow" / "CDNOW_sample.txt"],
                                        out=tmp_path / "dataset.toml"))
    assert dataset.accounting["kept"].tolist() == [6919]
    assert total(dataset) == Decimal("244091.94")
    assert (dataset.file.history_from, dataset.file.complete_until) == \
        (date(1997, 1, 1), date(1998, 6, 30))
