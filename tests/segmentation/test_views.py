"""The views beside the tiers: on the sample company, and on data that is hard to look at."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pandas as pd
import pytest

from kamlib import language, open_report, sales, segmentation
from kamlib.figures import classes, clusters, matrices, ranks
from kamlib.figures import segmentation as figures
from kamlib.figures.theme import plain_title
from kamlib.segmentation.views import MATRICES, QUESTIONS

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "02_segmentation.ipynb"


def segment(report):
    result = segmentation.segment_accounts(
        report.facts, rules=report.rules.segmentation, earlier=report.earlier,
        profit=report.profit, period=report.period, history_from=report.history_from,
        window_months=report.rules.measures.window_months)
    return result, segmentation.build_views(
        result, months=report.months, products=report.products, accounts=report.read("accounts"),
        read=report.read_if_given, rules=report.rules)


@pytest.fixture(scope="module")
def segmented(sample_report):
    return segment(sample_report)


def test_every_view_of_the_sample_speaks_of_the_same_accounts(segmented):
    result, views = segmented
    assert views.refused == {} and result.refused == {}
    sold = set(result.tiers.query("tier != 'no_sales'")["account_id"])
    assert set(views.ranks["account_id"]) == sold
    by_tier = dict(views.ranks[["account_id", "tier"]].itertuples(index=False))
    tiers = result.tiers.set_index("account_id")["tier"]
    assert all(tiers[account] == tier for account, tier in by_tier.items())
    one_each = views.classes[views.classes["scheme"] != "categories"]
    assert (one_each.groupby("scheme").size() == len(result.tiers)).all()
    assert set(views.clusters.assignments["account_id"]) < sold
    # What is placed and what stands apart are together all that bought in either year.
    for name in MATRICES[:2]:
        table = views.matrices[name].matrix
        assert table["amount"].sum() == pytest.approx(result.tiers["net_amount"].sum(), abs=0.01)


def test_what_was_planted_in_the_sample_is_found(segmented, sample_report):
    result, views = segmented
    handover = segmentation.build_handover(result, views, accounts=sample_report.accounts,
                                           currency="CNY")
    kinds = {finding.kind: finding for finding in handover.findings}
    assert {"undecided", "unprofitable", "dogs"} <= set(kinds)
    losses = views.described.set_index("account_id")["profit_amount"]
    assert kinds["unprofitable"].amount == pytest.approx(-losses[losses < 0].sum(), abs=0.01)
    undecided = views.ranks[views.ranks["is_undecided"].fillna(False)]
    assert f"{len(undecided)} accounts" in kinds["undecided"].sentence
    # Undecided between important and general is not worth a call.
    asked = {a.account_id for a in handover.attention if "undecided" in a.reason}
    chance = views.ranks.set_index("account_id")["core_probability"]
    assert asked and all(0.2 <= chance[account] <= 0.8 for account in asked)


def displayed() -> set[str]:
    """Names of the tables and charts that a reader of the chapter sees."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    seen = set()
    for cell in cells:
        lines = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
        for statement in ast.parse(lines).body:
            is_published_only = isinstance(statement, ast.Assign)
            seen |= {node.args[0].value for node in ast.walk(statement)
                     if not is_published_only and isinstance(node, ast.Call)
                     and getattr(node.func, "attr", "") in ("table", "figure")}
    return seen


def test_every_link_of_a_finding_has_its_place_in_the_chapter(segmented, sample_report):
    result, views = segmented
    handover = segmentation.build_handover(result, views, accounts=sample_report.accounts)
    anchors = {entry.anchor for kind in (handover.metrics, handover.findings, handover.attention)
               for entry in kind}
    assert anchors - displayed() == set()


# -- hard data: a shop of one table, every sentence of both chapters -------------------------------

def lines(*rows):
    return [(f"o{i}", account, day, kind, amount)
            for i, (account, day, kind, amount) in enumerate(rows)]


def monthly(accounts, amount=100.0, start="2023-01-05", n=36):
    days = [str(day.date()) for day in pd.date_range(start, periods=n, freq="MS")]
    return [(account, day, "sale", amount) for account in accounts for day in days]


HOSTILE = ['=cmd|"/C calc"!A1', "<script>alert(1)</script>", "虚构，有限公司",
           'emoji 🏭, quoted "x"', "O'Brien; DROP TABLE accounts", "$x^2$ **bold**"]
CASES = {
    "one account": monthly(["a"]),
    "all equal": monthly([f"a{i:02}" for i in range(25)]),
    "nothing above zero": [(f"a{i}", "2025-11-03", "return", -5.0) for i in range(30)],
    "one order": [("a", "2025-12-30", "sale", 9.0)],
    "hostile names": [row for i, name in enumerate(HOSTILE) for row in monthly([name], 10.0 + i)],
}


@pytest.fixture(params=CASES)
def hard(request, tmp_path, monkeypatch):
    monkeypatch.setenv("KAM_CACHE", str(tmp_path / "cache"))
    frame = pd.DataFrame(lines(*CASES[request.param]),
                         columns=["order_id", "account_id", "order_date", "line_kind", "amount"])
    frame.to_csv(tmp_path / "orders.csv", index=False)
    (tmp_path / "dataset.toml").write_text(
        'id = "hard"\nname = "Hard"\ncurrency = "EUR"\ndate_basis = "ordered"\n'
        'history_from = 2023-01-01\ncomplete_until = 2025-12-31\n'
        '[tables.orders]\nsource = "orders.csv"\n', encoding="utf-8")
    return open_report(tmp_path / "dataset.toml", period="2025Q4")


def test_hard_data_ends_in_sentences_and_reasons(hard):
    result, views = segment(hard)
    handover = segmentation.build_handover(result, views, accounts=hard.accounts, currency="EUR")
    sold = sales.build_sales(
        hard.facts, months=hard.months, product_spans=hard.product_spans,
        account_spans=hard.account_spans, largest_orders=hard.largest_orders,
        accounts=segmentation.add_tier(hard.accounts, hard.facts, rules=hard.rules.segmentation),
        targets=None, period=hard.period, history_from=hard.history_from, rules=hard.rules.sales)
    of_sales = sales.build_handover(sold, accounts=hard.accounts, currency="EUR")
    cluster = views.clusters
    sentences = [
        *handover.headline, *of_sales.headline, figures.read_shares(result),
        figures.read_pareto(result), figures.read_rfm(result), figures.read_migration(result),
        ranks.read_ranks(views.ranks), ranks.read_noise(views.noise),
        matrices.read_backtest(views.backtest), matrices.read_switchboard(views.switchboard),
        classes.read_classes(views.class_summary, scheme="value_class"),
        classes.read_profile(views.profile), clusters.read_clusters(cluster),
        *(matrices.read_matrix(*views.matrices[name]) for name in MATRICES)]
    titles = [plain_title(ax) for ax in (
        ranks.plot_ranks(views.ranks), ranks.plot_noise(views.noise), figures.plot_rfm(result),
        matrices.plot_backtest(views.backtest), clusters.plot_clusters(cluster),
        classes.plot_profile(views.profile), matrices.plot_switchboard(views.switchboard),
        *(matrices.plot_matrix(*views.matrices[name]) for name in MATRICES))]
    for text in (*sentences, *titles):
        assert text and "nan" not in text.lower().split()
        assert language.MISSING not in text.split()
    for name, reason in {**result.refused, **views.refused}.items():
        assert reason.endswith(".") and len(reason) > 40, name
    assert set(views.refused) <= set(QUESTIONS)
    assert not cluster.found and cluster.reason
