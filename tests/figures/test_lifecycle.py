"""What the lifecycle charts and readings say, read off the Axes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from kamlib.figures import lifecycle as figures
from kamlib.figures import movement, overdue, survival, theme
from kamlib.lifecycle import Cohorts, Lifecycle, Overdue, Survival
from kamlib.lifecycle.bridge import STEPS
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
    moved = pd.DataFrame({
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
    return Lifecycle(
        as_of=date(2025, 12, 31), previous_as_of=date(2025, 9, 30), has_previous=True,
        stages=stages, mix=mix_stages(stages), transitions=transitions, fallen=fallen,
        movement=moved, rates=rates, rates_by_region=rates, cohorts=cohorts,
        revenue_bridge=make_bridge(), changes=make_changes(), retention=make_retention(),
        survival=make_survival(), overdue=make_overdue(), declining_months=declining, refused={})


def make_bridge(**amounts: float) -> pd.DataFrame:
    given = {"opening": 1000.0, "new": 50.0, "expansion_volume": 300.0, "expansion_price": 20.0,
             "contraction_volume": -150.0, "contraction_mix": -30.0, "returns_change": -10.0,
             "lost": -80.0, "closing": 1100.0} | amounts
    return pd.DataFrame({"bridge_step": STEPS, "n_accounts": 1,
                         "amount": [given.get(step, 0.0) for step in STEPS]})


def make_changes() -> pd.DataFrame:
    return pd.DataFrame({
        "account_id": ["A1", "A2", "A3"], "revenue_change": ["contraction", "lost", "expansion"],
        "before_net_amount": [500.0, 80.0, 400.0], "net_amount": [350.0, 0.0, 700.0],
        "change_amount": [-150.0, -80.0, 300.0]})


def make_retention(**values: float) -> pd.DataFrame:
    row = {"n_accounts": 4, "n_churned": 1, "opening_amount": 1000.0, "expansion_amount": 300.0,
           "contraction_amount": 150.0, "churned_amount": 80.0, "closing_amount": 1070.0,
           "net_retention_share": 1.07, "gross_retention_share": 0.77, "n_negative": 0}
    return pd.DataFrame([row | values])


def make_survival(**values: object) -> Survival:
    ends = {"survival_share_ci_low": [0.8, 0.4], "survival_share_ci_high": [0.95, 0.6]}
    curve = pd.DataFrame({"group": "all", "time_days": [365.0, 1096.0], "n_at_risk": [40, 20],
                          "n_lost": [4, 9], "survival_share": [0.9, 0.5], **ends})
    kept = pd.DataFrame({"group": "all", "time_years": [1, 3], "n_at_risk": [38, 20],
                         "n_lost": [4, 13], "survival_share": [0.9, 0.5], **ends})
    summary = pd.DataFrame([["all", 50, 10, 13, 3.0, 2.0, None]], columns=[
        "group", "n_accounts", "n_late_entry", "n_lost", "median_life_years",
        "median_life_years_ci_low", "median_life_years_ci_high"])
    summary = summary.assign(**values).astype(dict.fromkeys(summary.columns[-3:], "float64"))
    return Survival(curve, kept, summary, 365, 4, 2, 0)


def make_overdue(n_by_chance: float = 1.4, reason: str = "") -> Overdue:
    day = pd.Timestamp("2025-10-02")
    table = pd.DataFrame({
        "account_id": ["A1"], "last_sale_date": [day], "days_since_last_sale": [90],
        "n_gaps": [9], "usual_gap_days": [30.4], "expected_by_date": [pd.Timestamp("2025-11-02")],
        "late_after_date": [pd.Timestamp("2025-12-01")], "overdue_days": [30],
        "silence_probability": [0.002], "net_amount_window": [300.0]})
    return Overdue(table, 40, n_by_chance, reason)


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
    ax = movement.plot_movement(make_result(), currency="CNY")
    steps = [(p.get_y(), p.get_height()) for bar in ax.containers for p in bar]
    assert steps == [(6, 1), (7, 0), (7, 0), (7, -2)]
    low, high = ax.get_ylim()
    assert low <= 5 and high >= 7
    assert title(ax) == "Active accounts fell from 6 to 5; 2 were lost"
    labels = [plain(t.get_text()).replace("\n", " ") for t in ax.get_xticklabels()]
    assert labels[0] == "Opening (1.10 k CNY)" and labels[4] == "Lost (-120 CNY)"


def test_movement_reading_calls_the_ratio_a_ratio() -> None:
    assert plain(movement.read_movement(make_result(), currency="CNY")) == (
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
    ax = survival.plot_cohorts(result)
    cells = [plain(t.get_text()) for t in ax.texts]
    assert cells == ["90 %", "80 %", "80 %", "70 %", "too few", "", "", ""]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["2023H1 (n = 10)", "2024H2 (n = 3)"]
    assert title(ax) == "Four quarters after their first, 7 of 10 accounts still bought"
    assert plain(survival.read_cohorts(result)) == (
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


def test_bridge_bars_lead_from_opening_to_closing() -> None:
    ax = movement.plot_revenue_bridge(make_result(), currency="CNY")
    bars = [(bar.get_x(), bar.get_width()) for bar in ax.patches]
    # Steps of nothing are left out; each begins where the one before ended.
    assert bars == [(1000, 50), (1050, 300), (1350, 20), (1370, -150), (1220, -30), (1190, -10),
                    (1180, -80)]
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert names == ["Revenue, window before", "New", "Bought more: volume", "Bought more: price",
                     "Bought less: volume", "Bought less: other products", "Change in returns",
                     "Lost", "Revenue now"]
    colours = {to_hex(bar.get_facecolor()) for bar in ax.patches if bar.get_width() > 0}
    assert colours == {movement.UP}
    assert ax.get_xlabel() == (
        "net sales with adjustments of 12 months, axis may begin above 0 (CNY)")
    low, high = ax.get_xlim()
    assert 0 <= low < 1000 and high > 1370


@pytest.mark.parametrize(("closing", "expected"), [
    (1100.0, "Revenue rose by 100 CNY: +320 CNY from accounts that buy more, -180 CNY from those "
             "that buy less, 80 CNY lost"),
    (900.0, "Revenue fell by 100 CNY: -180 CNY from accounts that buy less, 80 CNY lost, +320 CNY "
            "from those that buy more"),
    (1000.0, "Revenue is as in the 12 months before: +320 CNY from accounts that buy more, -180 "
             "CNY from those that buy less")])
def test_bridge_title_says_what_happened(closing: float, expected: str) -> None:
    result = replace(make_result(), revenue_bridge=make_bridge(closing=closing))
    assert title(movement.plot_revenue_bridge(result, currency="CNY")) == expected


def test_bridge_reading_says_every_part_and_what_is_not_known() -> None:
    text = plain(movement.read_revenue_bridge(make_result(), currency="CNY"))
    assert text == (
        "1.00 k CNY became 1.10 k CNY: new and recovered accounts +50 CNY, accounts that buy more "
        "+320 CNY, accounts that buy less -180 CNY, lost accounts -80 CNY, returns -10 CNY, "
        "adjustments 0 CNY. Of the accounts that bought in both windows: volume +150 CNY, price "
        "+20 CNY, other products -30 CNY.")
    unknown = replace(make_result(), revenue_bridge=make_bridge(contraction_quantity_unknown=-7.0))
    assert plain(movement.read_revenue_bridge(unknown, currency="CNY")).endswith(
        "-7 CNY of their change cannot be told apart, since quantities are not known.")


def test_retention_reading_says_what_counted_as_nothing() -> None:
    assert plain(movement.read_retention(make_result(), currency="CNY")) == (
        "4 accounts with sales a year ago: 1 left with 80 CNY, the others shrank by 150 CNY and "
        "grew by 300 CNY. Net revenue retention 107.0 %, gross 77.0 %.")
    result = replace(make_result(), retention=make_retention(n_negative=2))
    assert plain(movement.read_retention(result)).endswith(
        "2 accounts sent back more than they bought in one of the windows; they count as 0 in the "
        "gross share.")


def test_changes_are_named_with_what_they_did() -> None:
    names = {"A1": "A name that is a good deal too long for a chart"}
    ax = movement.plot_changes(make_result(), currency="CNY", names=names)
    assert [bar.get_width() for bar in ax.patches] == [-150, -80, 300]
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "A1 A name that is a good deal…: bought less", "A2: lost", "A3: bought more"]
    assert title(ax) == "The largest losses took 230 CNY, the largest gains added 300 CNY"
    assert plain(movement.read_changes(make_result(), currency="CNY")) == (
        "Most was taken by A1 (-150 CNY) and A2 (-80 CNY). Most was added by A3 (+300 CNY).")
    only_lost = replace(make_result(), changes=make_changes().iloc[:1])
    assert title(movement.plot_changes(only_lost, currency="CNY")) == (
        "1 account changed sales by -150 CNY")
    same = replace(make_result(), changes=make_changes().assign(change_amount=0.0))
    assert movement.read_changes(same) == "Every account bought as much as in the window before."
    assert title(movement.plot_changes(same)) == "There is nothing to show"


def test_survival_steps_band_and_followed_accounts() -> None:
    ax = survival.plot_survival(make_result())
    line = next(line for line in ax.lines if len(line.get_xdata()) == 3)
    assert list(line.get_ydata()) == [1.0, 0.9, 0.5]
    assert list(line.get_xdata()) == pytest.approx([0, 365 / 365.25, 1096 / 365.25])
    assert title(ax) == "Half of all relationships last 3.0 years or longer"
    write = ax.xaxis.get_major_formatter()
    assert [write(x, None) for x in (0, 1, 2, 3)] == ["0", "1\n(38)", "2", "3\n(20)"]
    assert ax.get_ylabel() == "relationships still alive (%)"


@pytest.mark.parametrize(("values", "title_", "sentence"), [
    ({}, "Half of all relationships last 3.0 years or longer",
     "Half last 3.0 years or longer (at least 2.0)."),
    ({"median_life_years_ci_high": 5.0}, "Half of all relationships last 3.0 years or longer",
     "Half last 3.0 years or longer (2.0 to 5.0)."),
    ({"median_life_years_ci_low": None}, "Half of all relationships last 3.0 years or longer",
     "Half last 3.0 years or longer."),
    ({"median_life_years": None}, "50 % of relationships are still alive after 3.0 years",
     "Half of them outlast what can be followed, so no median is told."),
    ({"median_life_years": 365 / 365.25},
     "More than half of all relationships end at once: no second order within 365 days",
     "More than half placed no second order within 365 days.")])
def test_survival_says_what_can_be_told(values: dict[str, object], title_: str, sentence: str
                                        ) -> None:
    result = replace(make_result(), survival=make_survival(**values))
    assert title(survival.plot_survival(result)) == title_
    assert plain(survival.read_survival(result)) == (
        f"Still alive: after 1 year 90 % (80–95 %); after 3 years 50 % (40–60 %). {sentence} 50 "
        "accounts were followed, 10 of them only from a later age on, since they began before the "
        "known history; 13 were lost. Not on the curve: 4 accounts of unknown start, 2 that began "
        "before the known history and were silent at its beginning, 0 not followed for a day.")


def test_nobody_left_out_is_not_mentioned() -> None:
    everybody = replace(make_survival(), n_unknown_start=0, n_lapsed_before=0)
    assert survival.read_survival(replace(make_result(), survival=everybody)).endswith("were lost.")


def test_years_of_start_are_curves_of_their_own() -> None:
    one = make_survival()
    both = replace(one, curve=pd.concat([one.curve, one.curve.assign(group="2022")]))
    ax = survival.plot_survival(replace(make_result(), survival=both))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["all accounts",
                                                                         "began in 2022"]


def test_overdue_marks_the_usual_and_the_present_silence() -> None:
    ax = overdue.plot_overdue(make_result(), currency="CNY", names={"A1": "Ltd"})
    assert [bar.get_width() for bar in ax.patches] == [60]
    points = {line.get_label(): list(line.get_xdata()) for line in ax.lines}
    assert points == {"silent for": [90.0], "usual gap": [30.4]}
    assert [text.get_text() for text in ax.get_yticklabels()] == ["A1 Ltd"]
    assert plain(ax.texts[0].get_text()) == "300 CNY"
    assert title(ax) == "1 account with 300 CNY of sales in 12 months is silent for too long"
    many = make_overdue()
    many = replace(many, table=pd.concat([many.table] * 14, ignore_index=True))
    ax = overdue.plot_overdue(replace(make_result(), overdue=many), currency="CNY")
    assert len(ax.patches) == 12
    assert title(ax) == ("14 accounts with 4.20 k CNY of sales in 12 months are silent for too "
                         "long; the 12 largest")


@pytest.mark.parametrize(("given", "end"), [
    (make_overdue(), "Of 40 accounts with a rhythm, about 1 would look so on any day by chance, "
                     "although it goes on buying."),
    (make_overdue(2.6), "Of 40 accounts with a rhythm, about 3 would look so on any day by "
                        "chance, although they go on buying."),
    (make_overdue(0.2), "Of 40 accounts with a rhythm, hardly one would look so by chance."),
    (make_overdue(float("nan"), "Too few."),
     "The simple rule was used (the mean gap and two deviations). Too few.")])
def test_overdue_reading(given: Overdue, end: str) -> None:
    result = replace(make_result(), overdue=given)
    assert plain(overdue.read_overdue(result, currency="CNY")) == (
        "1 account is overdue; it bought 300 CNY in 12 months. The largest, A1, has been silent "
        f"for 90 days where 30 are usual; its order was expected by 2 November 2025. {end}")


def test_empty_results_say_so() -> None:
    full = make_result()
    why = "The history is short."
    empty = replace(
        full, has_previous=False, transitions=full.transitions.iloc[:0], fallen=full.fallen[:0],
        overdue=replace(full.overdue, table=full.overdue.table.iloc[:0]),
        declining_months=full.declining_months.iloc[:0],
        cohorts=replace(full.cohorts, table=full.cohorts.table.iloc[:0]),
        revenue_bridge=full.revenue_bridge.iloc[:0], changes=full.changes.iloc[:0],
        retention=full.retention.iloc[:0],
        refused=dict.fromkeys(["revenue_bridge", "changes", "retention"], why),
        survival=replace(full.survival, curve=full.survival.curve.iloc[:0], reason=why))
    for plot in (movement.plot_movement, figures.plot_transitions, survival.plot_cohorts,
                 figures.plot_declining, movement.plot_revenue_bridge, movement.plot_changes,
                 survival.plot_survival, overdue.plot_overdue):
        ax = plot(empty)
        assert title(ax) == "There is nothing to show" and len(ax.texts) == 1
    for read in (movement.read_revenue_bridge, movement.read_changes, movement.read_retention):
        assert read(empty) == why
    assert survival.read_survival(empty).startswith(f"{why} Not on the curve: 4 accounts")
    assert figures.read_transitions(empty) == (
        "The known history does not reach the previous period, which ended on 30 September 2025.")
    assert movement.read_movement(empty) == figures.read_transitions(empty)
    assert figures.read_declining(empty) == "No active account is in proven decline."
    assert overdue.read_overdue(empty) == (
        "No active account is silent for longer than its own rhythm allows.")
    nobody = replace(empty, overdue=replace(empty.overdue, n_judged=0))
    assert overdue.read_overdue(nobody) == (
        "No active account has bought often enough to have a rhythm to be behind.")
    not_over = replace(nobody, refused={"overdue": why})
    assert overdue.read_overdue(not_over) == why
    assert plain(overdue.plot_overdue(not_over).texts[0].get_text()) == why
    assert survival.read_cohorts(empty).startswith("No cohort of sufficient size")
