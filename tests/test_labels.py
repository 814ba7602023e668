"""Names of columns and codes: one meaning each, in both languages, with the right unit."""

from __future__ import annotations

import pytest

from kamlib.labels import ROOMS, heading, kind_of, label, unit_of
from kamlib.language import using, window_words


def test_known_and_unknown_columns():
    assert heading("net_amount") == "Net sales"
    assert heading("net_amount_year_before") == "Net sales, year before"
    assert heading("margin_share_ci_low") == "Margin share, low end"
    assert heading("no_such_column_window") == "no_such_column_window"
    # Names of their own that end like a span.
    assert heading("previous") == "Previous period"
    assert heading("year_before") == "Year before"


def test_known_and_unknown_codes():
    assert label("not met") == "Not met"
    assert label(True) == "yes"
    assert label("A-17") == "A-17"


@pytest.mark.parametrize(("column", "kind", "unit"), [
    ("net_amount_window", "amount", "CNY"), ("amount", "amount", "CNY"),
    ("loss_rate", "share", "%"),
    ("n_orders_period", "count", ""), ("days_since_last_sale", "days", "days"),
    ("satisfaction_index_ci_high", "index", "points"), ("tenure_years", "years", "years"),
    ("silent_months", "months", "months"), ("first_sale_date", "date", ""), ("region", "", ""),
    ("n", "", ""), ("is_new", "", "")])
def test_unit_follows_from_the_name(column, kind, unit):
    assert kind_of(column) == kind
    assert unit_of(column, "CNY") == unit


@pytest.mark.parametrize("names", ["HEADINGS", "VALUES"])
def test_a_name_means_the_same_in_every_room(names):
    meanings: dict[str, set[str]] = {}
    for room in ROOMS:
        for code, text in getattr(room, names).items():
            meanings.setdefault(code, set()).add(text)
    assert {code: texts for code, texts in meanings.items() if len(texts) > 1} == {}


def test_names_are_translated_when_they_are_shown(monkeypatch):
    monkeypatch.setattr("kamlib.labels.translate", lambda text: f"«{text}»")
    with using("zh"):
        assert label("sale") == "«Sale»"
        assert heading("net_amount_window") == f"««Net sales», {window_words()}»"
