"""Every check on every quoted number, as one table; and one verdict a number."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from kamlib.errors import InputError, did_you_mean
from kamlib.language import _, join_sentences
from kamlib.satisfaction.audit.counted import check_range, check_ratio
from kamlib.satisfaction.audit.grain import check_grain
from kamlib.satisfaction.audit.kinds import PHRASES, check_kind, check_topics
from kamlib.satisfaction.audit.quoted import (
    BESIDE,
    FAILS,
    FITS,
    MIXED,
    OPEN,
    Check,
    Quoted,
    read_quoted,
)
from kamlib.satisfaction.audit.rules import AuditRules
from kamlib.satisfaction.audit.targets import check_target
from kamlib.satisfaction.audit.wholes import check_wholes
from kamlib.schema import require_columns

NEEDED = ("quote_id", "label", "quoted", "kind")
CHECK_COLUMNS = ["quote_id", "label", "quoted", "check", "verdict", "seen", "expected", "beside"]
FIGURE_COLUMNS = ["quote_id", "source", "label", "quoted", "kind", "n_checks", "verdict", "seen"]
# The worst first: what a number is called in the end.
VERDICTS = (FAILS, MIXED, OPEN, FITS)
CHECKS = ("possible", "ratio", "granularity", "sum_of_parts", "mean_of_parts", "sum_to_100",
          "name_and_kind", "same_name", "against_target", "nothing_to_check")


def audit_figures(quoted: pd.DataFrame, *, rules: AuditRules,
                  label_scores: Sequence[float] = ()) -> pd.DataFrame:
    """Check what quoted numbers say of themselves and of one another.

    quoted: rows of quoted_figures; only quote_id, label, quoted and kind are needed, and whatever
    else a row says allows a further check. label_scores: points of labels, where an index may be
    made of them. Numbers are compared as fractions, between all values that are printed so.
    Returns one row a check and number, sorted: quote_id, label, quoted (as printed), check
    (possible, ratio, granularity, sum_of_parts, mean_of_parts, sum_to_100, name_and_kind,
    same_name, against_target, nothing_to_check), verdict (adds up, does not add up, different
    kinds, cannot tell), seen (a sentence with the numbers), expected (what it would have to be),
    beside (other numbers that the check concerns).
    Targets are for more-is-better figures; of a sum or a count none is judged.
    Raises InputError for a kind that is none of the dictionary's.
    Source: Brown & Heathers (2017), Soc. Psychol. Personal. Sci. 8:363-369; Wilson (1927); E1, E2.

    >>> row = {"quote_id": "F1", "label": "rate", "quoted": "62%", "kind": "rate",
    ...        "n": 45, "n_counted": 28}
    >>> audit_figures(pd.DataFrame([row]), rules=AuditRules())["verdict"].tolist()
    ['adds up']
    """
    require_columns(quoted, NEEDED, name="quoted_figures")
    figures = read_quoted(quoted, rounding=rules.rounding)
    _refuse_unknown_kinds(figures)
    found = [check for each in figures for check in _check_one(each, rules, label_scores)]
    found += check_wholes(figures) + check_topics(figures)
    found = _drop_idle(found)
    named = _named(found)
    found += [_say_nothing(each) for each in figures if each.quote_id not in named]
    places = {each.quote_id: i for i, each in enumerate(figures)}
    found.sort(key=lambda c: (places[c.quote_id], CHECKS.index(c.check), c.seen))
    printed = dict(zip(quoted["quote_id"].astype(str).str.strip(), quoted["quoted"].astype(str),
                       strict=True))
    labels = {each.quote_id: each.label for each in figures}
    rows = [(c.quote_id, labels[c.quote_id], printed[c.quote_id], c.check, c.verdict, c.seen,
             c.expected, BESIDE.join(c.beside)) for c in found]
    return pd.DataFrame(rows, columns=CHECK_COLUMNS).astype("str")


def judge_figures(quoted: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """One verdict a quoted number: the worst that a check found, in which it takes part.

    checks: from `audit_figures`. Returns one row a number, the worst verdict first, then by
    quote_id: quote_id, source, label, quoted, kind, n_checks, verdict and seen (the sentences
    behind it). A whole that its parts do not make leaves the parts at "cannot tell".
    """
    rows = [(name, verdict if name == row["quote_id"] else _pass_on(row["check"], verdict),
             row["seen"]) for row in checks.to_dict("records") for verdict in [row["verdict"]]
            for name in (row["quote_id"], *filter(None, row["beside"].split(BESIDE)))]
    every = pd.DataFrame(rows, columns=["quote_id", "verdict", "seen"])
    every["place"] = every["verdict"].map({verdict: i for i, verdict in enumerate(VERDICTS)})
    worst = every[every["place"] == every.groupby("quote_id")["place"].transform("min")]
    worst = worst.groupby("quote_id", sort=True).agg(
        place=("place", "first"), verdict=("verdict", "first"),
        seen=("seen", lambda seen: join_sentences(dict.fromkeys(seen))))
    table = quoted.reindex(columns=[c for c in FIGURE_COLUMNS if c in quoted or c == "source"])
    table = table.astype("object").where(table.notna(), "").astype("str")
    table["quote_id"] = table["quote_id"].str.strip()
    table["n_checks"] = table["quote_id"].map(every.groupby("quote_id").size()).astype("Int64")
    for column in ("verdict", "seen"):
        table[column] = table["quote_id"].map(worst[column]).astype("str")
    table["place"] = table["quote_id"].map(worst["place"])
    return table.sort_values(["place", "quote_id"], kind="stable",
                             ignore_index=True)[FIGURE_COLUMNS]


def _pass_on(check: str, verdict: str) -> str:
    """What a check means for the other numbers: a wrong whole does not say which part is wrong."""
    is_whole = check in ("sum_of_parts", "mean_of_parts")
    return OPEN if is_whole and verdict != FITS else verdict


def _check_one(each: Quoted, rules: AuditRules, label_scores: Sequence[float]) -> list[Check]:
    if each.printed is None:
        return [Check(each.quote_id, "possible", OPEN, _(
            "This cannot be read as one number. Write the number alone into quoted, and what it "
            "was counted from into n and n_counted."))]
    level = rules.confidence_level
    alone = check_range(each) or [*check_ratio(each, level=level),
                                  *check_grain(each, label_scores=label_scores)]
    # A number that cannot be right meets no target.
    is_wrong = any(check.verdict == FAILS for check in alone)
    return [*alone, *check_kind(each), *([] if is_wrong else check_target(each, level=level))]


def _refuse_unknown_kinds(figures: Sequence[Quoted]) -> None:
    bad = [kind for each in figures for kind in (each.kind, each.target_kind or each.kind)
           if kind not in PHRASES]
    if bad:
        raise InputError(f"A quoted number cannot be of kind {bad[0]!r}."
                         f"{did_you_mean(bad[0], PHRASES)} Write {', '.join(PHRASES)}.")


def _drop_idle(found: list[Check]) -> list[Check]:
    """Leave out that granularity proves nothing, of numbers that another check can judge."""
    idle = [check for check in found if (check.check, check.verdict) == ("granularity", OPEN)]
    others = _named([check for check in found if check not in idle])
    return [check for check in found if check not in idle or check.quote_id not in others]


def _named(found: Sequence[Check]) -> set[str]:
    return {name for check in found for name in (check.quote_id, *check.beside)}


def _say_nothing(each: Quoted) -> Check:
    return Check(each.quote_id, "nothing_to_check", OPEN, _(
        "{quoted} is possible, but the number alone proves nothing: its n, its scale, its parts or "
        "its target would allow a check.", quoted=each.printed))
