"""What effort hands on: metrics, findings, accounts to look at and open questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kamlib.effort.audit import MOVE
from kamlib.effort.result import ANSWERED_BY, QUESTIONS, Effort
from kamlib.effort.rules import KEY
from kamlib.effort.shares import ALL, count_moves
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
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
)


def build_handover(result: Effort, *, accounts: pd.DataFrame, currency: str = "") -> Handover:
    """Hand on what was found about effort.

    result: from `review_effort`; accounts: account_id with name and owner_id where known.
    """
    names, owners = (column_by_account(accounts, c) for c in ("name", "owner_id"))
    return Handover(headline=tuple(_headline(result, currency)), metrics=tuple(_metrics(result)),
                    findings=tuple(_findings(result, names, currency)),
                    attention=tuple(_attention(result, owners, currency)),
                    unanswered=list_unanswered(result.refused, QUESTIONS, ANSWERED_BY))


def say_audit(result: Effort, *, currency: str = "", brief: bool = False) -> str:
    """Say whether the data justify moving hours and, unless brief, what one more hour brought."""
    if result.marginal.empty:
        return str(result.refused.get("marginal", ""))
    moves = result.pairs[result.pairs["audit_verdict"] == MOVE]
    if len(moves):
        row = moves.iloc[0]
        return _("The data justify moving hours from {low} to {high} accounts: an hour brought "
                 "{amount} more there ({span}).", low=label(row["from_class"]).lower(),
                 high=label(row["to_class"]).lower(),
                 amount=fmt_money(row["difference_amount"], currency),
                 span=_span(row, "difference_amount", currency))
    if brief and len(result.pairs):
        return _("No evidence for moving hours between classes: {reason}.",
                 reason=label(result.pairs["audit_reason"].iloc[0]))
    told = [_("{name} {amount} ({span})", name=label(row["business_class"]).lower(),
              amount=fmt_money(row["marginal_return_amount"], currency),
              span=_span(row, "marginal_return_amount", currency))
            for row in result.marginal.dropna(
                subset=["marginal_return_amount"]).to_dict("records")]
    if result.pairs.empty:
        return _("No evidence for moving hours: only one class can be judged. Margin that went "
                 "with one more hour: {told}.", told=fmt_list(told))
    return _("No evidence for moving hours between classes: {reason}. Margin that went with one "
             "more hour: {told}.", reason=label(result.pairs["audit_reason"].iloc[0]),
             told=fmt_list(told))


def say_no_keys() -> str:
    """Say that nobody is on the list, so that nothing can be asked of key accounts."""
    return _("No account is on the key account list, so hours and people of key accounts cannot be "
             "judged.")


def _headline(result: Effort, currency: str) -> Iterator[str]:
    rows = result.shares.set_index("business_class")
    if len(rows) and not rows.loc[KEY, "n_accounts"]:
        yield say_no_keys()
    elif len(rows):
        key = rows.loc[KEY]
        yield _("Key accounts are {accounts} of the accounts and get {hours} of the hours; the "
                "target of {target} would take {move} hours from one class to another.",
                accounts=fmt_share(key["account_share"]), hours=fmt_share(key["time_share"]),
                target=fmt_share(key["aim_share"]), move=fmt_count(count_moves(result.shares)))
    if len(result.marginal):
        yield say_audit(result, currency=currency, brief=True)


def _metrics(result: Effort) -> Iterator[Metric]:
    if len(result.shares) and result.shares["n_accounts"].iloc[0]:
        (row,) = result.shares[result.shares["business_class"] == KEY].to_dict("records")
        then = result.before.loc[result.before["business_class"] == KEY, "time_share"]
        before = float(then.iloc[0]) if len(then) else None
        yield Metric("key_time_share", float(row["time_share"]), "share",
                     n=int(row["n_accounts"]), year_before=before,
                     target=float(row["aim_share"]), better="up",
                     anchor="effort_shares", headline=True)
        yield Metric("hours_to_move", count_moves(result.shares), "count",
                     n=int(result.shares["n_accounts"].iloc[:3].sum()), better="down",
                     anchor="effort_shares")
    if len(result.assignment):
        owned = result.assignment[result.assignment["business_class"] == KEY]
        best = owned[owned["owner_grade"].isin(result.rules.best_grades)]
        if len(owned):
            yield Metric("best_people_share", float(best["account_share"].sum()), "share",
                         n=int(owned["n_accounts"].sum()), better="up", anchor="assignment")
    whole = result.returns[result.returns["business_class"] == ALL]
    if len(whole) and pd.notna(whole["account_roi"].iloc[0]):
        yield Metric("account_roi", float(whole["account_roi"].iloc[0]), "ratio",
                     n=int(whole["n_accounts"].iloc[0]), better="up", anchor="effort_returns")


def _findings(result: Effort, names: Mapping[str, str], currency: str) -> Iterator[Finding]:
    if len(result.mismatches):
        rows = result.mismatches
        amount = float(rows["net_amount"].sum())
        yield Finding("best_people", _n(
            "{n} key account is not looked after by one of the best people: {names}, {amount} in "
            "{window}.",
            "{n} key accounts are not looked after by one of the best people: {names}, {amount} "
            "in {window}.", len(rows), names=_named(rows, names),
            amount=fmt_money(amount, currency)), amount=amount, anchor="mismatches")
    below = result.account_returns[result.account_returns["account_result_amount"] < 0]
    if len(below):
        amount = float(-below["account_result_amount"].sum())
        yield Finding("account_below_zero", _n(
            "{n} account cost more than its margin in {window}: {names}, {amount} in all.",
            "{n} accounts cost more than their margin in {window}: {names}, {amount} in all.",
            len(below), names=_named(below, names), amount=fmt_money(amount, currency)),
            amount=amount, anchor="effort_accounts")
    over = result.budgets[result.budgets["used_share"] > 1] if len(result.budgets) else \
        result.budgets
    if len(over):
        amount = float((over["spent_amount"] - over["budget_amount"]).sum())
        yield Finding("budget_over", _n(
            "{n} budget is overspent, by {amount}.", "{n} budgets are overspent, by {amount} in "
            "all.", len(over), amount=fmt_money(amount, currency)), amount=amount,
            anchor="account_budgets")
    for row in result.pairs[result.pairs["audit_verdict"] == MOVE].to_dict("records"):
        yield Finding("move_hours", say_audit(result, currency=currency),
                      amount=float(row["difference_amount"]), anchor="effort_pairs")


def _attention(result: Effort, owners: Mapping[str, str], currency: str) -> Iterator[Attention]:
    for row in result.mismatches.head(result.rules.n_attention).to_dict("records"):
        yield Attention(row["account_id"], _("Key account: {reason}.",
                                             reason=label(row["mismatch"])),
                        amount=float(row["net_amount"]), owner_id=row["owner_id"],
                        anchor="mismatches")
    below = result.account_returns[(result.account_returns["account_result_amount"] < 0)
                                   & (result.account_returns["hours"] > 0)]
    for row in below.head(result.rules.n_attention).to_dict("records"):
        yield Attention(row["account_id"], _(
            "Costs more than its margin: {hours} hours, {cost} spent, {margin} margin in {window}.",
            hours=fmt_number(row["hours"], 0), cost=fmt_money(row["account_cost_amount"], currency),
            margin=fmt_money(row["margin_amount"], currency)),
            amount=float(-row["account_result_amount"]),
            owner_id=owners.get(row["account_id"], ""), anchor="effort_accounts")


def _span(row: Any, name: str, currency: str) -> str:
    return fmt_range(row[f"{name}_ci_low"], row[f"{name}_ci_high"],
                     lambda x: fmt_money(x, currency))


def _named(rows: pd.DataFrame, names: Mapping[str, str]) -> str:
    return name_accounts(list(rows["account_id"]), names)
