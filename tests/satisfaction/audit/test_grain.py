"""Granularity: published cases of GRIM, and nothing that was really computed is ever accused."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kamlib.satisfaction import AuditRules, audit_figures, fits_grain

# Vignette "GRIM" of the R package scrutiny (Jung, lhdjung/scrutiny): mean, n, items, its verdict.
SCRUTINY = [
    ("5.27", 43, 1, False), ("8.97", 28, 1, False), ("2.61", 28, 1, True), ("7.26", 28, 1, False),
    ("3.64", 28, 1, True), ("9.26", 28, 1, False), ("10.46", 28, 1, True), ("7.39", 28, 1, True),
    ("5.90", 40, 1, True), ("5.71", 40, 1, False), ("3.50", 40, 1, True), ("3.82", 40, 1, True),
    ("4.61", 40, 1, False), ("5.24", 40, 1, False), ("5.71", 40, 3, True), ("5.24", 40, 3, True),
    ("6.92", 30, 1, False), ("3.48", 30, 1, False), ("1.59", 30, 2, False), ("2.61", 30, 2, False),
    ("4.04", 30, 3, True), ("4.50", 30, 3, True)]
# Percentages of the same page.
PERCENT = [("32.5%", 438, False), ("35.6%", 455, True), ("21.7%", 501, False),
           ("39.3%", 516, True)]
# Brown & Heathers (2017): 5.19 of 28; The Economist of 18 June 2016: 5.93 of 49.
PRINTED = [("5.19", 28, False), ("5.18", 28, True), ("5.21", 28, True), ("5.93", 49, False)]


@pytest.mark.parametrize(("text", "n", "n_items", "fits"), SCRUTINY)
def test_scrutinys_cases(audit, text, n, n_items, fits):
    assert fits_grain(text, n=n, n_items=n_items) is fits
    verdicts = audit({"quoted": text, "n": n, "n_items": n_items})["verdict"]
    assert (set(verdicts) == {"does not add up"}) is not fits


@pytest.mark.parametrize(("text", "n", "fits"), PRINTED)
def test_the_papers_cases(text, n, fits):
    assert fits_grain(text, n=n) is fits


@pytest.mark.parametrize(("text", "n", "fits"), PERCENT)
def test_percentages_of_so_many(audit, text, n, fits):
    checks = audit({"quoted": text, "kind": "rate", "n": n})
    assert checks["verdict"].tolist() == ["adds up" if fits else "does not add up"]


def test_no_number_no_fit():
    assert not fits_grain("see page 3", n=28)


def test_78_4_cannot_come_from_48_complete_ratings(audit):
    # Catalogue SAT-11: nearest are 78.3 and 78.8 (x/5), 78.1 and 78.6 ((x-1)/4).
    row = audit({"quoted": "78.4", "kind": "index", "n": 4, "n_items": 12, "scale_min": 1,
                 "scale_max": 5}).iloc[0]
    assert (row["check"], row["verdict"]) == ("granularity", "does not add up")
    assert row["expected"] == ("78.3 or 78.8 (read as x / max); 78.1 or 78.6 (read as (x - min) / "
                               "(max - min)); 78.3 or 78.5 (read as the points of labels)")
    assert row["seen"].startswith("78.4 cannot come from 4 × 12 scores from 1 to 5 that count "
                                  "equally; nearest are 78.3 or 78.8")


ITEM_MEANS = ["96", "94.5", "95.5", "95.4", "93.1", "93.2", "100", "91", "91", "93.5"]


def test_ten_item_means_fit_eight_scores_from_0_to_100(audit):
    # Catalogue SAT-16: all fit, 93.2 only if 93.25 was rounded down.
    rows = [{"quoted": mean, "n": 8, "scale_min": 0, "scale_max": 100} for mean in ITEM_MEANS]
    checks = audit(*rows)
    assert set(checks["verdict"]) == {"adds up", "cannot tell"}
    down = checks[checks["seen"].str.contains("rounded down")]
    assert down["quoted"].tolist() == ["93.2"]
    assert down["seen"].iloc[0] == ("93.2 can come from 8 scores from 0 to 100 only if 93.25 was "
                                    "rounded down.")
    # The same under the rule that a half goes up; half to even gives 93.2.
    strict = audit(*rows, rounding="half_up")
    assert strict[strict["verdict"] == "does not add up"]["quoted"].tolist() == ["93.2"]
    assert "does not add up" not in set(audit(*rows, rounding="half_even")["verdict"])


@pytest.mark.parametrize(("low", "high"), [(1, 5), (1, 10)])
def test_they_cannot_come_from_5_or_10_points(audit, low, high):
    # Catalogue SAT-16: steps of 2.5 and of 1.25 points.
    rows = [{"quoted": mean, "kind": "index", "n": 8, "n_items": 1, "scale_min": low,
             "scale_max": high} for mean in ITEM_MEANS]
    checks = audit(*rows)
    assert "94.5" in checks[checks["verdict"] == "does not add up"]["quoted"].tolist()


def test_where_every_number_can_be_reached_nothing_is_proved(audit):
    checks = audit({"quoted": "78.4", "n": 4_000, "scale_min": 1, "scale_max": 100})
    assert checks["verdict"].tolist() == ["cannot tell"]
    assert "every number with 1 decimals can be reached" in checks["seen"].iloc[0]


def test_a_sum_is_of_whole_scores_between_its_ends(audit):
    scale = {"kind": "sum", "n": 4, "n_items": 3, "scale_min": 1, "scale_max": 5}
    checks = audit(*({"quoted": text, **scale} for text in ("47", "47.5", "61", "11")))
    assert checks["verdict"].tolist() == ["cannot tell", "does not add up", "does not add up",
                                          "does not add up"]


def test_labels_are_tried_only_where_the_scale_has_as_many_points(audit):
    row = {"quoted": "33.3", "kind": "index", "n": 3, "n_items": 1, "scale_min": 0, "scale_max": 10}
    assert audit(row)["verdict"].tolist() == ["adds up"]
    assert "read as" in audit({**row, "scale_min": 1, "scale_max": 5})["seen"].iloc[0]


ROUND = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN, "nearest": ROUND_HALF_EVEN,
         "nearest_or_cut": ROUND_DOWN}


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=1, max_size=60), st.integers(0, 3),
       st.sampled_from(sorted(ROUND)))
def test_no_computed_mean_is_ever_accused(scores, digits, rounding):
    exact = Decimal(sum(scores)) / Decimal(len(scores))
    printed = str(exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND[rounding]))
    assert fits_grain(printed, n=len(scores), rounding=rounding)
    # Python's own rounding of a double is honest as well.
    assert fits_grain(f"{sum(scores) / len(scores):.{digits}f}", n=len(scores))


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 60), st.integers(1, 12), st.integers(0, 2), st.data())
def test_no_computed_index_or_rate_is_ever_accused(n, n_items, digits, data):
    total = data.draw(st.integers(n * n_items, 5 * n * n_items))
    hits = data.draw(st.integers(0, n))
    indices = [Fraction(total, n * n_items) * 20, (Fraction(total, n * n_items) - 1) * 25]
    rows = [{"quote_id": f"I{i}", "quoted": f"{float(value):.{digits}f}", "kind": "index",
             "n_items": n_items, "scale_min": 1, "scale_max": 5} for i, value in enumerate(indices)]
    rows.append({"quote_id": "R", "quoted": f"{100 * hits / n:.{digits}f}%", "kind": "rate"})
    # An index of 0.80 without a percent sign would be read as a share of 1.
    rows = [row for row in rows if row["kind"] == "rate" or float(row["quoted"]) > 1]
    checks = audit_figures(pd.DataFrame(rows).assign(label="x", n=n), rules=AuditRules())
    assert "does not add up" not in set(checks["verdict"])
