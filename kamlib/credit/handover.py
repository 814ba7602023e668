"""What payments and credit hand on: metrics, findings, accounts to look at, open questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from kamlib.credit.behaviour import ALL
from kamlib.credit.result import ANSWERED_BY, QUESTIONS, Credit
from kamlib.handover import (
    Attention,
    Finding,
    Handover,
    Metric,
    column_by_account,
    list_unanswered,
    name_accounts,
)
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_share,
    join_sentences,
)

METHOD = "count_back"


def build_handover(result: Credit, *, accounts: pd.DataFrame, currency: str = "") -> Handover:
    """Hand on what was found about payments and credit.

    result: from `review_credit`; accounts: account_id with name and owner_id where known.
    """
    names, owners = (column_by_account(accounts, c) for c in ("name", "owner_id"))
    return Handover(headline=tuple(_headline(result, currency)), metrics=tuple(_metrics(result)),
                    findings=tuple(_findings(result, names, currency)),
                    attention=tuple(_attention(result, owners, currency)),
                    unanswered=list_unanswered(result.refused, QUESTIONS, ANSWERED_BY))


def read_days(receivables: pd.DataFrame | None) -> float | None:
    """Days of sales outstanding by count-back, or None where not known."""
    if receivables is None or receivables.empty:
        return None
    days = receivables.set_index("dso_method")["dso_days"].get(METHOD)
    return None if days is None or pd.isna(days) else float(days)


def say_leaving(row: pd.Series, names: Mapping[str, str], currency: str = "") -> str:
    """Say what is missing when an account leaves, and whether its margin is known.

    row: of `weigh_losses`; names: of accounts by id.
    """
    values = {"account": names.get(row["account_id"]) or row["account_id"],
              "share": fmt_share(row["net_amount_share"], 1)}
    if pd.isna(row["margin_amount"]):
        return _("If {account} leaves, {share} of the net sales in {window} is missing; its margin "
                 "is not known.", **values)
    return _("If {account} leaves, {share} of the net sales and a margin of {margin} in {window} "
             "are missing ({profit} after the recorded work for it).",
             margin=fmt_money(row["margin_amount"], currency),
             profit=fmt_money(row["profit_amount"], currency), **values)


def _headline(result: Credit, currency: str) -> Iterator[str]:
    if result.receivables.empty:
        return
    days, amount = read_days(result.receivables), float(result.owing["overdue_amount"].sum())
    total = float(result.ages["open_invoice_amount"].clip(lower=0).sum())
    if days is None:
        yield _("{overdue} is overdue, {share} of what is open.",
                overdue=fmt_money(amount, currency),
                share=fmt_share(amount / total if total else None))
    else:
        yield _("Customers owe us {days} days of sales; {overdue} is overdue, {share} of what is "
                "open.", days=fmt_number(days, 0), overdue=fmt_money(amount, currency),
                share=fmt_share(amount / total if total else None))
    rows = result.conflicts[result.conflicts["conflict"] == "upper_weak"]
    if len(rows):
        yield _n("{n} core account has a weak credit grade and owes {amount}.",
                 "{n} core accounts have a weak credit grade and owe {amount}.", len(rows),
                 amount=fmt_money(rows["at_stake_amount"].sum(), currency))


def _metrics(result: Credit) -> Iterator[Metric]:
    days = read_days(result.receivables)
    if days is not None:
        yield Metric("dso", days, "days", n=len(result.owing),
                     previous=read_days(result.earlier.get("previous")),
                     year_before=read_days(result.earlier.get("year_before")), better="down",
                     anchor="receivables", headline=True)
    if len(result.owing):
        yield Metric("overdue_amount", float(result.owing["overdue_amount"].sum()), "amount",
                     n=int((result.owing["overdue_amount"] > 0).sum()), better="down",
                     anchor="ageing")
    for row in result.behaviour[result.behaviour["tier"] == ALL].to_dict("records"):
        if pd.notna(row["collection_rate"]):
            yield Metric("collection_rate", float(row["collection_rate"]), "share",
                         n=int(row["n_invoices"]), better="up", anchor="payment_behaviour")
        low, high = row["on_time_share_ci_low"], row["on_time_share_ci_high"]
        yield Metric("on_time_share", float(row["on_time_share"]), "share",
                     n=int(row["n_invoices"]), ci_low=None if pd.isna(low) else float(low),
                     ci_high=None if pd.isna(high) else float(high), better="up",
                     anchor="payment_behaviour")


def _findings(result: Credit, names: Mapping[str, str], currency: str) -> Iterator[Finding]:
    late = result.owing[result.owing["overdue_amount"] > 0].sort_values(
        ["overdue_amount", "account_id"], ascending=[False, True]) if len(result.owing) else \
        result.owing
    if len(late):
        amount = float(late["overdue_amount"].sum())
        yield Finding("overdue", _n(
            "{n} account is overdue with {amount}: {names}; {long} of it for more than {days} "
            "days, disputes left out.",
            "{n} accounts are overdue with {amount}: {names}; {long} of it for more than {days} "
            "days, disputes left out.", len(late), amount=fmt_money(amount, currency),
            names=_named(late, names), days=fmt_count(result.rules.long_overdue_days),
            long=fmt_money(late["long_overdue_amount"].sum(), currency)),
            amount=amount, anchor="ageing")
    for kind, rows in result.conflicts.groupby("conflict", sort=False):
        amount = float(rows["at_stake_amount"].sum())
        told = {
            "upper_weak": lambda n, **known: _n(
                "{n} account of an upper tier has a weak grade: {names}; it owes {amount}.",
                "{n} accounts of an upper tier have a weak grade: {names}; they owe {amount}.",
                n, **known),
            "over_limit": lambda n, **known: _n(
                "{n} account owes more than its credit limit: {names}, by {amount}.",
                "{n} accounts owe more than their credit limits: {names}, by {amount} in all.",
                n, **known),
            "weak_long_terms": lambda n, **known: _n(
                "{n} account has a weak grade and longer terms than that proposes: {names}; it "
                "owes {amount}.",
                "{n} accounts have a weak grade and longer terms than that proposes: {names}; "
                "they owe {amount}.", n, **known)}
        yield Finding(f"conflict_{kind}", told[str(kind)](
            len(rows), names=_named(rows, names), amount=fmt_money(amount, currency)),
            amount=amount, anchor="credit_conflicts")
    if len(result.losses):
        top = result.losses.iloc[0]
        parts = [say_leaving(top, names, currency)]
        owed = fmt_money(top["open_invoice_amount"], currency)
        if pd.notna(top["sales_to_recover_amount"]) and top["open_invoice_amount"] > 0:
            parts.append(_("It owes {open}, as much as the margin on {sales} of sales.", open=owed,
                          sales=fmt_money(top["sales_to_recover_amount"], currency)))
        elif top["open_invoice_amount"] > 0:
            parts.append(_("It owes {open}.", open=owed))
        yield Finding("largest_account", join_sentences(parts),
            amount=max(0.0, float(top["open_invoice_amount"])), anchor="losses")


def _attention(result: Credit, owners: Mapping[str, str], currency: str) -> Iterator[Attention]:
    n = result.rules.n_attention
    weak = result.conflicts[result.conflicts["conflict"] == "upper_weak"].head(n)
    for row in weak.to_dict("records"):
        yield Attention(row["account_id"], _(
            "Tier {tier}, credit grade {grade}: owes {amount}.", tier=label(row["tier"]).lower(),
            grade=label(row["credit_grade"]), amount=fmt_money(row["at_stake_amount"], currency)),
            amount=float(row["at_stake_amount"]), owner_id=owners.get(row["account_id"], ""),
            anchor="credit_conflicts")
    late = result.owing[result.owing["overdue_amount"] > 0] if len(result.owing) else result.owing
    for row in late.sort_values(["overdue_amount", "account_id"],
                                ascending=[False, True]).head(n).to_dict("records"):
        yield Attention(row["account_id"], _(
            "Overdue: {amount}, the oldest for {days} days; {disputed} of it in dispute.",
            amount=fmt_money(row["overdue_amount"], currency),
            days=fmt_count(row["oldest_late_days"]),
            disputed=fmt_money(row["disputed_amount"], currency)),
            amount=float(row["overdue_amount"]), owner_id=owners.get(row["account_id"], ""),
            anchor="ageing")


def _named(rows: pd.DataFrame, names: Mapping[str, str]) -> str:
    return name_accounts(list(rows["account_id"]), names)
