"""Satisfaction joined to money: what came after a wave, by hand and in simulation."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from kamlib.errors import InputError, RefusedError
from kamlib.satisfaction import WorthRules
from kamlib.satisfaction.worth.bands import (
    compare_bands,
    describe_bands,
    describe_present,
    put_in_bands,
    read_edges,
)
from kamlib.satisfaction.worth.follow import choose_followed
from kamlib.satisfaction.worth.foretell import foretell_leaving
from kamlib.satisfaction.worth.handover import hand_on_worth

EDGES = (70.0, 85.0)
FAST = WorthRules(n_resamples=200)
FILL = [3] * 8  # answers to worth and burden, which do not matter here


def followed(n=60, seed=1, *, effect=0.0, leave=0.0):
    """Accounts of one wave; effect: growth for ten points of index, leave: extra share below 70."""
    rng = np.random.default_rng(seed)
    index = rng.normal(75, 10, n).clip(0, 100)
    before = rng.lognormal(8, 1.2, n)
    stays = rng.random(n) > 0.06 + leave * (index < 70)
    grown = np.exp(effect * (index - 75) / 10 + rng.normal(0, 0.25, n))
    return pd.DataFrame({
        "wave_id": "W", "account_id": [f"a{i:03d}" for i in range(n)], "account_index": index,
        "before_amount": before, "after_amount": before * grown * stays, "is_retained": stays,
        "is_followed_whole": True, "n_orders_after": pd.array(rng.poisson(10, n) * stays, "Int64"),
        "n_complaints_after": pd.array(rng.poisson(0.5, n), "Int64")})


def present(rows, clv=None):
    return pd.DataFrame({"account_id": rows["account_id"], "account_index": rows["account_index"],
                         "net_amount_window": rows["before_amount"],
                         "clv_amount": np.nan if clv is None else clv})


def test_months_before_and_after_are_the_same_calendar_months():
    waves = pd.DataFrame({"wave_id": ["W1", "W2", "W3"], "end_date": pd.to_datetime(
        ["2023-03-28", "2024-09-28", "2025-03-28"])})
    found = choose_followed(waves, as_of=date(2025, 12, 31), history_from=date(2022, 1, 1),
                            rules=FAST)
    assert found["wave_id"].tolist() == ["W1", "W2"]  # W3 has only nine months after it
    row = found.iloc[-1]
    assert [str(row[name].date()) for name in ("before_start", "before_end", "after_start",
                                               "after_end")] == [
        "2023-10-01", "2024-09-30", "2024-10-01", "2025-09-30"]
    short = choose_followed(waves, as_of=date(2025, 12, 31), history_from=date(2022, 6, 1),
                            rules=WorthRules(past_waves=1))
    assert short["wave_id"].tolist() == ["W2"]
    with pytest.raises(RefusedError, match="No wave has 12 months of known sales before and after "
                                           "it up to 30 June 2023"):
        choose_followed(waves, as_of=date(2023, 6, 30), history_from=date(2022, 1, 1), rules=FAST)


def test_accounts_are_followed_by_hand(bench):
    tables = bench.tables({"W": ("2024-06-28", {
        str(i): (name, [score, *FILL]) for i, (name, score) in enumerate(
            [("gone", 2), ("grows", 5), ("late", 4), ("never", 3)])})})
    months = bench.months({
        "gone": {"2023-07": 100.0, "2024-06": 50.0}, "never": {"2023-06": 10.0},
        "grows": {"2023-07": 100.0, "2024-07": 180.0, "2025-06": 20.0, "2025-07": 999.0},
        "late": {"2024-05": 40.0, "2024-08": 100.0}})
    facts = bench.facts(["gone", "grows", "late", "never"])
    facts.loc[facts["account_id"] == "late", "first_sale_date"] = pd.Timestamp("2024-05-01")
    log = pd.DataFrame({"account_id": ["grows", "gone"], "opened_date": pd.to_datetime(
        ["2024-08-01", "2024-06-15"])})
    rows = bench.build(tables, months=months, facts=facts, complaints=log).rows
    rows = rows.set_index("account_id")
    assert list(rows.index) == ["gone", "grows", "late"]  # never bought in the months before
    assert rows["before_amount"].tolist() == [150, 100, 40]
    assert rows["after_amount"].tolist() == [0, 200, 100]
    assert rows["is_retained"].tolist() == [False, True, True]
    assert rows["is_followed_whole"].tolist() == [True, True, False]
    assert rows["n_complaints_after"].tolist() == [0, 1, 0]
    late_log = log.assign(opened_date=pd.Timestamp("2024-09-01"))
    assert bench.build(tables, months=months, facts=facts, complaints=late_log).rows[
        "n_complaints_after"].isna().all()


def test_bands_by_hand():
    rows = pd.DataFrame({
        "wave_id": ["W1", "W2", "W1", "W1"], "account_id": ["a", "a", "b", "c"],
        "account_index": [60.0, 65.0, 69.0, 70.0], "before_amount": [100.0, 100.0, 200.0, 50.0],
        "after_amount": [50.0, 150.0, 0.0, 100.0], "is_retained": [True, True, False, True],
        "is_followed_whole": [True, True, True, False],
        "n_orders_after": pd.array([5, 5, 0, 4], "Int64"),
        "n_complaints_after": pd.array([1, 0, 0, 2], "Int64")})
    found = describe_bands(rows, EDGES, rules=FAST).set_index("band_name")
    low, high = found.loc["below 70"], found.loc["70 to 85"]
    assert (low["n_answers"], low["n_accounts"], low["n_retained"]) == (3, 2, 2)
    assert low["retained_share"] == pytest.approx(2 / 3)
    assert (low["before_amount"], low["after_amount"], low["change_amount"]) == (400, 200, -200)
    assert low["change_share"] == pytest.approx(-0.5)
    assert low["complaints_per_100"] == pytest.approx(10)
    assert high["n_compared"] == 0  # c was new: its months before are not a whole span
    assert pd.isna(high["change_share"])


def test_an_index_at_an_edge_belongs_above():
    assert put_in_bands(pd.Series([69.999, 70.0, 85.0 - 1e-12, 100.0]), EDGES).tolist() == [
        0, 1, 2, 2]


def test_edges_below_the_line_do_nothing_and_impossible_ones_are_errors():
    assert read_edges(WorthRules(), 90.0) == (90.0,)
    with pytest.raises(InputError, match=r"worth\.band_edges has 850"):
        read_edges(WorthRules(band_edges=(850.0,)), 70.0)


def test_the_present_holds_sales_and_values():
    rows = followed(30)
    found = describe_present(present(rows, clv=rows["before_amount"] * 2), EDGES, rules=FAST)
    assert found["amount_share"].sum() == pytest.approx(1)
    assert found["clv_per_sales"].tolist() == pytest.approx([2] * len(found))
    none = describe_present(present(rows), EDGES, rules=FAST)
    assert none["n_valued"].tolist() == [0] * len(none)
    assert none["clv_amount"].isna().all()


def test_a_real_difference_is_told_with_its_money():
    rows = followed(300, effect=0.25)
    gaps = compare_bands(rows, present(rows), EDGES, rules=FAST)
    row = gaps[(gaps["measure"] == "change_share") & (gaps["band"] == 0)].iloc[0]
    assert (row["verdict"], row["against"]) == ("worse", "85 and more")
    sales = rows.loc[rows["account_index"] < 70, "before_amount"].sum()
    assert row["sales_gap_amount"] == pytest.approx(sales * row["difference"])
    assert row["sales_gap_amount_ci_low"] < row["sales_gap_amount"] < 0


def test_without_a_relation_bands_are_rarely_told_apart():
    # Three measures and two bands; those of one measure hold together.
    told = np.zeros(3)
    for seed in range(30):
        rows = followed(90, seed=seed)
        gaps = compare_bands(rows, present(rows), EDGES, rules=FAST)
        said = gaps.assign(told=gaps["verdict"] != "cannot tell").groupby("measure")["told"].any()
        told += said.reindex(["change_share", "complaints_per_100", "retained_share"]).to_numpy()
    assert (told <= 0.05 * 30 + 3 * np.sqrt(30 * 0.05 * 0.95)).all()


def test_small_bands_are_not_judged():
    rows = followed(30)
    with pytest.raises(RefusedError, match="Fewer than two bands hold 40 accounts"):
        compare_bands(rows, present(rows), EDGES, rules=WorthRules(min_accounts=40))
    small = rows.assign(account_index=[60.0] * 3 + [75.0] * 15 + [90.0] * 12, after_amount=0.0)
    gaps = compare_bands(small, present(small), EDGES, rules=FAST)
    assert set(gaps.loc[gaps["band"] == 0, "verdict"]) == {"cannot tell"}


def test_the_area_is_scikit_learns_and_leavers_are_found():
    rows = followed(300, leave=0.4)
    found = foretell_leaving(rows, rules=FAST).set_index("predictor")
    left = ~rows["is_retained"]
    assert found["roc_area"]["account_index"] == pytest.approx(
        roc_auc_score(left, -rows["account_index"]))
    assert found["roc_area"]["before_amount"] == pytest.approx(
        roc_auc_score(left, -rows["before_amount"]))
    assert found["verdict"].to_dict() == {"before_amount": "", "account_index": "better",
                                          "index_and_sales": "better"}
    assert found["n_left"].tolist() == [int(left.sum())] * 3


def test_too_few_leavers_are_refused():
    rows = followed(60).assign(is_retained=True)
    with pytest.raises(RefusedError, match="0 accounts left after the waves that could be "
                                           "followed; 10 are asked for"):
        foretell_leaving(rows, rules=FAST)


def test_the_order_of_rows_does_not_matter():
    rows = followed(60)
    turned = rows.iloc[::-1].reset_index(drop=True)
    pd.testing.assert_frame_equal(compare_bands(rows, present(rows), EDGES, rules=FAST),
                                  compare_bands(turned, present(turned), EDGES, rules=FAST))


def test_money_in_another_unit_scales_money_only():
    rows = followed(60)
    cents = rows.assign(before_amount=rows["before_amount"] * 100,
                        after_amount=rows["after_amount"] * 100)
    one, other = (describe_bands(table, EDGES, rules=FAST) for table in (rows, cents))
    money = ["before_amount", "after_amount", "change_amount"]
    pd.testing.assert_frame_equal(one.assign(**(one[money] * 100)), other)


@pytest.mark.parametrize("damage", ["no survey", "one respondent", "outside"])
def test_odd_surveys_give_reasons(bench, damage):
    papers = {str(i): (f"a{i}", [3, *FILL]) for i in range(1 if damage == "one respondent" else 12)}
    tables = {} if damage == "no survey" else bench.tables({"W": ("2024-06-28", papers)})
    if damage == "outside":
        tables["survey_answers"]["score"] = 99.0
    months = bench.months({f"a{i}": {"2024-01": 10.0, "2024-08": 12.0} for i in range(12)})
    result = bench.build(tables, months=months, facts=bench.facts([f"a{i}" for i in range(12)]))
    handed = hand_on_worth(result, currency="CNY")
    assert handed.unanswered
    assert all(entry.reason and entry.table for entry in handed.unanswered)
    assert "foretold" in result.refused
