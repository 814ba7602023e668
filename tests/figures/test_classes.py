"""Charts and readings of the classes: numbers are read off the Axes."""

from __future__ import annotations

import pandas as pd
import pytest

from kamlib.figures import classes as figures
from kamlib.figures.theme import plain_title
from kamlib.language import NO_BREAK

SUMMARY = pd.DataFrame(
    [("value_class", "vip", 2, 0.2, 80_000.0, 0.8, "action_vip"),
     ("value_class", "mgc", 0, 0.0, 0.0, 0.0, "action_mgc"),
     ("value_class", "bz", 1, 0.1, 5_000.0, 0.05, "action_bz"),
     ("value_class", "cannot_tell", 0, 0.0, 0.0, 0.0, ""),
     ("value_class", "ordinary", 7, 0.7, 15_000.0, 0.15, ""),
     ("categories", "strategic_partner", 3, 0.3, 60_000.0, 0.6, ""),
     ("categories", "important_by_influence", 4, 0.4, 70_000.0, 0.7, ""),
     ("business_class", "prospect", 0, 0.0, 0.0, 0.0, ""),
     ("business_class", "cannot_tell", 10, 1.0, 0.0, None, "")],
    columns=["scheme", "class", "n_accounts", "account_share", "net_amount", "amount_share",
             "action"])
WALK = pd.DataFrame(
    [("core_important_ordinary", "core", "key_ordinary_potential", "major_account", 3, 0.75, 90.0),
     ("core_important_ordinary", "core", "key_ordinary_potential", "ordinary", 1, 0.25, 10.0),
     ("core_important_ordinary", "core", "key_ordinary_potential", "potential_account", 0, 0.0, 0),
     ("core_important_ordinary", "important", "key_ordinary_potential", "major_account", 0, 0.0, 0),
     ("core_important_ordinary", "important", "key_ordinary_potential", "ordinary", 2, 1.0, 5.0),
     ("core_important_ordinary", "important", "key_ordinary_potential", "potential_account", 0,
      0.0, 0),
     ("core_important_ordinary", "cannot_tell", "key_ordinary_potential", "major_account", 0, None,
      0)],
    columns=["scheme", "class", "other_scheme", "other_class", "n_accounts", "class_share",
             "net_amount"])
PROFILE = pd.DataFrame(
    [("region", "E<b>'“East” 🙂 华东", 10, 8, 0.8, 0.49, 0.94, 900.0),
     ("region", "West", 20, 2, 0.1, 0.03, 0.30, 300.0),
     ("region", "not_given", 5, 0, 0.0, 0.0, 0.43, 10.0),
     ("party_role", "customer", 35, 10, 0.29, 0.16, 0.45, 1210.0),
     ("party_role", "supplier", 4, None, None, None, None, None)],
    columns=["dimension", "category", "n_accounts", "n_core", "core_share", "core_share_ci_low",
             "core_share_ci_high", "net_amount"]).astype({"n_core": "Int64"})
CALLS = [(figures.plot_classes, figures.read_classes, {"scheme": "value_class"}),
         (figures.plot_cross_walk, figures.read_cross_walk, {"other": "key_ordinary_potential"}),
         (figures.plot_profile, figures.read_profile, {"dimension": "region"})]


def plain(text):
    return text.replace(NO_BREAK, " ")


def test_bars_are_the_shares_and_empty_classes_have_none():
    ax = figures.plot_classes(SUMMARY, scheme="value_class", currency="CNY")
    widths = [[bar.get_width() for bar in container] for container in ax.containers]
    assert widths == [[0.2, 0.1, 0.7], [0.8, 0.05, 0.15]]
    assert [t.get_text() for t in ax.get_yticklabels()] == [
        "Most valuable (VIP)", "Below zero (BZ)", "Ordinary"]
    assert plain_title(ax) == "1 account leaves less margin than the work on it costs"
    assert [plain(t.get_text()) for t in ax.texts] == [
        "2 accounts", "1 account", "7 accounts", "80.0 k CNY", "5.00 k CNY", "15.0 k CNY"]
    assert "(%)" in ax.get_xlabel()


def test_title_names_the_class_with_the_highest_sales():
    ax = figures.plot_classes(SUMMARY, scheme="categories", currency="CNY")
    assert plain(plain_title(ax)) == (
        "Important by influence: 4 accounts bring 70.0 k CNY of net sales")


def test_title_says_when_nothing_is_known():
    assert plain_title(figures.plot_classes(SUMMARY, scheme="business_class")) == (
        "10 accounts have never ordered, and nobody knows what they could buy")
    unknown = SUMMARY[:5].assign(n_accounts=[0, 0, 0, 10, 0])
    assert plain_title(figures.plot_classes(unknown, scheme="value_class")) == (
        "Of no account with sales is the profit known")


def test_readings_of_classes():
    assert plain(figures.read_classes(SUMMARY, scheme="value_class", currency="CNY")) == (
        "Most valuable (VIP): 2 accounts with 80.0 k CNY, Below zero (BZ): 1 account with "
        "5.00 k CNY and Ordinary: 7 accounts with 15.0 k CNY of net sales in 12 months. Below "
        "zero means that the margin does not pay for the recorded work; it asks for a review and "
        "drops nobody.")
    assert "is not the tier “important”" in figures.read_classes(SUMMARY, scheme="categories")
    assert figures.read_classes(SUMMARY, scheme="business_class").endswith(
        "Of 10 accounts too little is known to tell.")


def test_cells_of_the_cross_walk_leave_out_empty_classes():
    ax = figures.plot_cross_walk(WALK, other="key_ordinary_potential")
    assert [t.get_text() for t in ax.texts] == ["3", "1", "0", "2"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["Core", "Important"]
    assert [t.get_text() for t in ax.get_xticklabels()] == ["Major", "Ordinary"]
    assert plain_title(ax) == "Of 4 “Core” accounts 3 are “Major” in the other vocabulary"
    assert plain(figures.read_cross_walk(WALK, other="key_ordinary_potential")).startswith(
        "Of the accounts that are “Core”, 3 are “Major” (90) and 1 is “Ordinary” (10).")


def test_profile_bars_with_their_intervals():
    ax = figures.plot_profile(PROFILE, dimension="region")
    assert [bar.get_width() for bar in ax.patches] == [0.8, 0.1, 0.0]
    (spans,) = ax.collections
    assert [[x for x, _ in line] for line in spans.get_segments()] == [
        [0.49, 0.94], [0.03, 0.3], [0.0, 0.43]]
    assert [t.get_text() for t in ax.texts] == ["8 of 10", "2 of 20", "0 of 5"]
    assert ax.get_yticklabels()[0].get_text() == "E<b>'“East” 🙂 华东"
    assert plain_title(ax).startswith("Region: “E<b>")
    assert plain_title(ax).endswith("has 8 of 10 core accounts, the most")


def test_reading_of_the_profile_compares_and_counts_who_is_left_out():
    text = plain(figures.read_profile(PROFILE, dimension="region", currency="CNY"))
    assert "8 of 10 core accounts are in “E<b>" in text
    assert "goes from 10 % (3–30 %) in “West” to 80 % (49–94 %)" in text
    assert "chance" not in text
    assert text.endswith("4 suppliers and partners are left out.")
    near = PROFILE.assign(core_share_ci_high=0.95)
    assert "this may be chance" in figures.read_profile(near, dimension="region")


def test_only_the_largest_categories_are_drawn():
    many = pd.concat([PROFILE[:1].assign(category=f"c{i:02d}") for i in range(30)])
    assert len(figures.plot_profile(many, dimension="region").patches) == figures.MAX_CATEGORIES


def test_suppliers_have_no_bar():
    assert len(figures.plot_profile(PROFILE, dimension="party_role").patches) == 1


@pytest.mark.parametrize("table", [pd.DataFrame(), SUMMARY[:0], WALK[:0], PROFILE[:0]])
@pytest.mark.parametrize(("plot", "read", "more"), CALLS)
def test_an_empty_table_says_why(plot, read, more, table):
    table.attrs["reason"] = "No orders."
    ax = plot(table, **more)
    assert plain_title(ax) == "There is nothing to show"
    assert "No orders." in [t.get_text() for t in ax.texts]
    assert read(table, **more) == "No orders."
