"""Shares of R² against published figures, in closed form, and what must not change them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError, RefusedError
from kamlib.stats.relative_importance import share_importance, split_johnson, split_lmg

# R, relaimpo (Grömping 2006), data set swiss, Fertility on the five others.
SWISS = {"Agriculture": .05709122, "Examination": .17117303, "Education": .26013468,
         "Catholic": .10557015, "Infant.Mortality": .11276592}


@pytest.fixture(scope="module")
def swiss(real_data):
    table = pd.read_csv(real_data / "reference" / "swiss.csv")
    return table[list(SWISS)], table["Fertility"]


@pytest.fixture
def driven():
    """Three predictors of which the first drives the outcome most and the last not at all."""
    rng = np.random.default_rng(5)
    common = rng.normal(size=80)
    table = pd.DataFrame({name: common + rng.normal(size=80) for name in "abc"})
    return table, 2 * table["a"] + table["b"] + rng.normal(size=80)


def correlations(predictors, outcome):
    return np.corrcoef(np.column_stack([predictors, outcome]), rowvar=False)[None]


def test_lmg_of_swiss_as_published(swiss):
    found = share_importance(*swiss, seed=1, n_resamples=200)
    assert (found.method, found.n) == ("lmg", 47)
    assert found.r_squared == pytest.approx(0.7067350, abs=5e-8)
    parts = found.shares.set_index("predictor")["explained"].to_dict()
    assert parts == pytest.approx(SWISS, abs=5e-9)
    assert found.shares["importance_share"].sum() == pytest.approx(1)


def test_johnson_is_close_to_lmg_and_adds_up_too(swiss):
    weights = split_johnson(correlations(*swiss))[0]
    assert weights.sum() == pytest.approx(0.7067350, abs=5e-8)
    # Johnson (2000) found both "almost identical"; on swiss they differ by 3 points of R² at most.
    np.testing.assert_allclose(weights, list(SWISS.values()), atol=0.03)


@pytest.mark.parametrize("rho", [-0.5, 0.0, 0.3, 0.8])
def test_two_predictors_in_closed_form(rho):
    r1, r2 = 0.6, 0.3
    matrix = np.array([[[1, rho, r1], [rho, 1, r2], [r1, r2, 1]]])
    whole = (r1**2 + r2**2 - 2 * rho * r1 * r2) / (1 - rho**2)
    first = ((r1**2) + (whole - r2**2)) / 2
    np.testing.assert_allclose(split_lmg(matrix)[0], [first, whole - first])
    # With two predictors Johnson's weights are the LMG shares.
    np.testing.assert_allclose(split_johnson(matrix)[0], [first, whole - first])


def test_order_unit_and_seed_do_not_matter(driven):
    predictors, outcome = driven
    one = share_importance(predictors, outcome, seed=1, n_resamples=100)
    mixed = predictors.sample(frac=1, random_state=3)
    other = share_importance(mixed[["c", "a", "b"]] * 25 - 7, outcome[mixed.index] * 10, seed=2,
                             n_resamples=100)
    columns = ["predictor", "explained"]
    pd.testing.assert_frame_equal(one.shares[columns],
                                  other.shares[columns].sort_values("predictor", ignore_index=True))
    again = share_importance(predictors, outcome, seed=1, n_resamples=100)
    pd.testing.assert_frame_equal(one.shares, again.shares)


def test_what_drives_comes_first_and_lies_in_its_interval(driven):
    table = share_importance(*driven, seed=1, n_resamples=300).shares
    assert table["importance_share"].idxmax() == 0
    assert (table["importance_share_ci_low"] < table["importance_share"]).all()
    assert (table["importance_share"] < table["importance_share_ci_high"]).all()
    assert table.loc[0, "importance_share_ci_low"] > table.loc[2, "importance_share_ci_high"]


def test_copies_of_an_account_are_no_new_evidence(driven):
    predictors, outcome = driven
    twice = pd.concat([predictors] * 4), pd.concat([outcome] * 4)
    accounts = list(range(len(outcome))) * 4
    alone = share_importance(predictors, outcome, seed=1, n_resamples=300).shares
    grouped = share_importance(*twice, groups=accounts, seed=1, n_resamples=300).shares
    naive = share_importance(*twice, seed=1, n_resamples=300).shares
    width = [(t["importance_share_ci_high"] - t["importance_share_ci_low"]).sum()
             for t in (alone, grouped, naive)]
    assert width[1] == pytest.approx(width[0], rel=0.1)
    assert width[2] < 0.7 * width[0]


def test_beyond_ten_predictors_johnson_takes_over():
    rng = np.random.default_rng(8)
    table = pd.DataFrame(rng.normal(size=(70, 11)), columns=[f"q{i}" for i in range(11)])
    found = share_importance(table, table["q0"] + rng.normal(size=70), seed=1, n_resamples=50)
    assert found.method == "relative_weights"
    assert found.shares["importance_share"].idxmax() == 0
    with pytest.raises(InputError, match="at most 10 predictors, but there are 11"):
        split_lmg(correlations(table, table["q0"]))


@pytest.mark.parametrize(("change", "words"), [
    (lambda t: t.assign(c=t["a"] + t["b"]), "one of the 3 predictors is the sum"),
    (lambda t: t.assign(c=4.0), "all answers to c are equal"),
    (lambda t: t.head(14), "needs 15 complete answers, but there are 14"),
    (lambda t: t[["a"]], "two predictors or more, but there are 1")])
def test_what_cannot_be_split_is_refused(driven, change, words):
    predictors, outcome = driven
    table = change(predictors)
    with pytest.raises(RefusedError, match=words):
        share_importance(table, outcome[table.index], seed=1)
