"""The test of the RFM classes: what it measures, what it may know, when it says nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError, RefusedError
from kamlib.segmentation import SegmentationRules
from kamlib.segmentation.rfm import score_rfm
from kamlib.segmentation.rfm_backtest import (
    BACKTEST_COLUMNS,
    _predict,
    _rank_correlations,
    backtest_rfm,
)

RULES = SegmentationRules(n_resamples=100)
OPENING = pd.Timestamp("2025-10-01")


def build_previous(seed, n=200):
    rng = np.random.default_rng(seed)
    days = rng.integers(1, 360, n)
    return pd.DataFrame({
        "account_id": [f"{i:04d}" for i in range(n)],
        "last_sale_date": OPENING - pd.to_timedelta(days + 1, unit="D"),
        "days_since_last_sale": pd.array(days, dtype="Int64"),
        "n_orders_window": pd.array(rng.integers(1, 30, n), dtype="Int64"),
        "net_amount_window": rng.lognormal(10, 1, n)})


def build_now(previous, outcome, *, known=1.0):
    return pd.DataFrame({
        "account_id": previous["account_id"],
        "last_sale_before_opening_date": previous["last_sale_date"],
        "net_amount_period": np.asarray(outcome, dtype="float64") * 4,
        "margin_amount_period": np.asarray(outcome, dtype="float64"),
        "margin_known_amount_period": np.asarray(outcome, dtype="float64") * 4 * known})


def noise(seed, n=200):
    return np.random.default_rng(seed + 1000).lognormal(0, 0.3, n)


def verdicts(make_outcome, *, n_seeds=12, n=120):
    """Both verdicts on the RFM class over seeds, counted."""
    found = []
    for seed in range(n_seeds):
        previous = build_previous(seed, n)
        now = build_now(previous, make_outcome(previous, noise(seed, n)))
        table = backtest_rfm(previous, now, rules=RULES).set_index("predictor")
        found.append(table.loc["rfm_class", ["verdict", "mean_verdict"]].tolist())
    pairs = pd.DataFrame(found)
    return pairs[0].value_counts().to_dict(), pairs[1].value_counts().to_dict()


def test_class_is_never_better_where_only_the_amount_counts():
    against_amount, against_mean = verdicts(lambda previous, e: previous["net_amount_window"] * e)
    assert "better" not in against_amount
    assert against_mean == {"better": 12}


def test_class_is_better_where_recency_counts():
    against_amount, _mean = verdicts(lambda previous, e: np.exp(
        -previous["days_since_last_sale"].astype("float64") / 60) * e)
    assert against_amount == {"better": 12}


def test_chance_alone_seldom_gives_a_verdict():
    # 5 % of 120 verdicts are 6. Without the widening for overlapping folds some 15 % come.
    found = verdicts(lambda previous, e: e, n_seeds=60, n=60)
    assert sum(60 - counts["cannot tell"] for counts in found) <= 9


def test_group_unknown_to_the_other_folds_is_foretold_by_their_mean():
    codes, folds = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 1])
    # The last account is alone in its group; the first fold has 2 and 4, and it must not see 9.
    predicted = _predict(codes, np.array([2.0, 4.0, 6.0, 9.0]), folds)
    assert predicted.tolist() == [6.0, 6.0, 3.0, 3.0]


def test_spearman_of_one_part_is_the_published_one():
    # Wikipedia, "Spearman's rank correlation coefficient": IQ and hours of television, -29/165.
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    part = np.column_stack([iq, np.ones(10), hours]).astype("float64")
    assert _rank_correlations([part]) == pytest.approx([-29 / 165, 0.0])


def test_class_that_fixes_the_outcome_is_foretold_without_error():
    previous = build_previous(3)
    classes = score_rfm(previous, rules=RULES)["rfm_class"]
    outcome = pd.factorize(classes, sort=True)[0] * 10.0
    table = backtest_rfm(previous, build_now(previous, outcome), rules=RULES)
    row = table.set_index("predictor").loc["rfm_class"]
    assert (row["mae_amount"], row["rmse_amount"]) == pytest.approx((0, 0))
    assert row["rank_correlation"] == pytest.approx(1)
    assert row["n_groups"] == classes.nunique()


def test_overall_mean_of_the_other_folds_is_off_by_the_spread():
    # Half bring 0, half 100: predicting about 50 is off by about 50 each time.
    previous = build_previous(4)
    table = backtest_rfm(previous, build_now(previous, np.arange(200) % 2 * 100.0), rules=RULES)
    row = table.set_index("predictor").loc["overall_mean"]
    assert row["mae_amount"] == pytest.approx(50, abs=1)
    assert row["rmse_amount"] == pytest.approx(50, abs=1)
    assert row["rank_correlation"] == 0
    assert np.isnan(row["rank_correlation_ci_low"])


def test_rows_columns_and_seed():
    previous = build_previous(5)
    now = build_now(previous, noise(5))
    table = backtest_rfm(previous, now, rules=RULES)
    assert table.columns.tolist() == BACKTEST_COLUMNS
    assert table["predictor"].tolist() == ["rfm_class", "amount_groups", "overall_mean"]
    assert table["verdict"].tolist()[1] == table["mean_verdict"].tolist()[2] == ""
    assert table["outcome"].unique().tolist() == ["margin"]
    mixed = backtest_rfm(previous.iloc[::-1], now.sample(frac=1, random_state=1), rules=RULES)
    pd.testing.assert_frame_equal(mixed, table)


def test_nothing_of_the_period_enters_the_features():
    previous = build_previous(6)
    now = build_now(previous, noise(6))
    planted = now.assign(net_amount_window=now["margin_amount_period"] * 1e6, n_orders_window=99,
                         days_since_last_sale=0, is_active_closing=True)
    stranger = planted.iloc[[0]].assign(account_id="new", margin_amount_period=1e9)
    planted = pd.concat([planted, stranger])
    pd.testing.assert_frame_equal(backtest_rfm(previous, planted, rules=RULES),
                                  backtest_rfm(previous, now, rules=RULES))


def test_facts_that_know_the_period_are_refused():
    previous = build_previous(7)
    now = build_now(previous, noise(7))
    previous.loc[3, "last_sale_date"] = OPENING + pd.Timedelta(days=4)
    with pytest.raises(InputError) as caught:
        backtest_rfm(previous, now, rules=RULES)
    assert str(caught.value) == (
        "backtest_rfm needs account facts that end before the period, but those given as "
        "facts_previous hold later sales of 1 accounts (0003). Pass report.facts_previous and "
        "report.facts.")
    now.loc[3, "last_sale_before_opening_date"] = pd.NaT
    with pytest.raises(InputError, match=r"later sales of 1 accounts \(0003\)"):
        backtest_rfm(previous, now, rules=RULES)


@pytest.mark.parametrize(("known", "outcome"), [(1.0, "margin"), (0.8, "margin"),
                                                (0.7, "net_sales"), (0.0, "net_sales")])
def test_sales_stand_in_where_cost_is_not_known(known, outcome):
    previous = build_previous(8)
    table = backtest_rfm(previous, build_now(previous, noise(8).round(2), known=known),
                         rules=RULES)
    assert set(table["outcome"]) == {outcome}


def test_more_than_half_identical_amounts_and_negative_margins_are_no_obstacle():
    previous = build_previous(9)
    previous.loc[:149, "net_amount_window"] = 7.0
    table = backtest_rfm(previous, build_now(previous, noise(9) - 1), rules=RULES)
    assert table["mae_amount"].notna().all()
    assert table.loc[1, "n_groups"] < table.loc[0, "n_groups"]


def test_too_few_accounts_are_refused():
    previous = build_previous(1, n=39)
    with pytest.raises(RefusedError, match=r"39 accounts had an RFM class .* needs 40"):
        backtest_rfm(previous, build_now(previous, noise(1, 39)), rules=RULES)
    forty = build_previous(1, n=40)
    assert len(backtest_rfm(forty, build_now(forty, noise(1, 40)), rules=RULES)) == 3


def test_what_is_not_known_is_refused():
    previous = build_previous(2)
    now = build_now(previous, noise(2))
    with pytest.raises(RefusedError, match="previous period"):
        backtest_rfm(None, now, rules=RULES)
    with pytest.raises(RefusedError, match="sales of the period are not known"):
        backtest_rfm(previous, now.assign(net_amount_period=np.nan), rules=RULES)
    with pytest.raises(RefusedError, match="brought the same"):
        backtest_rfm(previous, build_now(previous, np.zeros(200)), rules=RULES)
    with pytest.raises(RefusedError, match="before the known history"):
        backtest_rfm(previous.assign(n_orders_window=pd.NA), now, rules=RULES)
