"""What the lifecycle charts and readings say, read off the Axes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from kamlib.figures import lifecycle as figures
from kamlib.figures import theme
from kamlib.lifecycle import Cohorts, Lifecycle
from kamlib.lifecycle.mix import mix_stages

STAGED = ["exploration", "stability", "stability", "decline", "undetermined", "inactive"]
AMOUNTS = [10.0, 300.0, 400.0, 200.0, 90.0, 0.0]


def make_result() -> Lifecycle:
    stages = pd.DataFrame({
        "account_id": [f"A{i}" for i in range(6)], "stage": STAGED,
        "stage_reason": ["young", "level", "level", "falling", "swinging_old", "silent"],
        "net_amount_window": AMOUNTS, "slope_rate": [None, 0.0, 0.0, -0.04, 0.0, None],
        "slope_rate_ci_low": [None, 0.0, 0.0, -0.06, 0.0, None], "n_months": 36,
        "slope_rate_ci_high": [None, 0.0, 0.0, -0.02, 0.0, None]})
    movement = pd.DataFrame({
        "group": "all", "n_accounts": [6, 1, 0, 0, -2, 0, 5],
        "movement": ["opening", "new", "first_seen", "recovered", "lost", "kept_change", "closing"],
        "net_amount": [1100.0, 10.0, 0.0, 0.0, -120.0, 10.0, 1000.0]})
    rates = pd.DataFrame({"group": ["all"], "net_rate": [-1 / 6],
                          "logo_retention_share": [4 / 6], "loss_to_new_ratio": [2.0]})
    transitions = pd.DataFrame({
        "stage_previous": ["not_yet", "stability", "stability", "inactive"],
        "stage": ["exploration", "stability", "decline", "inactive"], "n_accounts": [1, 2, 1, 1],
        "account_share": [1.0, 2 / 3, 1 / 3, 1.0], "net_amount_window": [10.0, 700.0, 200.0, 0.0]})
    fallen = stages[stages["stage"] == "decline"].assign(stage_previous="stability")
    cohorts = Cohorts(pd.DataFrame({
        "cohort": ["2023H1"] * 4 + ["2024H2"], "n_accounts": [10] * 4 + [3],
        "n_quarters_since": [1, 2, 3, 4, 1], "n_active": [9, 8, 8, 7, 2],
        "active_share": [0.9, 0.8, 0.8, 0.7, None]}), "half", 4, 1, 0)
    declining = pd.DataFrame({
        "account_id": "A3", "month": pd.date_range("2025-10-01", periods=3, freq="MS"),
        "sales_amount": [30.0, 20.0, 10.0], "adjusted_amount": [33.0, 22.0, 11.0],
        "trend_amount": [32.0, 22.0, 12.0]})
    overdue = pd.DataFrame({"account_id": ["A1"], "days_since_last_sale": [90],
                            "allowed_days": [45.2], "net_amount_window": [300.0]})
    return Lifecycle(date(2025, 12, 31), date(2025, 9, 30), True, stages, mix_stages(stages),
                     transitions, fallen, movement, rates, cohorts, overdue, declining)


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def title(ax: object) -> str:
    return plain(theme.plain_title(ax))  # type: ignore[arg-type]


def test_mix_bars_are_the_shares() -> None:
    ax = figures.plot_mix(make_result(), currency="CNY")
    widths = {bar.get_label(): [patch.get_width() for patch in bar] for bar in ax.containers}
    assert widths["Stability"] == pytest.approx([0.7, 2 / 5])
    assert widths["Decline"] == pytest.approx([0.2, 1 / 5])
    assert sum(w[0] for w in widths.values()) == pytest.approx(1)
    assert title(ax) == "1 account in decline brings 20 % of sales; 70 % come from stable ones"
    assert [plain(t.get_text()) for t in ax.get_yticklabels()] == ["Net sales\n1.00 k CNY",
                                                                   "Accounts\n5"]


def test_mix_reading_says_what_could_not_be_placed() -> None:
    assert plain(figures.read_mix(make_result(), currency="CNY")) == (
        "Stability holds 700 CNY, 70 % of the active accounts' sales, with 2 of 5 accounts. "
        "1 account could not be placed; the commonest reason: Sales swing too much to tell (1).")


def test_waterfall_steps_lead_from_opening_to_closing() -> None:
    ax = figures.plot_movement(make_result(), currency="CNY")
    steps = [(p.get_y(), p.get_height()) for bar in ax.containers for p in bar]
    assert steps == [(6, 1), (7, 0), (7, 0), (7, -2)]
    low, high = ax.get_ylim()
    assert low <= 5 and high >= 7
    assert title(ax) == "Active accounts fell from 6 to 5; 2 were lost"
    labels = [plain(t.get_text()).replace("\n", " ") for t in ax.get_xticklabels()]
    assert labels[0] == "Opening (1.10 k CNY)" and labels[4] == "Lost (-120 CNY)"


def test_movement_reading_calls_the_ratio_a_ratio() -> None:
    assert plain(figures.read_movement(make_result(), currency="CNY")) == (
        "1 new against 2 lost: the new bought 10 CNY, the lost had bought 120 CNY in the 12 months "
        "before. 66.7 % of the accounts active at opening are kept. For each new account 2.00 were "
        "lost (a ratio, not a churn rate).")


def test_transitions_cells() -> None:
    ax = figures.plot_transitions(make_result())
    rows = [t.get_text() for t in ax.get_yticklabels()]
    columns = [t.get_text() for t in ax.get_xticklabels()]
    assert rows == ["Not yet a customer", "Stability", "Inactive"]
    assert columns == ["Exploration", "Stability", "Decline", "Inactive"]
    cells = [t.get_text() for t in ax.texts]
    assert cells == ["1", "0", "0", "0", "0", "2", "1", "0", "0", "0", "0", "1"]
    assert title(ax) == "2 of 5 accounts changed their stage since 30 September 2025"


def test_transitions_reading_names_who_fell() -> None:
    assert plain(figures.read_transitions(make_result(), currency="CNY")) == (
        "1 account fell into decline since 30 September 2025, with 200 CNY of sales in 12 months; "
        "the largest is A3: -4.0 % a month (-6.0 to -2.0 %).")


def test_cohort_cells_and_refusal() -> None:
    result = make_result()
    ax = figures.plot_cohorts(result)
    cells = [plain(t.get_text()) for t in ax.texts]
    assert cells == ["90 %", "80 %", "80 %", "70 %", "too few", "", "", ""]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2023H1 (n = 10)", "2024H2 (n = 3)"]
    assert title(ax) == "Four quarters after their first, 7 of 10 accounts still bought"
    assert plain(figures.read_cohorts(result)) == (
        "Four quarters after their first, 7 of 10 accounts bought (70 %). Accounts in no cohort: "
        "4 of unknown start, 1 that started before the known history, 0 that first bought too "
        "lately.")


def test_declining_lines() -> None:
    result = make_result()
    ax = figures.plot_declining(result, currency="CNY")
    assert [list(line.get_ydata()) for line in ax.lines] == [[33.0, 22.0, 11.0],
                                                             [32.0, 22.0, 12.0]]
    assert title(ax) == "The largest account in decline bought 200 CNY in 12 months"
    assert plain(figures.read_declining(result, currency="CNY")) == (
        "Account A3 is the largest in decline: -4.0 % a month (-6.0 to -2.0 %) over 36 months, "
        "200 CNY in 12 months.")


def test_overdue_reading() -> None:
    assert plain(figures.read_overdue(make_result(), currency="CNY")) == (
        "1 account is overdue; it bought 300 CNY in 12 months. The largest, A1, has been silent "
        "for 90 days where 45 are usual at most.")


def test_empty_results_say_so() -> None:
    full = make_result()
    empty = replace(
        full, has_previous=False, transitions=full.transitions.iloc[:0], fallen=full.fallen[:0],
        overdue=full.overdue.iloc[:0], declining_months=full.declining_months.iloc[:0],
        cohorts=replace(full.cohorts, table=full.cohorts.table.iloc[:0]))
    for plot in (figures.plot_movement, figures.plot_transitions, figures.plot_cohorts,
                 figures.plot_declining):
        ax = plot(empty)
        assert title(ax) == "There is nothing to show" and len(ax.texts) == 1
    assert figures.read_transitions(empty) == (
        "The known history does not reach the previous period, which ended on 30 September 2025.")
    assert figures.read_movement(empty) == figures.read_transitions(empty)
    assert figures.read_declining(empty) == "No active account is in proven decline."
    assert figures.read_overdue(empty) == (
        "No active account is silent for longer than its own rhythm allows.")
    assert figures.read_cohorts(empty).startswith("No cohort of sufficient size")
