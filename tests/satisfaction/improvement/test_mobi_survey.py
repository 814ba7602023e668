"""The survey of a mobile operator as its recipe opens it: 250 respondents, 24 questions, 1-10."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from kamlib import open_report, satisfaction
from kamlib.dataset import Dataset, open_dataset
from kamlib.figures.improvement import read_priorities
from kamlib.satisfaction import SatisfactionRules, build_scores, correlate_items, score_wave
from kamlib.stats.reliability import item_rest_correlations, measure_reliability

RECIPES = Path(__file__).resolve().parents[3] / "data" / "recipes"
EXPECTATIONS = ["CUEX1", "CUEX2", "CUEX3"]


@pytest.fixture(scope="module")
def survey(real_data: Path) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAM_REAL_DATA", str(real_data))
        return open_dataset(RECIPES / "mobi_survey.toml")


@pytest.fixture(scope="module")
def wide(survey: Dataset) -> pd.DataFrame:
    answers = survey.tables["survey_answers"].execute()
    return answers.pivot(index="questionnaire_id", columns="item_id", values="score").astype(float)


def test_every_answer_stands_where_the_file_has_it(survey, wide, real_data):
    source = pd.read_csv(real_data / "mobi_survey" / "mobi.csv")
    assert wide[list(source.columns)].to_numpy().tolist() == source.to_numpy().tolist()
    assert (survey.accounting["read"] == survey.accounting["kept"]).all()
    items = survey.tables["survey_items"].execute()
    assert items["kind"].value_counts().to_dict() == {"rating": 15, "overall": 3, "expectation": 3,
                                                      "intention": 3}


def test_expectations_are_not_turned(survey, wide):
    """shared/data/CATALOGUE.md: alpha .433 as it stands, -.056 with CUEX3 reversed."""
    items = survey.tables["survey_items"].execute()
    assert not items["is_reversed"].any()
    asked = wide[EXPECTATIONS]
    assert measure_reliability(asked).alpha == pytest.approx(0.433, abs=0.0005)
    turned = asked.assign(CUEX3=11 - asked["CUEX3"])
    assert measure_reliability(turned).alpha == pytest.approx(-0.056, abs=0.0005)
    # What a reader sees of a wrong reversal before believing in it.
    rest = item_rest_correlations(turned).set_index("item_id")
    assert rest.loc["CUEX3", "item_rest_correlation_ci_high"] < 0
    # The same catalogue: +0.21 with CUEX1, +0.11 with CUEX2.
    assert asked.corr()["CUEX3"].round(2).tolist()[:2] == [0.21, 0.11]


def test_the_page_tells_equal_weights_and_what_judgement_follows_apart(real_data, monkeypatch):
    monkeypatch.setenv("KAM_REAL_DATA", str(real_data))
    report = open_report(RECIPES / "mobi_survey.toml", period="latest",
                         rules=RECIPES / "mobi_survey_rules.toml")
    tables = {name: report.read(name) for name in satisfaction.TABLES if report.has(name)}
    of_all = {"facts": report.facts, "accounts": report.accounts, "as_of": report.period.as_of}
    survey = satisfaction.build_survey(tables, months=report.months,
                                       rules=report.rules.satisfaction, **of_all)
    plan = satisfaction.plan_improvement(survey, tables, rules=report.rules.improvement, **of_all)
    # The file gives no weights and nobody was asked what is important.
    assert plan.priorities["weight_share"].nunique() == 1
    assert plan.importance["stated_index"].isna().all()
    assert not plan.priorities["is_reversed"].any()
    said = read_priorities(plan)
    assert "All questions weigh the same in the index" in said
    assert "What the overall judgement follows is another reading of what matters" in said


def test_the_percentage_put_on_the_scale_fits_nothing(wide):
    """shared/data/CATALOGUE.md: CUSL2 correlates 0.05 and 0.10 with the other two."""
    assert wide[["CUSL1", "CUSL2", "CUSL3"]].corr()["CUSL2"].round(2).tolist() == [0.05, 1.0, 0.10]


def test_acsi_type_score_and_directions_of_the_real_answers(survey, wide):
    items, answers, waves = (survey.tables[f"survey_{name}"].execute()
                             for name in ("items", "answers", "waves"))
    rules = SatisfactionRules(acsi_items=("CUSA1", "CUSA2", "CUSA3"))
    wave = score_wave(waves.iloc[0], items=items, answers=answers, rules=rules)
    scores = build_scores(wave, None, items=items, answers=answers, rules=rules)[0].set_index(
        "measure")
    # Verint's form, from the file: (S + E + P - 3) / 27 * 100 over 250 people.
    by_hand = (wide[["CUSA1", "CUSA2", "CUSA3"]].sum(axis=1) - 3).mean() / 27 * 100
    assert scores.loc["acsi", "score_value_index"] == pytest.approx(by_hand)
    assert scores.loc["acsi", "n_answers"] == 250
    assert set(correlate_items(wave, rules=rules)["direction"]) == {"as_declared"}
