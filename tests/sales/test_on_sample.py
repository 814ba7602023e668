"""The sales overview of the sample company: what its tables say must be what its facts say."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib.language import NO_BREAK
from kamlib.sales import SalesRules, build_handover, build_sales

SPANS = ("period", "previous", "year_before")
FACTS = ("n_lines", "gross_amount", "returned_amount", "net_amount", "adjustment_amount",
         "margin_known_amount", "margin_amount")


@pytest.fixture(scope="module")
def report(sample_report):
    return sample_report


@pytest.fixture(scope="module")
def sales(report):
    return build_sales(
        report.facts, months=report.months, product_spans=report.product_spans,
        account_spans=report.account_spans, largest_orders=report.largest_orders,
        accounts=report.accounts, targets=report.read("targets"), period=report.period,
        history_from=report.history_from, rules=SalesRules(), products=report.products)


@pytest.mark.parametrize("table", ["product_spans", "account_spans"])
def test_span_sums_are_those_of_the_account_facts_to_the_cent(report, table):
    sums = getattr(report, table).groupby("span")[list(FACTS)].sum()
    assert sorted(sums.index) == sorted(SPANS)
    for span in SPANS:
        for name in FACTS:
            assert sums.loc[span, name] == pytest.approx(
                report.facts[f"{name}_{span}"].sum(), abs=0.005)


def test_largest_orders_are_of_the_same_gross_sales(report):
    totals = report.largest_orders.groupby("span")["span_gross_amount"].first()
    for span in SPANS:
        assert totals[span] == pytest.approx(report.facts[f"gross_amount_{span}"].sum(), abs=0.005)
    assert (report.largest_orders.groupby("span").size() == 10).all()


def test_all_tables_speak_of_the_same_net_sales(report, sales):
    net = report.facts["net_amount_period"].sum()
    in_period = sales.trend[sales.trend["is_in_period"]]
    growth = sales.growth[sales.growth["component"] == "current"]["amount"]
    company = sales.attainment.query("scope == 'company' and metric == 'net_amount'")
    for total in (in_period["net_amount"].sum(), sales.cross["net_amount"].sum(),
                  sales.concentration["net_amount"].iloc[0], *growth,
                  *sales.summary["net_amount"], company["actual"].iloc[-1],
                  *sales.breakdown.query("category == 'total'")["net_amount"]):
        assert total == pytest.approx(net, abs=0.005)
    assert sales.refused == {}


def test_targets_of_regions_owners_and_lines_are_all_counted(sales):
    assert set(sales.attainment["scope"]) == {"company", "region", "owner", "product_line",
                                              "account"}
    assert (sales.attainment["note"] == "").all()
    quarter = sales.attainment[sales.attainment["from_date"] == pd.Timestamp(2025, 10, 1)]
    for scope in ("region", "product_line"):
        part = quarter[quarter["scope"] == scope]["actual"].sum()
        assert part == pytest.approx(quarter.query("scope == 'company'")["actual"].iloc[0],
                                     abs=0.005)


def test_its_headline_names_both_bases(report, sales):
    first = build_handover(sales, accounts=report.accounts, currency=report.currency).headline[0]
    assert first.replace(NO_BREAK, " ") == (
        "Net revenue was 46.0 M CNY: 3.52 M CNY (8.3 %) more than in 2025Q3 and 798 k CNY "
        "(1.8 %) more than in 2024Q4.")
