"""Charts and readings of delivered value and of satisfaction joined to money."""

from __future__ import annotations

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from kamlib.figures import worth as figures
from kamlib.figures.describe import describe_axes
from kamlib.figures.theme import BAD, GOOD, MUTED, finish, plain_title
from kamlib.language import NO_BREAK, using
from kamlib.satisfaction import Worth, WorthRules
from kamlib.satisfaction.worth.result import TABLES


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def build(refused=None, **tables) -> Worth:
    found = {name: tables.get(name, pd.DataFrame(columns=columns))
             for name, columns in TABLES.items()}
    return Worth(WorthRules(), 70.0, "Autumn 2025", **found, refused=refused or {})


def spread(name, values, half):
    return {name: values, f"{name}_ci_low": [v - half for v in values],
            f"{name}_ci_high": [v + half for v in values]}


@pytest.fixture
def result() -> Worth:
    parts = pd.DataFrame({"side": ["gets", "gets", "costs", "costs"],
                          "text": ["Goods", "People", "Price", "Worry"],
                          "effect_index": [40.0, 30.0, -35.0, -20.0]})
    waves = pd.DataFrame({
        "name": ["Spring 2025", "Autumn 2025"], "n_questionnaires": [30, 32], "n_used": [29, 31],
        "n_accounts": [25, 27], "worth_index": [71.0, 70.0], "burden_index": [50.0, 55.0],
        **spread("delivered_index", [21.0, 15.0], 4.0), "n_paired": [pd.NA, 20],
        **spread("change_index", [float("nan"), -6.0], 2.0), "movement": ["", "fell"]})
    delivered = pd.DataFrame({
        "account_id": ["a", "b", "c"], "delivered_index": [-20.0, 5.0, 40.0],
        "is_negative": [True, False, False], "account_index": [50.0, 72.0, 95.0],
        "net_amount_window": [1000.0, 50.0, 10.0]})
    cross = pd.DataFrame({"delivered": ["negative", "not_negative"], "n_accounts": [1, 2],
                          "n_dissatisfied": [1, 0]})
    claims = pd.DataFrame({
        "claim": ["negative_is_dissatisfied", "more_is_better"], "n_accounts": [27, 27],
        "n_below_zero": [4, 4], **spread("estimate", [0.5, 0.1], 0.3),
        "verdict": ["supported", "cannot tell"], "reason": ""})
    bands = pd.DataFrame({
        "band": [0, 1], "band_name": ["below 70", "70 and more"], "n_answers": [20, 30],
        "n_accounts": [15, 25], "n_retained": [16, 29], "retained_share": [0.8, 0.97],
        **spread("change_share", [-0.2, 0.02], 0.1)})
    present = pd.DataFrame({"band": [0, 1], "band_name": ["below 70", "70 and more"],
                            "n_accounts": [7, 20], "net_amount_window": [5000.0, 15000.0],
                            "amount_share": [0.25, 0.75]})
    gaps = pd.DataFrame({
        "measure": ["retained_share", "change_share", "clv_per_sales"], "band": 0,
        "band_name": "below 70", "against": "70 and more",
        **spread("difference", [-0.17, -0.22, -0.1], 0.2), "verdict": [
            "cannot tell", "worse", "cannot tell"], **spread("sales_gap_amount", [
                float("nan"), -1100.0, float("nan")], 900.0)})
    foretold = pd.DataFrame({
        "predictor": ["before_amount", "account_index", "index_and_sales"], "n_answers": 50,
        "n_left": 5, **spread("roc_area", [0.7, 0.6, 0.75], 0.1),
        **spread("difference", [float("nan"), -0.1, 0.05], 0.2),
        "verdict": ["", "cannot tell", "cannot tell"]})
    return build(parts=parts, waves=waves, delivered=delivered, cross=cross, claims=claims,
                 followed=pd.DataFrame({"name": ["Autumn 2023", "Spring 2024"]}), bands=bands,
                 present=present, gaps=gaps, foretold=foretold)


def test_the_parts_step_up_and_down_to_the_value(result):
    ax = figures.plot_parts(result)
    assert plain_title(ax) == ("Accounts put what they get 15.0 points above what it costs them; "
                               "“Price” takes most")
    assert [bar.get_width() for bar in ax.patches] == [40, 30, -35, -20, 15]
    assert [bar.get_x() for bar in ax.patches][:4] == [0, 40, 70, 35]
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches][:4] == [GOOD, GOOD, BAD, BAD]
    assert [t.get_text() for t in ax.texts] == ["+40.0", "+30.0", "-35.0", "-20.0", "15.0"]


def test_the_sides_of_zero_are_told_apart(result):
    ax = figures.plot_delivered(result, names={"a": "Ay Ltd"})
    assert plain_title(ax) == "1 of 1 accounts with a negative delivered value are dissatisfied"
    assert [c.get_offsets().tolist() for c in ax.collections] == [[[5, 72], [40, 95]], [[-20, 50]]]
    assert [t.get_text() for t in ax.texts] == ["Ay Ltd"]


def test_bands_are_coloured_only_beyond_chance(result):
    ax = figures.plot_bands(result)
    assert plain_title(ax) == ("Sales of accounts with an index below 70 went worse than of those "
                               "with 70 and more")
    assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == [BAD, MUTED]
    assert [plain(t.get_text()) for t in ax.get_xticklabels()] == [
        "below 70\n15 accounts\n80 % bought afterwards",
        "70 and more\n25 accounts\n97 % bought afterwards"]


@pytest.mark.parametrize(("verdict", "words"), [
    ("cannot tell", "cannot be told"), ("better", "went better than")])
def test_every_verdict_has_its_title(result, verdict, words):
    result.gaps.loc[1, "verdict"] = verdict
    assert words in plain_title(figures.plot_bands(result))


def test_the_waves_are_drawn_with_their_change(result):
    ax = figures.plot_value_waves(result)
    assert plain_title(ax) == ("Delivered value, 20 accounts asked both times: -6.0 points (-8.0 "
                               "to -4.0), fell")
    assert list(ax.get_lines()[0].get_ydata()) == [21, 15]


def test_readings_are_computed_sentences(result):
    assert plain(figures.read_parts(result)) == (
        "In Autumn 2025 27 accounts rate what they get at 70.0 and what it costs them at 55.0: "
        "delivered value is 15.0 points (11.0–19.0). 31 of 32 questionnaires answer enough of "
        "both sides.")
    assert plain(figures.read_claims(result)) == (
        "“Negative value brings dissatisfaction”: Supported. Among the 4 accounts with a negative "
        "value the share of dissatisfied ones differs by 50 percentage points (20–80) from that "
        "among the others. “The more value, the more satisfaction”: Cannot tell. Rank correlation "
        "of both over 27 accounts: 0.10 (-0.20 to 0.40). Both come from the same person on the "
        "same day, so they go together more easily than cause and effect would.")
    assert plain(figures.read_negative(result, currency="CNY")) == (
        "1 of 3 accounts is below zero; it bought for 1.00 k CNY in 12 months.")
    assert plain(figures.read_bands(result, currency="CNY")) == (
        "7 dissatisfied accounts bought for 5.00 k CNY in 12 months. After past waves sales of "
        "accounts with an index below 70 moved by -20 % in 12 months, those with 70 and more by "
        "+2 %: more than chance explains. Followed are 50 answers of Autumn 2023 and Spring 2024; "
        "after 45 of them the account bought again within 12 months. The months before are the "
        "same calendar months a year earlier.")
    assert plain(figures.read_gaps(result, currency="CNY")) == (
        "Against accounts with an index of 70 and more the dissatisfied differ beyond chance in: "
        "change in sales -22 % (-42 to -2 %). Cannot be told: share that bought afterwards and "
        "value for 1 of sales. On the sales that dissatisfied accounts bring today the difference "
        "in change comes to -1.10 k CNY (-2.00 k CNY to -200 CNY). All of this is association: a "
        "large, growing or well-served account may be both satisfied and loyal for other reasons.")
    assert plain(figures.read_foretold(result)) == (
        "5 of 50 answers were followed by leaving. Of two accounts, one that left and one that "
        "stayed, the less satisfied one is the one that left in 60 % of cases (50–70 %; half "
        "would be guessing), the one with less sales in 70 %, the one lower on both together in "
        "75 %. Which of the two foretells better cannot be told. That asking adds to what sales "
        "say already is not shown.")
    assert plain(figures.read_present(result)) == (
        "Of the sales of the accounts heard: index below 70 25 %; index 70 and more 75 %.")


PLOTS = ["parts", "delivered", "bands", "value_waves"]
READS = ["parts", "claims", "negative", "bands", "gaps", "foretold", "value_change", "present"]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_was_refused_is_said(lang):
    empty = build(refused=dict.fromkeys(TABLES, "There is no survey."))
    with using(lang):
        for name in PLOTS:
            ax = getattr(figures, f"plot_{name}")(empty)
            finish(ax.figure)
            assert "There is no survey." in [t.get_text() for t in ax.texts]
        assert {getattr(figures, f"read_{name}")(empty) for name in READS} == {
            "There is no survey."}


def test_a_first_wave_has_no_change(result):
    one = build(waves=result.waves.head(1))
    assert figures.read_value_change(one) == (
        "Spring 2025 is the first wave that asks for delivered value.")


def test_alt_texts_tell_the_numbers(result):
    assert "21" in describe_axes(figures.plot_value_waves(result))
