"""What the survey found, as sentences with the money concerned."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.handover import Finding
from kamlib.language import _, _n, fmt_count, fmt_money, fmt_number, fmt_range, fmt_share
from kamlib.satisfaction.survey.items import name_item
from kamlib.satisfaction.survey.result import Survey


def list_findings(survey: Survey, *, currency: str) -> tuple[Finding, ...]:
    """Findings of the survey, most money first.

    Kinds: index_below_target and rate_below_target (the whole interval lies below the target),
    index_fell and item_fell (the interval of the paired change lies below 0), revenue_not_heard
    (heard share of the frame's volume below rules.coverage_share), dissatisfied_large_accounts
    (accounts of the frame below the satisfied line), hidden_dissatisfied (accounts that rate
    something low and the whole high). The amount is the sales, over the 12 months
    to as_of, of the accounts concerned (for revenue_not_heard: over the reference window).
    """
    found = [*_below_targets(survey), *_index_fell(survey), *_items_fell(survey, currency),
             *_not_heard(survey, currency), *_dissatisfied(survey, currency),
             *_hidden(survey, currency)]
    return tuple(sorted(found, key=lambda f: (-(f.amount or 0.0), f.kind, f.sentence)))


def points(x: Any) -> str:
    """Format points of the 0-100 scale with one decimal."""
    return fmt_number(x, 1)


def _below_targets(survey: Survey) -> list[Finding]:
    unsatisfied = survey.accounts[~survey.accounts["is_satisfied"].astype("bool")]
    amount = _total(unsatisfied["net_amount_window"])
    found = []
    for row in survey.measures.itertuples():
        if row.verdict != "not met":
            continue
        if row.measure == "satisfaction_index":
            sentence = _("The satisfaction index of {index} ({range}) is below its target of "
                         "{target}.", index=points(row.measured_index), target=points(
                             row.target_index),
                         range=fmt_range(row.measured_index_ci_low, row.measured_index_ci_high,
                                         points))
            found.append(Finding("index_below_target", sentence, amount,
                                 _even_if(survey, "satisfaction_index"), "three_figures"))
        else:
            sentence = _("{share} of accounts are satisfied ({range}), below the target of "
                         "{target}.", share=fmt_share(row.measured_share),
                         target=fmt_share(row.target_share),
                         range=fmt_range(row.measured_share_ci_low, row.measured_share_ci_high,
                                         fmt_share))
            found.append(Finding("rate_below_target", sentence, amount,
                                 _even_if(survey, "satisfied_rate"), "three_figures"))
    return found


def _even_if(survey: Survey, measure: str) -> str:
    """What the silent accounts of the frame could still change about a missed target."""
    bounds = survey.bounds
    own = bounds[(bounds["measure"] == measure) & (bounds["weighting"] == "by_account")]
    if own.empty or not own["n_unheard"].iloc[0]:
        return ""
    if own["verdict"].iloc[0] == "not met":
        return _("missed in the frame whatever its silent accounts think")
    return _("in the frame its {n} silent accounts could change it",
             n=fmt_count(own["n_unheard"].iloc[0]))


def _hidden(survey: Survey, currency: str) -> list[Finding]:
    table = survey.hidden
    if table.empty:
        return []
    amount, topics = _total(table["net_amount_window"]), table["lowest_item"].value_counts()
    sentence = _n("{n} account rates something low and says all the same that all is well: most "
                  "often “{item}”.", "{n} accounts rate something low and say all the same that "
                  "all is well: most often “{item}”.", len(table),
                  item=sorted(topics[topics == topics.max()].index)[0])
    if amount is not None:
        sentence = _("{sentence} Together they buy for {amount} a year.", sentence=sentence,
                     amount=fmt_money(amount, currency))
    return [Finding("hidden_dissatisfied", sentence, amount, anchor="hidden_dissatisfied")]


def _index_fell(survey: Survey) -> list[Finding]:
    last = survey.trend.tail(1)
    if last.empty or survey.measures.empty or last["movement"].iloc[0] != "fell":
        return []
    row = last.iloc[0]
    sentence = _("Asked again, {n} accounts rate us {points} points lower than in {wave} "
                 "({range}).", n=fmt_count(row["n_paired"]), points=points(-row["change_index"]),
                 wave=survey.previous_name,
                 range=fmt_range(-row["change_index_ci_high"], -row["change_index_ci_low"], points))
    return [Finding("index_fell", sentence, _total(pd.Series([row["fallen_amount"]])),
                    evidence=_fallen(row["n_fallen"], row["n_paired"]), anchor="index_by_wave")]


def _items_fell(survey: Survey, currency: str) -> list[Finding]:
    found = []
    for row in survey.items[survey.items["movement"] == "fell"].to_dict("records"):
        sentence = _("“{item}” fell by {points} points ({range}).", item=name_item(row),
                     points=points(-row["change_index"]),
                     range=fmt_range(-row["change_index_ci_high"], -row["change_index_ci_low"],
                                     points))
        amount = _total(pd.Series([row["fallen_amount"]]))
        if amount is not None:
            sentence = _("{sentence} Accounts that rate it lower buy for {amount} a year.",
                         sentence=sentence, amount=fmt_money(amount, currency))
        found.append(Finding("item_fell", sentence, amount,
                             evidence=_fallen(row["n_fallen"], row["n_paired"]),
                             anchor="item_scores"))
    return found


def _not_heard(survey: Survey, currency: str) -> list[Finding]:
    row = survey.response[survey.response["measure"] == "frame_revenue"]
    if row.empty or not row["response_share"].iloc[0] < survey.rules.coverage_share:
        return []
    one = row.iloc[0]
    missing = float(one["of_amount"] - one["heard_amount"])
    sentence = _("The answers stand for {share} of the sales that the survey set out to hear "
                 "(at least {line} is asked for); {amount} has no voice.",
                 share=fmt_share(one["response_share"]), amount=fmt_money(missing, currency),
                 line=fmt_share(survey.rules.coverage_share))
    return [Finding("revenue_not_heard", sentence, missing, anchor="response",
                    evidence=_("{n} of {n_of} accounts heard", n=fmt_count(one["n"]),
                               n_of=fmt_count(one["n_of"])))]


def _dissatisfied(survey: Survey, currency: str) -> list[Finding]:
    table = survey.accounts
    chosen = table[table["in_survey_frame"].astype("bool") & ~table["is_satisfied"].astype("bool")]
    if chosen.empty:
        return []
    amount = _total(chosen["net_amount_window"])
    sentence = _("{n} of the {n_of} large accounts heard are below the satisfied line of {line}; "
                 "they buy for {amount} a year.", n=fmt_count(len(chosen)),
                 n_of=fmt_count(int(table["in_survey_frame"].sum())),
                 line=fmt_number(survey.rules.satisfied_line, 0),
                 amount=fmt_money(amount, currency))
    return [Finding("dissatisfied_large_accounts", sentence, amount, anchor="account_index")]


def _fallen(n_fallen: int, n_paired: int) -> str:
    return _("{n} of {n_of} accounts asked both times went down", n=fmt_count(n_fallen),
             n_of=fmt_count(n_paired))


def _total(amounts: pd.Series) -> float | None:
    """Their sum, or None where no sales are known."""
    known = amounts.dropna()
    return float(known.sum()) if known.ne(0).any() else None
