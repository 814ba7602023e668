"""Errors: their family, the nearest name, one line."""

from __future__ import annotations

import pytest

from kamlib.errors import InputError, KamlibError, RefusedError, did_you_mean, one_line


def test_the_family():
    assert issubclass(InputError, KamlibError)
    assert issubclass(InputError, ValueError)  # so that callers who know only Python catch it
    assert issubclass(RefusedError, KamlibError)
    assert not issubclass(RefusedError, InputError)  # too little data is not wrong data


@pytest.mark.parametrize(("name", "hint"), [
    ("acount_id", " Did you mean 'account_id'?"), ("ACCOUNT_ID", " Did you mean 'account_id'?"),
    ("amont", " Did you mean 'Amount'?"), ("zzz", ""), ("", "")])
def test_the_nearest_name_in_its_own_spelling(name, hint):
    assert did_you_mean(name, ["account_id", "Amount", "order_date"]) == hint


def test_nothing_is_near_when_there_is_nothing():
    assert did_you_mean("account_id", []) == ""


def test_one_line_of_a_message_of_many():
    assert one_line(ValueError("first\n   second\tthird ")) == "first second third"
