"""What the notebook on selection hands on: numbers, findings, accounts, open questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kamlib.handover import Attention, Finding, Handover, Metric, Unanswered
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_list,
    fmt_money,
    fmt_range,
    fmt_share,
    join_sentences,
    translate,
)
from kamlib.selection.portfolio.service import one_owner
from kamlib.selection.result import ANSWERED_BY, QUESTIONS, Selection

N_NAMED = 5  # accounts named in the headline


def hand_on_selection(result: Selection, *, currency: str = "") -> Handover:
    """Headline, metrics, findings, attention and open questions of the selection.

    result: from `select_accounts`; currency: the data set's.
    """
    if result.keys.empty:
        return Handover(headline=(result.refused["keys"],), unanswered=tuple(_unanswered(result)))
    return Handover(
        headline=(say_list(result, currency), say_readings(result),
                  say_trouble(result, currency)),
        metrics=tuple(_metrics(result)), findings=tuple(_findings(result, currency)),
        attention=tuple(_attention(result)), unanswered=tuple(_unanswered(result)))


def say_list(result: Selection, currency: str = "") -> str:
    """Say who the key accounts are, what they carry, and how many of them are sure."""
    listed, row = result.listed, _chosen(result)
    if listed.empty:
        return _("No account meets the chosen reading, so there is no key account. The conditions "
                 "are rules, and the report shows who would be in under the others.")
    named = [result.names.get(a) or a for a in listed["account_id"].head(N_NAMED)]
    more = len(listed) - N_NAMED
    who = fmt_list([*named, _("{n} more", n=fmt_count(more))] if more > 0 else named)
    sure = int((listed["list_standing"] == "in").sum())
    amount = fmt_money(row["net_amount"], currency)
    if pd.isna(row["amount_share"]):
        told = _("Key accounts should be {who}: {n} accounts with {amount} of net sales in "
                 "{window}.", who=who, n=fmt_count(len(listed)), amount=amount)
    else:
        told = _("Key accounts should be {who}: {n} of {all} accounts with {share} of net sales "
                 "({amount} in {window}).", who=who, n=fmt_count(len(listed)), amount=amount,
                 all=fmt_count(len(result.keys)), share=fmt_share(row["amount_share"]))
    if "intervals" in result.refused:
        return join_sentences([told, _("How sure that is cannot be told yet.")])
    if sure == len(listed):
        return join_sentences([told, _("All of them are on the list for sure.")])
    return join_sentences([told, _n(
        "{n} of them is on it for sure, the others stand near the line.",
        "{n} of them are on it for sure, the others stand near the line.", sure) if sure else _(
        "None of them is on it for sure: those below the line may belong there as well.")])


def say_readings(result: Selection) -> str:
    """Say how far the three readings of the sources agree, and whether the list is too long."""
    rows = {row["logic"]: row for row in result.readings.to_dict("records")}
    every = int((result.logics["n_logics"] == 3).sum())
    parts = [_("The weighted score has {weighted} accounts in, all conditions together {all}, any "
               "one of them {any}; {every} are in under all three.",
               weighted=fmt_count(rows["weighted"]["n_in"]),
               all=fmt_count(rows["all_conditions"]["n_in"]),
               any=fmt_count(rows["any_condition"]["n_in"]), every=fmt_count(every))]
    if _chosen(result)["is_too_long"]:
        parts.append(_("The list is longer than the {most} accounts that the rules allow: with so "
                       "many, none of them is a key account.",
                       most=fmt_count(result.rules.most_key_accounts)))
    return join_sentences(parts)


def say_trouble(result: Selection, currency: str = "") -> str:
    """Say what is wrong with the key accounts: losses, falling relationships, nobody confirmed."""
    listed = set(result.listed["account_id"])
    parts = []
    losses = result.losses[result.losses["is_listed"].astype(bool)]
    if len(losses):
        parts.append(_n("{n} key account leaves no profit ({amount}).",
                        "{n} key accounts leave no profit ({amount}).", len(losses),
                        amount=fmt_money(losses["profit_amount"].sum(), currency)))
    falling = _falling(result)
    falling = falling[falling["account_id"].isin(listed)]
    if len(falling):
        parts.append(_n("The relationship with {n} key account is being defended or falls back, "
                        "{amount} of sales.",
                        "The relationships with {n} key accounts are being defended or fall back, "
                        "{amount} of sales.", len(falling),
                        amount=fmt_money(falling["net_amount"].sum(), currency)))
    open_ = int((result.pending["approver"] == "").sum()) if len(result.pending) else 0
    if open_:
        parts.append(_n("{n} key account has not been confirmed by a named approver.",
                        "{n} key accounts have not been confirmed by a named approver.", open_))
    return join_sentences(parts) if parts else _("Nothing stands against the key accounts: each "
                                                 "leaves a profit, none falls back, all are "
                                                 "confirmed.")


def say_proof(result: Selection) -> str:
    """Say whether the accounts called grow a year ago grew more than those called monitor."""
    rows = {row["called"]: row for row in result.proof.to_dict("records")}
    if "to_grow" not in rows or pd.isna(rows["to_grow"]["difference_rate"]):
        return result.refused.get("proof") or result.refused.get("placed") or _(
            "Too few accounts were called grow or monitor a year ago to compare them.")
    row, other = rows["to_grow"], rows["to_monitor"]
    values = {"n": fmt_count(row["n_accounts"]), "m": fmt_count(other["n_accounts"]),
              "grow": fmt_share(row["growth_rate"]), "monitor": fmt_share(other["growth_rate"]),
              "span": fmt_range(row["difference_rate_ci_low"], row["difference_rate_ci_high"],
                                fmt_share)}
    told = {
        "better": _("Of the accounts with small sales a year ago, the {n} called grow changed by "
                    "{grow} since, the {m} called monitor by {monitor}: the estimates of spending "
                    "told them apart (difference {span}).", **values),
        "worse": _("Of the accounts with small sales a year ago, the {n} called grow changed by "
                   "{grow} since, the {m} called monitor by {monitor}: those called grow did worse "
                   "(difference {span}).", **values),
        "cannot tell": _("Of the accounts with small sales a year ago, the {n} called grow changed "
                         "by {grow} since, the {m} called monitor by {monitor}: the estimates of "
                         "spending did not tell them apart (difference {span}).", **values)}
    return told[row["verdict"]]


def _chosen(result: Selection) -> Mapping[Any, Any]:
    row: Mapping[Any, Any] = result.readings[result.readings["is_chosen"]].iloc[0].to_dict()
    return row


def _falling(result: Selection) -> pd.DataFrame:
    return result.relations[result.relations["relationship_trend"].isin(
        ["defending", "regressing"])]


def _metrics(result: Selection) -> Iterator[Metric]:
    row, n = _chosen(result), len(result.keys)
    sure = int((result.listed["list_standing"] == "in").sum())
    yield Metric("n_key_accounts", float(row["n_in"]), "count", n=n, ci_low=float(sure),
                 ci_high=float(sure + row["n_unsure"]), anchor="key_list", headline=True)
    yield Metric("key_amount_share", _known(row["amount_share"]), "share", n=n,
                 anchor="key_list", headline=True)
    if len(result.losses) or "losses" not in result.refused:
        yield Metric("n_unprofitable_accounts", float(len(result.losses)), "count", n=n,
                     better="down", anchor="unprofitable")


def _findings(result: Selection, currency: str) -> Iterator[Finding]:
    row = _chosen(result)
    if len(result.listed):
        yield Finding("key_accounts", say_list(result, currency),
                      amount=_known(row["net_amount"]), anchor="key_list")
    near = result.near
    if len(near):
        yield Finding("near_the_line", _n(
            "{n} account off the list may belong on it as well as some that are: its rank cannot "
            "be told from theirs ({amount} of sales).",
            "{n} accounts off the list may belong on it as well as some that are: their ranks "
            "cannot be told from theirs ({amount} of sales).", len(near),
            amount=fmt_money(near["net_amount"].sum(), currency)),
            amount=float(near["net_amount"].sum()), anchor="key_list")
    owed = result.gaps[result.gaps["owed_to"] == "on_key_list"] if len(result.gaps) else result.gaps
    if len(owed):
        accounts = owed.drop_duplicates("account_id")
        yield Finding("service_owed", _n(
            "{n} key account did not get what it is owed ({amount} of sales).",
            "{n} key accounts did not get what they are owed ({amount} of sales).", len(accounts),
            amount=fmt_money(accounts["net_amount"].sum(), currency)),
            amount=float(accounts["net_amount"].sum()), anchor="service_gaps")
    if len(result.losses):
        lost = -float(result.losses["profit_amount"].sum())
        yield Finding("unprofitable", _n(
            "{n} account that bought leaves no profit; together {amount} are lost.",
            "{n} accounts that bought leave no profit; together {amount} are lost.",
            len(result.losses), amount=fmt_money(lost, currency)), amount=lost,
            anchor="unprofitable")
    yield from _more_findings(result, currency)


def _more_findings(result: Selection, currency: str) -> Iterator[Finding]:
    grow = result.quadrants[result.quadrants["value_quadrant"] == "to_grow"]
    if len(grow) and int(grow["n_accounts"].iloc[0]):
        amount = float(grow["headroom_amount"].iloc[0])
        yield Finding("headroom_to_grow", join_sentences([_n(
            "{n} account with small sales is estimated to spend {amount} elsewhere.",
            "{n} accounts with small sales are estimated to spend {amount} elsewhere.",
            int(grow["n_accounts"].iloc[0]), amount=fmt_money(amount, currency)),
            say_proof(result)]), amount=amount, anchor="current_and_potential")
    rejects = result.reject_readings[result.reject_readings["screened"] == "account"]
    both = {row["reject_reading"]: row for row in rejects.to_dict("records")}
    if both:
        yield Finding("reject_screen", _(
            "The screen of the sources (share of sales, margin, growth) would reject {any} of {n} "
            "accounts when one objection is enough, {key} key accounts among them, and {all} when "
            "all three are needed.", any=fmt_count(both["reject_any"]["n_rejected"]),
            n=fmt_count(both["reject_any"]["n_screened"]),
            key=fmt_count(both["reject_any"]["n_key_rejected"]),
            all=fmt_count(both["reject_all"]["n_rejected"])),
            anchor="reject_readings")
    told = result.claims[result.claims["verdict"] == "contradicted"]
    for row in told.to_dict("records"):
        yield Finding("claim_contradicted", _(
            "Our accounts contradict a claim of the sources: \"{claim}\" The order of {n} accounts "
            "is the opposite one.", claim=row["claim_text"], n=fmt_count(row["n_accounts"])),
            anchor="claims_tested")
    alone = one_owner(result.keys)
    if alone:
        yield Finding("one_owner", _(
            "All {n} key accounts are looked after by {owner} alone: whether the owner makes a "
            "difference cannot be told, and nobody stands in.", n=fmt_count(len(result.listed)),
            owner=alone), amount=float(result.listed["net_amount"].sum()), anchor="key_list")


def _attention(result: Selection) -> Iterator[Attention]:
    most, owners = result.rules.n_attention, result.keys.set_index("account_id")["owner_id"]
    moved = result.changes
    for move, sentence in (("left", _("Left the list of key accounts.")),
                           ("entered", _("Came onto the list of key accounts."))):
        for row in moved[moved["list_move"] == move].head(most).to_dict("records"):
            near = _("It stands near the line, so this may be chance.")
            reason = join_sentences([sentence, near]) if row["is_near_line"] else sentence
            yield Attention(row["account_id"], reason, amount=_known(row["net_amount"]),
                            owner_id=_text(row["owner_id"]), anchor="list_changes")
    losses = result.losses[result.losses["is_listed"].astype(bool)]
    for row in losses.head(most).to_dict("records"):
        yield Attention(row["account_id"], _("A key account that leaves no profit."),
                        amount=_known(row["profit_amount"]), owner_id=_text(row["owner_id"]),
                        anchor="unprofitable")
    falling = _falling(result)
    for row in falling[falling["is_listed"].astype(bool)].head(most).to_dict("records"):
        yield Attention(row["account_id"], _("A key account whose relationship is being defended "
                                             "or falls back."), amount=_known(row["net_amount"]),
                        owner_id=_text(owners.get(row["account_id"])), anchor="relations")


def _unanswered(result: Selection) -> Iterator[Unanswered]:
    for name, reason in result.refused.items():
        yield Unanswered(translate(QUESTIONS.get(name, QUESTIONS["keys"])), reason,
                         ANSWERED_BY.get(name, ""))
    if len(result.weights):
        words = {"collection": ("payments", _("How well do key accounts pay?")),
                 "profit": ("orders", _("What profit do key accounts leave?"))}
        for row in result.weights.to_dict("records"):
            if not row["n_with_part"] and row["indicator"] in words:
                table, question = words[row["indicator"]]
                yield Unanswered(question, _("It is not known for any account, so the score was "
                                             "made without it and its weight went to the others."),
                                 table)


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value)
