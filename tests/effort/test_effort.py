"""Hours, people and money by class of account."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.effort import EffortRules, people, returns, shares
from kamlib.errors import InputError, RefusedError

RULES = EffortRules()
SPAN = {"start": date(2025, 1, 1), "end": date(2025, 12, 31)}


def hours(**by_account: float) -> pd.DataFrame:
    return pd.DataFrame({"account_id": list(by_account), "hours": list(by_account.values()),
                         "owner_id": "M1", "month": pd.Timestamp("2025-05-01")})


def classes(**by_account: str) -> pd.DataFrame:
    return pd.DataFrame({"account_id": list(by_account),
                         "business_class": list(by_account.values())})


# Spec requirements, EFF-01 and E14: 10/30/60 of the customers, 60/30/10 of the time.
def test_the_published_rule_has_intensity_6_1_and_a_sixth():
    who = classes(**{f"a{n}": name for n, name in enumerate(
        ["key_account"] + ["ordinary"] * 3 + ["prospect"] * 6)})
    spent = hours(a0=60, a1=10, a2=10, a3=10, **{f"a{n}": 10 / 6 for n in range(4, 10)})
    table = shares.allocate_effort(who, spent, rules=RULES, **SPAN).head(3)
    assert table["effort_intensity"].round(4).tolist() == [6.0, 1.0, 0.1667]
    assert table["target_intensity"].round(4).tolist() == [6.0, 1.0, 0.1667]
    assert table["hours_to_move"].abs().max() < 1e-9


WHO = classes(a="key_account", b="ordinary", c="ordinary", d="prospect", e="cannot_tell")
SPENT = hours(a=30, b=40, c=20, d=10, e=7, supplier=3)


def test_hours_to_move_and_whose_hours_are_in_no_share():
    table = shares.allocate_effort(WHO, SPENT, rules=RULES, **SPAN).set_index("business_class")
    assert table["hours"].to_dict() == {"key_account": 30, "ordinary": 60, "prospect": 10,
                                        "other_class": 10, "all": 110}
    assert table["account_share"].head(3).tolist() == [0.25, 0.5, 0.25]
    assert table["hours_to_move"].head(3).tolist() == pytest.approx([30, -30, 0])
    assert shares.count_moves(table) == pytest.approx(30)
    by_intensity = shares.allocate_effort(
        WHO, SPENT, rules=EffortRules(target_basis="intensity"), **SPAN)
    # 6 × 0.25, 1 × 0.5 and 1/6 × 0.25, together 1.
    assert by_intensity["aim_share"].head(3).tolist() == pytest.approx(
        [36 / 49, 12 / 49, 1 / 49])


def test_hours_outside_the_span_do_not_count():
    with pytest.raises(RefusedError, match="No hour of work on an account is recorded"):
        shares.allocate_effort(WHO, SPENT.assign(month=pd.Timestamp("2024-12-01")), rules=RULES,
                               **SPAN)


def test_a_target_that_is_no_whole_is_refused():
    with pytest.raises(InputError, match=r"effort\.target_time_shares needs a share"):
        shares.allocate_effort(WHO, SPENT, rules=EffortRules(
            target_time_shares={"key_account": 0.6, "ordinary": 0.3, "prospect": 0.2}), **SPAN)


OWNERS = pd.DataFrame(
    [("a", "M1", "junior", "2024-01-01"), ("a", "M2", "senior", "2025-01-01"),
     ("a", "M3", "junior", "2026-01-01"), ("b", "M1", "junior", "2024-01-01"),
     ("c", "M2", "senior", "2024-01-01")],
    columns=["account_id", "owner_id", "owner_grade", "from_date"]).assign(
        from_date=lambda t: pd.to_datetime(t["from_date"]))
NET = pd.Series({"a": 100.0, "b": 50.0, "c": 10.0, "f": 70.0})


def owned(table: pd.DataFrame = OWNERS, who: pd.DataFrame = WHO) -> pd.DataFrame:
    return people.find_owners(table, who, net_amounts=NET, as_of=SPAN["end"])


def test_the_owner_of_the_day_counts():
    found = owned().set_index("account_id")
    assert found["owner_id"].to_dict() == {"a": "M2", "b": "M1", "c": "M2", "d": ""}
    assert found.loc["d", "owner_grade"] == "no_owner"


def test_who_looks_after_key_accounts():
    table = people.assign_people(owned(), rules=RULES)
    key = table[table["business_class"] == "key_account"]
    assert key[["owner_grade", "account_share"]].values.tolist() == [["senior", 1.0]]
    every = table[table["business_class"] == "all"].set_index("owner_grade")
    assert every["account_share"].to_dict() == {"senior": 0.5, "junior": 0.25, "no_owner": 0.25}
    assert people.find_mismatches(owned(), rules=RULES).empty
    who = pd.concat([WHO.replace({"ordinary": "key_account"}), classes(f="key_account")])
    assert people.find_mismatches(owned(who=who), rules=RULES)[
        ["account_id", "mismatch"]].values.tolist() == [["f", "no_owner"], ["b", "not_best"]]


@pytest.mark.parametrize(("table", "reason"), [
    (OWNERS[OWNERS["owner_id"] == "M1"], "All accounts have one owner"),
    (OWNERS.assign(owner_grade="A1"), r"Nobody has one of the grades .* there are: A1"),
    (OWNERS.assign(owner_grade="senior"), "All owners have the same grade"),
    (OWNERS.assign(owner_grade=None), "No owner has a grade"),
    (OWNERS[:0], "No account has an owner")])
def test_where_the_best_cannot_be_told(table, reason):
    with pytest.raises(RefusedError, match=reason):
        people.assign_people(owned(table), rules=RULES)


PROFIT = pd.DataFrame({"account_id": ["a", "b", "c"], "margin_amount": [900.0, 50.0, np.nan]})


def test_return_on_what_an_account_cost():
    tables = {"effort": SPENT.assign(cost_amount=[300.0, 100.0, 20.0, None, None, 5.0]),
              "promotions": pd.DataFrame({
                  "account_id": ["b", None], "cost_amount": [25.0, 40.0],
                  "start_date": pd.to_datetime(["2025-02-01"] * 2)})}
    costs = returns.list_costs(tables, rules=RULES, **SPAN)
    table = returns.score_returns(costs, PROFIT, WHO).set_index("account_id")
    assert table.loc["a", "account_roi"] == pytest.approx(2)
    assert table.loc["b", ["account_cost_amount", "account_result_amount"]].tolist() == [125, -75]
    # Work without a cost, and no rate: not known, and not nothing.
    assert np.isnan(table.loc["d", "account_cost_amount"])
    whole = returns.summarise_returns(table.reset_index()).set_index("business_class").loc["all"]
    assert whole[["n_accounts", "n_below_zero", "account_result_amount"]].tolist() == [2, 1, 525]
    # 75 below zero beside 600 above: shares of the sum mean nothing.
    assert np.isnan(whole["result_share"])
    rated = returns.list_costs(tables, rules=EffortRules(hourly_cost_amount=3.0), **SPAN)
    assert returns.score_returns(rated, PROFIT, WHO).set_index("account_id").loc[
        "d", "account_cost_amount"] == 30


def test_no_costs_are_refused():
    with pytest.raises(RefusedError, match="No cost of work on an account is recorded"):
        returns.score_returns(returns.list_costs({"effort": SPENT}, rules=RULES, **SPAN), PROFIT,
                              WHO)


def test_budget_used_beside_the_time_gone():
    costs = returns.list_costs({"effort": SPENT.assign(cost_amount=[300.0, 100, 20, 0, 0, 0])},
                               rules=RULES, **SPAN)
    targets = pd.DataFrame({
        "scope": ["company", "account"], "scope_id": [None, "b"], "metric": "account_cost",
        "kind": "amount", "target": [840.0, 80.0], "from_date": pd.Timestamp("2025-01-01"),
        "to_date": pd.Timestamp("2026-12-31")})
    table = returns.follow_budgets(targets, costs, as_of=SPAN["end"]).set_index("scope")
    assert table["used_share"].to_dict() == {"account": 1.25, "company": 0.5}
    assert table["elapsed_share"].tolist() == pytest.approx([0.5, 0.5])
    with pytest.raises(RefusedError, match="No budget is given"):
        returns.follow_budgets(targets.assign(metric="net_amount"), costs, as_of=SPAN["end"])
