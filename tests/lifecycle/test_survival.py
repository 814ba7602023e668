"""Lives are dated, censored and entered so that a known curve comes back."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from kamlib.lifecycle import LifecycleRules, build_survival, follow_lives
from kamlib.stats.survival import survival_curve

AS_OF, HISTORY = date(2025, 12, 31), date(2022, 1, 1)
W = 365
RULES = LifecycleRules()
ONE = LifecycleRules(survival_min_events=1, survival_min_at_risk=1)


def facts_of(*rows: tuple[str, str, str, str | None], unknown: tuple[str, ...] = ()
             ) -> pd.DataFrame:
    """Rows of account, start, first sale, lapse."""
    table = pd.DataFrame(list(rows), columns=["account_id", "start_date", "first_sale_date",
                                              "lapse_date"])
    for column in ("start_date", "first_sale_date", "lapse_date"):
        table[column] = pd.to_datetime(table[column]).astype("datetime64[s]")
    return table.assign(is_start_known=~table["account_id"].isin(unknown))


def test_lives_by_hand() -> None:
    facts = facts_of(
        ("A", "2023-01-01", "2023-01-01", "2024-06-01"),  # seen from the start, lost
        ("B", "2023-01-01", "2023-03-01", None),  # known before it bought: at risk from its order
        ("C", "2020-01-01", "2022-02-01", "2024-01-01"),  # enters a window after the history
        ("D", "2020-01-01", "2023-05-01", None),  # silent for a window: its loss is not dated
        ("E", "2020-01-01", "2022-01-01", "2023-01-01"),  # lost on the day it would enter
        ("F", "2023-01-01", "2023-01-01", None))
    lives, left_out = follow_lives(facts.assign(is_start_known=facts["account_id"] != "F"),
                                   as_of=AS_OF, history_from=HISTORY, window_days=W)
    assert lives[["account_id", "entry_days", "life_days", "is_lost"]].values.tolist() == [
        ["A", 0, 517, True], ["B", 59, 1095, False], ["C", 1096, 1461, True]]
    assert left_out == (1, 1, 1)
    assert left_out.n_unknown_start == 1


def test_accounts_that_never_bought_have_no_life() -> None:
    facts = facts_of(("A", "2023-01-01", "2023-01-01", None))
    facts.loc[1] = ["B", pd.NaT, pd.NaT, pd.NaT, False]
    lives, left_out = follow_lives(facts, as_of=AS_OF, history_from=HISTORY, window_days=W)
    assert len(lives) == 1 and left_out.n_unknown_start == 0


def simulate(n: int, *, seed: int) -> dict[str, pd.DataFrame]:
    """Facts of accounts with a random life and random orders: from the beginning, and cut.

    Starts are even over 16 years, lives exponential with a mean of 4 years, gaps of 60 days.
    """
    rng = np.random.default_rng(seed)
    end = pd.Timestamp(AS_OF)
    rows: dict[str, list[tuple[str, str, str, str | None]]] = {"whole": [], "cut": []}
    for i in range(n):
        start = end - pd.Timedelta(days=int(rng.integers(1, 16 * 365)))
        days = np.concatenate([[0.0], rng.exponential(60, 200).cumsum()])
        days = np.unique(days[days < rng.exponential(4 * 365)].astype(int))
        orders = start + pd.to_timedelta(days, unit="D")
        orders = orders[orders <= end]
        for name, known in (("whole", orders), ("cut", orders[orders >= pd.Timestamp(HISTORY)])):
            if len(known):
                ends = known[:-1][np.diff(known) > np.timedelta64(W, "D")]
                last = ends[0] if len(ends) else known[-1]
                lapse = last + pd.Timedelta(days=W)
                rows[name].append((f"{i:04}", str(start), str(known[0]),
                                   str(lapse) if lapse <= end else None))
    return {name: facts_of(*part) for name, part in rows.items()}


def test_delayed_entry_gives_the_true_curve_and_ignoring_it_does_not() -> None:
    facts = simulate(2500, seed=4)
    years = np.array([2, 4, 6, 8]) * 365
    whole, _none = follow_lives(facts["whole"], as_of=AS_OF, history_from=date(2000, 1, 1),
                                window_days=W)
    truth = survival_curve(whole["life_days"], whole["is_lost"]).at(years)["survival_share"]
    lives, _none = follow_lives(facts["cut"], as_of=AS_OF, history_from=HISTORY, window_days=W)
    cut = survival_curve(lives["life_days"], lives["is_lost"],
                         entries=np.where(lives["entry_days"] > 0, lives["entry_days"], -1))
    found = cut.at(years)["survival_share"]
    assert np.abs(found - truth).max() < 0.035
    naive = survival_curve(lives["life_days"], lives["is_lost"]).at(years)["survival_share"]
    assert (naive - truth).min() > 0.10
    # Watching the old accounts from the first day of the history counts a window in which none of
    # them can be lost: too high as well.
    early = np.where(lives["entry_days"] > 0, np.maximum(lives["entry_days"] - W, 0), -1)
    biased = survival_curve(lives["life_days"], lives["is_lost"], entries=early).at(years)
    assert (biased["survival_share"] - truth).iloc[1:].min() > 0.04


def test_nobody_is_lost_within_the_window() -> None:
    facts = simulate(300, seed=1)["cut"]
    survival = build_survival(facts, as_of=AS_OF, history_from=HISTORY, window_days=W, rules=RULES)
    assert survival.curve["time_days"].min() >= W
    assert survival.kept["time_years"].iloc[0] == 1
    one = survival.summary.iloc[0]
    assert one["n_lost"] == facts["lapse_date"].notna().sum() - (
        survival.n_lapsed_before + survival.n_not_watched
        - facts["lapse_date"].isna().sum() + (one["n_accounts"] - one["n_lost"]))
    pd.testing.assert_frame_equal(build_survival(
        facts.sample(frac=1, random_state=2), as_of=AS_OF, history_from=HISTORY, window_days=W,
        rules=RULES).curve, survival.curve)


def test_the_curve_stops_where_few_are_followed() -> None:
    rows = [(f"A{i:02}", "2022-01-01", "2022-01-01", f"2023-{i % 12 + 1:02}-15") for i in range(24)]
    facts = facts_of(*rows)
    rules = LifecycleRules(survival_min_at_risk=10)
    survival = build_survival(facts, as_of=AS_OF, history_from=HISTORY, window_days=W, rules=rules)
    assert survival.curve["n_at_risk"].min() == 10
    # 12 of 24 are left after the sixth month; below 10 the end of the median's interval is open.
    assert survival.summary.loc[0, "median_life_years"] == pytest.approx(530 / 365.25)
    assert np.isnan(survival.summary.loc[0, "median_life_years_ci_high"])


def test_years_of_start_have_curves_of_their_own_where_enough_were_lost() -> None:
    rows = [(f"A{i:02}", "2022-01-01", "2022-01-01", "2023-06-01") for i in range(12)]
    rows += [(f"B{i:02}", "2023-01-01", "2023-01-01", None) for i in range(12)]
    survival = build_survival(facts_of(*rows), as_of=AS_OF, history_from=HISTORY, window_days=W,
                              rules=RULES)
    assert survival.summary["group"].tolist() == ["all", "2022"]
    alone = build_survival(facts_of(*rows[:12]), as_of=AS_OF, history_from=HISTORY,
                           window_days=W, rules=RULES)
    assert alone.summary["group"].tolist() == ["all"]


def test_too_few_losses_are_refused_with_their_number() -> None:
    facts = facts_of(("A", "2023-01-01", "2023-01-01", "2024-06-01"),
                     ("B", "2023-01-01", "2023-01-01", None), unknown=())
    survival = build_survival(facts, as_of=AS_OF, history_from=HISTORY, window_days=W, rules=RULES)
    assert survival.reason == (
        "1 of 2 accounts whose start is known were lost while they were watched; a curve of how "
        "long relationships last needs 10 losses. A longer history would lift this.")
    assert survival.curve.empty and survival.kept.empty and survival.summary.empty


def test_a_first_step_that_rests_on_few_is_refused() -> None:
    old = [(f"A{i:02}", f"20{i % 10 + 10}-01-01", "2022-02-01", "2024-01-01") for i in range(40)]
    young = [("B", "2022-03-01", "2022-03-01", "2023-06-01")]
    survival = build_survival(facts_of(*old, *young), as_of=AS_OF, history_from=HISTORY,
                              window_days=W, rules=RULES)
    assert survival.reason.startswith("Only 1 accounts were watched when the first was lost, 457 "
                                      "days after its start; a curve needs 10 there")
    assert len(build_survival(facts_of(*old, *young), as_of=AS_OF, history_from=HISTORY,
                              window_days=W, rules=ONE).curve)
