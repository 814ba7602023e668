"""Delivered value: what accounts say they get, less what they say it costs them.

Named apart from perceived value (Zeithaml), which is a judgement asked in one question of its own
and is not computed from parts (E16).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.satisfaction.survey.answers import read_items, read_ratings
from kamlib.satisfaction.worth.rules import WorthRules
from kamlib.stats.intervals import mean_interval

# Each side, the kind of its items, and whether it adds or takes.
SIDES = {"gets": ("delivered_value", 1), "costs": ("delivered_cost", -1)}
KINDS = [kind for kind, _sign in SIDES.values()]
PART_COLUMNS = ["side", "category", "text", "n_accounts", "part_index", "part_index_ci_low",
                "part_index_ci_high", "effect_index"]
WORTH_COLUMNS = ["account_id", "owner_id", "n_questionnaires", "worth_index", "burden_index",
                 "delivered_index", "is_negative", "account_index", "is_satisfied",
                 "net_amount_window"]
SUM_COLUMNS = ["wave_id", "name", "end_date", "n_questionnaires", "n_used", "n_accounts",
               "worth_index", "burden_index", "delivered_index", "delivered_index_ci_low",
               "delivered_index_ci_high", "n_below_zero", "change_index", "change_index_ci_low",
               "change_index_ci_high", "n_paired", "movement"]


def score_delivered(wave: Mapping[Any, Any], *, items: pd.DataFrame, answers: pd.DataFrame,
                    answered_share: float) -> pd.DataFrame:
    """Rate what each questionnaire gets and what it costs, item by item.

    wave: one row of survey_waves; items, answers: survey_items and survey_answers (other waves are
    ignored). A questionnaire counts when it answers `answered_share` of the worth items and as
    much of the burden items. Returns one row a questionnaire that counts x item: questionnaire_id,
    account_id, item_id, text, category, side (gets, costs), score_index
    (0-100 by (x - min) / (max - min), which makes both sides one scale; gap where not answered).
    Refused when the wave has no items of either side.
    Source: catalogue PV-01.
    """
    wave_id, low, high = (str(wave["wave_id"]), float(wave["scale_min"]),
                          float(wave["scale_max"]))
    parts = []
    for side, (kind, _sign) in SIDES.items():
        try:
            asked = read_items(items, wave_id=wave_id, kinds=(kind,))
        except RefusedError:
            raise RefusedError(_(
                "The survey does not ask both what accounts get and what it costs them, so there "
                "is no delivered value. Items of the kinds delivered_value and delivered_cost in "
                "survey_items would lift this.")) from None
        grid = read_ratings(answers[(answers["wave_id"] == wave_id)
                                    & answers["item_id"].isin(asked["item_id"])],
                            items=asked, scale_min=low, scale_max=high)
        parts.append(grid.assign(side=side, score_index=100 * (grid["rating"] - low)
                                 / (high - low)))
    table = pd.concat(parts, ignore_index=True)
    table = table[_is_complete(table, answered_share)]
    columns = ["questionnaire_id", "account_id", "item_id", "text", "category", "side",
               "score_index"]
    return table.sort_values(["questionnaire_id", "item_id"], ignore_index=True)[columns]


def _is_complete(table: pd.DataFrame, answered_share: float) -> pd.Series:
    """Whether the row's questionnaire answers enough of both sides."""
    keys = ["questionnaire_id", "side"]
    answered = table.groupby(keys)["score_index"].agg(lambda x: x.notna().mean())
    enough = (answered >= answered_share - 1e-9).groupby("questionnaire_id").agg(["sum", "size"])
    complete = enough.index[enough["sum"] == len(SIDES)]
    return table["questionnaire_id"].isin(complete)


def value_accounts(scores: pd.DataFrame) -> pd.DataFrame:
    """Delivered value of each account: mean of what it gets less mean of what it costs.

    scores: from `score_delivered`. The people of an account are averaged item by item first.
    Returns one row an account, sorted: account_id, n_questionnaires, worth_index, burden_index
    (0-100), delivered_index (-100 to 100), is_negative.
    """
    by_item = scores.groupby(["account_id", "side", "item_id"])["score_index"].mean()
    sides = by_item.groupby(["account_id", "side"]).mean().unstack("side")
    sides = sides.reindex(columns=list(SIDES)).astype("float64")
    table = pd.DataFrame({
        "n_questionnaires": scores.groupby("account_id")["questionnaire_id"].nunique(),
        "worth_index": sides["gets"], "burden_index": sides["costs"]})
    table["delivered_index"] = table["worth_index"] - table["burden_index"]
    # A difference of means of doubles may fall a hair short of zero.
    table["is_negative"] = table["delivered_index"] < -1e-9
    return table.rename_axis("account_id").reset_index()


def decompose(scores: pd.DataFrame, *, rules: WorthRules) -> pd.DataFrame:
    """What adds to delivered value and what takes from it.

    scores: from `score_delivered`. Returns one row an item, what is got first, largest effect
    first: side, category, text, n_accounts, part_index (0-100, mean over accounts) with Student's
    interval, effect_index (points that the item adds to, or takes from, the mean delivered value;
    the effects add up to it).
    """
    keys = ["side", "item_id", "category", "text"]
    means = scores.groupby([*keys, "account_id"])["score_index"].mean().dropna()
    # An account that skips an item gives the others of its side more weight in its own mean.
    answered = means.groupby(["side", "account_id"]).transform("size")
    n_accounts, rows = scores["account_id"].nunique(), []
    for key, values in means.groupby(level=keys):
        side, _item, category, text = (str(part) for part in key)  # type: ignore[union-attr]
        low, high = mean_interval(values, level=rules.confidence_level)
        effect = SIDES[side][1] * float((values / answered.loc[values.index]).sum()) / n_accounts
        rows.append([side, category, text, len(values), values.mean(), np.maximum(low, 0.0),
                     np.minimum(high, 100.0), effect])
    table = pd.DataFrame(rows, columns=PART_COLUMNS)
    signs = {side: sign for side, (_kind, sign) in SIDES.items()}
    table = table.assign(order=table["side"].map(signs), size=table["effect_index"].abs())
    return table.sort_values(["order", "size", "text"], ascending=[False, False, True],
                             ignore_index=True)[PART_COLUMNS]


def sum_up(waves: pd.DataFrame, *, items: pd.DataFrame, answers: pd.DataFrame, rules: WorthRules
           ) -> pd.DataFrame:
    """Mean delivered value of every wave that asked for it, and its change, account by account.

    waves: survey_waves up to the report's wave, in order. Returns one row a wave: wave_id, name,
    end_date, n_questionnaires with an answer to these items, n_used, n_accounts, worth_index,
    burden_index, delivered_index with Student's interval over accounts (gap below
    rules.min_accounts), n_below_zero; against the wave before that asked, paired by account:
    change_index with interval, n_paired, movement (rose, fell, no clear change, cannot tell).
    Refused when no wave asked.
    """
    rows, before, reason = [], None, ""
    for wave in waves.to_dict("records"):
        try:
            scores = score_delivered(wave, items=items, answers=answers,
                                     answered_share=rules.answered_share)
        except RefusedError as refusal:
            reason = str(refusal)
            continue
        table = value_accounts(scores)
        asked = items[(items["wave_id"] == wave["wave_id"]) & items["kind"].isin(KINDS)]
        given = answers[(answers["wave_id"] == wave["wave_id"]) & answers["score"].notna()
                        & answers["item_id"].isin(asked["item_id"])]
        rows.append({"wave_id": wave["wave_id"], "name": wave["name"],
                     "end_date": pd.Timestamp(wave["end_date"]),
                     "n_questionnaires": given["questionnaire_id"].nunique(),
                     "n_used": scores["questionnaire_id"].nunique(), **_mean_of(table, rules),
                     **_change(table, before, rules)})
        before = table
    if not rows:
        raise RefusedError(reason)
    table = pd.DataFrame(rows, columns=SUM_COLUMNS)
    floats = [c for c in SUM_COLUMNS if "_index" in c]
    return table.astype(dict.fromkeys(floats, "float64") | {"n_paired": "Int64"})


def refuse_if_few(table: pd.DataFrame, *, minimum: int) -> pd.DataFrame:
    """Return the accounts, or refuse when there are fewer than `minimum`."""
    if len(table) < minimum:
        raise RefusedError(_(
            "{n} accounts say both what they get and what it costs them; {least} are asked for. "
            "More answers, or a lower rule worth.min_accounts, would lift this.",
            n=fmt_count(len(table)), least=fmt_count(minimum)))
    return table


def _mean_of(table: pd.DataFrame, rules: WorthRules) -> dict[str, Any]:
    row: dict[str, Any] = {"n_accounts": len(table),
                           "n_below_zero": int(table["is_negative"].sum())}
    if len(table) < rules.min_accounts:
        return row
    low, high = mean_interval(table["delivered_index"], level=rules.confidence_level)
    return row | {"worth_index": table["worth_index"].mean(),
                  "burden_index": table["burden_index"].mean(),
                  "delivered_index": table["delivered_index"].mean(),
                  "delivered_index_ci_low": low, "delivered_index_ci_high": high}


def _change(now: pd.DataFrame, before: pd.DataFrame | None, rules: WorthRules) -> dict[str, Any]:
    if before is None:
        return {"movement": ""}
    pairs = now.merge(before, on="account_id", suffixes=("", "_before"))
    change = pairs["delivered_index"] - pairs["delivered_index_before"]
    if len(pairs) < rules.min_accounts:
        return {"n_paired": len(pairs), "movement": "cannot tell"}
    low, high = mean_interval(change, level=rules.confidence_level)
    moved = "rose" if low > 0 else "fell" if high < 0 else "no clear change"
    return {"n_paired": len(pairs), "change_index": float(np.mean(change)),
            "change_index_ci_low": low, "change_index_ci_high": high, "movement": moved}
