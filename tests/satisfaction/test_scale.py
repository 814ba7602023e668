"""The 0-100 scale: published points of either map, and what a wave may state."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kamlib.errors import InputError
from kamlib.satisfaction import build_scale_table, convert_scores

MAPS = ("of_maximum", "of_range", "labels")
LABELS = (100.0, 80.0, 60.0, 30.0, 0.0)


def convert(rating: float, scale_map: str, low: float = 1, high: float = 5) -> float:
    return float(convert_scores(pd.Series([rating]), scale_min=low, scale_max=high,
                                scale_map=scale_map, label_scores=LABELS).iloc[0])


@pytest.mark.parametrize(("rating", "scale_map", "points"), [
    # Catalogue SAT-05 and worked numbers: 70 is 3.5 under x/5 and 3.8 under (x-1)/4; an
    # all-neutral questionnaire is 60 or 50; 78.4 is 3.92 or 4.136.
    (3.5, "of_maximum", 70), (3.8, "of_range", 70), (3, "of_maximum", 60), (3, "of_range", 50),
    (3.92, "of_maximum", 78.4), (4.136, "of_range", 78.4),
    # Label tables 100/80/60/30/0 (SAT-05).
    (1, "labels", 0), (2, "labels", 30), (3, "labels", 60), (4, "labels", 80), (5, "labels", 100),
])
def test_published_points(rating, scale_map, points):
    assert convert(rating, scale_map) == pytest.approx(points, abs=1e-9)


def test_a_table_that_the_wave_states():
    assert convert(2, "1=10;2=30;3=50;4=70;5=100") == 30
    assert convert(3.5, "1=10;2=30;3=50;4=70;5=100") == 60


def test_both_maps_agree_on_a_scale_from_zero():
    assert convert(7, "of_maximum", 0, 10) == convert(7, "of_range", 0, 10) == 70


@given(rating=st.floats(1, 5), scale_map=st.sampled_from(MAPS))
def test_points_stay_within_the_scale_and_never_fall(rating, scale_map):
    assert 0 <= convert(rating, scale_map) <= 100
    assert convert(min(5, rating + 0.1), scale_map) >= convert(rating, scale_map)


def test_gaps_stay_gaps():
    for scale_map in MAPS:
        assert convert_scores(pd.Series([None], dtype="float64"), scale_min=1, scale_max=5,
                              scale_map=scale_map, label_scores=LABELS).isna().all()


def test_a_map_that_does_not_cover_the_scale_is_refused():
    with pytest.raises(InputError) as error:
        convert(5, "1=0;4=100")
    assert str(error.value) == (
        "A scale map covers the scale, but the map runs from 1 to 4 and the scale from 1 to 5. "
        "Complete survey_waves.scale_map.")


def test_points_that_fall_are_refused():
    with pytest.raises(InputError, match="never fall as the rating rises"):
        convert(3, "1=100;5=0")
    with pytest.raises(InputError, match="is no table of rating=points"):
        convert(3, "1=0;five=100")


def test_the_scale_table_lists_every_rating():
    table = build_scale_table(scale_min=1, scale_max=5, label_scores=LABELS)
    assert table["of_maximum_index"].tolist() == [20, 40, 60, 80, 100]
    assert table["of_range_index"].tolist() == [0, 25, 50, 75, 100]
    assert table["labels_index"].tolist() == [0, 30, 60, 80, 100]
