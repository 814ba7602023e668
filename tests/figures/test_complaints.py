"""Charts and readings of complaints: what is read off the Axes is what the tables say."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from matplotlib.colors import to_hex

from kamlib.figures import complaints as figures
from kamlib.figures import waits
from kamlib.figures.describe import describe_axes
from kamlib.figures.theme import BAD, finish, plain_title
from kamlib.language import NO_BREAK, using
from kamlib.period import parse_period
from kamlib.satisfaction import ComplaintRules, Complaints
from kamlib.satisfaction.complaints.result import TABLES

PERIOD = parse_period("2025Q4")


def plain(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def build(refused=None, **tables) -> Complaints:
    found = {name: tables.get(name, pd.DataFrame(columns=columns))
             for name, columns in TABLES.items()}
    return Complaints(ComplaintRules(), PERIOD.as_of, PERIOD, **found, refused=refused or {},
                      n_left_out=2)


def rates(name, values, half=1.0):
    return {name: values, f"{name}_ci_low": [v - half for v in values],
            f"{name}_ci_high": [v + half for v in values]}


@pytest.fixture
def result() -> Complaints:
    counts = pd.DataFrame({
        "span": ["period", "previous", "year_before", "window", "window_before"],
        "is_in_log": True, "n_complaints": [12, 9, 6, 40, 20], "n_not_complaints": [1, 0, 0, 4, 2],
        "n_orders": [200, 200, 200, 800, 800],
        **rates("complaints_per_100", [6.0, 4.5, 3.0, 5.0, 2.5])})
    changes = pd.DataFrame({
        "compared": ["previous", "year_before", "window"], "n_complaints": [12, 12, 40],
        "n_complaints_before": [9, 6, 20], "rate_ratio": [1.33, 2.0, 2.0],
        "rate_ratio_ci_low": [0.5, 0.8, 1.2], "rate_ratio_ci_high": [3.5, 5.0, 3.4],
        "movement": ["no clear change", "no clear change", "rose"]})
    quarters = pd.DataFrame({
        "to_date": pd.to_datetime(["2025-09-30", "2025-12-31"]), "n_complaints": [9, 12],
        **rates("complaints_per_100", [4.5, 6.0])})
    times = pd.DataFrame({
        "step": ["response", "resolution", "resolution"],
        "span": ["window", "window", "window_before"], "n_complaints": [40, 40, 20],
        "n_ended": [39, 30, 20], **rates("median_wait_days", [1.0, 12.0, 9.0]),
        **rates("ninety_days", [4.0, float("nan"), 20.0]), "promised_days": [2, 14, 14],
        **rates("kept_share", [0.8, 0.6, 0.7], 0.1), "reason": ""})
    curves = pd.DataFrame({
        "step": "resolution", "span": ["window", "window", "window_before"],
        "wait_days": [5.0, 12.0, 9.0], **rates("ended_share", [0.3, 0.6, 0.7], 0.1)})
    groups = pd.DataFrame({
        "grouped_by": ["complaint_class", "complaint_class", "region"],
        "group": ["late", "<b>odd</b>", "North"], "n_complaints": pd.array([30, 10, 40], "Int64"),
        "n_complaints_before": pd.array([8, 12, 20], "Int64"), "complaint_share": [0.75, 0.25, 1.0],
        "rate_ratio": [3.75, 0.8, 2.0], "rate_ratio_ci_low": [1.5, 0.3, 0.9],
        "rate_ratio_ci_high": [9.0, 2.1, 4.0],
        "movement": ["rose", "no clear change", "no clear change"]})
    heard = pd.DataFrame({
        "account_id": ["a", "b", "c"], "account_index": [50.0, 60.0, 90.0],
        "is_satisfied": [False, False, True], "n_complaints": pd.array([2, 0, 0], "Int64"),
        "net_amount_window": [1000.0, 2000.0, 4000.0]})
    cross = pd.DataFrame({
        "opinion": ["dissatisfied", "satisfied"], "n_accounts": [2, 1], "n_complained": [1, 0],
        **rates("complained_share", [0.5, 0.0], 0.3), "n_silent": [1, 1],
        "silent_amount": [2000.0, 4000.0]})
    links = pd.DataFrame({
        "compared": ["complaint_count", "complaints_per_100"], "n_accounts": [30, 30],
        **rates("rank_correlation", [-0.2, -0.5], 0.3), "verdict": ["cannot tell", "supported"],
        "reason": ""})
    kinds = pd.DataFrame({"complaint_class": ["late"], "contact_kind": ["unassigned"]})
    matrix = pd.DataFrame({"complaint_class": ["late", "late", "price"],
                           "product_line": ["Drives", "Cables", "Drives"],
                           "n_complaints": [20, 5, 3]})
    complainers = pd.DataFrame({
        "account_id": ["a", "d", "e"], "n_complaints": [30, 6, 4],
        "net_amount_window": [1000.0, 500.0, 100.0], "main_class": "late"})
    waiting = pd.DataFrame({"open_days": [100, 3]})
    ages = pd.DataFrame({"age_from_days": [0, 91], "n_open": [1, 1], "n_unanswered": [1, 0],
                         "net_amount_window": [10.0, 500.0]})
    return build(counts=counts, changes=changes, quarters=quarters, times=times, curves=curves,
                 groups=groups, heard=heard, cross=cross, links=links, kinds=kinds, matrix=matrix,
                 complainers=complainers, waiting=waiting, ages=ages)


def test_the_rate_is_drawn_with_counts_and_says_the_change(result):
    ax = figures.plot_rate(result)
    assert plain_title(ax) == ("Over 12 months there were 5.0 complaints for 100 orders, up from "
                               "2.5 in the 12 months before")
    assert list(ax.get_lines()[0].get_ydata()) == [4.5, 6.0]
    assert [t.get_text() for t in ax.texts] == ["9", "12"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["2025-09", "2025-12"]


def test_the_wait_is_a_step_curve_beside_the_promise(result):
    ax = waits.plot_waits(result, "resolution")
    assert plain(plain_title(ax)) == "60 % of complaints were settled within 14 days"
    before, now, promise = ax.get_lines()
    assert list(now.get_ydata()) == [0, 0.3, 0.6]
    assert list(before.get_ydata()) == [0, 0.7]
    assert set(promise.get_xdata()) == {14}


def test_complaints_come_from_a_region(result):
    ax = figures.plot_classes(result, by="region")
    assert plain(plain_title(ax)) == "100 % of complaints come from North"
    rose = result.groups.assign(movement="rose")
    ax = figures.plot_classes(replace(result, groups=rose), by="region")
    assert plain(plain_title(ax)) == ("100 % of complaints come from North, which has risen from "
                                      "20 to 40")


def test_classes_that_rose_are_marked(result):
    ax = figures.plot_classes(result)
    assert plain(plain_title(ax)) == ("“late” is behind 75 % of complaints, and has risen from 8 "
                                      "to 30")
    assert [bar.get_width() for bar in ax.patches] == [30, 10, 8, 12]
    assert [to_hex(bar.get_facecolor()) == BAD for bar in ax.patches] == [True, False, False,
                                                                         False]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["late", "<b>odd</b>"]
    finish(ax.figure)


def test_the_matrix_writes_its_counts(result):
    ax = figures.plot_matrix(result)
    assert plain_title(ax) == "Most complaints that name a product: “late” on Drives (20)"
    assert [t.get_text() for t in ax.texts] == ["20", "5", "3", ""]


def test_silent_accounts_stand_out(result):
    ax = figures.plot_silent(result, currency="CNY", names={"b": "Bee Ltd"})
    assert plain(plain_title(ax)) == ("1 of 2 dissatisfied accounts have not complained in 12 "
                                      "months; they bought for 2.00 k CNY in that time")
    by_name = {c.get_label(): c.get_offsets().tolist() for c in ax.collections}
    assert by_name["dissatisfied, no complaint"] == [[60, 2000]]
    assert by_name["complained"] == [[50, 1000]]
    assert [t.get_text() for t in ax.texts] == ["Bee Ltd"]


def test_readings_are_computed_sentences(result):
    assert plain(figures.read_rate(result)) == (
        "12 complaints came in 2025Q4: 6.0 for 100 orders (5.0–7.0). Against the previous "
        "period: × 1.33 (0.50–3.50), no clear change; the same period a year before: × 2.00 "
        "(0.80–5.00), no clear change; the window before: × 2.00 (1.20–3.40), rose. 1 further "
        "entry of the log is advice or a request and is counted apart. 2 entries belong to no "
        "customer known on 31 December 2025 and are left out.")
    assert plain(waits.read_waits(result)) == (
        "First answer: half within 1 day (0–2), nine of ten within 4 days (3–5); 80 % within the "
        "promised 2 days (70–90 %). Settlement: half within 12 days (11–13), nine of ten within a "
        "time not yet known; 60 % within the promised 14 days (50–70 %). In the 12 months before "
        "it was 70 %.")
    assert plain(waits.read_open(result, currency="CNY")) == (
        "2 complaints are open, 1 of them without a first answer. 1 has been so for more than 90 "
        "days, with accounts that bought for 500 CNY in 12 months; some of these may be settled "
        "and only not entered.")
    assert plain(figures.read_classes(result)) == (
        "Beyond chance, for all groups of a kind together, moved: late rose (× 3.75, 1.50–9.00). "
        "Classes without a kind in the rules count as complaints under their own name: late.")
    assert plain(figures.read_accounts(result, currency="CNY")) == (
        "3 accounts complained, with sales of 1.60 k CNY in 12 months. Half of all complaints "
        "come from 1 of them; most, 30, from a, mostly about late.")
    assert plain(figures.read_silent(result, currency="CNY")) == (
        "1 of 2 dissatisfied accounts have not complained in 12 months; they bought for 2.00 k "
        "CNY in that time. Of dissatisfied accounts 50 % complained (20–80 %), of satisfied ones "
        "0 % (-30 to 30 %). The less satisfied complain more for the orders they place: rank "
        "correlation -0.50 (-0.80 to -0.20, 30 accounts). An association, no cause.")


@pytest.mark.parametrize(("verdict", "words"), [
    ("contradicted", "The more satisfied complain more"),
    ("cannot tell", "Whether the less satisfied complain more cannot be told")])
def test_other_verdicts_have_their_own_words(result, verdict, words):
    result.links.loc[1, "verdict"] = verdict
    assert words in figures.read_silent(result)


@pytest.mark.parametrize(("movement", "words"), [
    ("fell", "5.0 complaints for 100 orders, down from 2.5"),
    ("no clear change", "no clear change"),
    ("", "there is nothing earlier to compare with")])
def test_every_movement_has_its_title(result, movement, words):
    result.changes.loc[2, "movement"] = movement
    assert words in plain_title(figures.plot_rate(result))


PLOTS = {"rate": figures.plot_rate, "response": lambda r: waits.plot_waits(r, "response"),
         "classes": figures.plot_classes, "matrix": figures.plot_matrix,
         "silent": figures.plot_silent}
READS = [figures.read_rate, waits.read_waits, waits.read_open, figures.read_classes,
         figures.read_accounts, figures.read_silent]


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_log_the_reason_is_said(lang):
    empty = build(refused=dict.fromkeys(TABLES, "There is no log."))
    with using(lang):
        for plot in PLOTS.values():
            ax = plot(empty)
            finish(ax.figure)
            assert "There is no log." in [t.get_text() for t in ax.texts]
        assert {read(empty) for read in READS} == {"There is no log."}


def test_a_quiet_log_is_said():
    quiet = build()
    assert waits.read_open(quiet) == "No complaint is open."
    assert figures.read_accounts(quiet) == "No account complained in 12 months."


def test_alt_texts_tell_the_numbers(result):
    assert "4.5" in describe_axes(figures.plot_rate(result))
