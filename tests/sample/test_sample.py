"""The sample company: the same bytes every time, all tables, and what was put in is in it."""

from __future__ import annotations

import csv
import hashlib
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from kamlib.dataset import load_dataset_file
from kamlib.errors import InputError
from kamlib.sample import make_sample, simulate, tell_truth, write_truth
from kamlib.sample.faults import BAD_SCORES, N_DUPLICATES, ORDER_FAULTS
from kamlib.sample.parameters import DEFAULTS
from kamlib.schema import load_schema

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "data" / "sample"
TRUTH = ROOT / "tests" / "data" / "sample_truth.csv"


def hash_files(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def read_text(name: str) -> pd.DataFrame:
    return pd.read_csv(COMMITTED / f"{name}.csv", dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return simulate(seed=7, n_accounts=300)


@pytest.fixture(scope="module")
def net_lines(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    orders = tables["orders"]
    return orders[orders["line_kind"].isin(["sale", "return", "cancellation"])]


@pytest.fixture(scope="module")
def smallest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset file of the smallest company there is, with seed 3."""
    return make_sample(tmp_path_factory.mktemp("smallest"), seed=3, n_accounts=40)


def test_the_same_seed_gives_the_same_bytes(smallest: Path, tmp_path: Path) -> None:
    second = make_sample(tmp_path / "b", seed=3, n_accounts=40)
    assert second == tmp_path / "b" / "dataset.toml"
    assert hash_files(smallest.parent) == hash_files(second.parent)


def test_another_seed_gives_another_company(smallest: Path, tmp_path: Path) -> None:
    one = hash_files(smallest.parent)
    other = hash_files(make_sample(tmp_path / "b", seed=4, n_accounts=40).parent)
    # These two are not drawn.
    same = {"exchange_rates.csv", "quoted_figures.csv", "survey_items.csv", "survey_waves.csv"}
    assert {name for name in one if one[name] == other[name]} == same


def test_too_small_a_company_is_refused() -> None:
    with pytest.raises(InputError) as caught:
        simulate(seed=7, n_accounts=39)
    assert str(caught.value) == (
        "The sample company needs at least 40 accounts, so that every table has rows, "
        "but n_accounts is 39. Ask for more."
    )


def test_committed_sample_is_what_the_code_makes(tmp_path: Path) -> None:
    make_sample(tmp_path)
    assert hash_files(COMMITTED) == hash_files(tmp_path)


def test_committed_truth_is_what_the_code_makes(tmp_path: Path) -> None:
    write_truth(tmp_path / "truth.csv", seed=7, n_accounts=300)
    assert TRUTH.read_bytes() == (tmp_path / "truth.csv").read_bytes()


def test_every_table_has_the_dictionary_s_columns() -> None:
    schema = load_schema()
    files = {p.stem for p in COMMITTED.glob("*.csv")}
    assert files == set(schema)
    for name, table in schema.items():
        with (COMMITTED / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            assert next(csv.reader(file)) == list(table.columns), name


def test_dataset_file_names_every_table_and_is_accepted() -> None:
    raw = tomllib.loads((COMMITTED / "dataset.toml").read_text(encoding="utf-8"))
    assert set(raw["tables"]) == set(load_schema())
    assert load_dataset_file(COMMITTED / "dataset.toml").id == "sample"


def test_sizes_stay_small_and_line_ends_plain() -> None:
    sizes = {p.name: p.stat().st_size for p in COMMITTED.iterdir()}
    assert max(sizes.values()) < 4_500_000
    assert sum(sizes.values()) < 8_000_000
    assert TRUTH.stat().st_size < 200_000
    assert not any(b"\r" in p.read_bytes() for p in COMMITTED.iterdir())


def test_broken_orders_are_there_as_the_dataset_file_says() -> None:
    orders = read_text("orders")
    broken = orders[orders["order_id"].str.startswith("F")].sort_values("order_id")
    said = (COMMITTED / "dataset.toml").read_text(encoding="utf-8")
    for (what, fault), (_, row) in zip(ORDER_FAULTS, broken.iterrows(), strict=True):
        assert {column: row[column] for column in fault} == fault
        assert f"# - orders {row['order_id']}: {what}.\n" in said
    assert orders.duplicated().sum() == N_DUPLICATES


def test_broken_answers_and_invoices_are_there() -> None:
    answers = read_text("survey_answers").merge(read_text("survey_waves"), on="wave_id")
    answers = answers[answers["score"] != ""]
    score = answers["score"].astype(float)
    low, high = answers["scale_min"].astype(float), answers["scale_max"].astype(float)
    off_scale = answers.loc[(score < low) | (score > high), "score"]
    assert sorted(off_scale) == sorted(BAD_SCORES)
    invoices = read_text("invoices")
    assert invoices["invoice_id"].duplicated().sum() == 1
    assert list(invoices.loc[invoices["due_date"] < invoices["invoice_date"], "invoice_id"]) == [
        "INVF0001"
    ]
    # Setting a broken invoice aside must not orphan a payment.
    spoilt = invoices.loc[invoices["invoice_id"].duplicated(), "invoice_id"]
    assert not read_text("payments")["invoice_id"].isin([*spoilt, "INVF0001"]).any()


def test_the_simulated_tables_themselves_are_sound(tables: dict[str, pd.DataFrame]) -> None:
    for name, table in load_schema().items():
        frame = tables[name]
        required = [c.name for c in table.columns.values() if c.required]
        assert not frame[required].isna().any().any(), name
        if table.key:
            assert not frame.duplicated(list(table.key)).any(), name
        if table.event_date:
            assert frame[table.event_date].max() <= pd.Timestamp("2025-12-31"), name


def test_revenue_is_concentrated_as_in_business(net_lines: pd.DataFrame) -> None:
    recent = net_lines[net_lines["order_date"].dt.year == 2025]
    by_account = recent.groupby("account_id")["amount"].sum().sort_values(ascending=False)
    top = by_account.head(int(np.ceil(0.2 * len(by_account))))
    assert 0.55 <= top.sum() / by_account.sum() <= 0.80


def test_revenue_season_and_growth_are_plausible(net_lines: pd.DataFrame) -> None:
    by_year = net_lines.groupby(net_lines["order_date"].dt.year)["amount"].sum()
    assert by_year.between(140e6, 200e6).all()
    assert by_year.is_monotonic_increasing
    by_month = net_lines.groupby(net_lines["order_date"].dt.month)["amount"].sum()
    assert by_month.idxmin() == 2
    assert by_month.idxmax() == 12


def test_the_dissatisfied_drop_out_more_often() -> None:
    truth = tell_truth(seed=11, n_accounts=900)
    buyers = truth[truth["kind"] == "buyer"]
    satisfaction = buyers.filter(like="satisfaction_").mean(axis=1)
    is_low = satisfaction < satisfaction.median()
    lost = buyers["dropout_date"].notna().groupby(is_low).mean()
    # One standard deviation apart the hazards differ by exp(0.9 * 0.8) = 2.1.
    assert lost[True] > 1.5 * lost[False]


def test_returns_grow_from_the_strategic_to_the_occasional(tables: dict[str, pd.DataFrame]) -> None:
    lines = tables["orders"].merge(tables["_truth"][["account_id", "segment"]], on="account_id")
    counts = lines.groupby(["segment", "line_kind"]).size().unstack()
    share = counts["return"] / counts["sale"]
    expected = pd.Series({s.name: s.return_share for s in DEFAULTS.segments})
    assert list(share[expected.index].sort_values().index) == list(expected.index)
    assert share.between(0.005, 0.12).all()


def test_order_rates_follow_the_truth(tables: dict[str, pd.DataFrame]) -> None:
    truth = tables["_truth"].set_index("account_id")
    is_steady = (truth["kind"] == "buyer") & (truth["shape"] == "stable")
    is_old = truth["dropout_date"].isna() & (truth["start_date"] < "2020-12-31")
    steady = truth[is_steady & is_old]
    orders = tables["orders"]
    sales = orders[(orders["line_kind"] == "sale") & orders["account_id"].isin(steady.index)]
    observed = sales.groupby("account_id")["order_id"].nunique().sum() / 4
    # Four years of growth from a standing start: a mean factor of 1.045 ** 2.
    assert observed == pytest.approx(steady["rate"].sum() * 1.045**2, rel=0.05)


def test_order_and_cancel_pair_is_gigantic(tables: dict[str, pd.DataFrame]) -> None:
    orders = tables["orders"]
    sale = orders.sort_values("amount").iloc[-1]
    off = orders[orders["original_order_id"] == sale["order_id"]].squeeze()
    assert sale["amount"] > 5e6
    assert off["line_kind"] == "cancellation"
    assert (off["account_id"], off["product_id"]) == (sale["account_id"], sale["product_id"])
    assert off["quantity"] == -sale["quantity"]
    assert (off["order_date"] - sale["order_date"]).days in (0, 1)


def test_delivery_gets_worse_and_most_in_the_south(tables: dict[str, pd.DataFrame]) -> None:
    answers = tables["survey_answers"].merge(tables["accounts"], on="account_id")
    is_chosen = answers["wave_id"].isin(["W2024-03", "W2025-09"])
    late = answers[(answers["item_id"] == "Q03") & is_chosen]
    is_south = late["region"] == DEFAULTS.delivery_region
    means = late.groupby([is_south, "wave_id"])["score"].mean().unstack()
    fall = means["W2024-03"] - means["W2025-09"]
    assert fall[True] > 1.5
    assert 0 < fall[False] < fall[True]


def test_only_customers_buy(tables: dict[str, pd.DataFrame]) -> None:
    kinds = tables["_truth"].set_index("account_id")["kind"]
    assert set(tables["orders"]["account_id"].map(kinds)) == {"buyer"}
    assert set(kinds) == {"buyer", "prospect", "supplier", "partner"}
    roles = tables["accounts"].set_index("account_id")["party_role"]
    assert set(roles[kinds == "prospect"]) == {"customer"}
    assert (roles[kinds == "supplier"] == "supplier").all()
