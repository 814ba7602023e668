"""Findings of the value notebook: each a computed sentence with the money behind it."""

from __future__ import annotations

import pandas as pd

from kamlib.handover import Finding
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.value.result import Value
from kamlib.value.wording import judge_model, number, small, trust_verdict

MAX_NAMES = 3


def build_findings(result: Value, currency: str) -> tuple[Finding, ...]:
    """Say what happened to the value; each finding is silent when it did not happen."""
    return tuple(finding for finding in (
        _change(result, currency), _silent(result, currency), _hidden(result, currency),
        _negative(result, currency), _lever(result, currency), _beaten(result))
        if finding is not None)


def _change(result: Value, currency: str) -> Finding | None:
    if result.steps.empty:
        return None
    steps = result.steps.set_index("step")["step_amount"]
    change = float(steps["closing"] - steps["opening"])
    parts = steps.drop(["opening", "closing"])
    same = parts[parts * change > 0].sort_values(key=abs, ascending=False, kind="stable")
    if same.empty or round(change) == 0:
        return None
    moved = _("rose") if change > 0 else _("fell")
    reason = small(same.index[0])
    return Finding("equity_change", _(
        "Customer equity {moved} by {change} since {day}; the largest part of that: {reason} "
        "({amount}).", moved=moved, change=fmt_money(abs(change), currency),
        day=fmt_date(result.previous_as_of), reason=reason,
        amount=fmt_money(same.iloc[0], currency)), abs(change), anchor="equity_bridge")


def _silent(result: Value, currency: str) -> Finding | None:
    rows = result.changes[result.changes["step"] == "gone_silent"]
    if rows.empty:
        return None
    lost = -float(rows["value_change_amount"].sum())
    names = rows.head(MAX_NAMES)["account_id"]
    return Finding("gone_silent", _n(
        "{n} account has gone silent since {day} and lost {amount} of its value: {names}.",
        "{n} accounts have gone silent since {day} and lost {amount} of their value, most of it "
        "{names}.", len(rows), day=fmt_date(result.previous_as_of),
        amount=fmt_money(lost, currency), names=fmt_list(names)), lost, anchor="equity_bridge")


def _hidden(result: Value, currency: str) -> Finding | None:
    rows = result.profit[result.profit["is_hidden_risk"].astype(bool)]
    if rows.empty:
        return None
    gap = -float(rows["gap_amount"].sum())
    sentence = _n(
        "{n} account earned {earned} in {window}, but is worth less than {share} of what that "
        "would bring if it went on; {gap} is at stake.",
        "{n} accounts earned {earned} in {window}, but are worth less than {share} of what that "
        "would bring if it went on; {gap} is at stake.", len(rows),
        earned=fmt_money(rows["earned_amount"].sum(), currency), gap=fmt_money(gap, currency),
        share=fmt_share(result.rules.hidden_risk_share))
    return Finding("hidden_risk", sentence, gap, anchor="earned_and_expected")


def _negative(result: Value, currency: str) -> Finding | None:
    rows = result.clv[result.clv["clv_amount"] < 0]
    if rows.empty:
        return None
    lost = -float(rows["clv_amount"].sum())
    sure = int((rows["clv_amount_ci_high"] < 0).sum())
    first = _n("{n} account costs more than it brings and has a negative value, {amount}: its "
               "terms and the work on it want a review.",
               "{n} accounts cost more than they bring and have a negative value, {amount} "
               "together: their terms and the work on them want a review.", len(rows),
               amount=fmt_money(-lost, currency))
    second = _n("For {n} of them the whole interval lies below zero; only there may ending the "
                "relationship be thought of.",
                "For {n} of them the whole interval lies below zero; only there may ending the "
                "relationship be thought of.", sure) if sure else \
        _("For none of them does the whole interval lie below zero.")
    return Finding("negative_value", join_sentences([first, second]), lost,
                   anchor="account_values")


def _lever(result: Value, currency: str) -> Finding | None:
    rows = result.levers[(result.levers["group"] == "all")
                         & (result.levers["lever"] == "retention_point")]
    if rows.empty or not rows["gain_amount"].iloc[0] > 0:
        return None
    row = rows.iloc[0]
    evidence = "" if pd.isna(row["gain_amount_ci_low"]) else fmt_range(
        row["gain_amount_ci_low"], row["gain_amount_ci_high"], lambda x: fmt_money(x, currency))
    return Finding("equity_lever", _(
        "Keeping one point more of the business from year to year would add {amount} to customer "
        "equity.", amount=fmt_money(row["gain_amount"], currency)), number(row["gain_amount"]),
        evidence, "equity_levers")


def _beaten(result: Value) -> Finding | None:
    if result.backtest is None or trust_verdict(result) == "better":
        return None
    row = judge_model(result)
    scores = result.backtest.scores
    best = scores[(scores["cut"] == "all") & (scores["error_verdict"] == "baseline")].iloc[0]
    return Finding("forecast_beaten", _(
        "The order forecast behind the values did no better on the past than a rule of thumb "
        "({name}).", name=small(best["method"])), None, _(
        "Purchase days that came: {came}; forecast: {forecast}; by the rule of thumb: {naive}.",
        came=fmt_count(row["total_observed"]), forecast=fmt_count(row["total_forecast"]),
        naive=fmt_count(best["total_forecast"])), "order_forecasts")
