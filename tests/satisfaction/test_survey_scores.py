"""NPS and its margin of error, top-2-box, CSAT and the ACSI-type score."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.satisfaction import SatisfactionRules, build_scores, nps_error, score_acsi

# State of Ohio, printed with its ACSI study: three weights that sum to 1.
OHIO = (0.3885, 0.3190, 0.2925)
WIDE = {"scale_min": 0.0, "scale_max": 10.0}


@pytest.fixture
def asked(scored, items):
    """Scores of a wave whose last items are of other kinds: recommend, overall, two more."""
    def build(papers, rules=None, **stated):
        table = items(4, kind=["rating", "nps", "overall", "intention"])
        wave = scored(papers, items=table, rules=rules, **(WIDE | stated))
        answers = pd.DataFrame([
            {"wave_id": "W2", "questionnaire_id": f"W2-{paper}", "account_id": account,
             "item_id": f"Q{i:02d}", "score": score, "answered_date": pd.Timestamp(2025, 9, 20)}
            for paper, (account, scores) in papers.items()
            for i, score in enumerate(scores, start=1)])
        found, reasons = build_scores(wave, None, items=table, answers=answers,
                                      rules=rules or SatisfactionRules())
        return found.set_index("measure"), reasons
    return build


def test_nps_and_its_margin_of_error():
    # Half promoters, a fifth detractors, 100 answers: 1.96 * 100 * sqrt((0.7 - 0.09) / 100).
    assert 1.96 * nps_error(0.5, 0.2, 100) == pytest.approx(15.3, abs=0.05)
    # metrics.md: times sqrt((N - n) / (N - 1)) where the whole has 200.
    assert nps_error(0.5, 0.2, 100, 200) == pytest.approx(
        nps_error(0.5, 0.2, 100) * np.sqrt(100 / 199))
    with pytest.raises(InputError, match="promoters and detractors"):
        nps_error(0.7, 0.6, 100)


def test_the_acsi_formula_with_ohios_weights():
    ends = {"scale_min": 1, "scale_max": 10}
    assert score_acsi([1, 1, 1], weights=OHIO, **ends) == pytest.approx(0)
    assert score_acsi([10, 10, 10], weights=OHIO, **ends) == pytest.approx(100)
    # ((8.2 - 1) .3885 + (7.6 - 1) .3190 + (7.1 - 1) .2925) / 9 * 100 = 74.30 by hand.
    assert score_acsi([8.2, 7.6, 7.1], weights=OHIO, **ends) == pytest.approx(74.30, abs=0.005)
    # Verint's unweighted form: (S + E + P - 3) / 27 * 100.
    assert score_acsi([8, 7, 6], weights=(1, 1, 1), **ends) == pytest.approx((21 - 3) / 27 * 100)
    with pytest.raises(InputError, match="2 means"):
        score_acsi([8, 7], weights=OHIO, **ends)


def test_scores_of_a_small_wave_by_hand(asked):
    table, reasons = asked({"p0": ("a", [8, 9, 9, 9]), "p1": ("b", [8, 10, 8, 9]),
                            "p2": ("c", [8, 6, 10, 9]), "p3": ("d", [8, 8, 5, 9])})
    nps = table.loc["nps"]
    # Two promoters, one detractor, one between: 25; sqrt((0.75 - 0.0625) / 4) = 0.4146.
    assert nps["score_value_index"] == 25
    assert nps["simple_margin_index"] == pytest.approx(1.95996 * 41.458, abs=0.005)
    # One answer an account: Student's quantile for 3 degrees on the simple error.
    assert nps["score_value_index_ci_high"] - 25 == pytest.approx(3.1824 * 41.458, abs=0.01)
    assert nps["error_method"] == "each_answer"
    assert table.loc["top_two_box", "score_value_index"] == 50  # 9 and 10 of 0-10
    assert table.loc["csat_mean", "score_value_index"] == pytest.approx(80)  # 8.0 of 10
    assert set(reasons) == {"acsi"}


def test_people_of_one_account_are_no_independent_answers(asked):
    papers = {f"p{k}": ("abc"[k // 4], [8, [10, 10, 5][k // 4], 8, 9]) for k in range(12)}
    nps = asked(papers)[0].loc["nps"]
    assert (nps["n_answers"], nps["n_accounts"], nps["error_method"]) == (12, 3, "over_accounts")
    # Three accounts at 100, 100 and -100: standard error 200 / 3, not that of 12 answers.
    assert nps["score_value_index_ci_high"] - nps["score_value_index"] == pytest.approx(
        4.3027 * 200 / 3, abs=0.05)
    assert nps["simple_margin_index"] < 60


def test_nps_is_refused_on_another_scale_and_by_too_few(asked):
    five = {"scale_min": 1.0, "scale_max": 5.0}
    papers = {f"p{k}": (f"a{k}", [4, 5, 4, 4]) for k in range(4)}
    assert "only defined on answers from 0 to 10" in asked(papers, **five)[1]["nps"]
    few = {f"p{k}": (f"a{k}", [4, 5, 4, 4]) for k in range(2)}
    assert "answered by 2 accounts; a score needs 3" in asked(few)[1]["nps"]


def test_acsi_from_the_items_that_the_rules_name(asked):
    rules = SatisfactionRules(acsi_items=("Q02", "Q03", "Q04"), acsi_weights=OHIO)
    papers = {"p0": ("a", [8, 10, 10, 10]), "p1": ("b", [8, 0, 0, 0]), "p2": ("c", [8, 5, 5, 5]),
              "p3": ("d", [8, None, 9, 9])}
    table, reasons = asked(papers, rules=rules)
    acsi = table.loc["acsi"]
    # Who left one of the three out is not counted.
    assert (acsi["n_answers"], acsi["score_value_index"]) == (3, pytest.approx(50))
    assert reasons == {}
    lost = SatisfactionRules(acsi_items=("Q02", "Q03", "Q99"))
    assert "no item Q99" in asked(papers, rules=lost)[1]["acsi"]
