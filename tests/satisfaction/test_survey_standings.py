"""Which kinds of question stand apart, which point the wrong way, and who hides his trouble."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import RefusedError
from kamlib.satisfaction import SatisfactionRules, correlate_items, list_hidden, rank_categories

RULES = SatisfactionRules()


def draw(n, turned=()):
    """Papers of n accounts whose four items follow one mood; turned ones run against it."""
    rng = np.random.default_rng(4)
    mood = rng.normal(3.2, 1.0, n)
    scores = np.clip(np.rint(mood[:, None] + rng.normal(0, 0.5, (n, 4))), 1, 5)
    scores[:, list(turned)] = 6 - scores[:, list(turned)]
    return {f"p{k}": (f"a{k:02d}", list(map(float, row))) for k, row in enumerate(scores)}


def test_item_rest_correlations_by_hand(scored, items):
    papers = draw(40, turned=[3])
    wave = scored(papers, items=items(4, is_reversed=[False, False, False, True]))
    table = correlate_items(wave, rules=RULES).set_index("item_id")
    raw = np.array([row for _, row in papers.values()])
    rest = (raw[:, 1] + raw[:, 2] + 6 - raw[:, 3]) / 3
    assert table.loc["Q01", "rest_correlation"] == pytest.approx(
        np.corrcoef(raw[:, 0], rest)[0, 1])
    # The turned item is shown as it was ticked: against the others.
    assert table.loc["Q04", "rest_correlation"] == pytest.approx(
        np.corrcoef(raw[:, 3], raw[:, :3].mean(axis=1))[0, 1])
    assert table.loc["Q04", "rest_correlation_ci_high"] < 0
    assert table["direction"].unique().tolist() == ["as_declared"]


@pytest.mark.parametrize(("turned", "declared", "wrong"), [
    ([], [False, False, False, True], "Q04"),  # marked as reversed, and is not
    ([3], [False] * 4, "Q04")])  # is reversed, and not marked
def test_a_wrong_reversal_is_questioned(scored, items, turned, declared, wrong):
    wave = scored(draw(40, turned), items=items(4, is_reversed=declared))
    table = correlate_items(wave, rules=RULES).set_index("item_id")
    assert table[table["direction"] == "questioned"].index.tolist() == [wrong]


def test_with_few_accounts_one_cannot_tell_the_direction(scored, items):
    table = correlate_items(scored(draw(4)), rules=RULES)
    assert table["direction"].unique().tolist() == ["cannot tell"]
    alike = correlate_items(scored({f"p{k}": (f"a{k}", [4, 4, 4, 4]) for k in range(9)}),
                            rules=RULES)
    assert alike["rest_correlation"].isna().all()


def test_categories_against_the_mean_of_all_items(scored, items):
    papers = {f"p{k}": (f"a{k}", [2, 2, 4 + k % 2, 4]) for k in range(8)}
    wave = scored(papers, items=items(4, category=["price", "price", "quality", "quality"]))
    table = rank_categories(wave, rules=RULES).set_index("category")
    assert table.index.tolist() == ["price", "quality"]
    # price 40; quality 80 or 90; all items (80 + 80 or 90) / 4: price is 20 or 22.5 below.
    assert table["category_index"].tolist() == pytest.approx([40, 85])
    assert table["difference_index"].tolist() == pytest.approx([-22.5, 22.5])
    assert table["standing"].tolist() == ["below", "above"]
    assert table["n_items"].tolist() == [2, 2]


def test_holms_correction_keeps_chance_from_standing_apart(scored, items):
    # Twelve kinds of question that do not differ: uncorrected, one of them would often stand out.
    n_apart = 0
    for seed in range(25):
        rng = np.random.default_rng(seed)
        papers = {f"p{k}": (f"a{k:02d}", list(map(float, rng.integers(1, 6, 12))))
                  for k in range(15)}
        wave = scored(papers, items=items(12, category=[f"c{k:02d}" for k in range(12)]))
        table = rank_categories(wave, rules=RULES)
        n_apart += bool(table["standing"].isin(["below", "above"]).any())
    assert n_apart <= 4  # 5 % of 25 expected; uncorrected about 11


def test_standings_need_accounts(scored, items):
    wave = scored({f"p{k}": (f"a{k}", [2, 5]) for k in range(4)},
                  items=items(2, category=["price", "quality"]))
    assert rank_categories(wave, rules=RULES)["standing"].tolist() == ["cannot tell"] * 2


@pytest.fixture
def hide(scored, items):
    """list_hidden of papers with a rating, a second one, an overall mark and an intention."""
    def build(papers, kinds=("rating", "rating", "overall", "intention")):
        table = items(len(kinds), kind=list(kinds))
        wave = scored(papers, items=table)
        answers = pd.DataFrame([
            {"wave_id": "W2", "questionnaire_id": f"W2-{paper}", "account_id": account,
             "item_id": f"Q{i:02d}", "score": score, "answered_date": pd.Timestamp(2025, 9, 20)}
            for paper, (account, scores) in papers.items()
            for i, score in enumerate(scores, start=1)])
        return list_hidden(wave, items=table, answers=answers, owners={"b": "m1"}, rules=RULES,
                           amounts=pd.Series({"a": 1.0, "b": 3.0, "c": 2.0}))
    return build


def test_hidden_dissatisfaction_is_low_once_and_high_on_the_whole(hide):
    table = hide({"p0": ("a", [2, 5, 4, 4]),  # hidden: 2 and 4 lie on the lines of 1-5
                  "p1": ("b", [1, 5, 5, 5]), "p2": ("b", [5, 2, 5, 5]),  # two people hide it
                  "p3": ("c", [2, 5, 3, 5]),  # the whole is rated low: it shows
                  "p4": ("d", [2, 5, 5, 3]),  # will not buy again: it shows
                  "p5": ("e", [3, 5, 5, 5])})  # nothing is low
    assert table["account_id"].tolist() == ["b", "a"]  # largest revenue first
    row = table.iloc[0]
    assert (row["owner_id"], row["lowest_item"], row["item_rating"]) == ("m1", "Item Q01", 1)
    assert (row["n_people"], row["net_amount_window"]) == (2, 3.0)


def test_without_an_intention_the_overall_mark_decides(hide):
    table = hide({"p0": ("a", [2, 5, 4]), "p1": ("b", [4, 5, 4])},
                 kinds=("rating", "rating", "overall"))
    assert table["account_id"].tolist() == ["a"]
    assert table["intention_rating"].isna().all()


def test_hidden_dissatisfaction_needs_an_overall_question(hide):
    with pytest.raises(RefusedError, match="question about the whole"):
        hide({"p0": ("a", [2, 5])}, kinds=("rating", "rating"))
