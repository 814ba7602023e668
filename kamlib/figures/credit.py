"""Payments and credit: charts and computed readings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kamlib.credit import Credit, read_days, say_leaving
from kamlib.figures import theme
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_month,
    fmt_number,
    fmt_range,
    fmt_share,
    join_items,
    join_sentences,
)

OWING_COLUMNS = ("account_id", "open_invoice_amount", "overdue_amount", "long_overdue_amount",
                 "disputed_amount", "oldest_late_days")
BEHAVIOUR_COLUMNS = (
    "tier", "n_accounts", "n_invoices", "invoiced_amount", "collection_rate", "on_time_share",
    "on_time_share_ci_low", "on_time_share_ci_high", "median_late_days",
    "median_late_days_ci_low", "median_late_days_ci_high", "median_pay_days",
    "median_pay_days_ci_low", "median_pay_days_ci_high")
SCORE_COLUMNS = ("account_id", "tier", "credit_score", "n_factors", "weakest_factor",
                 "weakest_rating", "credit_grade", "best_grade", "worst_grade", "why")
GRADE_COLUMNS = ("credit_grade", "n_accounts", "n_upper", "net_amount_share",
                 "open_invoice_amount", "overdue_amount", "payment_terms_days", "limit_months",
                 "condition")
PAYER_COLUMNS = ("account_id", "n_invoices", "invoiced_amount", "collection_rate",
                 "on_time_share", "mean_late_days", "n_disputed")
TERM_COLUMNS = ("account_id", "credit_grade", "payment_terms_days", "proposed_terms_days",
                "exposure_amount", "credit_limit_amount", "proposed_limit_amount")
LOSS_COLUMNS = ("account_id", "credit_grade", "net_amount_share", "margin_amount",
                "open_invoice_amount", "sales_to_recover_amount", "margin_months")
GRADE_COLOURS = ("#0b3c6f", "#3f8fce", "#e69f00", "#b8410b", "#b9c4cf")
N_BARS = 10


def plot_ageing(result: Credit, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars: what is open by days past due, the part in dispute marked."""
    ax = ax or theme.new_axes(8.0, 4.0)
    rows = result.ages[result.ages["open_share"].notna()] if len(result.ages) else result.ages
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "receivables"))
    places = np.arange(len(rows))
    ax.bar(places, rows["open_invoice_amount"], color=theme.ACCENT, width=0.62,
           label=_("open"))
    ax.bar(places, rows["disputed_amount"], color=theme.BAD, width=0.62, label=_("in dispute"))
    late = rows[rows["age_band"] != "not_due"]
    ax.set_title(_("{amount} is overdue, {share} of what is open",
                   amount=fmt_money(late["open_invoice_amount"].sum(), currency),
                   share=fmt_share(late["open_share"].sum())))
    ax.set_xticks(places, [label(band) for band in rows["age_band"]])
    theme.amount_axis(ax, currency=currency)
    ax.legend(loc="upper right")
    return ax


def read_receivables(result: Credit, *, currency: str = "") -> str:
    """Say the days of sales outstanding by each method, and what is long overdue."""
    if result.receivables.empty:
        return theme.first_reason(result.refused, "receivables")
    rows = result.receivables[result.receivables["dso_days"].notna()]
    told = [_("{days} ({method})", days=fmt_number(r["dso_days"], 1),
              method=label(r["dso_method"]).lower()) for r in rows.to_dict("records")]
    waiting = float(-result.ages["open_invoice_amount"].clip(upper=0).sum())
    parts = [_("{amount} is open, credit notes off. Days of sales outstanding: {told}.",
               amount=fmt_money(result.receivables["receivable_amount"].iloc[0], currency),
               told=join_items(told) if told else "–"),
             _("{long} is overdue for more than {days} days, disputes left out; {disputed} is in "
               "dispute.", long=fmt_money(result.owing["long_overdue_amount"].sum(), currency),
               days=fmt_count(result.rules.long_overdue_days),
               disputed=fmt_money(result.owing["disputed_amount"].sum(), currency))]
    if waiting > 0:
        parts.append(_("Credit notes of {amount} wait and are no payment.",
                       amount=fmt_money(waiting, currency)))
    return join_sentences(parts)


def read_oddities(result: Credit, *, currency: str = "") -> str:
    """Say what looks odd in invoices and payments."""
    rows = result.checks[result.checks["n_odd_invoices"] > 0] if len(result.checks) else \
        result.checks
    if result.receivables.empty:
        return theme.first_reason(result.refused, "receivables")
    if rows.empty:
        return _("Nothing looks odd in invoices and payments.")
    told = [_("{what}: {n} ({amount})", what=label(r["payment_check"]),
              n=fmt_count(r["n_odd_invoices"]), amount=fmt_money(r["amount"], currency))
            for r in rows.to_dict("records")]
    return _("Odd, but used as it is: {told}.", told=join_items(told))


def plot_series(result: Credit, *, ax: Axes | None = None) -> Axes:
    """Days of sales outstanding and the overdue share, month end by month end."""
    ax = ax or theme.new_axes(8.0, 3.8)
    rows = result.series[result.series["dso_days"].notna()] if len(result.series) else \
        result.series
    if len(rows) < 2:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "receivables"))
    places = np.arange(len(rows))
    ax.plot(places, rows["dso_days"], color=theme.ACCENT, marker="o", markersize=5)
    first, last = rows["dso_days"].iloc[0], rows["dso_days"].iloc[-1]
    ax.set_title(_("Days of sales outstanding went from {first} to {last} in {n} months",
                   first=fmt_number(first, 0), last=fmt_number(last, 0),
                   n=fmt_count(len(rows) - 1)))
    ax.set_xticks(places[::3], [day.strftime("%Y-%m") for day in rows["month"].iloc[::3]])
    ax.set_ylim(0, float(rows["dso_days"].max()) * 1.15)
    ax.set_ylabel(_("days, count-back"))
    return ax


def read_series(result: Credit) -> str:
    """Say how days of sales outstanding and the overdue share changed."""
    now = read_days(result.receivables)
    if now is None:
        return theme.first_reason(result.refused, "receivables")
    told = [_("{days} at the end of the previous period", days=fmt_number(days, 1))
            for days in [read_days(result.earlier.get("previous"))] if days is not None]
    told += [_("{days} a year before", days=fmt_number(days, 1))
             for days in [read_days(result.earlier.get("year_before"))] if days is not None]
    told.insert(0, _("{days} now", days=fmt_number(now, 1)))
    parts = [_("Days of sales outstanding, count-back: {told}.", told=fmt_list(told))]
    rows = result.series[result.series["overdue_share"].notna()]
    if len(rows) > 1:
        parts.append(_("Of what was open, {then} was overdue in {month}, {now} is today.",
                       then=fmt_share(rows["overdue_share"].iloc[0]),
                       month=fmt_month(rows["month"].iloc[0]),
                       now=fmt_share(rows["overdue_share"].iloc[-1])))
    return join_sentences(parts)


def plot_behaviour(result: Credit, *, ax: Axes | None = None) -> Axes:
    """Share of the invoices paid on time by tier, with its interval."""
    rows = result.behaviour
    ax = ax or theme.new_axes(8.0, 1.6 + 0.42 * max(2, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "behaviour"))
    places = np.arange(len(rows))
    ax.hlines(places, rows["on_time_share_ci_low"], rows["on_time_share_ci_high"],
              color=theme.INK, linewidth=1.4)
    ax.scatter(rows["on_time_share"], places, s=60, zorder=3,
               color=[theme.TIER_COLOURS.get(t, theme.ACCENT) for t in rows["tier"]])
    ax.set_title(_("{share} of the invoices were paid on time",
                   share=fmt_share(rows["on_time_share"].iloc[-1])))
    ax.set_yticks(places, [_("{name} (n = {n})", name=label(r["tier"]),
                             n=fmt_count(r["n_invoices"])) for r in rows.to_dict("records")])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(0, 1)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    ax.set_xlabel(_("invoices paid by the day due (%)"))
    return ax


def read_behaviour(result: Credit, *, currency: str = "") -> str:
    """Say the collection rate with its denominator, on time, and days late."""
    if result.behaviour.empty:
        return theme.first_reason(result.refused, "behaviour")
    row = result.behaviour.iloc[-1]
    parts = [_("Of {billed} that fell due in {window} (credit notes off), {share} was collected by "
               "the end of the period.", billed=fmt_money(row["invoiced_amount"], currency),
               share=fmt_share(row["collection_rate"], 1)),
             _("{share} of {n} invoices were paid on time{span}, {amount} by their amount.",
               share=fmt_share(row["on_time_share"]), n=fmt_count(row["n_invoices"]),
               span=_in_brackets(row, "on_time_share", fmt_share),
               amount=fmt_share(row["on_time_amount_share"]))]
    if pd.notna(row["median_pay_days"]):
        late = int(row["median_late_days"])
        parts += [_("Half was paid in full within {pay} days of the invoice{span}.",
                    pay=fmt_count(row["median_pay_days"]),
                    span=_in_brackets(row, "median_pay_days", fmt_count)),
                  _n("The median is {n} day after the day due.",
                     "The median is {n} days after the day due.", late) if late > 0 else
                  _n("The median is {n} day before the day due.",
                     "The median is {n} days before the day due.", -late)]
    return join_sentences(parts)


def read_disputes(result: Credit, *, currency: str = "") -> str:
    """Say how many invoices are in dispute and what that costs in time."""
    if result.disputes.empty:
        return theme.first_reason(result.refused, "behaviour")
    rows = result.disputes.set_index("dispute_group")
    row, others = rows.loc["disputed"], rows.loc["not_disputed"]
    if not row["n_invoices"]:
        return _("No invoice that fell due in {window} is in dispute, or nobody has recorded it.")
    parts = [_("{share} of the invoices are in dispute{span}: {n} invoices of {accounts} "
               "accounts, {amount}, of which {open} is open.",
               share=fmt_share(row["dispute_rate"], 1),
               span=_in_brackets(row, "dispute_rate", lambda x: fmt_share(x, 1)),
               n=fmt_count(row["n_invoices"]), accounts=fmt_count(row["n_accounts"]),
               amount=fmt_money(row["amount"], currency),
               open=fmt_money(row["open_invoice_amount"], currency))]
    if pd.isna(row["median_pay_days"]):
        parts.append(_("Not even half of them have been paid; of the others half were paid within "
                       "{days} days.", days=fmt_count(others["median_pay_days"])))
    else:
        parts.append(_("Half of them were paid within {days} days, of the others within {others}.",
                       days=fmt_count(row["median_pay_days"]),
                       others=fmt_count(others["median_pay_days"])))
    return join_sentences(parts)


def plot_grades(result: Credit, *, ax: Axes | None = None, currency: str = "") -> Axes:
    """Bars: net sales and open invoices of each grade."""
    ax = ax or theme.new_axes(8.0, 3.8)
    rows = result.grades
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "scores"))
    places = np.arange(len(rows))
    ax.bar(places - 0.19, rows["net_amount"], width=0.36, color=theme.FAINT, label=_("net sales"))
    ax.bar(places + 0.19, rows["open_invoice_amount"].clip(lower=0), width=0.36,
           color=theme.ACCENT, label=_("open invoices"))
    weak = rows[rows["credit_grade"].isin(result.rules.weak_grades)]
    ax.set_title(_("{amount} is owed by accounts with a weak grade",
                   amount=fmt_money(weak["open_invoice_amount"].sum(), currency)))
    ax.set_xticks(places, [_("{name} (n = {n})", name=label(r["credit_grade"]),
                             n=fmt_count(r["n_accounts"])) for r in rows.to_dict("records")])
    theme.amount_axis(ax, currency=currency)
    ax.legend(loc="upper right")
    return ax


def read_grades(result: Credit) -> str:
    """Say how many accounts have which grade, of what the score is made, and how firm it is."""
    if result.scores.empty:
        return theme.first_reason(result.refused, "scores")
    rows, scores = result.grades[result.grades["n_accounts"] > 0], result.scores
    rated = scores[scores["credit_score"].notna()]
    moved = rated[rated["best_grade"] != rated["worst_grade"]]
    factors = result.factors[result.factors["weight"] > 0]
    made = [_("{name} ({share})", name=label(r["credit_factor"]),
              share=fmt_share(r["factor_weight_share"])) for r in factors.to_dict("records")]
    told = [_("{grade} {n}", grade=label(r["credit_grade"]), n=fmt_count(r["n_accounts"]))
            for r in rows.to_dict("records")]
    return join_sentences([
        _("{n} of {all} accounts have a score, made of {factors}.", n=fmt_count(len(rated)),
          all=fmt_count(len(scores)), factors=fmt_list(made)),
        _("Grades: {told}.", told=fmt_list(told)),
        _n("{n} account would have another grade without one single factor.",
           "{n} accounts would have another grade without one single factor.", len(moved))
        if len(factors) > 1 else _("The grade rests on this one factor alone.")])


def read_conflicts(result: Credit, *, currency: str = "") -> str:
    """Say where grade, tier, terms and limit do not go together."""
    if result.scores.empty:
        return theme.first_reason(result.refused, "scores")
    if result.conflicts.empty:
        return _("Grade, tier, terms and limits go together in every account.")
    told = [_("{conflict}: {n} accounts, {amount}", conflict=label(name),
              n=fmt_count(len(rows)), amount=fmt_money(rows["at_stake_amount"].sum(), currency))
            for name, rows in result.conflicts.groupby("conflict", sort=False)]
    return _("{told}.", told=join_items(told))


def plot_losses(result: Credit, *, ax: Axes | None = None) -> Axes:
    """Bars: the largest accounts' share of net sales and of open invoices."""
    rows = result.losses.head(N_BARS)
    ax = ax or theme.new_axes(8.0, 1.8 + 0.42 * max(3, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "losses"))
    places = np.arange(len(rows))
    ax.barh(places - 0.2, rows["net_amount_share"], height=0.36, color=theme.FAINT,
            label=_("share of net sales"))
    grades = [one.grade for one in result.rules.terms]
    owed = np.nan_to_num(rows["open_invoice_share"].to_numpy("float64"))
    for place, grade in enumerate(grades):
        held = (rows["credit_grade"] == grade).to_numpy()
        if held.any():
            ax.barh(places[held] + 0.2, owed[held], height=0.36,
                    color=GRADE_COLOURS[place % len(GRADE_COLOURS)],
                    label=_("share of open invoices, grade {grade}", grade=label(grade)))
    top = rows.head(3)
    ax.set_title(_("The three largest: {sales} of the sales, {open} of the open invoices",
                   sales=fmt_share(top["net_amount_share"].sum()),
                   open=fmt_share(top["open_invoice_share"].sum())))
    ax.set_yticks(places, list(rows["account_id"]))
    ax.invert_yaxis()
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=2)
    return ax


def read_losses(result: Credit, *, currency: str = "",
                names: Mapping[str, str] | None = None) -> str:
    """Say what the largest account's leaving and its not paying would cost; names by id."""
    if result.losses.empty:
        return theme.first_reason(result.refused, "losses")
    known = names or {}
    top = result.losses.iloc[0]
    parts = [say_leaving(top, known, currency)]
    risky = result.losses.sort_values(["open_invoice_amount", "account_id"],
                                      ascending=[False, True]).iloc[0]
    if risky["open_invoice_amount"] > 0:
        parts.append(_("The most is owed by {account} (grade {grade}): {open}.",
                       account=known.get(risky["account_id"]) or risky["account_id"],
                       grade=label(risky["credit_grade"]),
                       open=fmt_money(risky["open_invoice_amount"], currency)))
        if pd.notna(risky["sales_to_recover_amount"]):
            parts.append(_("If it does not pay, that is the margin on {sales} of sales, or all "
                           "accounts' margin of {months} months.",
                           sales=fmt_money(risky["sales_to_recover_amount"], currency),
                           months=fmt_number(risky["margin_months"], 1)))
    if result.losses["margin_amount"].isna().all():
        parts.append(_("No margin is known, so what the loss of an account costs is not; the "
                       "column cost_amount of the orders would lift this."))
    elif result.largest["margin_amount_share"].isna().all():
        parts.append(_("Margins below zero, or unknown, make up so much that shares of the margin "
                       "would mean nothing: they are left out."))
    return join_sentences(parts)


def plot_test(result: Credit, *, ax: Axes | None = None) -> Axes:
    """How well each order of the accounts foretold who paid badly."""
    rows = result.test
    ax = ax or theme.new_axes(8.0, 1.6 + 0.5 * max(2, len(rows)))
    if rows.empty:
        return theme.say_nothing(ax, theme.first_reason(result.refused, "scorecard"))
    places = np.arange(len(rows))
    ax.hlines(places, rows["roc_area_ci_low"], rows["roc_area_ci_high"], color=theme.INK,
              linewidth=1.4)
    ax.plot(rows["roc_area"], places, linestyle="", marker="o", markersize=8, color=theme.ACCENT)
    ax.axvline(0.5, color=theme.MUTED, linestyle="--", linewidth=1)
    card = rows.set_index("predictor").loc["scorecard"]
    ax.set_title(_("The scorecard puts {share} of the pairs in the right order",
                   share=fmt_share(card["roc_area"])))
    ax.set_yticks(places, [label(name) for name in rows["predictor"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.grid(True, axis="x", color=theme.FAINT, linewidth=0.6)
    ax.grid(False, axis="y")
    theme.share_axis(ax, axis="x")
    ax.set_xlabel(_("pairs of a good and a bad account in the right order (%); 50 % by chance"))
    return ax


def read_scorecard(result: Credit) -> str:
    """Say on what the scorecard rests, and whether it foretells better than a simple order."""
    if result.bins.empty:
        return theme.first_reason(result.refused, "scorecard")
    first = result.bins[result.bins["credit_factor"] == result.bins["credit_factor"].iloc[0]]
    parts = [_("The scorecard has learned from {n} cases, {bad} of them bad.",
               n=fmt_count(first[["n_good", "n_bad"]].to_numpy().sum()),
               bad=fmt_count(first["n_bad"].sum()))]
    if result.test.empty:
        return join_sentences([*parts, theme.first_reason(result.refused, "scorecard")])
    rows = result.test.set_index("predictor")
    card, base = rows.loc["scorecard"], rows.loc["paid_on_time_alone"]
    values = {"card": fmt_share(card["roc_area"]), "base": fmt_share(base["roc_area"]),
              "span": _in_brackets(card, "roc_area", fmt_share)}
    told = {"better": _("On the last horizon it put {card} of the pairs in the right "
                        "order{span}, better than the share paid on time alone ({base}).",
                        **values),
            "worse": _("On the last horizon it put {card} of the pairs in the right order{span}, "
                       "worse than the share paid on time alone ({base}).", **values),
            "cannot tell": _("On the last horizon it put {card} of the pairs in the right "
                             "order{span}; whether that is better than the share paid on time "
                             "alone ({base}) cannot be told.", **values)}
    parts.append(told[str(card["verdict"])])
    if card["roc_area_ci_low"] <= 0.5:
        parts.append(_("Nor is it clearly better than drawing lots: do not set terms by its "
                       "points."))
    return join_sentences(parts)


def _in_brackets(row: Any, name: str, fmt: Callable[[Any], str]) -> str:
    low, high = row[f"{name}_ci_low"], row[f"{name}_ci_high"]
    if pd.isna(low) or pd.isna(high):
        return ""
    return _(" ({span})", span=fmt_range(low, high, fmt))
