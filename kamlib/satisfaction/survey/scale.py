"""From the points of a rating scale to 0-100: the map decides who counts as satisfied."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kamlib.errors import InputError
from kamlib.satisfaction.survey.names import SCALE_MAPS


def convert_scores(scores: pd.Series, *, scale_min: float, scale_max: float, scale_map: str,
                   label_scores: Sequence[float] = ()) -> pd.Series:
    """Convert ratings to 0-100 points.

    scores: ratings within scale_min..scale_max; gaps stay gaps.
    scale_map: of_maximum, x / max * 100 (3 of 5 is 60); of_range, (x - min) / (max - min) * 100
    (3 of 5 is 50); labels, the points of `label_scores`, best first, spread evenly over the scale;
    or a table such as ``1=0;2=30;3=60;4=80;5=100``. Between two places the points run straight.
    Source: catalogue SAT-05, E4: the survey reports quote 100-point figures without their map.

    >>> three = pd.Series([3.0])
    >>> [float(convert_scores(three, scale_min=1, scale_max=5, scale_map=m)[0])
    ...  for m in ("of_maximum", "of_range")]
    [60.0, 50.0]
    """
    if not 0 <= scale_min < scale_max:
        raise InputError("A rating scale runs from a least rating of 0 or more to a larger one, "
                         f"but is {scale_min:g} to {scale_max:g}. Correct survey_waves.")
    if scale_map == "of_maximum":
        return scores / scale_max * 100
    if scale_map == "of_range":
        return (scores - scale_min) / (scale_max - scale_min) * 100
    if scale_map == "labels":
        points = [float(p) for p in reversed(label_scores)]
        places = list(np.linspace(scale_min, scale_max, len(points)))
    else:
        places, points = _read_table(scale_map)
    _check_points(places, points, scale_min=scale_min, scale_max=scale_max)
    converted = pd.Series(np.interp(scores, places, points), index=scores.index)
    return converted.where(scores.notna())


def neutral_score(scale_min: float, scale_max: float) -> float:
    """Return the middle of a scale, which stands for "neutral".

    >>> neutral_score(1, 5)
    3.0
    """
    return (scale_min + scale_max) / 2


def build_scale_table(*, scale_min: float, scale_max: float,
                      label_scores: Sequence[float]) -> pd.DataFrame:
    """Show what each whole rating is worth under each map.

    Returns one row a rating, sorted: rating (scale points), of_maximum_index, of_range_index,
    labels_index (0-100).
    """
    ratings = pd.Series(np.arange(scale_min, scale_max + 1), dtype="float64")
    table = pd.DataFrame({"rating": ratings})
    for name in SCALE_MAPS:
        table[f"{name}_index"] = convert_scores(ratings, scale_min=scale_min, scale_max=scale_max,
                                                scale_map=name, label_scores=label_scores)
    return table


def _read_table(text: str) -> tuple[list[float], list[float]]:
    try:
        pairs = [[float(part) for part in entry.split("=")] for entry in text.split(";") if entry]
        table = sorted((rating, points) for rating, points in pairs)
    except ValueError:
        raise InputError(f"survey_waves.scale_map {text!r} is no table of rating=points entries "
                         "such as 1=0;2=30;3=60;4=80;5=100. Correct it.") from None
    return [rating for rating, _ in table], [points for _, points in table]


def _check_points(places: list[float], points: list[float], *, scale_min: float,
                  scale_max: float) -> None:
    if len(points) < 2 or points != sorted(points) or points[0] < 0 or points[-1] > 100:
        raise InputError("Points for ratings lie between 0 and 100 and never fall as the rating "
                         f"rises, two at least, but from the lowest up are {points}. Correct "
                         "survey_waves.scale_map or the rule satisfaction.label_scores.")
    if places[0] > scale_min or places[-1] < scale_max:
        raise InputError("A scale map covers the scale, but the map runs from "
                         f"{places[0]:g} to {places[-1]:g} and the scale from {scale_min:g} to "
                         f"{scale_max:g}. Complete survey_waves.scale_map.")
