"""What a wave may say about its scale map and its validity rule, and how it is understood."""

from __future__ import annotations

from typing import Literal, get_args

import pandas as pd

from kamlib.errors import InputError, did_you_mean

ScaleMap = Literal["of_maximum", "of_range", "labels"]
ValidityRule = Literal["one_missing", "two_thirds"]
SCALE_MAPS: tuple[ScaleMap, ...] = get_args(ScaleMap)
VALIDITY_RULES: tuple[ValidityRule, ...] = get_args(ValidityRule)

# Words by which survey reports state their rule; all words of one tuple have to occur.
WORDINGS: dict[tuple[str, ...], ValidityRule] = {
    ("one", "missing"): "one_missing", ("1", "missing"): "one_missing",
    ("遗漏",): "one_missing", ("two", "third"): "two_thirds", ("2/3",): "two_thirds",
    ("三分之二",): "two_thirds"}


def read_scale_map(stated: object, *, default: ScaleMap) -> str:
    """Return the map a wave states (a name or a table like ``1=0;3=60;5=100``), or the default.

    >>> read_scale_map(None, default="of_maximum")
    'of_maximum'
    """
    text = _text(stated)
    if not text:
        return default
    if text not in SCALE_MAPS and "=" not in text:
        raise InputError(f"survey_waves.scale_map cannot be {text!r}."
                         f"{did_you_mean(text, SCALE_MAPS)} Use {', '.join(SCALE_MAPS)}, a table "
                         "such as 1=0;2=30;3=60;4=80;5=100, or leave it empty to follow the rules.")
    return text


def read_validity_rule(stated: object, *, default: ValidityRule) -> ValidityRule:
    """Return the validity rule a wave states by name or in words, or the default.

    >>> read_validity_rule("at least 2/3 of the items answered", default="one_missing")
    'two_thirds'
    """
    text = _text(stated).lower()
    if not text:
        return default
    for known in VALIDITY_RULES:
        if text == known:
            return known
    for words, rule in WORDINGS.items():
        if all(word in text for word in words):
            return rule
    raise InputError(f"survey_waves.validity_rule {stated!r} is not understood."
                     f"{did_you_mean(text, VALIDITY_RULES)} Use {' or '.join(VALIDITY_RULES)}, or "
                     "leave it empty to follow the rules file.")


def name_of_map(scale_map: str) -> str:
    """Return the map's name; a table that a wave states is called "stated".

    >>> name_of_map("1=0;5=100")
    'stated'
    """
    return scale_map if scale_map in SCALE_MAPS else "stated"


def _text(stated: object) -> str:
    return "" if stated is None or stated is pd.NA or stated != stated else str(stated).strip()
