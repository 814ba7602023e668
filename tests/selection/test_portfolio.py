"""Relationships, what accounts are owed, and the programme."""

from __future__ import annotations

import pandas as pd
import pytest
from selection_world import RULES, TEN, build_known, select, select_ten

from kamlib.selection import Entitlement, one_owner


def rated(**columns: list) -> pd.DataFrame:
    """A rating of A01, A02, … by columns."""
    n = len(next(iter(columns.values())))
    given = {"account_id": list(TEN)[:n], "rated_date": pd.Timestamp("2025-07-01"), "rater": "M1",
             "level": 3, "trend": "steady", "n_key_people": 0, "visibility": 1.0,
             "has_exclusive_information": False, "accepts_premium": False}
    table = pd.DataFrame(given | columns)
    return table.astype({"has_exclusive_information": "boolean", "accepts_premium": "boolean"})


def test_four_signs_of_a_preferred_supplier():
    # Catalogue PRT-02: a count of four signs, preferred from three on.
    table = rated(n_key_people=[3, 3, 2, pd.NA],
                  has_exclusive_information=[True, True, False, True],
                  accepts_premium=[True, False, False, True], visibility=[4.0, 4.0, 3.0, 4.0],
                  level=[2, 2, 2, 2])
    rows = select(build_known(TEN, {"relationships": table})).relations.set_index("account_id")
    assert rows["preferred_score"].to_dict() == {"A01": 4, "A02": 3, "A03": 0, "A04": 3}
    assert rows.at["A02", "signs_missing"] == "pays_for_added_value"
    assert rows.at["A04", "n_signs_known"] == 3
    assert rows["relationship_type"].to_dict() == {
        "A01": "preferred_supplier", "A02": "preferred_supplier", "A03": "vendor",
        "A04": "preferred_supplier"}


def test_the_highest_type_whose_conditions_hold():
    table = rated(n_key_people=[4, 4, 4], has_exclusive_information=[True] * 3,
                  accepts_premium=[True] * 3, level=[4, 3, 4])
    people = pd.DataFrame({"account_id": ["A01", "A02"], "role": "General management",
                           "strength": [4, 5], "rated_date": pd.Timestamp("2025-01-01")})
    rows = select(build_known(TEN, {"relationships": table, "stakeholders": people})).relations
    # A02's relation to its management is as firm, but the level is not.
    assert rows.set_index("account_id")["relationship_type"].to_dict() == {
        "A01": "strategic_alliance", "A02": "partner_relationship", "A03": "partner_relationship"}


def test_level_and_trend_are_kept_apart_and_what_falls_stands_first():
    table = rated(level=[4, 1, 3], trend=["steady", "developing", "regressing"])
    old = table.assign(rated_date=pd.Timestamp("2024-01-01"), trend="regressing")
    result = select(build_known(TEN, {"relationships": pd.concat([old, table])}))
    assert result.relations["account_id"].tolist() == ["A03", "A01", "A02"]
    cells = result.cells.set_index(["relationship_level", "relationship_trend"])["n_accounts"]
    assert cells.to_dict() == {(4, "steady"): 1, (3, "regressing"): 1, (1, "developing"): 1}
    assert not result.relations["is_stale"].any()


def test_without_ratings_nothing_is_said_of_relationships():
    result = select_ten()
    assert result.relations.empty and result.cells.empty
    assert result.refused["relations"].startswith("No relationship has been rated")


def visits(counts: dict[str, int]) -> pd.DataFrame:
    rows = [(a, "visit", pd.Timestamp("2025-03-01") + pd.Timedelta(days=i))
            for a, n in counts.items() for i in range(n)]
    rows.append(("A01", "visit", pd.Timestamp("2024-12-31")))  # a day too early
    return pd.DataFrame(rows, columns=["account_id", "kind", "contact_date"])


def test_what_is_owed_against_what_was_delivered():
    rules = RULES.model_copy(update={"entitlements": (
        Entitlement(owed_to="on_key_list", service="visits", at_least=4),
        Entitlement(owed_to="off_key_list", service="visits", at_least=1),
        Entitlement(owed_to="on_key_list", service="hours", at_least=1))})
    result = select(build_known(TEN, {"contacts": visits({"A01": 3, "A02": 4, "A05": 1})}),
                    rules=rules)
    rows = result.services.set_index("owed_to")
    assert rows["n_accounts"].to_dict() == {"on_key_list": 2, "off_key_list": 8}
    assert rows["n_met"].to_dict() == {"on_key_list": 1, "off_key_list": 1}
    assert rows.at["on_key_list", "met_share"] == 0.5
    first = result.gaps[result.gaps["owed_to"] == "on_key_list"].iloc[0]
    assert (first["account_id"], first["n_delivered"], first["owed"]) == ("A01", 3, 4)
    assert result.missing == ("effort",)


def test_the_programme_counts_what_is_known():
    actions = pd.DataFrame({"account_id": ["A01"], "topic": "price", "closed_date": pd.NaT,
                            "due_date": pd.Timestamp("2025-10-01")})
    result = select(build_known(TEN, {"relationships": rated(level=[3, 3]), "actions": actions,
                                      "contacts": visits({"A01": 4})}))
    row = result.programme.set_index("account_id").loc["A01"]
    # Known: judged, no defection, promises, manager, visits; the tables of the other steps, a
    # survey among them, are missing. Done of these: all but promises.
    assert row["n_steps"] == 12
    assert (row["n_done"], row["n_steps_unknown"]) == (4, 7)
    assert row["completion_share"] == pytest.approx(4 / 5)
    assert (row["n_overdue_actions"], row["oldest_due_date"]) == (1, pd.Timestamp("2025-10-01"))
    steps = result.steps.set_index("programme_step")
    assert (steps.at["promises_kept", "n_done"], steps.at["promises_kept", "n_steps_known"]) == (1,
                                                                                               2)


def test_one_manager_for_all_is_said():
    result = select_ten()
    assert one_owner(result.keys) == "M1"
    assert one_owner(select(build_known(TEN, owner_id=list("MNMNMNMNMN"))).keys) == ""
