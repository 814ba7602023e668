"""Claims of the sources: on made-up accounts where the answer is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import rankdata, spearmanr
from selection_world import HOLDINGS, RULES, build_known, select

from kamlib.selection import CLAIMS, claims, hand_on_selection, measure_criteria
from kamlib.selection.claims import _test, judge_claims

FORTY = {f"A{i:02d}": 1000.0 + 50 * i for i in range(40)}
NOBODY = pd.DataFrame()


def judge(known, *, followed=NOBODY, change=None):
    criteria = measure_criteria(known, rules=RULES)
    table = judge_claims(criteria if change is None else change(criteria), known,
                         holdings=HOLDINGS, followed=followed, rules=RULES)
    return table.set_index("claim_id")


def test_supported_contradicted_and_cannot_tell():
    rng = np.random.default_rng(3)
    noise = rng.permutation(40) / 1000

    def change(criteria: pd.DataFrame) -> pd.DataFrame:
        order = np.arange(40) / 40
        return criteria.assign(margin_share=0.5 - order * 0.2 + noise,
                               cost_to_serve_share=0.1 - order * 0.05 + noise,
                               tenure_years=rng.permutation(40).astype(float))
    rows = judge(build_known(FORTY), change=change)
    assert rows["verdict"].to_dict() == {
        "big_higher_margin": "contradicted", "big_lower_price": "cannot tell",
        "big_cheaper_to_serve": "supported", "big_stays": "cannot tell",
        "long_cheaper_to_serve": "cannot tell", "satisfied_grows": "cannot tell",
        "satisfied_stays": "cannot tell"}
    # All of them buy: nothing to compare, which is said.
    assert rows.at["big_stays", "reason"] == ("One of both figures is the same for all 40 accounts,"
                                              " so there is nothing to compare.")
    assert rows.at["satisfied_grows", "reason"].startswith("No survey wave is old enough")
    # Holm over the three that could be tested: the smallest p value three times.
    tested = rows[rows["p_value"].notna()].sort_values("p_value")
    assert len(tested) == 3
    assert tested["adjusted_p_value"].iloc[0] == pytest.approx(3 * tested["p_value"].iloc[0])


def test_satisfaction_before_and_growth_after():
    index = np.linspace(40, 95, 40)
    followed = pd.DataFrame({"account_id": list(FORTY), "wave_id": "W1", "account_index": index,
                             "before_amount": 100.0, "after_amount": 50 + index,
                             "is_retained": index > 60})
    rows = judge(build_known(FORTY), followed=followed)
    assert rows.at["satisfied_grows", "rank_order"] == pytest.approx(1)
    assert rows.at["satisfied_grows", "verdict"] == "supported"
    assert rows.at["satisfied_stays", "verdict"] == "supported"


def test_few_accounts_are_not_tested():
    rows = judge(build_known({f"A{i}": 100.0 + i for i in range(8)}))
    assert rows["p_value"].isna().all()
    assert set(rows.index) == set(CLAIMS)
    assert "a claim is tested from 20 on" in rows.at["big_higher_margin", "reason"]


def test_permutation_p_values_are_right_under_no_connection():
    """One in twenty is called when nothing is there (exact up to chance in 200 worlds)."""
    rng = np.random.default_rng(9)
    called = [_test(rng.standard_normal((25, 2)), rng, RULES)[2] <= 0.05 for _ in range(200)]
    assert 2 <= sum(called) <= 20


@pytest.mark.parametrize("cells", [1, 700])
def test_resamples_a_few_at_a_time_are_those_of_all_at_once(monkeypatch, cells):
    """700 cells are 28 resamples of 25 accounts, which does not divide their number evenly."""
    rng = np.random.default_rng(4)
    pairs = np.column_stack([rng.integers(0, 6, 25), rng.standard_normal(25)])
    # As all were drawn and sorted together before they were counted.
    drawn = np.random.default_rng(5)
    ranks = rankdata(pairs, axis=0)
    centred = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
    times = RULES.n_permutations
    drawn.permuted(np.broadcast_to(centred[:, 1], (times, 25)), axis=1)
    picked = drawn.integers(0, 25, (times, 25))
    orders = [spearmanr(*pairs[row].T).statistic for row in picked]
    monkeypatch.setattr(claims, "CELLS", cells)
    low, high, _p = _test(pairs, np.random.default_rng(5), RULES)
    assert [low, high] == pytest.approx(np.quantile(orders, [0.025, 0.975]), abs=1e-12)


def test_what_is_handed_on():
    result = select(build_known(FORTY, has_cost=False))
    handed = hand_on_selection(result, currency="CNY")
    assert len(handed.headline) == 3
    assert handed.headline[0].startswith("Key accounts should be A39, A38 and A37")
    questions = {one.question: one.table for one in handed.unanswered}
    assert questions["How well do key accounts pay?"] == "payments"
    assert questions["What profit do key accounts leave?"] == "orders"
    assert questions["Where is the potential?"] == "wallet_estimates"
    assert {one.kind for one in handed.findings} >= {"key_accounts", "one_owner", "reject_screen"}
