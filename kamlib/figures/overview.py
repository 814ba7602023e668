"""The overview: headline numbers in words, money at stake, accounts, promises, texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from kamlib.figures import theme
from kamlib.figures.lifecycle import call_account
from kamlib.figures.metrics import format_metric, say_change
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_range,
    join_items,
    join_sentences,
)
from kamlib.overview import STEPS, Overview, count_promises, say_concerned
from kamlib.schema import name_table

N_SHOWN = 12
NAME_LETTERS = 30
STEP_COLOURS = dict(zip(STEPS, theme.CATEGORY, strict=False))
# What a page shows of a wide table; the published one has every column.
FINDING_COLUMNS = ("finding_rank", "cycle_step", "sentence", "stake_amount", "chapter")
ADVICE_COLUMNS = ("cycle_step", "recommendation", "stake_amount", "evidence", "n_accounts",
                  "owners")
ACCOUNT_COLUMNS = ("account_id", "owner_id", "stake_amount", "n_reasons", "reasons")
PROMISE_COLUMNS = ("action_id", "topic", "account_id", "owner_id", "due_date", "promise_status",
                   "overdue_days", "result")


def word_numbers(result: Overview, *, currency: str = "") -> pd.DataFrame:
    """Headline numbers as a reader sees them: one row a number, all columns texts but n.

    Columns: metric, value_text (with its interval), n, previous_text and year_before_text (the
    change since, money before percent), target_text, verdict, chapter.
    """
    rows = []
    for row in result.metrics.to_dict("records"):
        units = {"unit": row["unit"], "currency": currency}
        rows.append({
            "metric": row["name"], "value_text": _with_range(row, currency), "n": row["n"],
            "previous_text": say_change(row["value"], row["previous"], **units),
            "year_before_text": say_change(row["value"], row["year_before"], **units),
            "target_text": "" if pd.isna(row["target"]) else format_metric(row["target"], **units),
            "verdict": row["verdict"], "chapter": row["notebook"]})
    columns = ["metric", "value_text", "n", "previous_text", "year_before_text", "target_text",
               "verdict", "chapter"]
    return pd.DataFrame(rows, columns=columns).astype({"n": "Int64"})


def _with_range(row: Mapping[Any, Any], currency: str) -> str:
    def fmt(x: Any) -> str:
        return format_metric(x, unit=row["unit"], currency=currency)

    text = fmt(row["value"])
    if pd.isna(row["ci_low"]) or pd.isna(row["ci_high"]):
        return text
    return _("{value} ({range})", value=text, range=fmt_range(row["ci_low"], row["ci_high"], fmt))


def read_numbers(result: Overview) -> str:
    """Say which targets were met, missed or cannot be told."""
    judged = result.metrics[result.metrics["verdict"].isin(["met", "not met", "cannot tell"])]
    if judged.empty:
        return _("No headline number is judged against a target of our own.")
    names = {verdict: fmt_list(label(name) for name in rows["name"])
             for verdict, rows in judged.groupby("verdict")}
    said = []
    if "not met" in names:
        said.append(_("Target missed: {names}.", names=names["not met"]))
    if "met" in names:
        said.append(_("Target met: {names}.", names=names["met"]))
    if "cannot tell" in names:
        said.append(_("Met or missed, one cannot tell: {names}.", names=names["cannot tell"]))
    return join_sentences(said)


def plot_stakes(result: Overview, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars: money behind each recommendation, most first; colour by step of the cycle."""
    rows = result.recommendations.dropna(subset="stake_amount").sort_values(
        "stake_amount", ascending=False, kind="stable").head(N_SHOWN)
    ax = ax or theme.new_axes(9.0, 1.8 + 0.5 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, _("No recommendation has money behind it."))
    places = np.arange(len(rows))
    ax.barh(places, rows["stake_amount"], height=0.62,
            color=[STEP_COLOURS[step] for step in rows["cycle_step"]])
    for y, amount in zip(places, rows["stake_amount"], strict=True):
        ax.annotate(fmt_money(amount, currency), (amount, y), xytext=(6, 0), va="center",
                    textcoords="offset points", fontsize=9, color=theme.INK)
    ax.set_yticks(places, [theme.wrap(text, width=44, lines=2) for text in rows["recommendation"]])
    ax.invert_yaxis()
    ax.set_xlim(0, float(rows["stake_amount"].max()) * 1.18)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.locator_params(axis="x", nbins=5)
    theme.amount_axis(ax, axis="x", currency=currency)
    ax.set_xlabel(_("sales or value at stake: the largest finding behind each; they overlap"))
    _legend_steps(ax, list(rows["cycle_step"]))
    ax.set_title(_("{amount} hangs on the first of {n} recommendations",
                   amount=fmt_money(rows["stake_amount"].iloc[0], currency),
                   n=fmt_count(len(result.recommendations))))
    return ax


def _legend_steps(ax: Axes, used: list[str]) -> None:
    ax.legend(handles=[Patch(color=STEP_COLOURS[step], label=label(step)) for step in STEPS
                       if step in used], loc="lower right", fontsize=9)


def read_stakes(result: Overview, *, currency: str = "") -> str:
    """Say how many findings lead to how many recommendations, and the first of them."""
    rows = result.recommendations
    if rows.empty:
        return _("Nothing was found that calls for action by these rules.")
    n = int(rows["n_findings"].sum())
    first = rows.sort_values("stake_amount", ascending=False, kind="stable",
                             na_position="last").iloc[0]
    said = [_n("{n} of {all} findings calls for action; {advice} recommendations follow.",
               "{n} of {all} findings call for action; {advice} recommendations follow.", n,
               all=fmt_count(len(result.findings)), advice=fmt_count(len(rows))),
            _("Behind the first stands: {evidence}", evidence=first["evidence"])]
    return join_sentences(said)


def read_findings(result: Overview, *, currency: str = "") -> str:
    """Say how many findings there are, and how many have money at stake."""
    if result.findings.empty:
        return _("Nothing was found by these rules.")
    known = result.findings["stake_amount"].notna().sum()
    return _n("{n} finding in all, {known} of them with money at stake. Amounts overlap: the same "
              "account may be late, unhappy and shrinking.",
              "{n} findings in all, {known} of them with money at stake. Amounts overlap: the same "
              "account may be late, unhappy and shrinking.",
              len(result.findings), known=fmt_count(known))


def plot_accounts(result: Overview, *, ax: Axes | None = None, currency: str = "",
                  names: Mapping[str, str] | None = None) -> Axes:
    """Bars: the accounts with most money at stake; dots say for how many reasons."""
    rows = result.accounts.dropna(subset="stake_amount").head(N_SHOWN)
    ax = ax or theme.new_axes(9.0, 1.8 + 0.36 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, _("No account needs attention by these rules."))
    places = np.arange(len(rows))
    ax.barh(places, rows["stake_amount"], height=0.6, color=theme.ACCENT)
    for y, (amount, n, owner) in enumerate(zip(rows["stake_amount"], rows["n_reasons"],
                                               rows["owner_id"], strict=True)):
        told = [_n("{n} reason", "{n} reasons", int(n)), owner]
        ax.annotate(join_items(told if owner else told[:1]), (amount, y), xytext=(6, 0),
                    va="center", textcoords="offset points", fontsize=9, color=theme.INK)
    ax.set_yticks(places, [call_account(account, names, letters=NAME_LETTERS)
                           for account in rows["account_id"]])
    ax.invert_yaxis()
    ax.set_xlim(0, float(rows["stake_amount"].max()) * 1.3)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.locator_params(axis="x", nbins=5)
    theme.amount_axis(ax, axis="x", currency=currency)
    ax.set_xlabel(_("largest amount named for the account; beside it: reasons, owner"))
    ax.set_title(say_concerned(result, currency=currency))
    return ax


def read_accounts(result: Overview, *, currency: str = "",
                  names: Mapping[str, str] | None = None) -> str:
    """Say who needs attention first, and whose accounts they are."""
    if result.accounts.empty:
        return _("No account needs attention by these rules.")
    first = result.accounts.iloc[0]
    said = [_("First stands {account}: {reasons}",
              account=call_account(first["account_id"], names), reasons=first["reasons"])]
    nobody = int((result.accounts["owner_id"] == "").sum())
    if nobody:
        said.append(_n("{n} of these accounts has no owner.",
                       "{n} of these accounts have no owner.", nobody))
    return join_sentences(said)


def read_promises(result: Overview) -> str:
    """Say what became of the promises that fell due in the period."""
    counts = count_promises(result)
    older = int((result.promises["promise_status"] == "overdue").sum()) - counts["overdue"]
    said = []
    if counts["n"]:
        said.append(_n("{n} promise fell due in the period: {kept} kept in time, {late} late, "
                       "{open} still open at its end.",
                       "{n} promises fell due in the period: {kept} kept in time, {late} late, "
                       "{open} still open at its end.", counts["n"],
                       kept=fmt_count(counts["kept"]), late=fmt_count(counts["kept_late"]),
                       open=fmt_count(counts["overdue"] + counts["pending"])))
    else:
        said.append(_("No promise fell due in the period."))
    if older:
        said.append(_n("{n} older promise is still open.", "{n} older promises are still open.",
                       older))
    return join_sentences(said)


def read_unanswered(result: Overview) -> str:
    """Say how many questions stay open, and which table would answer most of them."""
    n = len(result.unanswered)
    if not n:
        return _("Every question of this report could be answered.")
    text = _n("{n} question could not be answered.", "{n} questions could not be answered.", n)
    if result.tables.empty:
        return text
    first = result.tables.iloc[0]
    return join_sentences([text, _("The table {table} would answer most of them: {n}.",
                                   table=name_table(first["missing_table"]),
                                   n=fmt_count(first["n_questions"]))])


def read_narratives(result: Overview) -> str:
    """Say whose words these are, how recent, and how many older ones are left out."""
    if result.narratives.empty:
        text = _("Nobody has written a text for this period (table narratives).")
    else:
        newest = result.narratives["written_date"].max()
        text = _n("{n} text, the latest of {day}. It is a judgement of its author; nothing in it "
                  "was computed.",
                  "{n} texts, the latest of {day}. They are judgements of their authors; nothing "
                  "in them was computed.", len(result.narratives), day=f"{newest:%Y-%m-%d}")
    if not result.n_older_narratives:
        return text
    return join_sentences([text, _n("{n} older text is left out.", "{n} older texts are left out.",
                                    result.n_older_narratives)])
