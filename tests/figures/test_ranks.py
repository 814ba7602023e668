"""Charts and readings of ranks and noise: numbers are read off the Axes."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib.figures import ranks as figures
from kamlib.figures import theme
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK
from kamlib.segmentation.ranks.estimate import RANK_COLUMNS
from kamlib.segmentation.ranks.noise import NOISE_COLUMNS

TRUST = pd.DataFrame({
    "measure": ["monthly_amount"] * 2 + ["rank"] * 2, "n_months": [12, 24] * 2, "level": 0.95,
    "coverage_share": [0.93, 0.95, 0.94, 0.96], "mc_error": 0.002, "n_replications": 1000,
    "n_accounts": 200, "seed": 1})


@pytest.fixture
def ranks():
    # Sure, undecided, surely not, and one too young for an answer.
    table = pd.DataFrame({
        "account_id": ["a", "b", "c", "d"], "n_months": [24, 24, 24, 3],
        "monthly_amount": [60.0, 20.0, 10.0, 10.0], "rank": [1, 2, 3, 3],
        "rank_ci_low": [1, 2, 2, None], "rank_ci_high": [1, 5, 7, None],
        "core_probability": [0.99, 0.5, 0.1, None],
        "important_probability": [0.01, 0.3, 0.02, None],
        "general_probability": [0.0, 0.2, 0.88, None], "note": ["", "", "", "too_young"],
        "is_undecided": pd.array([False, True, False, None], dtype="boolean"),
        "tier": ["core", "core", "general", "general"]})
    for column in ("rank", "rank_ci_low", "rank_ci_high"):
        table[column] = table[column].astype("Int64")
    return table.reindex(columns=RANK_COLUMNS)


def build_noise(*, verdict="more than noise", plain=False, left=False):
    rows = [{"cuts": "fixed", "adjusted": adjusted, "test": test, "is_alarm": alarm}
            for adjusted, alarm in (("plain", plain), ("common_growth_removed", left))
            for test in ("bowker", "stuart_maxwell")]
    rows.append({"cuts": "re_estimated", "adjusted": "", "test": "movers",
                 "is_alarm": verdict == "more than noise", "verdict": verdict, "n_accounts": 196,
                 "n_movers": 51, "n_movers_expected": 41.8})
    table = pd.DataFrame(rows).reindex(columns=NOISE_COLUMNS)
    return table.assign(growth_factor=1.037)


def plain(text):
    return text.replace(NO_BREAK, " ")


def test_rank_intervals_are_the_lines_of_the_forest(ranks):
    ax = figures.plot_ranks(ranks, names={"a": "Ann & Co", "b": "客户"})
    segments = [seg.tolist() for seg in ax.collections[0].get_segments()]
    assert segments == [[[1, 0], [1, 0]], [[2, 1], [5, 1]], [[2, 2], [7, 2]]]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Ann & Co", "客户", "c", "d"]
    assert ax.collections[1].get_offsets()[:, 0].tolist() == [1, 2, 3]
    assert ax.collections[2].get_offsets().tolist() == [[3, 3]]  # the young one, hollow
    assert plain_title(ax) == "The account at rank 3 may stand anywhere from 2 to 7"
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1", "2", "5"]


def test_colour_says_the_probability_of_core(ranks):
    ax = figures.plot_ranks(ranks)
    legend = {plain(t.get_text()): line.get_color() for t, line in
              zip(ax.get_legend().get_texts(), ax.get_legend().get_lines(), strict=True)}
    assert legend == {"core with 80 % or more": theme.TIER_COLOURS["core"],
                      "may be core": figures.UNDECIDED_COLOUR,
                      "not core with 80 % or more": theme.TIER_COLOURS["general"],
                      "too few months for an interval": theme.MUTED}


def test_only_the_largest_are_shown(ranks):
    assert len(figures.plot_ranks(ranks, top=2).get_yticklabels()) == 2


def test_long_names_are_cut_and_formulas_are_not_read(ranks):
    ax = figures.plot_ranks(ranks, names={"a": "$x_1$ " + "long name " * 9})
    theme.finish(ax.get_figure())
    ax.get_figure().canvas.draw()
    assert len(ax.get_yticklabels()[0].get_text()) == figures.MAX_LETTERS


def test_probabilities_of_the_undecided_are_the_bars(ranks):
    ax = figures.plot_undecided(ranks, currency="EUR")
    assert [bars[0].get_width() for bars in ax.containers] == pytest.approx([0.5, 0.3, 0.2])
    assert [bars[0].get_x() for bars in ax.containers] == pytest.approx([0, 0.5, 0.8])
    assert plain(plain_title(ax)) == "1 account is undecided; it brings 20 EUR a month"
    assert "(%)" in ax.get_xlabel()


def test_reading_of_the_ranks(ranks):
    assert plain(figures.read_ranks(ranks, currency="EUR")) == (
        "1 account is core with a probability of 80 % or more; 1 is undecided and stands for "
        "20 EUR a month, 20 % of expected sales. 1 account has too few months of its own and gets "
        "no probability. The probability is evidence from the last 24 months, not truth: it "
        "assumes that those months stand for the ones to come.")


def test_movers_stand_beside_what_chance_moves():
    ax = figures.plot_noise(build_noise())
    assert [bar.get_width() for bar in ax.containers[0]] == [51, 41.8]
    assert [t.get_text() for t in ax.texts] == ["51", "42"]
    assert plain_title(ax) == "More accounts changed their tier than chance alone explains"
    assert "196" in ax.get_xlabel()


@pytest.mark.parametrize(("verdict", "words"), [
    ("more than noise", "That is more than chance alone explains."),
    ("within noise", "That is no more than chance explains."),
    ("cannot tell", "Too few moved to tell.")])
def test_reading_of_the_verdict(verdict, words):
    text = figures.read_noise(build_noise(verdict=verdict))
    assert text.startswith("51 of 196 accounts changed their tier; chance alone moves about 42. "
                           + words)


@pytest.mark.parametrize(("before", "after", "words"), [
    (True, False, "shifted one way, but no more than the common growth of 3.7 % explains."),
    (True, True, "shifted one way, also after the common growth of 3.7 % is taken out."),
    (False, True, "shifted one way once the common growth of 3.7 % is taken out."),
    (False, False, "moves up and down balance; common growth was 3.7 %.")])
def test_reading_before_and_after_the_common_growth(before, after, words):
    assert plain(figures.read_noise(build_noise(plain=before, left=after))).endswith(words)


def test_reading_of_how_often_intervals_held_the_truth():
    assert plain(figures.read_trust(TRUST, n_months=30)) == (
        "In 1,000 made worlds of 200 accounts with 24 months, where the truth is known, the 95 % "
        "interval of monthly sales held it in 95.0 % of the cases and that of the rank in 96.0 %.")


@pytest.mark.parametrize(("plot", "read", "columns"), [
    (figures.plot_ranks, figures.read_ranks, RANK_COLUMNS),
    (figures.plot_undecided, figures.read_ranks, RANK_COLUMNS),
    (figures.plot_noise, figures.read_noise, NOISE_COLUMNS)])
def test_an_empty_table_says_why(plot, read, columns):
    empty = pd.DataFrame(columns=columns)
    empty.attrs["reason"] = "Too little."
    assert "Too little." in plot(empty).texts[0].get_text()
    assert read(empty) == "Too little."


def test_nobody_undecided(ranks):
    ax = figures.plot_undecided(ranks[ranks["account_id"] == "a"])
    assert ax.texts[0].get_text() == "No account is undecided."


def test_all_too_young(ranks):
    young = ranks[ranks["note"] == "too_young"]
    assert plain_title(figures.plot_ranks(young)) == "There is nothing to show"
    assert figures.read_ranks(young).startswith("0 accounts are core")
