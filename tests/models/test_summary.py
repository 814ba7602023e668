"""The summary of a log: published toy and CDNOW, and what must not change it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from kamlib.errors import InputError
from kamlib.models.summary import summarise_log

# lifetimes tests/test_utils.py, observed to 2015-02-07: id, day; the expected (x, t_x, T) beside.
TOY = [(1, "2015-01-01"), (1, "2015-02-06"), (2, "2015-01-01"), (3, "2015-01-01"),
       (3, "2015-01-02"), (3, "2015-01-05"), (4, "2015-01-16"), (4, "2015-02-02"),
       (4, "2015-02-05"), (5, "2015-01-16"), (5, "2015-01-17"), (5, "2015-01-18"),
       (6, "2015-02-02")]
EXPECTED = {1: (1, 36, 37), 2: (0, 0, 37), 3: (2, 4, 37), 4: (2, 20, 22), 5: (2, 2, 22),
            6: (0, 0, 5)}


@pytest.fixture
def toy() -> pd.DataFrame:
    table = pd.DataFrame(TOY, columns=["account_id", "order_date"])
    return table.assign(order_date=pd.to_datetime(table["order_date"]))


def test_the_published_toy(toy):
    found = summarise_log(toy, as_of="2015-02-07")
    assert {unit: tuple(row) for unit, *row in found.iloc[:, :3].itertuples()} == EXPECTED
    # Account 4: gaps of 17 and 3 days.
    assert found.loc[4, "log_gap_sum"] == pytest.approx(np.log(17 * 3))
    assert found.loc[2, "log_gap_sum"] == 0


def test_cdnow_sums_as_published(cdnow):
    # spec/published_numbers.md B1: RFM summary on the calibration log.
    assert len(cdnow) == 2357
    sums = cdnow[["n_repeat_days", "first_to_last_days", "first_to_as_of_days"]].sum()
    assert sums.tolist() == [2457, 112_949, 539_779]
    assert (cdnow["n_repeat_days"] > 0).sum() == 946


def test_rows_orders_hours_and_repetition_do_not_matter(toy):
    expected = summarise_log(toy, as_of="2015-02-07")
    late = toy.assign(order_date=toy["order_date"] + pd.Timedelta(hours=23))
    shuffled = pd.concat([late, toy]).sample(frac=1, random_state=1)
    after = pd.DataFrame({"account_id": [1, 9], "order_date": pd.to_datetime(["2015-02-08"] * 2)})
    found = summarise_log(pd.concat([after, shuffled]), as_of="2015-02-07")
    pd.testing.assert_frame_equal(found, expected)
    text = summarise_log(toy.assign(account_id="00" + toy["account_id"].astype(str)),
                         as_of="2015-02-07")
    assert text.to_numpy().tolist() == expected.to_numpy().tolist()
    assert text.index[0] == "001"


def test_a_log_of_nobody_is_an_empty_summary(toy):
    found = summarise_log(toy, as_of="2014-12-31")
    assert found.empty and "log_gap_sum" in found
    assert summarise_log(toy.iloc[:0], as_of="2015-02-07").empty


@pytest.mark.parametrize(("column", "words"), [("account_id", "no account_id"),
                                               ("order_date", "none in order_date")])
def test_gaps_are_refused(toy, column, words):
    with pytest.raises(InputError, match=words):
        summarise_log(toy.assign(**{column: toy[column].where(toy.index > 0)}), as_of="2015-02-07")
