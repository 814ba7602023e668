"""The ranked list of key accounts, under the chosen reading and beside the other two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.rule_table import check_conditions
from kamlib.selection.criteria import Known, measure_criteria
from kamlib.selection.draws import Monthlies, ask_draws, rank_draws, split_months
from kamlib.selection.rules import LOGICS, SelectionRules
from kamlib.selection.scorecard import SUB_SCORES, score_criteria

Bools = NDArray[np.bool_]
IN, OUT, UNSURE = "in", "out", "cannot tell"
LIST_COLUMNS = ["account_id", "rank", "rank_ci_low", "rank_ci_high", "key_score_index",
                *SUB_SCORES, "listed_probability", "is_listed", "list_standing", "net_amount",
                "n_orders", "collection_rate", "account_tenure_years", "growth_rate",
                "profit_amount", "profit_share", "satisfaction_index", "n_traits", "owner_id",
                "region", "industry"]
LOGIC_COLUMNS = ["account_id", "rank", "net_amount", "weighted", "all_conditions", "any_condition",
                 "in_weighted", "in_all_conditions", "in_any_condition", "n_conditions_met",
                 "n_conditions", "conditions_missing", "any_basis", "all_probability",
                 "any_probability", "n_logics"]
SUMMARY_COLUMNS = ["logic", "is_chosen", "n_in", "n_unsure", "net_amount", "amount_share",
                   "n_as_chosen", "is_too_long", "unchecked"]


def cut_of(scored: pd.DataFrame, *, rules: SelectionRules) -> int:
    """How many accounts the weighted list holds.

    >>> cut_of(pd.DataFrame({"key_score_index": [90.0] * 50}), rules=SelectionRules())
    10
    """
    scores = scored["key_score_index"].dropna()
    if rules.least_score is not None:
        return int((scores >= rules.least_score).sum())
    return min(rules.n_key_accounts, max(1, int(rules.most_key_share * len(scores))))


def build_list(scored: pd.DataFrame, known: Known, *, rules: SelectionRules,
               beside: bool = True) -> tuple[pd.DataFrame, pd.DataFrame, str, dict[str, list[str]]]:
    """Rank the accounts and say who is a key account, under all three readings.

    scored: from `score_criteria`; beside: False asks the draws about the chosen reading alone,
    which is faster where only the list is wanted. Returns the list and the readings, why intervals
    are missing ("" when they are not), and of each reading the conditions that meet a gap in every
    account: nobody could be asked, and they are left out.
    The list, one row a scored account, best first: `LIST_COLUMNS`; is_listed (by the chosen
    reading, rules.logic), list_standing (in, out; cannot tell where the interval of the rank lies
    on both sides of the cut, or where the draws met the conditions in some and not in others, or a
    condition cannot be checked), n_traits (signs of SEL-05 that hold).
    The readings, one row an account that is in or cannot be told under at least one of them, by
    rank: weighted, all_conditions, any_condition (in, out, cannot tell), in_weighted,
    in_all_conditions, in_any_condition (in by the figures as they are, sure or not),
    n_conditions_met of n_conditions (SEL-01) and the names of those missing, any_basis (names of
    what put it in under SEL-04), all_probability, any_probability (share of draws), n_logics (how
    many have it in).
    Source: SEL-01, SEL-03, SEL-04, E22; Marshall & Spiegelhalter (1998), BMJ 316:1701-1704.
    """
    rows = _rank(scored)
    cut, reason = cut_of(rows, rules=rules), ""
    months: Monthlies | None = None
    try:
        months = split_months(known, rows["account_id"], rules=rules)
        drawn = rank_draws(rows, months, cut=cut, rules=rules)
    except RefusedError as error:
        reason = str(error)
        drawn = pd.DataFrame(np.nan, index=rows.index, columns=[
            "rank_ci_low", "rank_ci_high", "listed_probability"])
    rows[list(drawn.columns)] = drawn
    for column in ("rank_ci_low", "rank_ci_high"):
        rows[column] = rows[column].astype("Int64")
    readings = _read(rows, months, cut, rules, beside)
    chosen = readings[rules.logic]
    rows["is_listed"] = readings[f"in_{rules.logic}"]
    rows["list_standing"] = pd.Series(chosen, index=rows.index, dtype="str")
    rows["account_tenure_years"] = rows["tenure_years"]
    rows["n_traits"] = check_conditions(rows, rules.traits, origin="selection.traits").fillna(
        False).sum(axis=1).astype("int64")
    logics = _lay_beside(rows, readings)
    nobody = {logic: readings[f"{logic}_nobody"] for logic in LOGICS[1:]}
    return rows[LIST_COLUMNS], logics, reason, nobody


def name_key_accounts(known: Known, *, rules: SelectionRules) -> frozenset[str]:
    """Ids of the accounts on the list, without its intervals; none where there can be no list.

    The same accounts as `build_list` marks as is_listed: for other rooms, to whom a key account
    is an account on the list and nothing else.
    """
    try:
        rows = _rank(score_criteria(measure_criteria(known, rules=rules), rules=rules))
    except RefusedError:
        return frozenset()
    is_in = _read(rows, None, cut_of(rows, rules=rules), rules, False)[f"in_{rules.logic}"]
    return frozenset(rows.loc[is_in, "account_id"].astype("str"))


def summarise_logics(logics: pd.DataFrame, keys: pd.DataFrame, nobody: Mapping[str, list[str]], *,
                     rules: SelectionRules) -> pd.DataFrame:
    """Set the three readings side by side; logics, keys, nobody: from `build_list`.

    Returns one row a reading: logic, is_chosen, n_in (by the figures as they are), n_unsure (in or
    out, one cannot tell), net_amount and amount_share (of those that are in), n_as_chosen (of
    these in the chosen list too), is_too_long (more than rules.most_key_accounts), unchecked
    (conditions that nobody could be asked, left out).
    """
    total = float(keys["net_amount"].sum())
    chosen = set(keys.loc[keys["is_listed"], "account_id"])
    rows = []
    for logic in LOGICS:
        inside = logics[logics[f"in_{logic}"]]
        amount = float(inside["net_amount"].sum())
        rows.append((logic, logic == rules.logic, len(inside),
                     int((logics[logic] == UNSURE).sum()), amount,
                     amount / total if total > 0 else np.nan,
                     int(inside["account_id"].isin(chosen).sum()),
                     len(inside) > rules.most_key_accounts, ", ".join(nobody.get(logic, ()))))
    return pd.DataFrame(rows, columns=SUMMARY_COLUMNS)


def _rank(scored: pd.DataFrame) -> pd.DataFrame:
    """Accounts with a score, best first, with their rank."""
    rows = scored[scored["key_score_index"].notna()].sort_values(
        ["key_score_index", "account_id"], ascending=[False, True], ignore_index=True)
    if rows.empty:
        raise RefusedError(_("Too little is known of every account for a score: each lacks the "
                             "sub-scores that carry most of the weight. Costs, invoices and "
                             "payments, or a lower rule selection.min_weight_share, would lift "
                             "this."))
    return rows.assign(rank=rows["key_score_index"].rank(
        ascending=False, method="min").astype("int64"))


def _read(rows: pd.DataFrame, months: Monthlies | None, cut: int, rules: SelectionRules,
          beside: bool) -> dict[str, Any]:
    """Standing of every account under each reading, and what the conditions said."""
    is_in = np.arange(len(rows)) < cut
    standing = np.where(is_in, IN, OUT).astype("object")
    if months is not None:
        low, high = (rows[c].to_numpy("float64") for c in ("rank_ci_low", "rank_ci_high"))
        standing[(low <= cut) & (high > cut)] = UNSURE
    found: dict[str, Any] = {"weighted": standing, "in_weighted": is_in}
    said = {name: check_conditions(rows, getattr(rules, name), origin=f"selection.{name}")
            for name in LOGICS[1:]}
    nobody = {name: [str(c) for c in held if held[c].isna().all()] for name, held in said.items()}
    asked = {name: [one for one in getattr(rules, name) if one.name not in nobody[name]]
             for name in said if beside or name == rules.logic}
    drawn = ask_draws(rows, months, {name: one for name, one in asked.items() if one},
                      rules=rules) if months is not None else {}
    tail = (1 - rules.confidence_level) / 2
    for name, whole in said.items():
        held = whole.drop(columns=nobody[name])
        now = _combine(held, name)
        times = [_combine(one, name) == IN for one in drawn.get(name, ())]
        share = np.mean(times, axis=0) if times else np.full(len(rows), np.nan)
        moved = ((now == IN) & (share < 1 - tail)) | ((now == OUT) & (share > tail))
        found |= {name: np.where(moved, UNSURE, now), f"in_{name}": now == IN,
                  f"{name}_held": held, f"{name}_share": share, f"{name}_nobody": nobody[name]}
    return found


def _combine(held: pd.DataFrame, name: str) -> NDArray[Any]:
    """All or any of the conditions; a condition that is not known leaves open what hangs on it."""
    if not len(held.columns):
        return np.full(len(held), UNSURE, dtype="object")
    yes, no = (held.fillna(value).to_numpy(bool) for value in (False, True))
    sure, possible = ((yes.all(axis=1), no.all(axis=1)) if name == "all_conditions"
                      else (yes.any(axis=1), no.any(axis=1)))
    found: NDArray[Any] = np.where(sure, IN, np.where(possible, UNSURE, OUT)).astype("object")
    return found


def _lay_beside(rows: pd.DataFrame, readings: dict[str, Any]) -> pd.DataFrame:
    held, bases = readings["all_conditions_held"], readings["any_condition_held"]
    table = rows[["account_id", "rank", "net_amount"]].assign(
        **{logic: pd.Series(readings[logic], index=rows.index, dtype="str") for logic in LOGICS},
        **{f"in_{logic}": readings[f"in_{logic}"] for logic in LOGICS},
        n_conditions_met=held.fillna(False).sum(axis=1).astype("int64"),
        n_conditions=len(held.columns),
        conditions_missing=_names(held.isna() | ~held.fillna(False).astype(bool)),
        any_basis=_names(bases.fillna(False).astype(bool)),
        all_probability=readings["all_conditions_share"],
        any_probability=readings["any_condition_share"])
    table["n_logics"] = table[[f"in_{logic}" for logic in LOGICS]].sum(axis=1).astype("int64")
    some = (table[list(LOGICS)] != OUT).any(axis=1)
    return table[some].reset_index(drop=True)[LOGIC_COLUMNS]


def _names(marks: pd.DataFrame) -> pd.Series:
    """The columns that hold, by name, of each row."""
    return pd.Series([", ".join(str(c) for c, one in zip(marks.columns, row, strict=True) if one)
                      for row in marks.to_numpy(bool)], index=marks.index, dtype="str")
