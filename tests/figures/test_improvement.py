"""What the charts and readings of what to mend first say, read off the Axes."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from kamlib.figures import importance, theme
from kamlib.figures import improvement as figures
from kamlib.labels import HEADINGS, heading
from kamlib.language import NO_BREAK
from kamlib.satisfaction.improvement.result import TABLES

_spec = importlib.util.spec_from_file_location(
    "improvement_world",
    Path(__file__).parents[1] / "satisfaction" / "improvement" / "world.py")
world = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(world)

PLOTS = (figures.plot_priorities, figures.plot_rivals, figures.plot_cells, figures.plot_topics,
         partial(importance.plot_importance, by="stated"),
         partial(importance.plot_importance, by="derived"), importance.plot_reliability)
READINGS = (figures.read_priorities, figures.read_rivals, figures.read_expectations,
            figures.read_cells, figures.read_markets, figures.read_promises, figures.read_topics,
            importance.read_importance, importance.read_drivers, importance.read_reliability)
REASONS = ("There is no survey: the table survey_waves is missing or empty.",
           "No promise to mend something is on record (table actions)")
HOSTILE = "Calls are <b>answered</b> $fast$"


@pytest.fixture(scope="module")
def found():
    return world.plan(world.build_tables(), actions=world.build_actions())


@pytest.fixture(scope="module")
def nothing():
    return world.plan({}, whole=True)


def plain(text):
    return text.replace(NO_BREAK, " ")


def change(found, name, **columns):
    """The same result with other values in one table."""
    return replace(found, **{name: getattr(found, name).assign(**columns)})


def test_every_column_shown_has_a_heading(found):
    columns = {c for name in TABLES for c in getattr(found, name).columns
               if not c.endswith(("_ci_low", "_ci_high"))}
    assert {c for c in columns if c not in HEADINGS and heading(c) == c} == set()


def test_bars_are_the_gain_of_each_question(found):
    ax = figures.plot_priorities(found)
    widths = [bar.get_width() for bar in ax.patches]
    assert widths == pytest.approx(found.priorities["priority_index"].tolist())
    assert ax.get_yticklabels()[0].get_text() == "Goods come in time"
    assert ax.get_title() == ("“Goods come in time” comes first: mending it would lift the index "
                              f"by {widths[0]:.1f} points")
    assert [t.get_text() for t in ax.texts].count("reaches its target") == int(
        (found.priorities["gap_verdict"] == "met").sum()) > 0


def test_first_of_all_is_said_with_money_target_and_promises(found):
    said = plain(figures.read_priorities(found, currency="CNY"))
    assert said.startswith("Mend first: “Goods come in time” is rated ")
    n = int(found.priorities["n_below"].iloc[0])
    assert f"The {n} accounts below it buy for {n / 10:.2f} k CNY a year." in said
    assert "it would come first in >99 % of cases." in said
    assert "The target of 70 points is the satisfied line." in said


def test_weights_and_the_overall_judgement_are_told_as_two_readings(found):
    given = change(found, "priorities", weight_share=[0.4, 0.3, 0.1, 0.1, 0.1])
    assert "The order follows the gap to the target and the weight of each question" in plain(
        figures.read_priorities(given))
    first = found.priorities["item_id"].iloc[0]
    same = change(found, "importance", derived_share_ci_low=0.1, derived_share_ci_high=0.3,
                  derived_share=(found.importance["item_id"] == first) * 0.2)
    assert plain(figures.read_priorities(same)).endswith(
        "it puts the same question first (20 %, 10–30 %).")
    other = change(same, "importance", derived_share=(found.importance["text"] ==
                                                      found.priorities["text"].iloc[1]) * 0.2)
    assert plain(figures.read_priorities(other)).endswith(
        "All questions weigh the same in the index, so the order follows the gap to the target "
        "alone. What the overall judgement follows is another reading of what matters; there "
        f"“{found.priorities['text'].iloc[1]}” counts most (20 %, 10–30 %).")
    unknown = change(other, "importance", derived_share=float("nan"))
    assert "another reading" not in figures.read_priorities(unknown)


def test_nothing_clearly_below(found):
    calm = change(found, "priorities", gap_verdict="cannot tell", n_open_promises=2)
    assert figures.plot_priorities(calm).get_title() == (
        "No question is clearly below its target of 70")
    said = plain(figures.read_priorities(calm, currency="CNY"))
    assert said.startswith("No question is clearly below the 70.0 points it should reach.")
    assert "2 promises on its topic are still open." in said


def test_map_has_both_cross_hairs_and_a_number_for_each_question(found):
    ax = importance.plot_importance(found, by="stated")
    upright = {line.get_xdata()[0] for line in ax.lines
               if len(set(line.get_xdata())) == 1 and len(line.get_xdata()) == 2}
    assert {50.0, found.importance["item_index"].mean()} <= upright
    assert [t.get_text() for t in ax.texts][:5] == ["1", "2", "3", "4", "5"]
    names = [t.get_text().replace("\n", " ") for t in ax.get_legend().get_texts()]
    assert names[0] == "1  Goods come in time"
    assert any(HOSTILE in name for name in names)
    assert ax.get_title() == "Important and weak against the mean: “Goods come in time”"


def test_readings_of_the_map(found):
    everywhere = change(found, "importance", n_mend_first=4, n_readings=4)
    assert "Every reading of the map says: mend “Goods come in time”" in (
        importance.read_importance(everywhere))
    nowhere = change(found, "importance", n_mend_first=0)
    assert "No reading of the map puts a question" in importance.read_importance(nowhere)
    assert "The readings disagree about “Goods come in time” (" in (
        importance.read_importance(found))
    unasked = replace(found, refused={"stated": "Not measured."})
    assert importance.read_importance(unasked).endswith("Not measured.")


def test_drivers(found):
    said = plain(importance.read_drivers(found))
    assert "(60 accounts; LMG, the mean over every order of the questions)" in said
    other = change(found, "importance", overall_correlation=-0.3)
    assert "Overall satisfaction falls where" in importance.read_drivers(other)
    many = replace(found, method="relative_weights")
    assert "Of whole topics “" in importance.read_drivers(many)


def test_against_rivals(found):
    ax = figures.plot_rivals(found)
    assert ax.get_title() == "The best rival is ahead on 1 of 5 questions, we on 1"
    (points,) = [c for c in ax.collections if len(c.get_offsets()) == 5]
    assert points.get_offsets()[:, 0].tolist() == pytest.approx(
        found.rivals["difference_index"].tolist())
    assert figures.read_rivals(found) == (
        "The best rival is ahead on “Goods come in time”; we are ahead on “It works”. At most 60 "
        "accounts rated both.")


@pytest.mark.parametrize(("verdict", "words"), [
    ("worse", "nowhere are we clearly ahead"), ("better", "nowhere is it clearly ahead"),
    ("cannot tell", "on 5 of 5 the answers cannot tell"), ("equal", "on 0 of 5")])
def test_every_sentence_about_rivals(found, verdict, words):
    assert words in plain(figures.read_rivals(change(found, "rivals", rival_verdict=verdict)))


@pytest.mark.parametrize(("verdict", "words"), [
    ("missed", "points less than they had expected"),
    ("exceeded", "points more than they had expected"), ("cannot tell", "one cannot tell")])
def test_every_sentence_about_expectations(found, verdict, words):
    said = figures.read_expectations(change(found, "expectations", expectation_verdict=verdict))
    assert words in said


def test_cells_hold_rating_and_number_of_accounts(found):
    ax = figures.plot_cells(found)
    written = [text.get_text() for text in ax.texts]
    assert len(written) == 2 * len(found.cells)
    assert written.count("40") + written.count("20") >= len(found.cells)
    few = change(found, "cells", item_index=float("nan"), gap_verdict="cannot tell")
    assert {t.get_text() for t in figures.plot_cells(few).texts} == {"n = 20", "n = 40"}
    assert "10 cells have fewer than 5 accounts and are not shown." in figures.read_cells(few)
    low = found.cells[found.cells["gap_verdict"] == "not met"]
    assert figures.read_cells(found).startswith(f"{len(low)} cell")


def test_every_sentence_about_markets(found):
    behind = change(found, "markets", rival_verdict="worse", rival_advice="watch_rival")
    assert figures.read_markets(behind) == "Watch the rival: North and South." or (
        figures.read_markets(behind) == "Watch the rival: South and North.")
    open_ones = change(found, "markets", rival_verdict="cannot tell")
    assert figures.read_markets(open_ones) == (
        "In 2 markets one cannot tell whether we or the best rival is ahead.")


def test_promises_and_topics(found):
    said = plain(figures.read_promises(found, currency="CNY"))
    assert said.startswith("Of 4 promises made after surveys 2 are kept, and 1 is overdue. Longest "
                           "overdue, by 10 days, is “invoice” (m2).")
    assert "The questionnaire does not ask about invoice." in figures.read_topics(found)
    assert figures.plot_topics(found).get_title() == (
        "No promised topic has clearly moved since Wave 2024")
    moved = change(found, "topics", movement=["rose", "fell", ""])
    assert "Rated worse in spite of the promises" in figures.read_topics(moved)
    assert figures.plot_topics(moved).get_title() == (
        "Of 3 promised topics 1 are rated better since, 1 worse")
    nobody = change(found, "promises", owner_id="")
    assert "(nobody named)" in figures.read_promises(nobody)


def test_reliability(found):
    ax = importance.plot_reliability(found)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["The whole index", "Delivery",
                                                            "Service"]
    low = change(found, "reliability", reliability_verdict="unreliable")
    assert importance.plot_reliability(low).get_title() == (
        "3 of 3 groups of questions are too unlike for one score")
    assert "Too unlike for one score: The whole index, Delivery and Service" in (
        importance.read_reliability(low))
    bad = change(found, "fit", fit_verdict="wrong_way")
    assert "points the other way than the rest" in importance.read_reliability(bad)
    weak = change(found, "fit", fit_verdict="fits_badly")
    assert "fits its group badly" in importance.read_reliability(weak)
    gap = change(found, "coverage", is_covered=False)
    assert "does not ask about quality, service and delivery" in importance.read_reliability(gap)
    refused = change(found, "reliability", reason="All alike.", reliability_verdict="")
    assert importance.read_reliability(refused).startswith(
        "Of 3 groups of questions 0 can be added up without worry. The whole index: All alike.")


@pytest.mark.parametrize("plot", PLOTS)
def test_empty_charts_say_why(nothing, plot):
    ax = plot(nothing)
    assert ax.get_title() == "There is nothing to show"
    assert any(reason in ax.texts[0].get_text() for reason in REASONS)


@pytest.mark.parametrize("read", READINGS)
def test_empty_readings_say_why(nothing, read):
    assert any(reason in read(nothing) for reason in REASONS)


@pytest.mark.parametrize("plot", PLOTS)
def test_every_chart_can_be_drawn_on_given_axes(found, plot):
    ax = theme.new_axes()
    assert plot(found, ax=ax) is ax
    theme.finish(ax.figure)
    assert ax.get_xlabel() and theme.plain_title(ax)


def test_gaps_in_money_are_left_out(found):
    poor = change(found, "priorities", below_amount=float("nan"), main_owner_amount=pd.NA)
    assert " a year" not in figures.read_priorities(poor)
