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
    found = share_importance(*swiss, seed=1, n_resamples=200, min_rows_per_predictor=9)
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


# R, datasets::mtcars: mpg, cyl, disp, hp, gear.
MTCARS = """21,6,160,110,4 21,6,160,110,4 22.8,4,108,93,4 21.4,6,258,110,3 18.7,8,360,175,3
18.1,6,225,105,3 14.3,8,360,245,3 24.4,4,146.7,62,4 22.8,4,140.8,95,4 19.2,6,167.6,123,4
17.8,6,167.6,123,4 16.4,8,275.8,180,3 17.3,8,275.8,180,3 15.2,8,275.8,180,3 10.4,8,472,205,3
10.4,8,460,215,3 14.7,8,440,230,3 32.4,4,78.7,66,4 30.4,4,75.7,52,4 33.9,4,71.1,65,4
21.5,4,120.1,97,3 15.5,8,318,150,3 15.2,8,304,150,3 13.3,8,350,245,3 19.2,8,400,175,3
27.3,4,79,66,4 26,4,120.3,91,5 30.4,4,95.1,113,5 15.8,8,351,264,5 19.7,6,145,175,5
15,8,301,335,5 21.4,4,121,109,4"""


def test_johnson_of_mtcars_as_published():
    """R package rwa (Chan), README: mpg on cyl, disp, hp, gear, after Tonidandel & LeBreton."""
    table = np.array([row.split(",") for row in MTCARS.split()], dtype="float64")
    weights = split_johnson(correlations(table[:, 1:], table[:, 0]))[0]
    np.testing.assert_allclose(weights, [0.2284797, 0.2221469, 0.2321744, 0.0963886], atol=5e-8)
    assert weights.sum() == pytest.approx(0.7791896, abs=5e-8)
    np.testing.assert_allclose(weights / weights.sum() * 100,
                               [29.32274, 28.50999, 29.79691, 12.37037], atol=5e-6)


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
    table = pd.DataFrame(rng.normal(size=(110, 11)), columns=[f"q{i}" for i in range(11)])
    found = share_importance(table, table["q0"] + rng.normal(size=110), seed=1, n_resamples=50)
    assert found.method == "relative_weights"
    assert found.shares["importance_share"].idxmax() == 0
    with pytest.raises(InputError, match="at most 10 predictors, but there are 11"):
        split_lmg(correlations(table, table["q0"]))


@pytest.mark.parametrize(("change", "words"), [
    (lambda t: t.assign(c=t["a"] + t["b"]), "one of the 3 predictors is the sum"),
    (lambda t: t.assign(c=4.0), "all answers to c are equal"),
    (lambda t: t.head(29), "needs 30 complete answers, but there are 29"),
    (lambda t: t[["a"]], "two predictors or more, but there are 1")])
def test_what_cannot_be_split_is_refused(driven, change, words):
    predictors, outcome = driven
    table = change(predictors)
    with pytest.raises(RefusedError, match=words):
        share_importance(table, outcome[table.index], seed=1)
