"""What quoted numbers say of themselves and of one another: each verdict, and the catalogue's."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import InputError
from kamlib.language import using
from kamlib.satisfaction import AuditRules, audit_figures, judge_figures
from kamlib.satisfaction.audit.check import CHECK_COLUMNS, FIGURE_COLUMNS
from kamlib.schema import load_schema

SP = "\N{NO-BREAK SPACE}"


def say(checks: pd.DataFrame, check: str) -> str:
    rows = checks[checks["check"] == check]
    assert len(rows) == 1
    return str(rows["seen"].iloc[0]).replace(SP, " ")


def test_e1_an_index_called_a_rate_and_held_against_a_rates_target(audit):
    row = {"label": "客户满意率", "quoted": "78.4%", "kind": "index", "n": 4, "target": "85%",
           "target_kind": "rate", "stated_verdict": "not met"}
    checks = audit(row)
    assert set(checks["verdict"]) == {"different kinds"}
    assert say(checks, "against_target") == (
        "78.4 % is an index (scores averaged onto 0–100), the target of 85 % is set for a rate (so "
        "many of all accounts or questionnaires): the one cannot meet or miss the other.")
    assert say(checks, "name_and_kind").startswith("“客户满意率” sounds like a rate")
    # Taken at its word it is impossible: four accounts give 75 % or 100 %.
    checks = audit({**row, "kind": "rate"})
    assert say(checks, "granularity") == (
        "78.4 % of 4 is impossible; nearest are 75.0 % or 100.0 %. Either it is no rate, or it "
        "rests on another number of answers.")
    assert "against_target" not in set(checks["check"])


def test_e2_three_percentages_for_one_thing(audit):
    checks = audit({"quoted": "63%", "kind": "share", "n": 48, "topic": "satisfaction"},
                   {"quoted": "78.4", "kind": "index", "n": 4, "topic": "satisfaction"},
                   {"quoted": "100%", "kind": "rate", "n": 4, "n_counted": 4,
                    "topic": "satisfaction"})
    assert say(checks, "same_name") == (
        "3 different figures tell about “satisfaction”: F01: 63 % (share, n = 48); F02: 78.4 "
        "(index, n = 4); F03: 100 % (rate, n = 4). Each needs its own name and denominator.")
    judged = judge_figures(pd.DataFrame({"quote_id": ["F01", "F02", "F03"]}).assign(
        label="x", quoted="1", kind="rate"), checks)
    assert judged["verdict"].tolist() == ["different kinds"] * 3


def test_one_topic_with_two_values_of_the_same_kind(audit):
    one, other = ({"quoted": text, "kind": "rate", "n": 48, "topic": "return"} for text in
                  ("62.5%", "58.3%"))
    assert say(audit(one, other), "same_name") == (
        "“return” has 2 values of the same kind and the same answers: F01: 62.5 % (rate, n = 48); "
        "F02: 58.3 % (rate, n = 48).")
    assert "same_name" not in set(audit(one, one)["check"])
    assert say(audit({"quoted": "7", "topic": "t"}, {"quoted": "8", "kind": "count", "topic": "t"}),
               "same_name").startswith("2 different figures tell about “t”: F01: 7 (mean, n not ")


def sat_16() -> list[dict[str, object]]:
    """Catalogue SAT-16 as it is printed: decimal commas, percent signs here and there."""
    means = ["96%", "94,5%", "95,5%", "95,4%", "93,1%", "93,2%", "100%", "91%", "91%", "93,5%"]
    groups = ["G1"] * 4 + ["G2"] * 3 + ["G3"] * 3
    common = {"scale_min": 0, "scale_max": 100, "target": "90%", "stated_verdict": "met"}
    rows: list[dict[str, object]] = [{"quote_id": "T", "quoted": "94,32%", **common}]
    rows += [{"quote_id": g, "quoted": text, "part_of": "T"} for g, text in
             (("G1", "95.35"), ("G2", "95.433"), ("G3", "91,833"))]
    return rows + [{"quote_id": f"I{i:02d}", "quoted": text, "part_of": group, "n": 8, **common}
                   for i, (text, group) in enumerate(zip(means, groups, strict=True))]


def test_sat_16_adds_up_and_items_were_averaged(audit, quoted):
    checks = audit(*sat_16())
    assert not {"does not add up", "different kinds"} & set(checks["verdict"])
    total = checks[(checks["quote_id"] == "T") & (checks["check"] == "mean_of_parts")]
    assert say(total, "mean_of_parts") == (
        "94.32 % is the plain mean of the 10 items. Items, not groups, were averaged. By the other "
        "way it would be 94.21 %.")
    judged = judge_figures(quoted(*sat_16()), checks)
    assert set(judged["verdict"]) == {"adds up"}
    assert (checks[checks["check"] == "against_target"]["verdict"] == "adds up").sum() == 11


def test_the_mean_of_the_groups_is_named_when_it_was_taken(audit):
    rows = sat_16()
    rows[0]["quoted"] = "94.206%"
    checks = audit(*rows)
    assert "Groups, not items, were averaged" in say(
        checks[checks["quote_id"] == "T"], "mean_of_parts")
    rows[0]["quoted"] = "94.7%"
    checks = audit(*rows)
    top = checks[(checks["quote_id"] == "T") & (checks["check"] == "mean_of_parts")]
    assert top["verdict"].tolist() == ["does not add up"]
    assert top["expected"].iloc[0].replace(SP, " ") == (
        "the plain mean of the 10 items is 94.3 % and the mean of the 3 groups is 94.2 %")


def test_sat_08_28_of_45(audit):
    checks = audit({"quoted": "62%", "kind": "rate", "n": 45, "n_counted": 28},
                   {"quoted": "64%", "kind": "rate", "n": 45, "n_counted": 28},
                   {"quoted": "0%", "kind": "rate", "n": 0, "n_counted": 0})
    assert checks["verdict"].tolist() == ["adds up", "does not add up", "does not add up"]
    seen = [text.replace(SP, " ") for text in checks["seen"]]
    assert seen == [
        "28 of 45 is 62.2 %; as a sample, 45 answers are compatible with 47.6–74.9 %.",
        "28 of 45 is 62.2 %, not 64 %.", "0 % rests on nobody: 0 of 0 is no rate."]


@pytest.mark.parametrize(("row", "verdict", "words"), [
    # SAT-11: four of four reach 85 %, and four cannot show it (51.0-100).
    ({"quoted": "100%", "kind": "rate", "n": 4, "n_counted": 4, "stated_verdict": "met"},
     "cannot tell", "4 answers are compatible with 51.0–100.0 %: too few to tell."),
    ({"quoted": "95%", "kind": "rate", "n": 400, "stated_verdict": "met"}, "adds up",
     "95 % reaches the target of 85 %; 400 answers are compatible with 92.4–96.7 %."),
    ({"quoted": "60%", "kind": "rate", "n": 400}, "adds up", "60 % misses the target of 85 %;"),
    ({"quoted": "95%", "kind": "rate", "stated_verdict": "met"}, "cannot tell",
     "95 % reaches the target of 85 %, but without its n nobody knows how sure that is."),
    ({"quoted": "95%", "kind": "rate", "n": 400, "stated_verdict": "not met"}, "does not add up",
     "95 % reaches the target of 85 %, which is said to be missed."),
    ({"quoted": "80%", "kind": "rate", "n": 400, "stated_verdict": "met"}, "does not add up",
     "80 % misses the target of 85 %, which is said to be met."),
    ({"quoted": "85%", "kind": "rate", "n": 400}, "cannot tell",
     "85 % is rounded, and its target of 85 % lies within the rounding."),
    ({"quoted": "86", "kind": "index"}, "adds up",
     "86 reaches the target of 85 %, as printed; its margin of error is unknown without the "
     "spread.")])
def test_targets(audit, row, verdict, words):
    checks = audit({"target": "85%", **row})
    found = checks[checks["check"] == "against_target"]
    assert found["verdict"].tolist() == [verdict]
    assert words in say(checks, "against_target")


def test_a_mean_on_0_to_100_may_face_an_index_target_and_no_other(audit):
    row = {"quoted": "92", "target": "90", "target_kind": "index", "scale_min": 0}
    assert audit({**row, "scale_max": 100})["verdict"].tolist() == ["adds up"]
    assert audit({**row, "scale_max": 7, "quoted": "6"})["verdict"].tolist() == ["different kinds"]


def test_a_count_has_no_better_side(audit):
    assert "against_target" not in set(audit({"quoted": "140", "kind": "count",
                                              "target": "150"})["check"])


@pytest.mark.parametrize(("row", "seen"), [
    ({"quoted": "105%", "kind": "rate"}, "105 % lies outside what is possible: 0 % to 100 %."),
    ({"quoted": "5.2", "scale_min": 1, "scale_max": 5},
     "5.2 lies outside what is possible: 1 to 5."),
    ({"quoted": "7", "kind": "count", "n": 5}, "7 lies outside what is possible: 0 to 5."),
    ({"quoted": "-3", "kind": "count"}, "-3 lies outside what is possible: 0 to any number."),
    ({"quoted": "4.5", "kind": "count"}, "4.5 is no count: a count is a whole number.")])
def test_what_is_not_possible(audit, row, seen):
    checks = audit(row)
    assert checks["verdict"].tolist() == ["does not add up"]
    assert say(checks, "possible") == seen


def test_totals_and_their_parts(audit, quoted):
    parts = [{"quote_id": f"P{i}", "quoted": text, "kind": "count", "part_of": "T"}
             for i, text in enumerate(("1,200", "340", "60"))]
    right, wrong = ([{"quote_id": "T", "quoted": text, "kind": "count"}, *parts]
                    for text in ("1,600", "1,700"))
    assert say(audit(*right), "sum_of_parts") == "1,600 is the sum of its 3 parts."
    checks = audit(*wrong)
    assert say(checks, "sum_of_parts") == (
        "1,700 does not follow from its parts: the sum of its 3 parts is 1,600.")
    # Which part is wrong the total does not say.
    judged = judge_figures(quoted(*wrong), checks).set_index("quote_id")["verdict"]
    assert judged.to_dict() == {"T": "does not add up", "P0": "cannot tell", "P1": "cannot tell",
                                "P2": "cannot tell"}


def test_means_by_weight_and_by_answers(audit):
    parts = [{"quoted": "80", "part_of": "T", "weight": 0.75, "n": 30},
             {"quoted": "60", "part_of": "T", "weight": 0.25, "n": 10}]
    whole = {"quote_id": "T", "kind": "index"}
    assert say(audit({**whole, "quoted": "75.0"}, *parts), "mean_of_parts") == (
        "75.0 is the mean of its 2 parts by their weights.")
    bare = [{k: v for k, v in part.items() if k != "weight"} for part in parts]
    assert say(audit({**whole, "quoted": "75.0"}, *bare), "mean_of_parts") == (
        "75.0 is the mean of its 2 parts by the answers behind them.")
    assert say(audit({**whole, "quoted": "70.4"}, *bare), "mean_of_parts") == (
        "70.4 is the plain mean of its 2 parts within the rounding of the parts (70.0 from them as "
        "printed).")


def test_parts_of_another_kind_and_parts_in_a_circle(audit):
    checks = audit({"quote_id": "T", "quoted": "80", "kind": "count"},
                   {"quoted": "40%", "kind": "rate", "part_of": "T"})
    assert say(checks, "mean_of_parts") == (
        "80 is a count, but a part is a rate: one cannot be made of the other.")
    checks = audit({"quote_id": "A", "quoted": "80", "part_of": "B"},
                   {"quote_id": "B", "quoted": "80", "part_of": "A"},
                   {"quote_id": "C", "quoted": "80"}, {"quote_id": "D", "quoted": "80",
                                                      "part_of": "C"})
    assert checks["seen"].tolist()[:2] == [
        f"{name} is a part of its own part; correct part_of." for name in "AB"]
    checks = audit({"quote_id": "T", "quoted": "80"}, {"quoted": "many", "part_of": "T"})
    assert say(checks[checks["quote_id"] == "T"], "mean_of_parts") == (
        "A part of it cannot be read: F02.")


@pytest.mark.parametrize(("shares", "verdict", "seen"), [
    (("46%", "30%", "24%"), "adds up", "The 3 shares of “all” sum to 100 %."),
    (("46%", "31%", "24%"), "adds up",
     "The 3 shares of “all” sum to 101 %; rounding explains the difference from 100 %."),
    (("46%", "33%", "24%"), "does not add up",
     "The 3 shares of “all” sum to 103 %, not to 100 %; rounding does not explain it.")])
def test_shares_of_a_whole(audit, shares, verdict, seen):
    checks = audit(*({"quoted": s, "kind": "share", "part_of": "all"} for s in shares))
    assert checks["verdict"].tolist() == [verdict]
    assert say(checks, "sum_to_100") == seen
    # Against a quoted whole they are a sum like any other.
    whole = {"quote_id": "all", "quoted": "100%", "kind": "share"}
    checks = audit(whole, *({"quoted": s, "kind": "share", "part_of": "all"} for s in shares))
    assert checks["verdict"].tolist() == [verdict]


def test_a_number_alone_proves_nothing_and_no_number_is_none(audit):
    checks = audit({"quoted": "12", "kind": "sum"}, {"quoted": "see page 3"})
    assert checks["verdict"].tolist() == ["cannot tell", "cannot tell"]
    assert checks["check"].tolist() == ["nothing_to_check", "possible"]


def test_names_that_only_look_like_a_rate(audit):
    rows = [{"label": name, "quoted": "71", "kind": "index"} for name in
            ("交货效率", "How they rate us", "Corporate image", "满意度指数")]
    found = audit(*rows)
    assert found[found["check"] == "name_and_kind"]["label"].tolist() == ["How they rate us"]
    assert audit({"label": "Satisfaction index", "quoted": "71%", "kind": "rate"})[
        "check"].tolist() == ["name_and_kind"]


def test_hostile_names_are_only_names(audit):
    checks = audit({"quote_id": "{x}", "label": "<b>{0}%s</b> rate", "quoted": "71%",
                    "kind": "index", "topic": "{t}"}, {"quoted": "99%", "kind": "rate",
                                                      "topic": "{t}", "part_of": ""})
    assert "{t}" in say(checks, "same_name")
    assert "<b>{0}%s</b>" in say(checks, "name_and_kind")


def test_an_empty_table_gives_empty_tables():
    empty = pd.DataFrame(columns=list(load_schema()["quoted_figures"].columns)).astype("object")
    checks = audit_figures(empty, rules=AuditRules())
    assert checks.empty and list(checks.columns) == CHECK_COLUMNS
    judged = judge_figures(empty, checks)
    assert judged.empty and list(judged.columns) == FIGURE_COLUMNS


def test_a_missing_column_is_named():
    with pytest.raises(InputError, match="quoted_figures lacks kind"):
        audit_figures(pd.DataFrame({"quote_id": ["1"], "label": ["x"], "quoted": ["1"]}),
                      rules=AuditRules())


def test_an_unknown_kind_is_refused(audit):
    with pytest.raises(InputError) as caught:
        audit({"quoted": "62%", "kind": "rates"})
    assert str(caught.value) == ("A quoted number cannot be of kind 'rates'. Did you mean 'rate'? "
                                 "Write index, rate, share, mean, sum, count.")


def test_row_order_does_not_matter_and_the_callers_table_stays(quoted):
    table = quoted(*sat_16())
    before = table.copy()
    checks = audit_figures(table, rules=AuditRules())
    again = audit_figures(table.sample(frac=1, random_state=1), rules=AuditRules())
    pd.testing.assert_frame_equal(checks.drop(columns="beside"), again.drop(columns="beside"))
    pd.testing.assert_frame_equal(table, before)


def test_chinese_sentences_have_their_numbers(audit):
    with using("zh"):
        assert "78.4%" in audit({"label": "客户满意率", "quoted": "78,4 %", "kind": "index"})[
            "seen"].iloc[0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 100_000), st.integers(0, 3), st.integers(1, 50)),
                min_size=2, max_size=12), st.integers(0, 3))
def test_wholes_computed_of_their_parts_always_add_up(parts, digits):
    exact = [Fraction(value, 1000) + 2 for value, _, _ in parts]
    printed = [f"{float(value):.{d}f}" for value, (_, d, _) in zip(exact, parts, strict=True)]
    for made, kind, weights in (
            (sum(exact), "sum", None), (sum(exact) / len(exact), "mean", None),
            (sum(v * w for v, (_, _, w) in zip(exact, parts, strict=True))
             / sum(w for _, _, w in parts), "mean", [w for _, _, w in parts])):
        table = pd.DataFrame({"quote_id": [f"P{i}" for i in range(len(parts))], "quoted": printed,
                              "part_of": "T", "weight": weights})
        whole = pd.DataFrame({"quote_id": ["T"], "quoted": [f"{float(made):.{digits}f}"]})
        rows = pd.concat([whole, table]).assign(label="x", kind=kind)
        checks = audit_figures(rows, rules=AuditRules())
        assert set(checks["verdict"]) == {"adds up"}
