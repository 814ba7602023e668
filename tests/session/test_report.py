"""What a notebook holds in its hand, on a small data set."""

import importlib.util
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from kamlib import open_report
from kamlib.errors import InputError
from kamlib.figures.theme import new_axes
from kamlib.handover import Handover, Metric

_spec = importlib.util.spec_from_file_location(
    "small", Path(__file__).parents[1] / "report" / "small.py")
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)

ACCOUNTS = '''[tables.accounts]
source = "accounts.csv"
[tables.account_owners]
source = "owners.csv"
'''


@pytest.fixture(scope="module")
def shared_cache(tmp_path_factory):
    """One cache for all: equal files are opened once, changed ones have another fingerprint."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def dataset(tmp_path, monkeypatch, shared_cache):
    monkeypatch.setenv("KAM_CACHE", str(shared_cache))
    file = small.write_dataset(tmp_path / "data", extra=ACCOUNTS)
    (file.parent / "accounts.csv").write_text(
        "account_id,name,party_role\nA,Alpha,customer\nB,\"B <b> & Söhne\",customer\n"
        "C,丙公司,customer\nS,Steel,supplier\n", encoding="utf-8")
    (file.parent / "owners.csv").write_text(
        "account_id,owner_id,from_date\nA,Old,2024-01-01\nA,New,2025-06-01\nB,Later,2026-01-01\n",
        encoding="utf-8")
    return file


def test_facts_of_the_period_and_of_the_compared_ones(dataset):
    report = open_report(dataset, period="2025Q4")
    assert report.facts["account_id"].tolist() == ["A", "B", "C"]
    assert report.facts["net_amount_period"].tolist() == [200.0, 200.0, 50.5]
    assert report.facts_previous["net_amount_period"].tolist() == [0.0, 0.0, 0.0]
    assert report.facts_year_before["net_amount_period"].tolist() == [0.0, 0.0, 0.0]
    assert report.facts_year_before["n_orders"].tolist() == [0, 0, 0]


def test_an_account_known_from_orders_alone_is_not_known_before_its_first(tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_CACHE", str(tmp_path / "cache"))
    (tmp_path / "orders.csv").write_text(
        "order_id,account_id,order_date,amount\n1,A,2025-02-01,5\n2,B,2025-08-01,7\n",
        encoding="utf-8")
    head = ('id = "t"\nname = "T"\ncurrency = "EUR"\ndate_basis = "ordered"\n'
            'history_from = 2024-01-01\ncomplete_until = 2025-12-31\n'
            '[tables.orders]\nsource = "orders.csv"\nconstants = { line_kind = "sale" }\n')
    listed = head + '[tables.accounts]\nsource = "orders.csv"\n'
    column = ('constants = { party_role = "customer" }\n[tables.accounts.columns]\n'
              'account_id = "account_id"\nname = "account_id"\n')
    cut = listed + 'one_row_per = "account_id"\n' + column
    for name, text in {"derived": head, "cut": cut, "given": listed + column}.items():
        file = tmp_path / f"{name}.toml"
        file.write_text(text, encoding="utf-8")
        early = open_report(file, period="2025Q1").facts["account_id"].tolist()
        # A company's own list of accounts holds prospects too: they are known without an order.
        assert early == (["A", "B"] if name == "given" else ["A"])
    assert open_report(file, period="2025Q3").facts["account_id"].tolist() == ["A", "B"]


def test_what_was_known_at_the_end_and_before(dataset):
    (dataset.parent / "complaints.csv").write_text(
        "complaint_id,account_id,opened_date,resolved_date\n1,A,2025-07-01,2025-08-01\n"
        "2,A,2025-12-01,2026-01-15\n3,B,2026-01-02,\n", encoding="utf-8")
    with dataset.open("a", encoding="utf-8") as file:
        file.write('[tables.complaints]\nsource = "complaints.csv"\n')
    report = open_report(dataset, period="2025Q4")
    known = report.read("complaints")
    assert known["complaint_id"].tolist() == ["1", "2"]
    assert known["resolved_date"].notna().tolist() == [True, False]
    earlier = report.read_known("complaints", pd.Timestamp("2025-07-31").date())
    assert earlier[["complaint_id", "resolved_date"]].isna().values.tolist() == [[False, True]]
    assert report.read_known("contacts", pd.Timestamp("2025-07-31").date()).empty


def test_days_of_the_past_end_with_the_report_and_need_history(dataset):
    report = open_report(dataset, period="2025Q4")
    cuts = report.past_facts["cut_date"].drop_duplicates().dt.strftime("%Y-%m-%d").tolist()
    assert cuts[-2:] == ["2025-07-02", "2025-12-31"]
    last = report.past_facts[report.past_facts["cut_date"] == "2025-12-31"].set_index("account_id")
    facts = report.facts.set_index("account_id").loc[last.index]
    assert last["n_purchase_days"].tolist() == facts["n_purchase_days"].tolist()
    short = open_report(dataset, period="2024Q1")
    assert short.past_facts.empty
    assert short.purchase_days.empty
    assert short.account_bridge.empty


def test_a_comparison_before_the_known_history_is_none(dataset):
    report = open_report(dataset, period="2024Q1")
    assert report.facts_previous is None
    assert report.facts_year_before is None


def test_owners_are_those_of_the_day_and_suppliers_are_no_accounts(dataset):
    accounts = open_report(dataset, period="2025Q4").accounts
    assert dict(accounts[["account_id", "owner_id"]].itertuples(index=False)) == \
        {"A": "New", "B": "", "C": ""}
    early = open_report(dataset, period="2025Q1").accounts
    assert early.set_index("account_id").loc["A", "owner_id"] == "Old"


def test_tables_that_are_not_there_are_refused_with_the_way_out(dataset):
    report = open_report(dataset, period="2025Q4")
    assert not report.has("complaints")
    assert not len(report.read_if_given("complaints"))
    with pytest.raises(InputError, match=r"has no table 'complaints'. Add \[tables.complaints\]"):
        report.read("complaints")
    with pytest.raises(InputError, match="Did you mean 'complaints'"):
        report.read("complaint")


def test_a_table_is_shown_with_names_escaped_and_published_as_it_is(dataset, tmp_path):
    report = open_report(dataset, period="2025Q4", out=tmp_path / "out")
    frame = report.facts[["account_id", "net_amount_period"]]
    html = report.table("demo", frame, caption="A & B")._repr_html_()
    assert "B &lt;b&gt; &amp; Söhne" in html
    assert '<table id="demo">' in html
    published = pd.read_parquet(tmp_path / "out" / "tables" / "demo.parquet")
    assert list(published.columns) == ["account_id", "net_amount_period"]
    assert published["net_amount_period"].sum() == 450.5


def test_rows_that_are_not_shown_are_said_to_be_where_they_are(dataset, tmp_path, monkeypatch):
    """A table too large for a sheet has its rows in Parquet alone, whatever is shown of it."""
    report = open_report(dataset, period="2025Q4", out=tmp_path / "out")
    frame = pd.DataFrame({"n_orders": range(20), "n_lines": range(20)})
    monkeypatch.setattr("kamlib.figures.table.MAX_CELLS", 39)
    large = report.table("demo", frame, show=["n_orders"], rows=15)._repr_html_()
    assert large.endswith('<p class="more">5 more rows in tables/demo.parquet.</p>')
    monkeypatch.setattr("kamlib.figures.table.MAX_CELLS", 40)
    small = report.table("demo", frame, show=["n_orders"], rows=15)._repr_html_()
    assert small.endswith('<p class="more">5 more rows in tables.xlsx.</p>')


def test_without_an_out_nothing_is_written(dataset, tmp_path):
    report = open_report(dataset, period="2025Q4")
    report.table("demo", report.facts[["account_id"]])
    report.hand_on("demo", Handover(metrics=(Metric("m", 1.0, "count"),)))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["data"]


def test_the_second_look_comes_from_the_cache_and_a_changed_rule_does_not(
        dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_CACHE", str(tmp_path / "cache"))
    open_report(dataset, period="2025Q4")
    folders = set((tmp_path / "cache").iterdir())
    stamp = {f: (f / "context.json").stat().st_mtime_ns for f in folders}
    open_report(dataset, period="2025Q4")
    assert {f: (f / "context.json").stat().st_mtime_ns
            for f in (tmp_path / "cache").iterdir()} == stamp
    rules = tmp_path / "rules.toml"
    rules.write_text("[measures]\nwindow_months = 6\n", encoding="utf-8")
    changed = open_report(dataset, period="2025Q4", rules=rules)
    assert len(list((tmp_path / "cache").iterdir())) == 2
    # the sale of January is outside six months
    assert changed.facts["net_amount_window"].tolist() == [200.0, 200.0, 50.5]


def test_a_figure_carries_its_alt_text_and_data(dataset):
    report = open_report(dataset, period="2025Q4")
    ax = new_axes()
    ax.bar(["A", "B"], [3.0, 5.0])
    ax.set_title("B leads")
    ax.set_ylabel("Net sales (EUR)")
    view = report.figure("demo", ax, data=pd.DataFrame({"account_id": ["A"], "x": [3]}))
    bundle, about = view._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert "B leads" in about["image/svg+xml"]["alt"]
    assert "5" in about["image/svg+xml"]["alt"]
    assert about["image/svg+xml"]["csv"] == "account_id,x\nA,3\n"
    assert not plt.get_fignums()


def test_checks_print_the_row_equation(dataset):
    report = open_report(dataset, period="2025Q4")
    assert repr(report.checks) == \
        "12 rows read = 12 kept + 0 excluded + 0 quarantined"
    assert "kept" in report.checks._repr_html_().lower()


def test_provenance_names_data_rules_and_versions(dataset):
    html = open_report(dataset, period="2025Q4").provenance._repr_html_()
    assert "Small company (small)" in html
    assert "measures.active_window_days" in html
    assert "pandas" in html


def test_large_data_of_a_chart_lies_beside_the_page(dataset, tmp_path):
    report = open_report(dataset, period="2025Q4", out=tmp_path / "out")
    data = pd.DataFrame({"x": range(20_000)})
    _, about = report.figure("many", new_axes(), data=data)._repr_mimebundle_()
    assert about["image/svg+xml"]["csv"] == ""
    assert about["image/svg+xml"]["href"] == "data/many.csv"
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "out" / "data" / "many.csv", encoding="utf-8-sig"), data)
    exploring = open_report(dataset, period="2025Q4")
    _, about = exploring.figure("many", new_axes(), data=data)._repr_mimebundle_()
    assert (about["image/svg+xml"]["csv"], about["image/svg+xml"]["href"]) == ("", "")
