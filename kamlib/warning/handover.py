"""What the early-warning notebook hands on: numbers, findings, accounts, open questions."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd

from kamlib.handover import Attention, Handover, Metric, Unanswered
from kamlib.language import _, _n, fmt_count, fmt_probability, fmt_range, join_sentences
from kamlib.warning.findings import backtest_row, build_findings, describe_verdict, describe_warned
from kamlib.warning.result import Warnings

# What each table of the dictionary would tell.
TELLS: dict[str, Callable[[], str]] = {
    "complaints": lambda: _("Who complained before it left?"),
    "survey_answers": lambda: _("Whose satisfaction dropped?"),
    "invoices": lambda: _("Who pays late?"),
    "account_owners": lambda: _("Who has a new owner on our side?")}


def build_handover(result: Warnings, *, currency: str = "") -> Handover:
    """Turn the tables of `build_warnings` into what the overview is made of.

    Metrics of the back-test carry its intervals: another set of such accounts and dates is meant.
    """
    return Handover(headline=_headline(result, currency), metrics=_metrics(result),
                    findings=build_findings(result, currency), attention=_attention(result),
                    unanswered=_unanswered(result))


def _headline(result: Warnings, currency: str) -> tuple[str, ...]:
    lines = [describe_warned(result, currency)]
    if "past" in result.refused or "backtest" in result.refused:
        return (*lines, join_sentences([
            _("How far such warnings can be trusted is not known."),
            result.refused.get("past", result.refused.get("backtest", ""))]))
    lines.append(describe_verdict(result, "signs", basis="as_warned"))
    model = describe_verdict(result, "model", basis="tested_days")
    if not model:
        model = result.refused.get("model", result.refused.get("model_test", ""))
    return tuple(line for line in (*lines, model) if line)


def _metrics(result: Warnings) -> tuple[Metric, ...]:
    warned = result.warned
    n = len(warned)
    metrics = [
        Metric("revenue_at_risk", float(warned["net_amount_window"].sum()), "amount", n=n,
               better="down", anchor="calls", headline=True),
        Metric("warned_accounts", float(n), "count", n=len(result.watch), better="down",
               anchor="calls")]
    chances = result.watch["leave_probability"].notna()
    risk = float(result.watch["risk_amount"].sum()) if chances.any() else None
    metrics.append(Metric("expected_loss_amount", risk, "amount", n=int(chances.sum()),
                          better="down", anchor="calls"))
    signs = backtest_row(result, "signs")
    model = backtest_row(result, "model", basis="tested_days")
    metrics += [
        _tested("warning_precision", signs, "precision_share", "n_called",
                verdict="precision_verdict"),
        _tested("warning_recall", signs, "recall_share", "n_left"),
        _tested("warning_caught", signs, "caught_amount_share", "n_left",
                verdict="caught_verdict"),
        _tested("warning_lift", signs, "lift", "n_called"),
        _tested("false_alarms_a_month", signs, "false_alarms_a_month", "n_called"),
        _tested("model_precision", model, "precision_share", "n_called",
                verdict="precision_verdict"),
        _tested("model_recall", model, "recall_share", "n_left"),
        _tested("model_lift", model, "lift", "n_called")]
    return tuple(metrics)


def _tested(name: str, row: dict[Any, Any] | None, column: str, n: str, *,
            verdict: str = "") -> Metric:
    unit = {"lift": "ratio", "false_alarms_a_month": "ratio"}.get(column, "share")
    if row is None:
        return Metric(name, None, unit, better="up", anchor="backtest_hits")
    return Metric(name, _number(row[column]), unit, n=int(row[n]),
                  ci_low=_number(row.get(f"{column}_ci_low")),
                  ci_high=_number(row.get(f"{column}_ci_high")),
                  verdict=str(row[verdict]) if verdict else "",
                  better="down" if column == "false_alarms_a_month" else "up",
                  anchor="backtest_hits")


def _attention(result: Warnings) -> tuple[Attention, ...]:
    rows = result.calls.head(result.rules.n_attention).to_dict("records")
    return tuple(Attention(str(row["account_id"]), say_why(row), _number(row["net_amount_window"]),
                           str(row["owner_id"]), "calls") for row in rows)


def say_why(row: dict[Hashable, Any]) -> str:
    """Say in one sentence or two why an account is on the list."""
    said = []
    if row["is_warned"]:
        said.append(_("Warning: {signs}.", signs=row["signs_shown"]))
    if pd.notna(row["leave_probability"]):
        said.append(_("Chance of leaving {chance} ({interval}).",
                      chance=fmt_probability(row["leave_probability"]),
                      interval=fmt_range(row["leave_probability_ci_low"],
                                         row["leave_probability_ci_high"], fmt_probability)))
    if not row["is_warned"] and row["model_reasons"]:
        said.append(_("Because: {reasons}.", reasons=row["model_reasons"]))
    return join_sentences(said)


def _unanswered(result: Warnings) -> tuple[Unanswered, ...]:
    open_questions = [
        Unanswered(ask(), _("The data set has no table {table}.", table=table), table)
        for table, ask in TELLS.items() if table in result.missing]
    questions = {"past": _("How far can the warnings be trusted?"),
                 "backtest": _("How far can the warnings be trusted?"),
                 "model": _("How likely is each account to leave?"),
                 "model_test": _("How far can the model be trusted?")}
    open_questions += [Unanswered(questions[name], reason, "orders")
                       for name, reason in result.refused.items()]
    judgement = result.watch["judgement"].value_counts()
    if n := int(judgement.get("rhythm_unknown", 0)):
        open_questions.append(Unanswered(
            _("Do accounts that bought only once leave?"),
            _n("{n} active account has no usual gap between purchases yet.",
               "{n} active accounts have no usual gap between purchases yet.", n), "orders"))
    if n := int(judgement.get("too_slow", 0)):
        open_questions.append(Unanswered(
            _("Do accounts that buy rarely leave?"),
            _n("{n} active account usually leaves longer gaps than the horizon of {days} days.",
               "{n} active accounts usually leave longer gaps than the horizon of {days} days.",
               n, days=fmt_count(result.horizon_days)), "orders"))
    return tuple(open_questions)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
