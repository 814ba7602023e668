"""Account pages of a small company: two editions, hostile names, all pages or none."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest

from kamlib import open_report
from kamlib.cli import main
from kamlib.errors import InputError
from kamlib.report.accounts import AccountOptions, Choice, for_audience, name_pages, run_accounts
from kamlib.report.chapters import find_chapters
from kamlib.report.run import Options, run_report

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("small", Path(__file__).with_name("small.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

EVIL, CHILD = '<script>alert("x")</script>', "../../B $x$"
EXTRA = "\n".join(f'[tables.{name}]\nsource = "{name}.csv"' for name in (
    "accounts", "products", "checks", "invoices", "complaints"))
HEADER = ("order_id,account_id,order_date,product_id,line_kind,quantity,amount,cost_amount,"
          "retail_price")
# What belongs to us alone; the customer's edition holds none of it, in no form.
OURS = re.compile(r"\b(tiers?|core|probabilit\w+|lifetime|loyal\w*|credit|segment\w*|decline|"
                  r"our margin|margin_amount|margin_share|cost|churn|internal|complaints?|"
                  r"invoices?)\b", re.IGNORECASE)


def write_company(folder: Path) -> Path:
    lines = [HEADER]
    lines += [f"a{m},A,2025-{m:02d}-05,P1,sale,10,1000,617.35,130" for m in range(1, 13)]
    lines += [f'b1,"{EVIL.replace(chr(34), chr(34) * 2)}",2025-11-06,P1,sale,1,77,40,99',
              f"c1,{CHILD},2025-02-01,P2,sale,1,55,30,"]
    lines += [f"d{i},D{i},2025-{3 + i:02d}-01,P2,sale,2,{200 + i},100,150" for i in range(7)]
    file = small.write_dataset(folder, lines, extra=EXTRA)
    quoted = EVIL.replace('"', '""')
    (folder / "accounts.csv").write_text(
        "account_id,name,party_role,parent_id,account_type,size_class,credit_limit_amount,"
        "last_checked_date\n"
        f'A,Alpha,customer,,dealer,small,99887,2025-01-01\n'
        f'"{quoted}","Evil {quoted} & 丙",customer,A,dealer,small,,\n'
        f'{CHILD},{CHILD},customer,A,dealer,small,,\nNEVER,Never Ltd,customer,,dealer,small,,\n'
        + "".join(f"D{i},Dealer {i},customer,,dealer,small,,\n" for i in range(7)),
        encoding="utf-8")
    (folder / "products.csv").write_text(
        "product_id,name,product_line,brand\nP1,Pen,Pens,Basic\nP2,Pad,Paper,Basic\n")
    (folder / "checks.csv").write_text(
        "account_id,check_date,topic,rating,rater\nA,2025-09-01,display,2,R 1\n"
        "A,2025-09-01,record,1,R 1\n")
    (folder / "invoices.csv").write_text(
        "invoice_id,account_id,invoice_date,due_date,amount,is_disputed\n"
        "I1,A,2025-10-01,2025-10-31,4321,false\n")
    (folder / "complaints.csv").write_text(
        "complaint_id,account_id,opened_date\nC1,A,2025-12-01\n")
    return file


def make(folder, *ids, audience="internal", **choice):
    options = AccountOptions(folder / "reports", folder / "notebooks", audience=audience)
    return run_accounts(folder / "data" / "dataset.toml", period="2025Q4", rules="",
                        choice=Choice(account_ids=ids, **choice), options=options)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("company")
        patch.setenv("KAM_CACHE", str(folder / "cache"))
        file = write_company(folder / "data")
        small.write_notebook(folder / "notebooks", "01_demo", small.HAND_ON,
                             small.hand_on("01_demo"))
        shutil.copy(ROOT / "notebooks" / "09_account_review.ipynb", folder / "notebooks")
        options = Options(reports=folder / "reports", notebooks=folder / "notebooks")
        version = run_report(file, period="2025Q4", rules="", options=options)
        assert version.status == "published"
        internal = make(folder, "A", EVIL, CHILD, "NEVER")
        customer = make(folder, "A", audience="customer")
        assert (internal.status, customer.status) == ("published", "published"), internal.failed
        yield folder, version.folder, internal, customer


def read(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def seen(html: str) -> str:
    """What a reader sees, charts with their texts, and what can be downloaded."""
    data = re.findall(r'(?:src|href)="data:[^,]*,([^"]*)"', html)
    bare = re.sub(r'<style.*?</style>|"data:[^"]*"', "", html, flags=re.DOTALL)
    return unescape("\n".join([bare, *(unquote(d) for d in data)]))


def test_the_review_is_no_chapter_and_its_list_is_linked(company):
    folder, version, _, _ = company
    assert [c.slug for c in find_chapters(folder / "notebooks")] == ["01_demo"]
    assert 'href="../v001.accounts/index.html"' in read(version / "index.html")
    index = read(version.with_name("v001.accounts") / "index.html")
    assert "../v001/index.html" in index
    assert {"internal/A.html", "customer/A.html"} <= set(re.findall(r'href="([^"]*)"', index))


def test_a_page_for_us_says_what_we_know(company):
    text = seen(read(company[2].folder / "A.html"))
    # 3,000 sold in the quarter at a cost of 617.35 each: 1,147.95; retail 3 x 1,300 less 3,000.
    assert "1,148" in text
    assert "Tier: " in text
    assert "900" in text
    assert "Evil" in text  # its subsidiary
    assert "1 open" in text


def test_the_customers_edition_holds_nothing_of_ours(company):
    text = seen(read(company[3].folder / "A.html"))
    assert "900" in text  # the retailer's own margin
    assert "Display" in text
    assert "three bases" in text
    assert OURS.findall(text) == []
    for ours in ("1,148", "1147.95", "617.35", "99,887", "99887", "4,321", "4321", "R 1\n",
                 "Records", "<code", "kamlib"):
        assert ours not in text, ours
    # In the folder that is handed over there is nothing but pages.
    assert [p.name for p in company[3].folder.iterdir()] == ["A.html"]


def test_internal_cells_are_left_out_before_they_run():
    notebook = nbformat.read(ROOT / "notebooks" / "09_account_review.ipynb", as_version=4)
    kept = "".join(c.source for c in for_audience(notebook, "customer").cells)
    assert "segmentation.score_tiers" not in kept
    assert OURS.findall("".join(c.source for c in notebook.cells if c.cell_type == "markdown")) \
        == []


def test_hostile_names_stay_text_and_files_stay_in_the_folder(company):
    folder = company[2].folder
    names = name_pages([EVIL, CHILD, "A", "NEVER"])
    assert sorted(p.name for p in folder.iterdir()) == sorted(names.values())
    for account in (EVIL, CHILD):
        page = read(folder / names[account])
        assert "<script" not in page
        assert re.fullmatch(r"[A-Za-z0-9_-]+\.html", names[account])
    assert "Evil &lt;script&gt;" in read(folder / names[EVIL])
    index = read(folder.parent / "index.html")
    assert "<script" not in index
    assert "&lt;script&gt;" in index


def test_names_of_files_never_meet():
    names = name_pages(["a1", "A1", "con", "..", "客户", "x" * 80, "x" * 81])
    assert len({name.casefold() for name in names.values()}) == 7
    assert not any(name.split(".")[0].casefold() in {"con", "", "a1"} for name in names.values())


def test_one_order_and_none_read_well(company):
    folder = company[2].folder
    names = name_pages([EVIL, CHILD, "A", "NEVER"])
    one = seen(read(folder / names[CHILD]))
    assert "ordered nothing in 2025Q4" in one
    assert "1 order up to 31" in one
    never = seen(read(folder / names["NEVER"]))
    assert "Never Ltd has never ordered." in never
    assert "Potential-customer card" in never
    # Once a section, and not once for each of its tables.
    assert never.count("This account has never ordered.") == 5
    for page in (one, never):
        assert not re.search(r"\b(nan|None|NaT|inf)\b", re.sub(r"<[^>]*>", "", page))


def test_a_subsidiary_has_a_page_of_its_own_and_is_named(company):
    text = seen(read(company[2].folder / "A.html"))
    assert "each with a review of its own" in text
    # Its own 12 orders alone, not those of the two below it.
    assert "12 orders up to 31" in text


def test_nothing_is_made_again_and_wrong_words_are_refused(company):
    folder = company[0]
    assert make(folder, "A", audience="customer").status == "already there"
    with pytest.raises(InputError, match=r"There is no account 'NEVR'.* Did you mean 'NEVER'"):
        make(folder, "NEVR")
    with pytest.raises(InputError, match=r"There is no tier 'cor'. Did you mean 'core'"):
        make(folder, tier="cor")
    with pytest.raises(InputError, match="No account is chosen"):
        make(folder)


def test_a_failing_page_changes_no_page(company, tmp_path):
    folder, version, internal, _ = company
    before = {p.name: p.read_bytes() for p in internal.folder.iterdir()}
    broken = tmp_path / "notebooks"
    shutil.copytree(folder / "notebooks", broken)
    path = broken / "09_account_review.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cell = next(c for c in notebook["cells"] if c["id"] == "headline")
    cell["source"] = ["result = report.review()\n",
                      "report.headline([] if account == 'A' else 1 / 0)"]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    options = AccountOptions(folder / "reports", broken)
    result = run_accounts(folder / "data" / "dataset.toml", period="2025Q4", rules="",
                          choice=Choice(account_ids=("A", "D1", "D2")), options=options)
    assert result.status == "failed"
    assert set(result.failed) == {"D1", "D2"}
    assert "ZeroDivisionError" in result.failed["D1"]
    assert (result.folder / "D1.html.ipynb").is_file()
    assert {p.name: p.read_bytes() for p in internal.folder.iterdir()} == before
    assert version.is_dir()


def test_pages_beside_a_report_of_other_data_are_refused(company):
    folder = company[0]
    orders = folder / "data" / "orders.csv"
    text = orders.read_text(encoding="utf-8")
    orders.write_text(text + "e1,D1,2025-12-30,P2,sale,2,9,1,\n", encoding="utf-8")
    try:
        with pytest.raises(InputError, match="other data, rules or code"):
            make(folder, "A")
        with pytest.raises(InputError, match="There is no report of 2025Q3"):
            run_accounts(folder / "data" / "dataset.toml", period="2025Q3", rules="",
                         choice=Choice(all_accounts=True),
                         options=AccountOptions(folder / "reports", folder / "notebooks"))
    finally:
        orders.write_text(text, encoding="utf-8")


def test_where_groups_are_counted_a_page_holds_its_subsidiaries(company, tmp_path):
    rules = tmp_path / "rules.toml"
    rules.write_text('[measures]\naccount_level = "group"\n', encoding="utf-8")
    report = open_report(company[0] / "data" / "dataset.toml", period="2025Q4", rules=rules)
    found = report.for_account("A").review()
    assert found.account.members == ("A", CHILD, EVIL)
    assert "counted in these numbers" in "".join(found["header"]["content"])
    # Three orders of its own and one of a subsidiary.
    assert found["trend"].loc[0, "now_net_amount"] == 3077
    with pytest.raises(InputError, match="has no review of its own"):
        report.for_account(CHILD)


def test_the_command_says_what_it_made_and_refuses_in_one_paragraph(company, capsys):
    folder = company[0]
    words = ["accounts", "--dataset", folder / "data" / "dataset.toml", "--period", "2025Q4",
             "--reports", folder / "reports", "--notebooks", folder / "notebooks"]
    for further, status, said in (
            (["A", "--audience", "customer"], 0, "Nothing changed since these account pages (1)"),
            (["A", "--audience", "client"], 2, "There is no audience 'client'."),
            (["--tier", "general", "--period", "2024"], 2, "There is no report of 2024")):
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in [*words, *further]])
        captured = capsys.readouterr()
        assert stop.value.code == status
        assert said in " ".join((captured.out + captured.err).split())
