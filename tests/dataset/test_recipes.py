"""The recipes for public data, against numbers that others have published of them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from kamlib.dataset import Dataset, open_dataset
from kamlib.measures import (
    MeasureRules,
    build_account_facts,
    build_lines,
    build_order_days,
    fetch,
    settle_invoices,
)
from kamlib.period import parse_period
from kamlib.stats.concentration import top_share

RECIPES = Path(__file__).parents[2] / "data" / "recipes"


@pytest.fixture(scope="module")
def online_retail(real_data: Path) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAM_REAL_DATA", str(real_data))
        return open_dataset(RECIPES / "online_retail_plain.toml")


def test_online_retail_as_most_papers_use_it(online_retail: Dataset) -> None:
    """UCI data set 352: 541,909 lines; 397,884 with a customer and above zero, in 18,532 invoices
    of 4,338 customers, 8,911,407.904 GBP (the totals that the file's own columns give)."""
    orders = online_retail.tables["orders"]
    row = online_retail.accounting.iloc[0]
    assert (row["read"], row["kept"], row["quarantined"]) == (541_909, 397_884, 0)
    assert row["read"] == row["kept"] + row["excluded"] + row["quarantined"]
    assert orders.order_id.nunique().execute() == 18_532
    assert orders.account_id.nunique().execute() == 4_338
    assert orders.amount.sum().execute() == Decimal("8911407.904")


def test_online_retail_top_three(online_retail: Dataset) -> None:
    orders = online_retail.tables["orders"]
    sums = orders.group_by("account_id").agg(amount=orders.amount.sum()).execute()
    top = sums.sort_values("amount", ascending=False).head(3)
    assert [(a, round(x, 2)) for a, x in top.itertuples(index=False)] == [
        ("14646", Decimal("280206.02")), ("18102", Decimal("259657.30")),
        ("17450", Decimal("194550.79"))]


# Shares published of this file: the largest 20 % of those who bought, by span.
@pytest.mark.parametrize(("span", "n_accounts", "share"), [
    ("2010-12-01..2011-12-09", 4_338, 0.746), ("2011-01-01..2011-12-09", None, 0.742),
    ("2011Q3", None, 0.673)])
def test_online_retail_share_of_the_largest_fifth(online_retail: Dataset, span: str,
                                                  n_accounts: int | None, share: float) -> None:
    rules, period, file = MeasureRules(), parse_period(span), online_retail.file
    tables = online_retail.tables
    days = build_order_days(build_lines(tables["orders"], tables["accounts"],
                                        as_of=period.as_of, rules=rules))
    who = fetch(tables["accounts"].select("account_id", "customer_since"))
    facts = build_account_facts(days, who, period=period, history_from=file.history_from,
                                starts_with=file.starts_with, rules=rules)
    bought = facts[facts["n_orders_period"] > 0]
    assert n_accounts in (None, len(bought))
    # The print has three digits, so half a unit of the last.
    assert top_share(bought["net_amount_period"], 0.2) == pytest.approx(share, abs=0.0005)


# Fader & Hardie's CDNOW: purchases, customers, and customer-days with a purchase.
@pytest.mark.parametrize(("recipe", "n_rows", "n_accounts", "n_days"), [
    ("cdnow_sample", 6_919, 2_357, 6_696), ("cdnow_master", 69_659, 23_570, 67_591)])
def test_cdnow(recipe: str, n_rows: int, n_accounts: int, n_days: int, real_data: Path,
               monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAM_REAL_DATA", str(real_data))
    dataset = open_dataset(RECIPES / f"{recipe}.toml")
    orders = dataset.tables["orders"]
    assert dataset.accounting.iloc[0].to_dict() == {
        "table": "orders", "read": n_rows, "kept": n_rows, "excluded": 0, "quarantined": 0}
    assert orders.account_id.nunique().execute() == n_accounts
    assert orders.select("account_id", "order_date").distinct().count().execute() == n_days


@pytest.fixture(scope="module")
def wholesale(real_data: Path) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAM_REAL_DATA", str(real_data))
        return open_dataset(RECIPES / "wholesale_customers.toml")


def test_wholesale_customers_as_their_catalogue_counts_them(wholesale: Dataset) -> None:
    """UCI data set 292: 440 customers, 298 HoReCa and 142 retail; regions Lisbon 77, Oporto 47,
    other 316; 14,619,500 monetary units in all."""
    accounts = wholesale.tables["accounts"].execute()
    orders = wholesale.tables["orders"]
    assert wholesale.accounting[["read", "kept"]].to_numpy().tolist() == [
        [440, 440], [6, 6], [2640, 2640]]
    assert orders.amount.sum().execute() == Decimal(14_619_500)
    assert accounts["account_type"].value_counts().to_dict() == {"HoReCa": 298, "Retail": 142}
    assert accounts["region"].value_counts().to_dict() == {"Other": 316, "Lisbon": 77,
                                                           "Oporto": 47}
    lines = wholesale.tables["products"].execute()["product_line"]
    assert sorted(lines) == ["Delicatessen", "Detergents/paper", "Fresh", "Frozen", "Grocery",
                             "Milk"]


def test_wholesale_customers_keep_their_rows_together(wholesale: Dataset, real_data: Path) -> None:
    """The number of the row is the key: every amount stands with the row it was read from."""
    path = real_data / "wholesale_customers" / "wholesale_customers.csv"
    source = pd.read_csv(path).rename(columns={"Delicassen": "Delicatessen"})
    source.index = [f"C{row:03d}" for row in range(1, 441)]
    orders = wholesale.tables["orders"].execute().pivot(
        index="account_id", columns="product_id", values="amount").astype("int64")
    assert orders.equals(source[list(orders.columns)].sort_index())
    accounts = wholesale.tables["accounts"].execute().set_index("account_id").sort_index()
    assert (accounts["account_type"] == source["Channel"].map({1: "HoReCa", 2: "Retail"})).all()


def test_crm_sales_opportunities_as_their_catalogue_counts_them(
        real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """8,800 opportunities: 4,238 won for 10,005,534, 2,473 lost, 1,589 open with a day."""
    monkeypatch.setenv("KAM_REAL_DATA", str(real_data))
    crm = open_dataset(RECIPES / "crm_sales_opportunities.toml")
    orders, chances = crm.tables["orders"], crm.tables["opportunities"].execute()
    assert orders.count().execute() == 4_238
    assert orders.amount.sum().execute() == Decimal(10_005_534)
    assert chances["outcome"].value_counts().to_dict() == {"won": 4_238, "lost": 2_473,
                                                           "open": 1_589}
    assert set(crm.accounting["quarantined"]) == {0}
    assert crm.tables["orders"].product_id.nunique().execute() == 7
    assert not crm.tables["accounts"].execute()["industry"].eq("technolgy").any()


def test_accounts_receivable(real_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file's own columns: 2,466 invoices, 561 disputed, 877 late, half settled in 26 days."""
    monkeypatch.setenv("KAM_REAL_DATA", str(real_data))
    tables = open_dataset(RECIPES / "accounts_receivable.toml").tables
    invoices, payments = (fetch(tables[name]) for name in ("invoices", "payments"))
    settled = settle_invoices(invoices, payments, as_of=date(2014, 1, 31))
    assert len(settled) == 2_466
    assert settled["account_id"].nunique() == 100
    assert settled["is_settled"].all()
    assert settled["is_disputed"].sum() == 561
    assert settled["amount"].sum() == pytest.approx(147_703.18)
    # DaysLate of the file stops at 0, DaysToSettle does not.
    assert (settled["late_days"] > 0).sum() == 877
    assert settled["pay_days"].median() == 26
