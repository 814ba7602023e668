"""The revenue bridge closes to the cent; retention is made of the same table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.errors import InputError, RefusedError
from kamlib.lifecycle import build_revenue_bridge, list_changes, measure_retention
from kamlib.lifecycle.bridge import STEPS

COLUMNS = ["account_id", "n_lines_before", "n_lines", "gross_amount_before", "gross_amount",
           "price_amount", "volume_amount", "mix_amount", "quantity_unknown_amount",
           "returned_amount_before", "returned_amount", "adjustment_amount_before",
           "adjustment_amount"]


def bridge_of(*rows: tuple[object, ...]) -> pd.DataFrame:
    return pd.DataFrame(list(rows), columns=COLUMNS)


def facts_of(bridge: pd.DataFrame, *, ever: dict[str, int] | None = None,
             unknown: tuple[str, ...] = ()) -> pd.DataFrame:
    """Account facts that say the same; ever: lines in the whole life of accounts with more."""
    lines = bridge["n_lines_before"] + bridge["n_lines"]
    return pd.DataFrame({
        "account_id": bridge["account_id"],
        "n_lines": lines.where(~bridge["account_id"].isin(list(ever or {})),
                               bridge["account_id"].map(ever or {})).astype("Int64"),
        "is_start_known": ~bridge["account_id"].isin(list(unknown)),
        "net_amount_window": bridge["gross_amount"] - bridge["returned_amount"],
        "adjustment_amount_window": bridge["adjustment_amount"]})


# One account for each step. Worked by hand: A grows by 300 = 20 price + 180 volume + 100 mix,
# B shrinks by 150 = -50 price - 60 volume - 40 unknown, C is lost with 80, D new, E back, F seen.
ROWS = (
    ("A", 4, 6, 1000.0, 1300.0, 20.0, 180.0, 100.0, 0.0, 10.0, 40.0, 0.0, -5.0),
    ("B", 3, 2, 500.0, 350.0, -50.0, -60.0, 0.0, -40.0, 0.0, 0.0, 0.0, 0.0),
    ("C", 1, 0, 80.0, 0.0, 0.0, 0.0, -80.0, 0.0, 0.0, 7.0, 0.0, 0.0),
    ("D", 0, 2, 0.0, 90.0, 0.0, 0.0, 90.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("E", 0, 1, 0.0, 60.0, 0.0, 0.0, 60.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("F", 0, 1, 0.0, 30.0, 0.0, 0.0, 30.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("G", 2, 2, 200.0, 200.0, 15.0, -15.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    ("H", 0, 0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 12.0, 2.0, 3.0, 0.0))


def test_every_step_by_hand() -> None:
    bridge = bridge_of(*ROWS)
    table = build_revenue_bridge(bridge, facts_of(bridge, ever={"E": 9}, unknown=("F",)))
    assert table["bridge_step"].tolist() == list(STEPS)
    found = table.set_index("bridge_step")
    assert found["amount"].to_dict() == {
        "opening": 1780 - 22 + 3, "new": 90, "first_seen": 30, "recovered": 60,
        "expansion_volume": 180 - 15, "expansion_price": 20 + 15, "expansion_mix": 100,
        "expansion_quantity_unknown": 0, "contraction_volume": -60, "contraction_price": -50,
        "contraction_mix": 0, "contraction_quantity_unknown": -40,
        "returns_change": -(49 - 22), "adjustments_change": -5 - 3, "lost": -80,
        "closing": 2030 - 49 - 5}
    counts = found["n_accounts"]
    assert counts[["opening", "new", "first_seen", "recovered", "lost", "closing"]].tolist() == [
        4, 1, 1, 1, 1, 6]
    assert counts[["expansion_volume", "contraction_price", "returns_change"]].tolist() == [2, 1, 3]


def test_changes_say_what_each_account_did() -> None:
    bridge = bridge_of(*ROWS)
    changes = list_changes(bridge, facts_of(bridge, ever={"E": 9}, unknown=("F",)))
    assert changes.set_index("account_id")["revenue_change"].to_dict() == {
        "A": "expansion", "B": "contraction", "C": "lost", "D": "new", "E": "recovered",
        "F": "first_seen", "G": "unchanged"}
    assert changes["change_amount"].tolist() == [-150, -87, 0, 30, 60, 90, 270]
    # C bought nothing and sent 7 back: net sales are below 0.
    assert changes.set_index("account_id").loc["C", ["before_net_amount", "net_amount"]].tolist() \
        == [80, -7]
    assert changes.set_index("account_id")["volume_amount"].isna()[["C", "D", "E", "F"]].all()


def test_retention_is_the_published_example() -> None:
    # Issue 4: 20,000 - 1,200 (contraction) - 800 (lost) + 3,000 (expansion): 105 % and 90 %.
    bridge = bridge_of(
        ("A", 1, 1, 10_000.0, 13_000.0, 0, 3000, 0, 0, 0, 0, 0, 0),
        ("B", 1, 1, 9_200.0, 8_000.0, 0, -1200, 0, 0, 0, 0, 0, 0),
        ("C", 1, 0, 800.0, 0.0, 0, 0, -800, 0, 0, 0, 0, 0),
        ("D", 0, 1, 0.0, 700.0, 0, 0, 700, 0, 0, 0, 0, 0))  # new: counts in neither
    row = measure_retention(bridge).iloc[0]
    assert row[["opening_amount", "contraction_amount", "churned_amount", "expansion_amount",
                "closing_amount"]].tolist() == [20_000, 1_200, 800, 3_000, 21_000]
    assert row["net_retention_share"] == pytest.approx(1.05)
    assert row["gross_retention_share"] == pytest.approx(0.90)
    assert row[["n_accounts", "n_churned", "n_negative"]].tolist() == [3, 1, 0]


def test_a_negative_account_counts_as_nothing_in_the_gross_share() -> None:
    bridge = bridge_of(
        ("A", 1, 1, 100.0, 100.0, 0, 0, 0, 0, 0.0, 0.0, 0, 0),
        ("B", 1, 1, 50.0, 10.0, 0, -40, 0, 0, 0.0, 60.0, 0, 0),  # 50 then, -50 now
        ("C", 1, 1, 20.0, 30.0, 0, 10, 0, 0, 40.0, 0.0, 0, 0))  # -20 then, 30 now
    row = measure_retention(bridge).iloc[0]
    # Net: (100 - 50 + 30) / (100 + 50 - 20). Gross: (100 + 0 + 0) / (100 + 50 + 0).
    assert row["net_retention_share"] == pytest.approx(80 / 130)
    assert row["gross_retention_share"] == pytest.approx(100 / 150)
    assert row["n_negative"] == 2


def test_what_does_not_tie_is_refused() -> None:
    bridge = bridge_of(*ROWS)
    facts = facts_of(bridge)
    facts.loc[0, "net_amount_window"] += 0.01
    with pytest.raises(InputError) as error:
        build_revenue_bridge(bridge, facts)
    assert str(error.value) == (
        "The revenue bridge ends at 1976.00, but the account facts of the same window hold 1976.01."
        " Build both from the same orders, at the same level of accounts and the same period.")


def test_history_without_two_windows_is_refused_with_what_would_lift_it() -> None:
    empty = bridge_of()
    facts = facts_of(bridge_of(*ROWS))
    for build in (lambda: build_revenue_bridge(empty, facts), lambda: list_changes(empty, facts),
                  lambda: measure_retention(empty)):
        with pytest.raises(RefusedError, match="A longer history, or a shorter rule"):
            build()


def test_retention_of_nobody_is_refused() -> None:
    only_new = bridge_of(("D", 0, 2, 0.0, 90.0, 0.0, 0.0, 90.0, 0.0, 0.0, 0.0, 0.0, 0.0))
    with pytest.raises(RefusedError, match="No account had net sales above zero"):
        measure_retention(only_new)


money = st.integers(0, 10**9).map(lambda cents: cents / 100)
account = st.tuples(st.integers(0, 3), st.integers(0, 3), money, money, money, money,
                    st.integers(-10**6, 10**6).map(lambda x: x / 100),
                    st.lists(st.integers(-10**8, 10**8), min_size=3, max_size=3))


@settings(max_examples=60, deadline=None)
@given(st.lists(account, min_size=1, max_size=12), st.integers(0, 2**32 - 1))
def test_steps_sum_to_closing_and_row_order_does_not_matter(
        accounts: list[tuple[object, ...]], seed: int) -> None:
    rows = []
    for i, (then, now, before, after, back_then, back, adjusted, parts) in enumerate(accounts):
        gross_before, gross = before if then else 0.0, after if now else 0.0
        price, volume, mix = (part / 10_000 for part in parts)
        rest = round(gross - gross_before - price - volume - mix, 4)
        rows.append((f"A{i}", then, now, gross_before, gross, price, volume, mix, rest, back_then,
                     back, 0.0, adjusted))
    bridge = bridge_of(*rows)
    facts = facts_of(bridge, ever={"A0": 99})
    table = build_revenue_bridge(bridge, facts)
    # To the ten-thousandth, in whole numbers: no tolerance hides a lost cent.
    units = np.rint(table["amount"] * 10_000).astype("int64")
    assert units[:-1].sum() == units.iloc[-1]
    shuffled = bridge.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(build_revenue_bridge(shuffled, facts), table)
    pd.testing.assert_frame_equal(list_changes(shuffled, facts), list_changes(bridge, facts))
    try:
        row = measure_retention(bridge)
    except RefusedError:
        return
    pd.testing.assert_frame_equal(measure_retention(shuffled), row)
    first = row.iloc[0]
    assert 0 <= first["gross_retention_share"] <= 1
    assert first["closing_amount"] == pytest.approx(
        first["opening_amount"] + first["expansion_amount"] - first["contraction_amount"]
        - first["churned_amount"], abs=0.005)
