"""Order lines as every measure sees them: at the account level, pairs marked, up to a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import pandas as pd
from ibis.expr.types import Table

from kamlib.dataset.checks import find_tops
from kamlib.dataset.engines import keep
from kamlib.dataset.portable import in_byte_order
from kamlib.measures.rules import MeasureRules

COLUMNS = ("order_id", "account_id", "order_date", "product_id", "channel", "line_kind",
           "quantity", "amount", "cost_amount")
TIES = ("order_id", "channel", "cost_amount")  # so that equal lines are paired alike every time


def build_lines(orders: Table, accounts: Table, *, as_of: date, rules: MeasureRules,
                further: Sequence[str] = ()) -> Table:
    """Return the order lines up to `as_of` of customers, at the account level of the rules.

    orders, accounts: tables of the dictionary; further: more of its columns to carry along.
    One row an order line; columns as in the dictionary, `line_kind` also paired_sale and
    paired_cancellation: an order and its cancellation within `pair_days`, same account, product
    and quantity.
    """
    columns = (*COLUMNS, *further)
    lines = orders.filter(orders.order_date <= as_of).select(*columns)
    # Where every account stands for itself, only those that are no customers matter.
    who = build_levels(accounts if rules.account_level == "group"
                       else accounts.filter(accounts.party_role != "customer"), rules=rules)
    others = who[~who["is_customer"]]
    if len(others):
        lines = lines.filter(lines.account_id.notin(list(others["account_id"])))
    moved = who[who["account_id"] != who["level_id"]]
    if len(moved):
        levels = ibis.memtable(moved[["account_id", "level_id"]].rename(
            columns={"account_id": "member_id"}))
        joined = lines.left_join(levels, lines.account_id == levels.member_id)
        top = ibis.coalesce(joined.level_id, joined.account_id)
        lines = joined.mutate(account_id=top).select(*columns)
    return mark_pairs(lines, rules=rules)


def build_levels(accounts: Table, *, rules: MeasureRules) -> pd.DataFrame:
    """Say for each account which account it is counted under.

    Returns one row an account: account_id, level_id (itself, or the top of its group when the
    rules count groups), is_customer.
    """
    frame = accounts.select("account_id", "parent_id", "party_role").execute()
    frame["is_customer"] = frame["party_role"].eq("customer") | frame["party_role"].isna()
    frame["level_id"] = frame["account_id"]
    if rules.account_level == "group":
        known = set(frame["account_id"])
        has_parent = frame["parent_id"].isin(known)
        tops = find_tops(dict(frame.loc[has_parent, ["account_id", "parent_id"]]
                              .itertuples(index=False)))
        frame["level_id"] = frame["account_id"].map(tops).fillna(frame["account_id"])
    levels: pd.DataFrame = frame[["account_id", "level_id", "is_customer"]]
    return levels.sort_values("account_id").reset_index(drop=True)


def name_products(lines: Table, products: Table | None) -> Table:
    """Add product_line to order lines: "" where the product, or its line, is not known.

    products: table of the dictionary, or None.
    """
    blank = ibis.literal("")
    if products is None:
        return lines.mutate(product_line=blank)
    named = products.select(p_id=products.product_id, product_line=products.product_line)
    joined = lines.left_join(named, lines.product_id == named.p_id)
    return joined.mutate(product_line=ibis.coalesce(joined.product_line, blank)).drop("p_id")


def mark_pairs(lines: Table, *, rules: MeasureRules) -> Table:
    """Rename the kinds of orders that were cancelled in full soon after.

    Sales and cancellations of one account, product, quantity and amount (so that taking a pair
    out never changes what is left in net) are read in the order of days
    like brackets: a cancellation belongs to the latest sale that is still open. The depth of
    the brackets is a running sum, so the match needs windows only, which every engine has.
    """
    columns = lines.columns
    is_cancel = (lines.line_kind == "cancellation") & lines.product_id.notnull() & \
        lines.quantity.notnull()
    cancels = lines.filter(is_cancel)
    keys = cancels.select(k_account=cancels.account_id, k_product=cancels.product_id,
                          k_quantity=cancels.quantity.abs(),
                          k_amount=cancels.amount.abs()).distinct()
    keys = keep(keys.mutate(k_kind=ibis.array(["sale", "cancellation"]).unnest()))
    if not int(keys.count().execute()):
        return lines
    # The few lines that may be of a pair are kept apart, so that the many are only read past.
    can_pair = [lines.account_id == keys.k_account, lines.product_id == keys.k_product,
                lines.quantity.abs() == keys.k_quantity, lines.amount.abs() == keys.k_amount,
                lines.line_kind == keys.k_kind]
    matched = keep(_match_brackets(lines.semi_join(keys, can_pair), rules))
    return lines.anti_join(keys, can_pair).select(*columns).union(matched)


def _match_brackets(lines: Table, rules: MeasureRules) -> Table:
    columns, group = lines.columns, ["account_id", "product_id", "size", "price"]
    step = (lines.line_kind == "sale").ifelse(1, -1)
    events = lines.mutate(size=lines.quantity.abs(), price=lines.amount.abs(), step=step)
    order = [events.order_date, events.step.desc(), *(in_byte_order(events[c]) for c in TIES)]
    running = events.step.sum().over(ibis.window(
        group_by=[events[g] for g in group], order_by=order, preceding=None, following=0))
    nested = events.mutate(depth=(events.step == 1).ifelse(running, running + 1))
    places = [nested[g] for g in [*group, "depth"]]
    order = [nested.order_date, nested.step.desc(), *(in_byte_order(nested[c]) for c in TIES)]
    window = ibis.window(group_by=places, order_by=order)
    seen = nested.mutate(
        before_step=nested.step.lag().over(window), before_day=nested.order_date.lag().over(window),
        after_step=nested.step.lead().over(window), after_day=nested.order_date.lead().over(window))
    days = rules.pair_days
    closes = (seen.step == -1) & (seen.before_step == 1) & \
        (seen.order_date <= seen.before_day + ibis.interval(days=days))
    opens = (seen.step == 1) & (seen.after_step == -1) & \
        (seen.after_day <= seen.order_date + ibis.interval(days=days))
    kind = ibis.cases((closes, "paired_cancellation"), (opens, "paired_sale"),
                      else_=seen.line_kind)
    return seen.mutate(line_kind=kind).select(*columns)
