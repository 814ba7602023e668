"""How much each item matters: what accounts say, and what their overall judgement follows."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.satisfaction.improvement.points import mean_by_account, score_column
from kamlib.satisfaction.improvement.rules import ImprovementRules
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.index import index_interval
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.stats.relative_importance import Importance, share_importance

Tables = tuple[pd.DataFrame, pd.DataFrame]
STATED = ["stated_index", "stated_index_ci_low", "stated_index_ci_high"]
DERIVED = ["derived_share", "derived_share_ci_low", "derived_share_ci_high"]
# Reading of the map: the measure of importance, and where the cross-hair stands.
READINGS = ("stated_midpoint", "stated_mean", "derived_midpoint", "derived_mean")
QUADRANTS = {(True, True): "mend_first", (True, False): "keep_up",
             (False, True): "low_priority", (False, False): "possible_overkill"}
STATED_COLUMNS = ["item_id", "n_accounts", *STATED]
DERIVED_COLUMNS = ["item_id", "n", *DERIVED, "overall_correlation"]
CATEGORY_COLUMNS = ["category", "n_items", "category_index", "n", *DERIVED, "overall_correlation"]
IMPORTANCE_COLUMNS = ["item_id", "text", "is_reversed", "category", "n_accounts", "item_index",
                      "item_index_ci_low", "item_index_ci_high", *STATED, *DERIVED,
                      "overall_correlation", *(f"quadrant_{name}" for name in READINGS),
                      "n_mend_first", "n_readings"]
CROSSHAIR_COLUMNS = ["crosshair", "performance_index", "stated_importance_index",
                     "derived_importance_share", "n_mend_first"]


def state_importance(wave: WaveScores, tables: Tables, *, rules: SatisfactionRules
                     ) -> pd.DataFrame:
    """What accounts say matters: the mean of importance_score over accounts.

    tables: survey_items and survey_answers. Returns one row an item, sorted: item_id, n_accounts,
    stated_index (0-100) with Student's interval. Raises RefusedError where it was not asked.
    """
    means = mean_by_account(score_column(wave, tables, column="importance_score", rules=rules))
    rows = []
    for item in means.columns:
        known = means[item].dropna()
        low, high = index_interval(known, level=rules.confidence_level)
        rows.append({"item_id": item, "n_accounts": len(known), "stated_index": known.mean(),
                     "stated_index_ci_low": low, "stated_index_ci_high": high})
    return pd.DataFrame(rows, columns=STATED_COLUMNS).astype({"n_accounts": "Int64"})


def score_overall(wave: WaveScores, tables: Tables, *, rules: SatisfactionRules) -> pd.Series:
    """Each account's overall judgement, 0-100: the mean of the items of kind overall.

    Returns points by account_id; accounts that left one of these items open are not there.
    """
    if not ((tables[0]["wave_id"] == wave.wave_id) & (tables[0]["kind"] == "overall")).any():
        raise RefusedError(_("The questionnaire has no overall question (kind overall), so what "
                             "drives satisfaction cannot be derived. Such a question would lift "
                             "this."))
    means = mean_by_account(score_column(wave, tables, column="score", rules=rules,
                                         kinds=("overall",)))
    return means.dropna().mean(axis=1)


def derive_importance(means: pd.DataFrame, overall: pd.Series, *, rules: ImprovementRules,
                      level: float) -> tuple[pd.DataFrame, Importance]:
    """What the overall judgement follows: the share of each item in what all items explain.

    means: accounts x items, points; overall: points by account_id. Only accounts without a gap
    count. Returns one row an item: item_id, n (accounts), derived_share (0-1, together 1) with a
    bootstrap interval over accounts, overall_correlation (below 0: the overall judgement falls
    where this item is rated high); and the fit itself (method, R²).
    Raises RefusedError: see `share_importance`.
    """
    shared = means.loc[means.index.intersection(overall.index)]
    outcome = overall.reindex(shared.index)
    fit = share_importance(shared, outcome, seed=rules.seed, n_resamples=rules.n_resamples,
                           level=level, min_rows_per_predictor=rules.min_rows_per_predictor)
    table = fit.shares.rename(columns={
        "predictor": "item_id", "importance_share": DERIVED[0],
        "importance_share_ci_low": DERIVED[1], "importance_share_ci_high": DERIVED[2]})
    complete = shared.dropna().index
    table["overall_correlation"] = shared.loc[complete].corrwith(outcome[complete]).to_numpy()
    return table[DERIVED_COLUMNS], fit


def derive_categories(means: pd.DataFrame, overall: pd.Series, *, items: pd.DataFrame,
                      rules: ImprovementRules, level: float) -> pd.DataFrame:
    """The same for whole categories: an account's mean over the items of each.

    means, overall: as in `derive_importance`; items: one row an item with item_id, category,
    weight, item_index. Returns one row a category, the largest share first: category, n_items,
    category_index (0-100, mean of its items), n, derived_share with interval, overall_correlation.
    """
    named = items.set_index("item_id")["category"].fillna("").reindex(means.columns)
    by_category = means.T.groupby(named.to_numpy()).mean().T
    table, _fit = derive_importance(by_category, overall, rules=rules, level=level)
    about = items.assign(category=items["category"].fillna("")).groupby("category").agg(
        n_items=("item_id", "size"), category_index=("item_index", "mean"))
    table = table.rename(columns={"item_id": "category"}).merge(
        about, left_on="category", right_index=True)
    return table.sort_values(["derived_share", "category"], ascending=[False, True],
                             ignore_index=True)[CATEGORY_COLUMNS].astype({"n_items": "Int64"})


def map_importance(items: pd.DataFrame, *, stated: pd.DataFrame, derived: pd.DataFrame,
                   neutral: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Importance-performance map: the quadrant of each item under four readings.

    items: of the survey (`score_items`); stated, derived: from the functions above, or empty;
    neutral: where the middle of the scale lies (0-100).
    Performance is the item's index. The cross-hair stands at the middle of the scale or at the
    mean of the items; derived importance has no scale, its line is the equal share.
    Returns the items (IMPORTANCE_COLUMNS: quadrants mend_first, keep_up, low_priority,
    possible_overkill, "" where the importance is unknown; n_mend_first of n_readings) and the
    cross-hairs (crosshair, performance_index, stated_importance_index or derived_importance_share,
    n_mend_first: items in that corner), both sorted.
    Source: Martilla & James (1977), J. Mark. 41(1):77-79, who leave the cross-hair open.
    """
    table = items[items["item_index"].notna()].merge(
        stated[["item_id", *STATED]], on="item_id", how="left").merge(
        derived[["item_id", *DERIVED, "overall_correlation"]], on="item_id", how="left")
    table = table.astype(dict.fromkeys([*STATED, *DERIVED, "overall_correlation"], "float64"))
    lines = _lines(table, neutral)
    names = [f"quadrant_{name}" for name in READINGS]
    for line, name in zip(lines, names, strict=True):
        table[name] = _find_quadrants(table, line)
    table["n_mend_first"] = (table[names] == "mend_first").sum(axis=1)
    table["n_readings"] = (table[names] != "").sum(axis=1)
    for line, name in zip(lines, names, strict=True):
        line["n_mend_first"] = int((table[name] == "mend_first").sum())
    crosshairs = pd.DataFrame(lines, columns=CROSSHAIR_COLUMNS)
    crosshairs = crosshairs[crosshairs[["stated_importance_index", "derived_importance_share"]]
                            .notna().any(axis=1)].reset_index(drop=True)
    counts = {"n_mend_first": "Int64", "n_readings": "Int64"}
    table = table.sort_values(["n_mend_first", "item_index", "item_id"],
                              ascending=[False, True, True], ignore_index=True)
    return (table[IMPORTANCE_COLUMNS].astype(counts),
            crosshairs.astype({"n_mend_first": "Int64"}))


def _lines(table: pd.DataFrame, neutral: float) -> list[dict[str, Any]]:
    """Where both lines stand under each reading; NaN where that importance is unknown."""
    nothing = float("nan")
    places = {"midpoint": neutral, "mean": float(table["item_index"].mean())}
    stated = {"midpoint": neutral if table[STATED[0]].notna().any() else nothing,
              "mean": float(table[STATED[0]].mean())}
    lines = []
    for name in READINGS:
        measure, place = name.split("_")
        is_stated = measure == "stated"
        lines.append({
            "crosshair": name, "performance_index": places[place],
            "stated_importance_index": stated[place] if is_stated else nothing,
            "derived_importance_share": nothing if is_stated else float(table[DERIVED[0]].mean())})
    return lines


def _find_quadrants(table: pd.DataFrame, line: dict[str, Any]) -> pd.Series:
    is_stated = str(line["crosshair"]).startswith("stated")
    values = table[STATED[0] if is_stated else DERIVED[0]]
    at = line["stated_importance_index" if is_stated else "derived_importance_share"]
    is_weak = table["item_index"] < line["performance_index"]
    found = [QUADRANTS[(bool(high), bool(weak))]
             for high, weak in zip(values >= at, is_weak, strict=True)]
    return pd.Series(found, index=table.index, dtype="str").where(values.notna(), "")
