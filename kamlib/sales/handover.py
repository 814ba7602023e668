"""What the sales overview hands on to the overview and the first page."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.handover import Handover, Unanswered, column_by_account
from kamlib.language import (
    _,
    _n,
    fmt_list,
    fmt_money,
    fmt_share,
    join_sentences,
    translate,
)
from kamlib.sales.findings import find_attention, find_findings
from kamlib.sales.metrics import find_metrics
from kamlib.sales.result import QUESTIONS, Sales
from kamlib.sales.wording import drivers, say_change, say_driver

# The table that would answer a question that had to be refused.
TABLES = {"attainment": "targets", "growth_lines": "products", "product_line_mix": "products",
          "cross": "accounts", "breakdown": "accounts", "account_type_mix": "accounts"}


def build_handover(sales: Sales, *, accounts: pd.DataFrame | None = None,
                   currency: str = "") -> Handover:
    """Headline, metrics, findings, attention and open questions of the sales overview.

    sales: from `build_sales`; accounts: account_id with name and owner_id, which may be absent.
    """
    names, owners = column_by_account(accounts, "name"), column_by_account(accounts, "owner_id")
    return Handover(
        headline=tuple(_headline(sales, currency)), metrics=tuple(find_metrics(sales)),
        findings=tuple(find_findings(sales, names=names, currency=currency)),
        attention=tuple(find_attention(sales, owners=owners, currency=currency)),
        unanswered=tuple(_unanswered(sales)))


def _headline(sales: Sales, currency: str) -> Iterator[str]:
    yield _net_sentence(sales, currency)
    effects = drivers(sales)
    said = [say_driver(name, amount, currency) for name, amount in effects.items()
            if name != "base" and abs(amount) > 0.001 * abs(effects["base"])]
    if said:
        yield _("Against {base}, {drivers}.", base=sales.base_label, drivers=fmt_list(said))
    last = [*_target_sentence(sales, currency), *_concentration_sentence(sales)]
    if last:
        yield join_sentences(last)


def _net_sentence(sales: Sales, currency: str) -> str:
    net = sales.concentration["net_amount"].iloc[0]
    amount = fmt_money(net, currency)
    if sales.summary.empty:
        return _("Net revenue was {amount}; no earlier period is known to compare it with.",
                 amount=amount)
    said = [say_change(row["change_amount"], row["change_rate"], row["base_label"], currency)
            for row in sales.summary.to_dict("records")]
    return _("Net revenue was {amount}: {changes}.", amount=amount, changes=fmt_list(said))


def _target_sentence(sales: Sales, currency: str) -> Iterator[str]:
    target = sales.target_amount
    if target is None:
        return
    gap = float(sales.concentration["net_amount"].iloc[0]) - target
    values = {"target": fmt_money(target, currency), "gap": fmt_money(abs(gap), currency)}
    yield (_("The target of {target} was reached, with {gap} to spare.", **values) if gap >= 0
           else _("The target of {target} was missed by {gap}.", **values))


def _concentration_sentence(sales: Sales) -> Iterator[str]:
    row = sales.concentration.to_dict("records")[0]
    n = min(10, int(row["n_accounts"]))
    if n:
        yield _n("{n} account brings all net sales.",
                 "The {n} largest accounts bring {share} of net sales, the largest alone "
                 "{largest}.", n, share=fmt_share(row["top_10_share"]),
                 largest=fmt_share(row["top_1_share"]))


def _unanswered(sales: Sales) -> Iterator[Unanswered]:
    said: set[str] = set()
    for name, reason in sales.refused.items():
        if reason not in said:  # one question is enough where one reason stops several
            yield Unanswered(translate(QUESTIONS[name]), reason, TABLES.get(name, "orders"))
        said.add(reason)
