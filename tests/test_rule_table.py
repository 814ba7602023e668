"""Rule tables: which rule fires, and every condition that has to be refused."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from kamlib.errors import InputError
from kamlib.rule_table import ClassRule, apply_rules


def one(when, gives="yes", name="r"):
    return ClassRule(name=name, when=when, gives=gives)


def table():
    return pd.DataFrame({
        "account_id": ["a", "b", "c"],
        "net_amount": [1000.0, np.nan, 3000.0],
        "n_orders": pd.array([1, None, 3], dtype="Int64"),
        "region": pd.array(["East", None, "华'东\"🙂<b>"], dtype="str"),
        "is_new": pd.array([True, None, False], dtype="boolean"),
        "first_sale_date": pd.to_datetime(["2024-01-01", None, "2025-01-01"]).astype(
            "datetime64[s]")})


def fired(when):
    return apply_rules(table(), [one(when)])["gives"].notna().tolist()


def message(when, **more):
    with pytest.raises(InputError) as caught:
        apply_rules(table(), [ClassRule.model_construct(name="r", when=when, gives="x")], **more)
    return str(caught.value)


def test_the_first_rule_that_holds_gives_the_class():
    rules = [one("net_amount >= 3000", "key", "big"), one("net_amount >= 1000", "ordinary", "mid")]
    found = apply_rules(table(), rules, otherwise="unknown")
    assert found.to_dict("list") == {
        "account_id": ["a", "b", "c"], "gives": ["ordinary", "unknown", "key"],
        "rule": ["mid", "otherwise", "big"], "why": ["", "", ""]}
    # In the other order the wider condition catches both.
    assert apply_rules(table(), rules[::-1])["rule"].fillna("-").tolist() == ["mid", "-", "mid"]


def test_all_rules_that_hold_may_be_asked_for():
    rules = [one("net_amount >= 3000", "key", "big"), one("net_amount >= 1000", "ordinary", "mid")]
    found = apply_rules(table(), rules, first=False)
    assert found[["account_id", "rule"]].values.tolist() == [
        ["a", "mid"], ["c", "big"], ["c", "mid"]]
    found = apply_rules(table(), rules, first=False, otherwise="none")
    assert found[["account_id", "gives"]].values.tolist() == [
        ["a", "ordinary"], ["b", "none"], ["c", "key"], ["c", "ordinary"]]


def test_why_comes_with_the_rule():
    rule = ClassRule(name="big", when="net_amount > 0", gives="key", why="It buys.")
    assert apply_rules(table(), [rule])["why"].tolist() == ["It buys.", "", "It buys."]


@pytest.mark.parametrize(("when", "expected"), [
    ("net_amount >= 1000", [True, False, True]),
    ("NOT net_amount >= 2000", [True, False, False]),  # a gap is not "not large"
    ("net_amount IS NULL", [False, True, False]),
    ("n_orders BETWEEN 2 AND 5", [False, False, True]),
    ("N_Orders = 1", [True, False, False]),  # SQL does not tell capitals apart
    ("\"n_orders\" = 1 -- the smallest", [True, False, False]),
    ("region = '华''东\"🙂<b>'", [False, False, True]),
    ("region ILIKE 'e%' OR n_orders = 3", [True, False, True]),
    ("is_new", [True, False, False]),
    ("first_sale_date < DATE '2024-06-01'", [True, False, False]),
    ("nullif(n_orders, 1) = 3", [False, False, True]),
    ("CASE WHEN is_new THEN true ELSE net_amount > 5 END", [True, False, True]),
])
def test_conditions_and_gaps(when, expected):
    assert fired(when) == expected


@pytest.mark.parametrize(("when", "problem"), [
    ("1; DROP TABLE described", "it is more than one expression"),
    ("true; SELECT 1", "it is more than one expression"),
    ("n_orders > 1, is_new", "it is more than one expression"),
    ("n_orders > 1 FROM described", "it is more than one expression"),
    ("n_orders > 1 WHERE true", "it is more than one expression"),
    ("n_orders > 1 LIMIT 1", "it is more than one expression"),
    ("n_orders > 1 UNION SELECT true", "it is more than one expression"),
    ("true) FROM described; DROP TABLE described; SELECT (true", 'syntax error at or near ")"'),
    ("true), (true", 'syntax error at or near ")"'),
    ("n_orders > 1 /* open", 'unterminated /* comment at or near "/* open'),
    ("", "SELECT clause without selection list"),
    ("n_orders > 1 AS met", "it renames itself 'met'"),
    ("(SELECT true)", "it holds a query within it"),
    ("EXISTS (SELECT * FROM read_csv('/etc/passwd'))", "it holds a query within it"),
    ("n_orders IN (SELECT 1)", "it holds a query within it"),
    ("rank() OVER () = 1", "it holds a window function"),
    ("*", "it holds a star"), ("COLUMNS('n.*') > 1", "it holds a star"),
    ("$1", "it holds a parameter"),
    ("sum(n_orders) > 1", "sum() looks at more than one row"),
    ("random() > 0.5", "random() does not give the same answer every time"),
    ("first_sale_date < now()", "now() does not give the same answer every time"),
    ("age(first_sale_date) > INTERVAL 1 DAY", "age() does not give the same answer every time"),
    ("1", "it is a value of type INTEGER, not true or false"),
    ("region", "it is a value of type VARCHAR, not true or false"),
    ("n_order > 1", "the table has no column 'n_order' (did you mean 'n_orders'?)"),
    ("described.zzz > 1", "the table has no column 'described.zzz'"),
    ("first_sale_date < current_date", "the table has no column 'current_date'"),
])
def test_what_is_not_one_condition_over_the_columns_is_refused(when, problem):
    assert message(when, origin="rules.toml") == (
        f"rules.toml: the condition of rule 'r', {when!r}, cannot be used: {problem}. Write one "
        "SQL expression that is true or false. Columns: account_id, net_amount, n_orders, region, "
        "is_new, first_sale_date.")


@pytest.mark.parametrize(("when", "said"), [
    ("read_csv('/etc/passwd')", "table function"),
    ("read_text('/etc/passwd') = ''", "table function"),
    ("foo(n_orders)", "Scalar Function with name foo does not exist"),
    ("wavg(n_orders, n_orders) > 1", "GROUP BY"),  # an aggregate within a macro
    ("net_amount > 'much'", "Could not convert string 'much' to DOUBLE"),
    ("CAST(region AS INTEGER) > 1", "Could not convert string 'East' to INT32"),
])
def test_duckdb_says_in_one_line_what_is_wrong(when, said):
    text = message(when)
    assert said in text
    assert "\n" not in text
    assert text.startswith(f"rules: the condition of rule 'r', {when!r}, cannot be used: ")


def test_the_rule_that_fails_on_a_row_is_named():
    rules = [one("n_orders > 1", name="fine"), one("CAST(region AS INT) = 1", name="broken")]
    with pytest.raises(InputError, match="condition of rule 'broken'"):
        apply_rules(table(), rules)


def test_two_rules_of_one_name_and_a_missing_key():
    with pytest.raises(InputError, match=r"^classes\.x: the rule name 'r' is there twice"):
        apply_rules(table(), [one("true"), one("false")], origin="classes.x")
    with pytest.raises(InputError, match=r"no column 'account'.* Did you mean 'account_id'\?"):
        apply_rules(table(), [], key="account")


def test_a_column_of_two_types_is_refused():
    mixed = pd.DataFrame({"account_id": ["a", "b"], "x": pd.Series(["1", 2], dtype="object")})
    with pytest.raises(InputError, match="columns of one type each"):
        apply_rules(mixed, [one("x = '1'")])


@pytest.mark.parametrize("n", [0, 1])
def test_no_rows_and_no_rules(n):
    found = apply_rules(table().head(n), [one("n_orders = 1")])
    assert found.columns.tolist() == ["account_id", "gives", "rule", "why"]
    assert len(found) == n
    assert apply_rules(table(), [], otherwise="x")["gives"].tolist() == ["x"] * 3
    assert apply_rules(table(), [], first=False).empty


def test_an_empty_table_still_has_its_conditions_checked():
    with pytest.raises(InputError, match="no column 'n_order'"):
        apply_rules(table().head(0), [one("n_order = 1")])


def test_the_callers_table_stays_as_it_is():
    before = table()
    apply_rules(before, [one("n_orders = 1")])
    pd.testing.assert_frame_equal(before, table())


def test_a_rule_reads_as_a_line_and_knows_its_keys():
    assert str(one("n_orders > 1", "key", "often")) == "often: n_orders > 1 → key"
    with pytest.raises(ValidationError, match="Extra inputs"):
        ClassRule(name="a", when="true", gives="b", then="c")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.none() | st.integers(-5, 5), st.sampled_from(["x", "y", None])),
                max_size=30), st.randoms(use_true_random=False))
def test_rows_in_any_order_give_what_python_gives(rows, random):
    numbered = [(f"{i:02d}", *row) for i, row in enumerate(rows)]
    expected = ["few" if n is not None and n > 2 else "x" if word == "x" else "rest"
                for _, n, word in numbered]
    random.shuffle(numbered)
    frame = pd.DataFrame(numbered, columns=["account_id", "n", "word"]).astype(
        {"account_id": "str", "n": "Int64", "word": "str"})
    rules = [one("n > 2", "few", "first"), one("word = 'x'", "x", "second")]
    assert apply_rules(frame, rules, otherwise="rest")["gives"].tolist() == expected


def test_a_hundred_thousand_rows():
    n = 100_000
    rng = np.random.default_rng(1)
    wide = pd.DataFrame(rng.normal(size=(n, 12)), columns=[f"c{i}" for i in range(12)])
    wide["account_id"] = [f"{i:06d}" for i in range(n)]
    rules = [one(f"c{i} > 1.5", f"g{i}", f"r{i}") for i in range(12)]
    over = wide.drop(columns="account_id").to_numpy() > 1.5
    expected = np.where(over.any(axis=1), [f"g{i}" for i in over.argmax(axis=1)], "rest")
    assert apply_rules(wide, rules, otherwise="rest")["gives"].tolist() == expected.tolist()


def test_nothing_outside_is_reached(tmp_path):
    path = tmp_path / "secret.csv"
    path.write_text("x\n1\n")
    for when in (f"EXISTS (FROM '{path}')", f"(SELECT count(*) FROM read_csv('{path}')) > 0",
                 f"getenv('{path}') = ''"):
        assert "cannot be used" in message(when)
    assert fired(f"DATE '{dt.date(2024, 1, 1)}' = first_sale_date") == [True, False, False]
