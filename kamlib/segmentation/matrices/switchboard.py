"""Which accounts change class when a rule that the source leaves unclear is read otherwise."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_number
from kamlib.measures import require_window
from kamlib.period import DAYS_A_YEAR
from kamlib.segmentation.matrices.inputs import account_matrix_inputs
from kamlib.segmentation.matrices.matrix import build_matrix
from kamlib.segmentation.matrices.rules import MatrixRules
from kamlib.segmentation.rfm import CLASSES, score_rfm
from kamlib.segmentation.rules import BENCHMARK, SegmentationRules
from kamlib.segmentation.tiers import score_tiers

SWITCHBOARD_COLUMNS = ["reading", "question", "chosen", "other", "is_available", "n_accounts",
                       "n_changed", "changed_share", "changed_amount", "reason"]
CHANGE_COLUMNS = ["reading", "account_id", "class_chosen", "class_other", "net_amount"]


@dataclass(frozen=True, repr=False)
class Inputs:
    """What the readings are computed from; see `build_switchboard`."""

    facts: pd.DataFrame
    facts_year_before: pd.DataFrame | None
    profit: pd.DataFrame | None
    rules: SegmentationRules
    matrix_rules: MatrixRules


@dataclass(frozen=True)
class Reading:
    """An unclear rule: the class by account_id as kamlib reads it, and as it may be read instead.

    code names the question in the catalogue of errors; the labels word it, with _question, _reads
    and _instead behind the code.
    """

    code: str
    reads: Callable[[Inputs], pd.Series]
    instead: Callable[[Inputs], pd.Series]


def build_switchboard(facts: pd.DataFrame, facts_year_before: pd.DataFrame | None = None, *,
                      profit: pd.DataFrame | None = None, rules: SegmentationRules,
                      matrix_rules: MatrixRules) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Classify every account twice for each reading of an unclear rule, and list what changes.

    facts, facts_year_before: account_facts at as_of and a year before (None where the history
    does not reach so far); profit: one row an account, account_id and profit_amount (after the
    cost to serve, 12 months), or None: margin stands in for it.
    Returns two tables. Summary, one row a reading: reading (code), question, chosen and other
    (codes, worded in the labels), is_available, n_accounts (with a class by both), n_changed,
    changed_share (0-1), changed_amount (their net sales in the window), reason (why it is not
    available, with gaps in the numbers, else empty). Changes, one row a reading and changed
    account: reading, account_id, class_chosen, class_other, net_amount (window). Both sorted.
    Source: catalogue, questions E10, E11, E12, E17, E18, E20.
    """
    inputs = Inputs(facts, facts_year_before, profit, rules, matrix_rules)
    amounts = facts.set_index("account_id")["net_amount_window"].astype("float64")
    rows, tables = [], []
    for reading in READINGS:
        row: dict[str, object] = {
            "reading": reading.code, "question": f"{reading.code}_question",
            "chosen": f"{reading.code}_reads", "other": f"{reading.code}_instead"}
        try:
            classes = _classes(reading, inputs)
        except RefusedError as error:
            rows.append(row | {"is_available": False, "reason": str(error)})
            continue
        changed = classes[classes["class_chosen"] != classes["class_other"]].copy()
        changed["net_amount"] = amounts.reindex(changed.index)
        tables.append(changed.reset_index().assign(reading=reading.code)[CHANGE_COLUMNS])
        rows.append(row | {
            "is_available": True, "n_accounts": len(classes), "n_changed": len(changed),
            "changed_share": len(changed) / len(classes),
            "changed_amount": float(changed["net_amount"].sum()), "reason": ""})
    summary = pd.DataFrame(rows, columns=SWITCHBOARD_COLUMNS).astype({
        "n_accounts": "Int64", "n_changed": "Int64", "changed_share": "float64",
        "changed_amount": "float64", "is_available": "bool"})
    changes = pd.concat(tables) if tables else pd.DataFrame(columns=CHANGE_COLUMNS)
    return summary, changes.sort_values(["reading", "account_id"], ignore_index=True)


def _classes(reading: Reading, inputs: Inputs) -> pd.DataFrame:
    classes = pd.concat([reading.reads(inputs).rename("class_chosen"),
                         reading.instead(inputs).rename("class_other")], axis=1, join="inner")
    if classes.empty:
        raise RefusedError(_("No account has a class by both readings. A period with sales would "
                             "lift this."))
    return classes.rename_axis("account_id").sort_index()


def _tiers(inputs: Inputs) -> pd.DataFrame:
    tiers = score_tiers(inputs.facts, rules=inputs.rules).set_index("account_id")
    return tiers[tiers["tier"] != "no_sales"]


def _tier(inputs: Inputs) -> pd.Series:
    return _tiers(inputs)["tier"]


def _forced_tier(inputs: Inputs) -> pd.Series:
    """E10: the published shares as the rule: 20, 40 and 40 % of the accounts by net sales."""
    amounts = _tiers(inputs)["net_amount"]
    rank = amounts.rank(ascending=False, method="min")
    ends = [math.ceil(share * len(amounts) - 1e-9)
            for share in BENCHMARK["benchmark_account_share"].cumsum()[:2]]
    tiers = BENCHMARK["tier"].tolist()
    # Accounts with equal sales stay together on the high side, as in the tiers.
    return _coded(np.select([rank <= end for end in ends], tiers[:2], tiers[2]), amounts.index)


def _loyal_tier(inputs: Inputs) -> pd.Series:
    """E11: core only with a long tenure that is known; the rest of core is important."""
    tier = _tier(inputs)
    years = inputs.matrix_rules.loyal_tenure_years
    days = inputs.facts.set_index("account_id")["tenure_days"].astype("float64")
    if not (days >= years * DAYS_A_YEAR).any():
        raise RefusedError(_(
            "No account is known to have bought for {years} years, so that no account could be "
            "core. A longer history, or customer_since in the accounts, would lift this.",
            years=fmt_number(years, 0 if years.is_integer() else 1)))
    is_loyal = days.reindex(tier.index) >= years * DAYS_A_YEAR
    return tier.where((tier != "core") | is_loyal, "important")


def _amount_tier(inputs: Inputs) -> pd.Series:
    """E12: important by a high amount only; high frequency alone is general."""
    tiers = _tiers(inputs)
    return tiers["tier"].where(tiers["tier_reason"] != "frequency_only", "general")


def _rfm(inputs: Inputs) -> pd.DataFrame:
    return score_rfm(inputs.facts, rules=inputs.rules).set_index("account_id")


def _rfm_class(inputs: Inputs) -> pd.Series:
    return _rfm(inputs)["rfm_class"]


def _repeat_class(inputs: Inputs) -> pd.Series:
    """E17: repurchase in the place of recency, as the source's first class is worded."""
    rfm = _rfm(inputs)
    orders = _orders(inputs).reindex(rfm.index)
    flags = zip(orders >= inputs.matrix_rules.repeat_orders, rfm["is_frequent"],
                rfm["is_amount_high"], strict=True)
    return _coded([CLASSES[bool(r), bool(f), bool(m)] for r, f, m in flags], rfm.index)


def _rfm_class_or_none(inputs: Inputs) -> pd.Series:
    facts = inputs.facts.set_index("account_id")
    ever = facts.index[facts["n_orders"].astype("Int64") > 0]
    return _rfm_class(inputs).reindex(ever).fillna("no_sales")


def _class_with_lost(inputs: Inputs) -> pd.Series:
    """E17: the class of lost accounts that the source announces and does not list."""
    rfm = _rfm(inputs)
    chosen = _rfm_class_or_none(inputs)
    is_neither = ~(rfm["is_recent"] | rfm["is_frequent"]).reindex(chosen.index, fill_value=False)
    is_silent = _orders(inputs).reindex(chosen.index) == 0
    return chosen.where(~(is_neither & is_silent), "lost")


def _orders(inputs: Inputs) -> pd.Series:
    require_window(inputs.facts, ("account_id", "n_orders_window"), name="build_switchboard")
    return inputs.facts.set_index("account_id")["n_orders_window"].astype("int64")


# Both variants of the matrix say which accounts are best and worst on both axes.
CORNERS = {"bcg_star": "bcg_star", "bcg_dog": "bcg_dog", "bcg_cash_cow": "one_high",
           "bcg_question_mark": "one_high", "big_profitable": "bcg_star",
           "small_unprofitable": "bcg_dog", "big_unprofitable": "one_high",
           "small_profitable": "one_high"}


def _growth_corner(inputs: Inputs) -> pd.Series:
    return _corner(account_matrix_inputs(inputs.facts, inputs.facts_year_before), "growth_share",
                   inputs)


def _profit_corner(inputs: Inputs) -> pd.Series:
    """E18: the same names for sales by profit, as the source first defines them."""
    table = account_matrix_inputs(inputs.facts, inputs.facts_year_before)
    if inputs.profit is not None:
        # Profit takes the place of margin and is known for the accounts of the table.
        profit = inputs.profit.set_index("account_id")["profit_amount"].astype("float64")
        profit = profit.reindex(table["subject_id"])
        table["margin_amount"] = profit.to_numpy()
        table["margin_known_amount"] = table["amount"].where(profit.notna().to_numpy(), 0.0)
    return _corner(table, "sales_profit", inputs)


def _corner(table: pd.DataFrame, variant: str, inputs: Inputs) -> pd.Series:
    cells = build_matrix(table, variant=variant, rules=inputs.matrix_rules)
    return cells.set_index("subject_id")["cell"].map(CORNERS).dropna()


def _below_zero(inputs: Inputs) -> pd.Series:
    """E20: BZ is below zero, an account that costs more than it brings."""
    profit = _profit(inputs)
    return _coded(np.where(profit < 0, "is_bz", "not_bz"), profit.index)


def _falling(inputs: Inputs) -> pd.Series:
    """E20: BZ as "negative growth", an account whose sales fell."""
    table = account_matrix_inputs(inputs.facts, inputs.facts_year_before).set_index("subject_id")
    if table["amount_before"].isna().all():
        raise RefusedError(_("Whether sales fell needs the same span a year before, and the known "
                             "history does not hold all of it. A later period would lift this."))
    return _coded(np.where(table["amount"] < table["amount_before"], "is_bz", "not_bz"),
                  table.index)


def _profit(inputs: Inputs) -> pd.Series:
    sold = _orders(inputs)
    sold = sold[sold > 0]
    if inputs.profit is not None:
        profit = inputs.profit.set_index("account_id")["profit_amount"].astype("float64")
        return profit.reindex(sold.index).dropna()
    facts = inputs.facts.set_index("account_id").loc[sold.index]
    known = facts["margin_known_amount_window"].astype("float64").abs()
    is_known = (known > 0) & (known >= inputs.matrix_rules.margin_known_share
                              * facts["net_amount_window"].astype("float64").abs())
    if not is_known.any():
        raise RefusedError(_("Neither profit nor margin is known, as no cost is. A cost column in "
                             "the orders would lift this."))
    return facts.loc[is_known, "margin_amount_window"].astype("float64")


def _coded(values: object, index: pd.Index) -> pd.Series:
    return pd.Series(values, index=index, dtype="str")


READINGS = (
    Reading("E10", _tier, _forced_tier),
    Reading("E11", _tier, _loyal_tier),
    Reading("E12", _tier, _amount_tier),
    Reading("E17_lost", _rfm_class_or_none, _class_with_lost),
    Reading("E17_repeat", _rfm_class, _repeat_class),
    Reading("E18", _growth_corner, _profit_corner),
    Reading("E20", _below_zero, _falling))
