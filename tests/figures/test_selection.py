"""Charts and readings of the selection: what stands on the Axes, and what is said of bad input."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from kamlib.figures import portfolio, selection, theme
from kamlib.language import NO_BREAK, using

_spec = importlib.util.spec_from_file_location(
    "selection_world", Path(__file__).parents[1] / "selection" / "world.py")
world = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(world)
PLOTS = [selection.plot_list, selection.plot_readings, selection.plot_coverage,
         portfolio.plot_quadrants, portfolio.plot_proof, portfolio.plot_relations,
         portfolio.plot_service, portfolio.plot_claims]
READS = [selection.read_list, selection.read_readings, selection.read_changes,
         selection.read_coverage, selection.read_losses, selection.read_rejects,
         selection.read_funnel, portfolio.read_quadrants, portfolio.read_proof,
         portfolio.read_relations, portfolio.read_service, portfolio.read_programme,
         portfolio.read_claims]


@cache
def told_in(lang):
    """The reasons of a result are told in the language in which it was made."""
    with using(lang):
        return world.select(world.build_known(world.TEN))


def test_ranks_intervals_and_the_line_of_the_list():
    result = world.select_ten()
    ax = selection.plot_list(result)
    # Months all alike: the two of the list alone, with intervals that are points.
    (dots,) = [c for c in ax.collections if len(c.get_offsets()) == 2]
    assert dots.get_offsets()[:, 0].tolist() == [1, 2]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["A01", "A02"]
    assert theme.plain_title(ax) == "2 of 2 key accounts are in for sure"
    assert ax.lines[0].get_xdata()[0] == 2.5


def test_coverage_bars_and_their_reading():
    result = world.select_ten()
    ax = selection.plot_coverage(result, currency="CNY")
    widths = [patch.get_width() for patch in ax.patches]
    assert widths == [pytest.approx(12 * 55_000), pytest.approx(12 * 19_000)]
    text = selection.read_coverage(result).replace(NO_BREAK, " ")
    assert "By region the 3 largest accounts carry from 49 % (East) to 49 % (East)" in text


@pytest.mark.parametrize("plot", PLOTS)
def test_nothing_known_beside_orders_is_a_strip_with_its_reason(plot):
    ax = plot(world.select_ten())
    assert theme.plain_title(ax)


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_readings_of_little_are_sentences(read, lang):
    with using(lang):
        text = read(told_in(lang))
    assert text.strip().endswith("." if lang == "en" else "。")
    assert "nan" not in text


def test_bad_input_is_said():
    result = world.select_ten()
    assert "Not known for any account and therefore left out: Collection." in (
        selection.read_list(result))
    assert portfolio.read_quadrants(result).startswith("Nobody has estimated what accounts spend")
    bare = world.select(world.build_known(world.TEN, owner_id=""))
    bare = bare.__class__(**{**bare.__dict__, "tables": {**bare.tables, "steps": bare.steps.assign(
        n_steps_known=0)}})
    assert portfolio.read_programme(bare).startswith("No step of the programme can be asked")
    visits = pd.DataFrame({"account_id": ["A01"], "kind": "visit",
                           "contact_date": pd.Timestamp("2025-03-01")})
    served = world.select(world.build_known(world.TEN, {"contacts": visits}))
    assert "All key accounts are looked after by M1 alone" in portfolio.read_service(served)


def test_codes_in_lists_are_written_out():
    table = pd.DataFrame({"objections": ["small_share, low_margin", ""]})
    assert selection.spell(table)["objections"].tolist() == ["small share, low margin", ""]
