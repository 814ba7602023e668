"""Overdue accounts: the chance that is stated is the chance there is."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.lifecycle import LifecycleRules, find_overdue

RULES = LifecycleRules()
NOW = pd.Timestamp("2025-12-31")


def facts_of(gaps: dict[str, list[float]], silence: dict[str, float]) -> pd.DataFrame:
    """Account facts from gaps between purchase days and the days since the last one."""
    rows = []
    for account, days in gaps.items():
        values = np.array(days, dtype="float64")
        rows.append({
            "account_id": account, "n_repeat_days": len(days), "first_to_last_days": values.sum(),
            "log_gap_sum": np.log(values).sum() if len(days) else 0.0,
            "gap_mean_days": values.mean() if len(days) else np.nan,
            "gap_sd_days": values.std(ddof=1) if len(days) > 1 else np.nan,
            "last_sale_date": NOW - pd.Timedelta(days=silence[account]),
            "days_since_last_sale": silence[account], "net_amount_window": 100.0,
            "is_active_closing": silence[account] <= 365})
    table = pd.DataFrame(rows)
    table["first_sale_date"] = table["last_sale_date"] - pd.to_timedelta(
        table["first_to_last_days"], unit="D")
    whole = ["n_repeat_days", "first_to_last_days", "days_since_last_sale"]
    return table.astype(dict.fromkeys(whole, "Int64"))


def simulate(n: int, *, seed: int, k: float = 2.0) -> pd.DataFrame:
    """Accounts that all go on buying in their rhythm, seen on one day: whole days, gamma gaps."""
    rng = np.random.default_rng(seed)
    gaps, silence = {}, {}
    for i in range(n):
        mean = 20 / rng.gamma(3, 1 / 2)
        days = rng.uniform(0, 400) + rng.gamma(k, mean / k, 1200).cumsum()
        days = np.unique(days[days < 1200].astype(int))
        if len(days) > 1:
            gaps[f"{i:04}"] = list(np.diff(days).astype(float))
            silence[f"{i:04}"] = float(1199 - days[-1])
    return facts_of(gaps, silence)


def test_alarms_of_accounts_that_keep_their_rhythm_are_the_chance_share() -> None:
    found = [find_overdue(simulate(500, seed=seed), rules=RULES) for seed in range(4)]
    n_alarms = sum(len(overdue.table) for overdue in found)
    by_chance = sum(overdue.n_by_chance for overdue in found)
    assert by_chance > 40
    # Counts of independent accounts: within three standard deviations of what was stated.
    assert abs(n_alarms - by_chance) < 3 * np.sqrt(by_chance)


def test_an_account_that_stopped_is_found_and_dated() -> None:
    facts = simulate(100, seed=9)
    gone = facts_of({"gone": [30.0] * 12}, {"gone": 120.0}).assign(net_amount_window=9999.0)
    overdue = find_overdue(pd.concat([facts, gone], ignore_index=True), rules=RULES)
    first = overdue.table.iloc[0]
    assert first["account_id"] == "gone"
    assert 20 < first["usual_gap_days"] < 32
    last = NOW - pd.Timedelta(days=120)
    assert first["expected_by_date"] == last + pd.Timedelta(
        days=int(np.ceil(first["usual_gap_days"])))
    assert first["late_after_date"] == NOW - pd.Timedelta(days=int(first["overdue_days"]))
    assert first["silence_probability"] < 0.01
    assert (overdue.table["silence_probability"] <= 0.05).all()
    assert overdue.reason == ""


def test_who_is_judged() -> None:
    facts = simulate(100, seed=9)
    odd = facts_of({"few": [30.0] * 2, "lost": [30.0] * 12, "once": []},
                   {"few": 300.0, "lost": 400.0, "once": 200.0})
    overdue = find_overdue(pd.concat([facts, odd], ignore_index=True), rules=RULES)
    assert not set(overdue.table["account_id"]) & {"few", "lost", "once"}
    enough = (facts["n_repeat_days"] >= 3) & facts["is_active_closing"]
    assert overdue.n_judged == enough.sum()


def test_row_order_does_not_matter_and_money_stands_first() -> None:
    facts = simulate(300, seed=2)
    facts["net_amount_window"] = np.arange(len(facts)) * 7.0 % 100
    overdue = find_overdue(facts, rules=RULES)
    assert overdue.table["net_amount_window"].is_monotonic_decreasing
    again = find_overdue(facts.sample(frac=1, random_state=1), rules=RULES)
    pd.testing.assert_frame_equal(again.table, overdue.table, rtol=1e-6)


def late(**changes: object) -> pd.DataFrame:
    row = {"account_id": "A", "is_active_closing": True, "days_since_last_sale": 46,
           "first_sale_date": pd.Timestamp("2025-01-01"), "first_to_last_days": 150,
           "last_sale_date": pd.Timestamp("2025-11-15"), "gap_mean_days": 30.0,
           "log_gap_sum": 16.0, "gap_sd_days": 5.0, "n_repeat_days": 5, "net_amount_window": 10.0}
    return pd.DataFrame([row | changes]).astype({"days_since_last_sale": "Int64",
                                                 "n_repeat_days": "Int64"})


@pytest.mark.parametrize(("changes", "n"), [
    ({}, 1), ({"days_since_last_sale": 45}, 0), ({"gap_sd_days": 8.0}, 0),
    ({"n_repeat_days": 4, "log_gap_sum": 13.0}, 0), ({"is_active_closing": False}, 0),
    ({"gap_sd_days": float("nan")}, 0)])
def test_few_accounts_are_judged_by_the_simple_rule(changes: dict[str, object], n: int) -> None:
    overdue = find_overdue(late(**changes), rules=RULES)
    assert len(overdue.table) == n
    assert np.isnan(overdue.n_by_chance) and overdue.reason
    if n:
        # The larger of 30 + 2 * 5 and 1.5 * 30 days is 45: one day late.
        assert overdue.table.loc[0, "overdue_days"] == 1
        assert overdue.table.loc[0, "late_after_date"] == pd.Timestamp("2025-12-30")
        assert np.isnan(overdue.table.loc[0, "silence_probability"])


def test_nobody_at_all() -> None:
    overdue = find_overdue(late().iloc[:0], rules=RULES)
    assert overdue.table.empty and overdue.n_judged == 0
