"""Charts as SVG: reproducible, readable as text, harmless to what surrounds them."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns

from kamlib.figures.svg import render_svg
from kamlib.figures.theme import finish, new_axes


def draw():
    data = pd.DataFrame({"tier": ["核心客户", "A$B$C & <b>"] * 5, "amount": range(10)})
    ax = sns.barplot(data, x="tier", y="amount", ax=new_axes(), seed=0)
    ax.set_title("A finding that is long enough to need more than one line of the chart, " * 5)
    return ax.get_figure()


def test_same_chart_same_bytes():
    assert render_svg(draw(), name="tiers") == render_svg(draw(), name="tiers")


def test_names_stay_text_and_are_escaped():
    svg = render_svg(draw(), name="tiers")
    assert ">核心客户</text>" in svg
    assert ">A$B$C &amp; &lt;b&gt;</text>" in svg
    assert "sans-serif" in svg


def test_ids_of_two_charts_on_one_page_differ():
    ids = [{part.split('"')[0] for part in render_svg(draw(), name=name).split(' id="')[1:]}
           for name in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]


def test_names_of_styles_differ_too_and_what_is_pointed_at_is_there():
    drawn = [render_svg(draw(), name=name) for name in ("one", "two")]
    classes = [set(re.findall(r' class="([^"]+)"', svg)) for svg in drawn]
    assert classes[0] and not classes[0] & classes[1]
    for svg, used in zip(drawn, classes, strict=True):
        assert used == set(re.findall(r"\.([\w-]+)\{", svg))
        ids = re.findall(r' id="([^"]+)"', svg)
        assert len(ids) == len(set(ids))
        assert set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg)) <= {
            pair for one in ids for pair in ((one, ""), ("", one))}
        ElementTree.fromstring(svg)


def test_alt_text_is_part_of_the_picture():
    svg = render_svg(draw(), name="tiers", alt='60 % "core" <b>')
    assert svg.startswith('<svg role="img" aria-label="60 % &quot;core&quot; &lt;b&gt;" ')


def test_title_is_left_aligned_on_three_lines_and_stays_so():
    figure = draw()
    finish(figure)
    title = figure.axes[0].get_title(loc="left")
    assert title.count("\n") == 2
    assert title.endswith("…")
    finish(figure)
    assert figure.axes[0].get_title(loc="left") == title


def test_title_is_broken_where_long_names_make_the_chart_narrow():
    lengths = []
    for name in ("short", "a name that takes a third of the chart"):
        ax = new_axes(8.0, 3.0)
        ax.barh([name], [1])
        ax.set_title("What the chart says, in as many words as it takes to fill its width once")
        finish(ax.get_figure())
        lengths.append(max(len(line) for line in ax.get_title(loc="left").split("\n")))
    assert lengths[1] < 0.75 * lengths[0]


def test_nothing_global_is_changed():
    before = dict(mpl.rcParams)
    render_svg(draw(), name="tiers")
    assert dict(mpl.rcParams) == before


def test_a_style_that_comes_again_is_written_once_and_kept():
    ax = new_axes()
    ax.bar(["a", "b", "c"], [1, 2, 3], color="#123456")
    svg = render_svg(ax.figure, name="bars")
    name = re.search(r"\.(\w+-\d+)\{fill:#123456", svg)[1]
    assert svg.count("#123456") == 1
    assert svg.count(f'class="{name}"') == 3
    # Places that nobody sees are gone, words with as many are not.
    assert not re.search(r' d="[^"]*\.\d{3}', svg)
    ax = new_axes()
    ax.set_title("0.123456")
    assert "0.123456" in render_svg(ax.figure, name="words")


def test_a_chart_of_three_hundred_accounts_stays_small():
    # A chapter with six of these is to stay below 300 kB.
    rng = np.random.default_rng(1)
    ax = new_axes()
    for size in (20, 40, 60):
        ax.scatter(rng.random(100), rng.random(100), s=size, color="#123456")
    svg = render_svg(ax.figure, name="accounts")
    assert svg.count("<use ") >= 300
    assert svg.count("<circle ") == 3  # matplotlib draws each mark as eight curves
    assert len(svg) < 20_000
