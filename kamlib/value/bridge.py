"""From the customer equity of the previous period to that of today, step by step, in full."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.value.clv import CENT, Book, value_accounts
from kamlib.value.contribution import Contribution
from kamlib.value.rules import ValueRules

STEP_COLUMNS = ["step", "n_accounts", "step_amount"]
CHANGE_COLUMNS = ["account_id", "clv_previous_amount", "revalued_amount", "clv_amount",
                  "value_change_amount", "alive_previous_probability", "alive_probability", "step"]
MOVES = ("new_in_book", "value_rose", "value_fell", "gone_silent")


def bridge_equity(now: Book, *, before: Book | None, rules: ValueRules
                  ) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Explain the change of customer equity since the previous period.

    now, before: books of today and of the previous period's end, each with its own fits; before is
    None where history does not reach.
    Returns the steps and the accounts. Steps, one row each: step (opening, reestimated, then
    new_in_book, value_rose, value_fell, gone_silent, closing), n_accounts, step_amount (a level for
    opening and closing); opening + the steps = closing. They are estimates, and rounded to five
    digits of the larger end, so "reestimated" takes what rounding leaves. "reestimated": what the
    accounts of then would be worth, as they were then, by today's model, amounts and shared
    contribution.
    Accounts, one row each, largest fall first: account_id, clv_previous_amount (0 for a new one),
    revalued_amount, clv_amount, value_change_amount (clv_amount less revalued_amount),
    alive_previous_probability, alive_probability, step. gone_silent: fell, and
    its probability of being a customer still fell below rules.silent_probability or, without a
    model or with that unseen, it left the activity window.
    Raises RefusedError without a previous book, or where its value was counted on another basis.
    """
    if before is None:
        raise RefusedError(_("The known history does not reach the previous period, so its "
                             "customer equity is not known. A later period would lift this."))
    if before.contribution.basis != now.contribution.basis:
        raise RefusedError(_("Costs were known in another way in the previous period, so that the "
                             "two values do not compare. A later period would lift this."))
    revalued = value_accounts(before.accounts, forecast=now.forecast,
                              contribution=_update(before.contribution, now.contribution),
                              rules=rules, is_drawn=False)
    table = _pair(now, before, revalued, rules)
    unit = _rounding_unit(before.total, now.total)
    opening, closing = (unit * round(total / unit) for total in (before.total, now.total))
    moved = table.groupby("step")["value_change_amount"]
    counts = moved.size().to_dict()
    sums = {step: unit * round(amount / unit) for step, amount in moved.sum().items()}
    rows = [("opening", len(before.table), opening),
            ("reestimated", len(before.table), closing - opening - sum(sums.values())),
            *((step, counts.get(step, 0), sums.get(step, 0.0)) for step in MOVES),
            ("closing", len(now.table), closing)]
    steps = pd.DataFrame(rows, columns=STEP_COLUMNS)
    steps["step_amount"] = steps["step_amount"].round(CENT)
    return steps, table


def _rounding_unit(*totals: float) -> float:
    """The money that the fifth digit of the largest total stands for, at least a cent.

    The last digits of a fitted model are the machine's.
    """
    largest = max(abs(total) for total in totals)
    digits = math.floor(math.log10(largest)) - 4 if largest > 0 else -CENT
    return float(10.0 ** max(-CENT, digits))


def _update(then: Contribution, now: Contribution) -> Contribution:
    """Shares of then, those shared by all as they are today."""
    table = then.table.copy()
    for name, value in now.overall.items():
        table.loc[~table["is_own_share"], name] = value
    return Contribution(then.basis, table, now.overall, then.cost_known_share)


def _pair(now: Book, before: Book, revalued: Book, rules: ValueRules) -> pd.DataFrame:
    columns = ["account_id", "is_active_closing", "alive_probability", "clv_amount"]
    then = before.table[columns].rename(columns={
        "clv_amount": "clv_previous_amount", "is_active_closing": "was_active",
        "alive_probability": "alive_previous_probability"})
    then["revalued_amount"] = revalued.table["clv_amount"]
    table = now.table[columns].merge(then, on="account_id", how="outer", indicator=True)
    amounts = ["clv_amount", "clv_previous_amount", "revalued_amount"]
    table[amounts] = table[amounts].fillna(0.0)
    table["value_change_amount"] = (table["clv_amount"] - table["revalued_amount"]).round(CENT)
    change = table["value_change_amount"]
    limit = rules.silent_probability
    left = table["was_active"].eq(True) & ~table["is_active_closing"].eq(True)
    was_there = ~(table["alive_previous_probability"] < limit)
    silent = was_there & (left | (table["alive_probability"] < limit)) & (change < 0)
    table["step"] = np.select([table["_merge"] == "left_only", change > 0, silent, change < 0],
                              ["new_in_book", "value_rose", "gone_silent", "value_fell"],
                              default="value_unchanged")
    return table.sort_values(["value_change_amount", "account_id"],
                             ignore_index=True)[CHANGE_COLUMNS]
