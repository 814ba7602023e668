"""What the early-warning charts and readings say, read off the Axes."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from kamlib.figures import alarms, theme
from kamlib.figures import warning as figures
from kamlib.language import NO_BREAK
from kamlib.warning import WarningRules, build_warnings

_spec = importlib.util.spec_from_file_location(
    "simulate", Path(__file__).parents[1] / "warning" / "simulate.py")
simulate = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(simulate)

QUICK = WarningRules(n_resamples=100, n_refits=50)
PLOTS = (figures.plot_calls, figures.plot_fates, alarms.plot_hits, alarms.plot_signs,
         alarms.plot_calibration)
READINGS = (figures.read_calls, figures.read_model, figures.read_outcomes, figures.read_fates,
            figures.read_changes, alarms.read_hits, alarms.read_signs, alarms.read_calibration)


def build(past, **given):
    return build_warnings(past, read=simulate.make_read(), as_of=simulate.AS_OF, rules=QUICK,
                          horizon_days=simulate.HORIZON, **given)


@pytest.fixture(scope="module")
def found():
    return build(simulate.simulate_past())


@pytest.fixture(scope="module")
def nothing():
    """A data set without a past, in which nobody shows enough signs for a warning."""
    past = simulate.simulate_past(20)
    last = past[past["cut_date"] == simulate.CUTS[-1]].drop(columns="cut_date")
    return build(past.iloc[:0], facts=last)


def plain(text):
    return text.replace(NO_BREAK, " ")


def test_bars_of_calls_are_sales_and_their_share_at_stake(found):
    ax = figures.plot_calls(found, currency="CNY", names={found.calls["account_id"][0]: "Ex$mple$"})
    rows = found.calls.head(figures.MAX_BARS)
    widths = [round(bar.get_width(), 4) for bar in ax.patches]
    n = len(rows)
    assert sorted(widths[:n]) == sorted(rows["net_amount_window"].round(4))
    assert widths[n:] == [0.0 if pd.isna(x) else round(x, 4) for x in rows["risk_amount"]]
    assert ax.get_yticklabels()[0].get_text() == f"{rows['account_id'][0]} Ex$mple$"
    assert ax.get_title().startswith(f"{len(found.calls)} accounts with ")
    assert "chance of leaving in 182 days" in ax.get_xlabel()
    two = [bar for bar in ax.patches if to_hex(bar.get_facecolor()) == figures.SIGN_COLOURS[2]]
    assert len(two) == (rows["n_flags"] == 2).sum()


def test_title_of_calls_without_a_model(found):
    calls = found.calls.assign(risk_amount=float("nan"))
    title = figures.plot_calls(replace(found, calls=calls), currency="CNY").get_title()
    assert title.endswith("should be called")


def test_dots_of_hits_are_the_tables_and_ours_stand_out(found):
    ax = alarms.plot_hits(found)
    rows = found.backtest[found.backtest["basis"] == "tested_days"].sort_values(
        ["precision_share", "ranked_by"])
    dots = ax.collections[1]
    assert dots.get_offsets()[:, 0].tolist() == rows["precision_share"].tolist()
    colours = [to_hex(colour) for colour in dots.get_facecolors()]
    assert [c == theme.ACCENT for c in colours] == rows["ranked_by"].isin(
        ("model", "signs")).tolist()
    assert ax.get_xlabel().startswith("share (%); 20 accounts called on each of ")


@pytest.mark.parametrize(("verdict", "said"), [
    ("better", "The model found more of those that left than any simple list"),
    ("worse", "The model found fewer of those that left than a simple list: "),
    ("cannot tell", "The model found about as many of those that left as a simple list: ")])
def test_title_of_hits_says_the_verdict(found, verdict, said):
    table = found.backtest.assign(precision_verdict=verdict)
    assert alarms.plot_hits(replace(found, backtest=table)).get_title().startswith(said)


def test_without_a_tested_model_the_signs_are_judged_on_all_days(found):
    table = found.backtest[found.backtest["ranked_by"] != "model"]
    plain_ones = replace(found, backtest=table, refused={"model": "Too few left."})
    assert alarms.plot_hits(plain_ones).get_title().startswith("The warning signs found")
    said = alarms.read_hits(plain_ones)
    assert "Too few left." in said
    assert "called by the warning signs left" in said


def test_reading_of_hits(found):
    said = alarms.read_hits(found)
    assert said.startswith("In the past the warning signs ")
    assert "In the past the model " in said
    assert "false alarms a month" in said
    assert "called by the model left" in said


def test_signs_chart_and_reading(found):
    ax = alarms.plot_signs(found)
    assert ax.get_title() == "2 of 2 signs told in the past who would leave"
    dots = ax.collections[1].get_offsets()[:, 0]
    assert dots.tolist() == found.signs["left_share"][::-1].tolist()
    first = found.signs.iloc[0]
    assert f"of {first['n_fired']} left" in alarms.read_signs(found)
    mute = found.signs.assign(left_share_ci_low=0.0)
    said = alarms.read_signs(replace(found, signs=mute))
    assert said.startswith("Not surely more often than others left those with: overdue and falli")


def calibrated(found, **values):
    table = pd.DataFrame({
        "calibration_group": ["1", "all"], "n_rows": [100, 100], "n_happened": [30, 30],
        "expected_share": [0.3, 0.3], "observed_share": [0.3, 0.3],
        "observed_share_ci_low": [0.2, 0.2], "observed_share_ci_high": [0.4, 0.4]})
    return replace(found, calibration=table.assign(**values))


@pytest.mark.parametrize(("values", "said"), [
    ({}, "The model foretold 30 that would leave, 30 of 100 did; that may be chance (20–40). In 1 "
         "group by chance the forecast lies within the interval of what happened."),
    ({"expected_share": 0.1}, "The model foretold 10 that would leave, 30 of 100 did: more than "
     "chance would explain (20–40). In 1 of 1 groups the forecast lies outside the interval of "
     "what happened: read its percentages as an order, not to the point."),
    ({"expected_share": [0.3, 0.5]}, "The model foretold 50 that would leave, 30 of 100 did: "
     "fewer than chance would explain (20–40). In 1 group by chance the forecast lies within the "
     "interval of what happened.")])
def test_calibration_in_words(found, values, said):
    assert alarms.read_calibration(calibrated(found, **values)) == said


def test_calibration_chart_shows_groups_not_the_sum(found):
    ax = alarms.plot_calibration(calibrated(found))
    assert ax.collections[1].get_offsets().tolist() == [[0.3, 0.3]]
    assert ax.get_title() == "The model foretold 30 that would leave; 30 did"


def test_fates_chart_adds_up(found):
    ax = figures.plot_fates(found)
    table = found.fates
    total = table[[f"n_{fate}" for fate in figures.FATES]].to_numpy().sum()
    assert sum(bar.get_height() for bar in ax.patches) == total
    true = table[["n_came_true", "n_came_back"]].to_numpy().sum()
    assert ax.get_title().startswith(f"{true} of {true + table['n_false_alarm'].sum()} warnings")


def test_readings_of_the_past(found):
    outcomes = figures.read_outcomes(found, currency="CNY")
    assert outcomes.startswith(f"On 6 past days {found.outcomes['n_left'].sum()} of ")
    assert outcomes.endswith("whose later days are known none has bought again.")
    some = found.outcomes.assign(n_back=1, n_too_slow=[0, 0, 0, 0, 0, 1])
    said = plain(figures.read_outcomes(replace(found, outcomes=some)))
    assert "Silent is not always gone: of " in said
    assert said.endswith("1 account was left out, because its usual gap is not known or longer "
                         "than that.")
    fates = figures.read_fates(found, currency="CNY")
    assert "came true" in fates
    assert "without a warning" in fates
    assert figures.read_changes(found, currency="CNY").startswith("Since 29 June 2025 ")
    whole = found.outcomes.assign(n_rhythm_unknown=0, n_too_slow=0, n_followed=0)
    assert figures.read_outcomes(replace(found, outcomes=whole)).endswith("12 months.")


def test_reading_of_the_model(found):
    said = figures.read_model(found)
    assert said.startswith(f"The model rests on {(found.coefficients['use'] == 'used').sum()} fea")
    assert "These surely count: silence in mean gaps" in said
    more = found.coefficients.assign(use=["used"] * 3 + ["too_few_events"] * (
        len(found.coefficients) - 3))
    assert "more are left out, since too few" in figures.read_model(replace(found,
                                                                            coefficients=more))


def test_reading_of_calls_names_whom_most_is_at_stake_with(found):
    top = found.calls.sort_values("risk_amount", ascending=False).iloc[0]
    said = plain(figures.read_calls(found, currency="CNY"))
    assert f"Most is at stake with {top['account_id']}: " in said
    assert "under warning (2 or more signs); of those so marked on 6 earlier dates" in said


def test_with_nothing_all_say_why(nothing):
    for plot in PLOTS:
        ax = plot(nothing)
        assert ax.get_title() == "There is nothing to show" or plot is figures.plot_calls
    for read in READINGS:
        assert read(nothing)
    assert figures.read_outcomes(nothing) == nothing.refused["past"]
    calm = replace(nothing, calls=nothing.calls.iloc[:0],
                   watch=nothing.watch.assign(is_warned=False))
    assert figures.plot_calls(calm).get_title() == "There is nothing to show"
    assert figures.read_calls(calm).startswith("None of ")
