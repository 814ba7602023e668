"""The look of charts: fixed colours that can be told apart, quiet axes, nothing global."""

from __future__ import annotations

from itertools import combinations

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb

from kamlib.figures import theme
from kamlib.language import NO_BREAK

MEANINGS = {"tiers": theme.TIER_COLOURS, "stages": theme.STAGE_COLOURS,
            "categories": dict(enumerate(theme.CATEGORY))}


def luminance(colour):
    # WCAG 2.1, relative luminance.
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def as_deuteranope(colour):
    # Machado, Oliveira & Fernandes (2009), IEEE TVCG 15:1291-1298, deuteranomaly severity 1.0.
    matrix = [(0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413),
              (-0.011820, 0.042940, 0.968881)]
    return [sum(m * c for m, c in zip(row, to_rgb(colour), strict=True)) for row in matrix]


@pytest.mark.parametrize("name", MEANINGS)
def test_colours_can_be_told_apart_without_green(name):
    for one, other in combinations(MEANINGS[name].values(), 2):
        apart = sum((a - b) ** 2 for a, b in zip(as_deuteranope(one), as_deuteranope(other),
                                                 strict=True)) ** 0.5
        assert apart > 0.1, (one, other)


@pytest.mark.parametrize("colour", [theme.INK, theme.ACCENT,
                                    *sorted({c for k, c in theme.VERDICT_COLOURS.items()
                                             if k != "cannot tell"})])
def test_text_colours_have_the_contrast_of_wcag_aa(colour):
    # WCAG 2.1, 1.4.3: at least 4.5 to 1 on white.
    assert 1.05 / (luminance(colour) + 0.05) >= 4.5


def test_new_axes_are_quiet_and_change_nothing_global():
    before = dict(mpl.rcParams)
    ax = theme.new_axes(6, 3)
    assert ax.get_figure().get_size_inches().tolist() == [6, 3]
    assert [ax.spines[side].get_visible() for side in ("top", "right", "left", "bottom")] == [
        False, False, False, True]
    assert dict(mpl.rcParams) == before


def test_axes_do_not_pile_up_in_pyplot():
    import matplotlib.pyplot as plt

    theme.new_axes()
    assert plt.get_fignums() == []


def test_long_titles_are_wrapped_on_two_lines():
    assert theme.wrap("word " * 30, width=40).count("\n") == 1
    assert theme.wrap("word " * 30, width=40).endswith("…")
    # A Chinese letter is two wide.
    assert theme.wrap("核心客户贡献六成销售额", width=12) == "核心客户贡献\n六成销售额"


def test_wrapped_title_can_be_read_back_whole():
    ax = theme.new_axes(4, 3)
    ax.set_title("Nine accounts carry half of all sales of the company")
    theme.finish(ax.get_figure())
    assert "\n" in ax.get_title(loc="left")
    assert theme.plain_title(ax) == "Nine accounts carry half of all sales of the company"


def test_axis_forms():
    ax = theme.new_axes()
    ax.set(xlim=(0, 10), ylim=(0, 1))
    theme.share_axis(ax)
    theme.count_axis(ax, axis="x")
    assert ax.yaxis.get_major_formatter()(0.5).replace(NO_BREAK, " ") == "50 %"
    assert ax.xaxis.get_major_formatter()(1000.0) == "1,000"
    assert all(tick == int(tick) for tick in ax.get_xticks())
    theme.amount_axis(ax, currency="CNY")
    assert ax.yaxis.get_major_formatter()(2e6).replace(NO_BREAK, " ") == "2 M CNY"
    assert ax.yaxis.get_major_formatter()(2.5e6).replace(NO_BREAK, " ") == "2.5 M CNY"
    assert ax.yaxis.get_major_formatter()(3e8).replace(NO_BREAK, " ") == "300 M CNY"
