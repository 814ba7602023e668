"""What loyalty found: sentences with the money at stake, and accounts to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kamlib.handover import Attention, Finding
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
from kamlib.loyalty.benchmark import RATES, find_limit
from kamlib.loyalty.bonds.result import Bonds
from kamlib.loyalty.result import Loyalty
from kamlib.loyalty.returns import BASES
from kamlib.loyalty.rules import BENCHMARK
from kamlib.loyalty.standing.result import Standing

MAX_NAMES = 3
Names = Mapping[str, str]


def find_findings(result: Loyalty, facts: pd.DataFrame, *, bonds: Bonds | None = None,
                  standing: Standing | None = None, names: Names,
                  currency: str) -> Iterator[Finding]:
    """Yield what is worth a sentence; each kind is silent when its condition does not hold.

    names: name by account_id; an account without one is called by its id.
    Kinds: return_rate and repurchase (a tier is worse than published beyond doubt), high_returns
    (accounts that return much), called_off (orders called off at once), headroom (share of
    wallet), hostages (loyal and dissatisfied).
    """
    yield from _returns(result, currency)
    yield from _repurchase(result, facts, currency)
    yield from _high_returns(result, names, currency)
    yield from _called_off(result, names, currency)
    if bonds is not None:
        yield from _headroom(bonds, names, currency)
    if standing is not None:
        yield from _hostages(standing, names, currency)


def find_attention(result: Loyalty, *, standing: Standing | None = None,
                   owners: Names) -> Iterator[Attention]:
    """Yield hostages and the accounts that return most, at most rules.n_attention of each."""
    if standing is not None:
        rows = standing.classed[(standing.classed["loyalty_class"] == "hostage")
                                & ~standing.classed["is_near_class_line"].astype(bool)]
        for row in rows.head(result.rules.n_attention).to_dict("records"):
            yield Attention(row["account_id"], _(
                "Buys loyally though dissatisfied (satisfaction {index} of 100).",
                index=fmt_number(row["account_index"], 0)),
                amount=float(row["net_amount_window"]),
                owner_id=owners.get(row["account_id"], ""), anchor="satisfaction_and_loyalty")
    for row in result.high_returners.head(result.rules.n_attention).to_dict("records"):
        reason = _("Returned {rate} of what it bought in {window} ({orders} orders).",
                   rate=fmt_share(row["amount_return_rate"]),
                   orders=fmt_count(row["n_sale_orders"]))
        yield Attention(row["account_id"], reason, amount=float(row["returned_amount"]),
                        owner_id=owners.get(row["account_id"], ""), anchor="high_returners")


def _returns(result: Loyalty, currency: str) -> Iterator[Finding]:
    for cell in _missed(result, "returns"):
        row = result.returns.set_index("tier").loc[cell["tier"]]
        sold, returned = (float(row[c]) for c in BASES["amount"])
        limit = find_limit(_published(cell))
        above = max(0.0, returned - limit * sold)
        yield Finding("return_rate", _(
            "Of what {tier} accounts buy, {rate} comes back; {limit} would be in line with the "
            "published figure, and the difference is {amount}.", tier=label(cell["tier"]).lower(),
            rate=fmt_share(row[RATES[result.rules.return_basis]], 1), limit=fmt_share(limit),
            amount=fmt_money(above, currency)),
            amount=above, anchor="returns")


def _repurchase(result: Loyalty, facts: pd.DataFrame, currency: str) -> Iterator[Finding]:
    for cell in _missed(result, "repurchase"):
        buyers = result.buyers
        once = buyers[(buyers["tier"] == cell["tier"])
                      & ~buyers["has_repurchased"].fillna(True).astype(bool)]
        bought = facts.loc[facts["account_id"].isin(once["account_id"]), "net_amount_window"]
        yield Finding("repurchase", _n(
            "{n} {tier} account bought only once; {rate} of the tier bought again, {limit} were "
            "published. Its sales: {amount}.",
            "{n} {tier} accounts bought only once; {rate} of the tier bought again, {limit} were "
            "published. Their sales: {amount}.", len(once), tier=label(cell["tier"]).lower(),
            rate=fmt_share(cell["measured_share"]), limit=fmt_share(find_limit(_published(cell))),
            amount=fmt_money(bought.sum(), currency)),
            amount=float(bought.sum()), anchor="repurchase")


def _high_returns(result: Loyalty, names: Names, currency: str) -> Iterator[Finding]:
    rows = result.high_returners
    if rows.empty:
        return
    amount = float(rows["returned_amount"].sum())
    yield Finding("high_returns", _n(
        "{n} account sends back more than {line} of what it buys: {names}, {amount} in {window}.",
        "{n} accounts send back more than {line} of what they buy: {names}, {amount} in {window}.",
        len(rows), line=fmt_share(result.rules.high_return_share), names=_named(rows, names),
        amount=fmt_money(amount, currency)),
        amount=amount, anchor="high_returners")


def _called_off(result: Loyalty, names: Names, currency: str) -> Iterator[Finding]:
    rows = result.called_off
    if rows.empty:
        return
    row, amount = result.cancelled.to_dict("records")[-1], float(rows["called_off_amount"].sum())
    yield Finding("called_off", _n(
        "{n} order worth {amount} was called off at once ({names}); counted as returns it would "
        "turn the return rate from {rate} into {wrong}.",
        "{n} orders worth {amount} were called off at once ({names}); counted as returns they "
        "would turn the return rate from {rate} into {wrong}.",
        int(rows["n_called_off_orders"].sum()), amount=fmt_money(amount, currency),
        names=_named(rows, names), rate=fmt_share(row["amount_return_rate"], 1),
        wrong=fmt_share(row["with_pairs_rate"], 1)), amount=amount, anchor="called_off")


def _headroom(bonds: Bonds, names: Names, currency: str) -> Iterator[Finding]:
    rows = bonds.wallets[bonds.wallets["product_line"] == ""]
    if rows.empty:
        return
    top = rows.iloc[0].to_dict()
    yield Finding("headroom", _(
        "{account} is estimated to spend {amount} more a year elsewhere ({span}); we get {share} "
        "of what it spends.", account=names.get(top["account_id"]) or top["account_id"],
        amount=fmt_money(top["headroom_amount"], currency), span=fmt_range(
            top["headroom_amount_ci_low"], top["headroom_amount_ci_high"],
            lambda x: fmt_money(x, currency)), share=fmt_share(top["wallet_share"])),
        amount=float(top["headroom_amount"]), anchor="wallets")


def _hostages(standing: Standing, names: Names, currency: str) -> Iterator[Finding]:
    rows = standing.classed[standing.classed["loyalty_class"] == "hostage"]
    if rows.empty:
        return
    amount = float(rows["net_amount_window"].sum())
    n_near = int(rows["is_near_class_line"].sum())
    yield Finding("hostages", _n(
        "{n} account buys loyally and is dissatisfied: {names}, {amount} in {window}; {near} near "
        "the lines.",
        "{n} accounts buy loyally and are dissatisfied: {names}, {amount} in {window}; {near} of "
        "them near the lines.", len(rows), names=_named(rows, names),
        amount=fmt_money(amount, currency), near=fmt_count(n_near)),
        amount=amount, anchor="satisfaction_and_loyalty")


def _missed(result: Loyalty, measure: str) -> list[dict[str, Any]]:
    cells = result.benchmark
    cells = cells[(cells["measure"] == measure) & (cells["verdict"] == "worse")]
    return [{str(k): v for k, v in row.items()} for row in cells.to_dict("records")]


def _published(cell: Mapping[str, Any]) -> dict[str, Any]:
    chosen = BENCHMARK[(BENCHMARK["tier"] == cell["tier"])
                       & (BENCHMARK["measure"] == cell["measure"])]
    return {str(k): v for k, v in chosen.iloc[0].items()}


def _named(rows: pd.DataFrame, names: Names) -> str:
    shown = [names.get(account_id) or account_id for account_id in rows["account_id"][:MAX_NAMES]]
    if len(rows) > len(shown):
        shown.append(_n("{n} more", "{n} more", len(rows) - len(shown)))
    return fmt_list(shown)
