"""Can the questionnaire be trusted: what belongs together, what fits badly, what was not asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_list
from kamlib.satisfaction.improvement.points import score_column
from kamlib.satisfaction.improvement.rules import ImprovementRules
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.stats.reliability import drop_each_item, item_rest_correlations, measure_reliability

Tables = tuple[pd.DataFrame, pd.DataFrame]
# Kinds of items that a group may consist of, in this order; those rated are also one whole.
KINDS = ("rating", "overall", "expectation", "intention", "delivered_value", "delivered_cost")
WHOLE = "whole_index"
ALPHAS = ["alpha", "alpha_ci_low", "alpha_ci_high", "standardised_alpha"]
RELIABILITY_COLUMNS = ["item_kind", "category", "n_items", "n", "n_dropped", *ALPHAS,
                       "reliability_verdict", "reason"]
RESTS = ["item_rest_correlation", "item_rest_correlation_ci_low", "item_rest_correlation_ci_high"]
FIT_COLUMNS = ["item_kind", "category", "item_id", "text", "is_reversed", "n", *RESTS,
               "alpha_if_dropped", "fit_verdict"]
TOPIC_COLUMNS = ["topic", "n_items", "questions_asked", "is_covered"]


def check_reliability(wave: WaveScores, tables: Tables, *, survey_rules: SatisfactionRules,
                      rules: ImprovementRules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cronbach's alpha of every group of two items or more, and how each item fits its group.

    tables: survey_items and survey_answers; a group is a category of one kind of item, and all
    rating items together (category whole_index). Rows are questionnaires, complete ones only.
    Returns the groups (item_kind, category, n_items, n and n_dropped (questionnaires), alpha with
    Feldt's interval, standardised_alpha, reliability_verdict: reliable, unreliable, cannot tell
    against rules.alpha_line, or "" with a reason when refused) and their items, worst fit first
    (item_kind, category, item_id, text, is_reversed, n, item_rest_correlation with interval,
    alpha_if_dropped, fit_verdict: fits, fits_badly below rules.item_rest_line, wrong_way when the
    whole interval lies below 0: a question turned that should not be, or the reverse).
    """
    groups, fits = [], []
    for kind, category, members, wide in _find_groups(wave, tables, survey_rules):
        row: dict[str, Any] = {"item_kind": kind, "category": category, "n_items": len(members),
                               "reliability_verdict": "", "reason": ""}
        try:
            found = measure_reliability(wide, level=survey_rules.confidence_level)
            fits.append(_fit(wide, members, kind, category, survey_rules.confidence_level, rules))
            row |= found._asdict()
            row["reliability_verdict"] = _judge(found.alpha_ci_low, found.alpha_ci_high,
                                                rules.alpha_line)
        except RefusedError as error:
            row |= {"reason": str(error), "n": len(wide.dropna())}
        groups.append(row)
    if not groups:
        raise RefusedError(_("No category of the questionnaire has two questions, so its "
                             "reliability cannot be measured. A second question would lift this."))
    counts = {"n_items": "Int64", "n": "Int64", "n_dropped": "Int64"}
    table = pd.DataFrame(groups, columns=RELIABILITY_COLUMNS).astype(
        counts | dict.fromkeys(ALPHAS, "float64"))
    if not fits:
        return table, pd.DataFrame(columns=FIT_COLUMNS)
    items = pd.concat(fits, ignore_index=True)
    return table, items.sort_values(["item_rest_correlation", "category", "item_id"],
                                    ignore_index=True)


def check_topics(items: pd.DataFrame, *, topics: Sequence[str]) -> pd.DataFrame:
    """Whether the questionnaire asks about every topic that it has to.

    items: the wave's rating items (text, category); topics: one each, other spellings after a bar.
    Returns one row a topic, in the order of the rule: topic, n_items, questions_asked (texts),
    is_covered. A topic is met where a spelling occurs in an item's category or text.

    >>> asked = pd.DataFrame({"text": ["Goods come in time"], "category": ["Delivery"]})
    >>> check_topics(asked, topics=["delivery|交货", "price"])["is_covered"].to_list()
    [True, False]
    """
    words = (items["category"].fillna("") + " " + items["text"].fillna("")).str.casefold()
    rows = []
    for topic in topics:
        spellings = [one.strip() for one in topic.split("|") if one.strip()]
        is_met = pd.Series(False, index=items.index)
        for one in spellings:
            is_met |= words.str.contains(one.casefold(), regex=False)
        rows.append({"topic": spellings[0] if spellings else topic, "n_items": int(is_met.sum()),
                     "questions_asked": fmt_list(items.loc[is_met, "text"]) if is_met.any() else "",
                     "is_covered": bool(is_met.any())})
    return pd.DataFrame(rows, columns=TOPIC_COLUMNS).astype({"n_items": "Int64",
                                                             "is_covered": "bool"})


Group = tuple[str, str, pd.DataFrame, pd.DataFrame]


def _find_groups(wave: WaveScores, tables: Tables, rules: SatisfactionRules) -> Iterator[Group]:
    """Kind, category, items and questionnaires x items of every group of two or more."""
    mine = tables[0][tables[0]["wave_id"] == wave.wave_id]
    for kind in KINDS:
        if not (mine["kind"] == kind).any():
            continue
        try:
            points = score_column(wave, tables, column="score", rules=rules, kinds=(kind,))
        except RefusedError:
            continue
        wide = points.pivot(index="questionnaire_id", columns="item_id", values="points_index")
        items = mine[mine["item_id"].isin(wide.columns) & (mine["kind"] == kind)]
        items = items.assign(category=items["category"].fillna("")).sort_values("item_id")
        parts = [(category, part) for category, part in items.groupby("category", sort=True)]
        if kind == "rating" and len(parts) > 1:
            parts = [(WHOLE, items), *parts]
        for category, part in parts:
            if len(part) > 1:
                yield kind, str(category), part, wide[list(part["item_id"])]


def _fit(wide: pd.DataFrame, members: pd.DataFrame, kind: str, category: str, level: float,
         rules: ImprovementRules) -> pd.DataFrame:
    table = item_rest_correlations(wide, level=level).merge(
        drop_each_item(wide)[["item_id", "alpha_if_dropped"]], on="item_id").merge(
        members[["item_id", "text", "is_reversed"]], on="item_id")
    table["is_reversed"] = table["is_reversed"].astype("boolean").fillna(False).astype("bool")
    is_weak = table["item_rest_correlation"] < rules.item_rest_line
    table["fit_verdict"] = "fits"
    table.loc[is_weak, "fit_verdict"] = "fits_badly"
    table.loc[table["item_rest_correlation_ci_high"] < 0, "fit_verdict"] = "wrong_way"
    return table.assign(item_kind=kind, category=category)[FIT_COLUMNS]


def _judge(low: float, high: float, line: float) -> str:
    if low >= line:
        return "reliable"
    return "unreliable" if high < line else "cannot tell"
