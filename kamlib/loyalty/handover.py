"""What loyalty hands on to the overview and the first page."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.handover import (
    Handover,
    Metric,
    Unanswered,
    column_by_account,
    list_unanswered,
    or_none,
)
from kamlib.language import (
    _,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    translate,
)
from kamlib.loyalty.bonds.result import QUESTIONS as BOND_QUESTIONS
from kamlib.loyalty.bonds.result import TABLES as BOND_TABLES
from kamlib.loyalty.bonds.result import Bonds
from kamlib.loyalty.findings import find_attention, find_findings
from kamlib.loyalty.result import QUESTIONS, Loyalty
from kamlib.loyalty.standing.result import QUESTIONS as STANDING_QUESTIONS
from kamlib.loyalty.standing.result import TABLES as STANDING_TABLES
from kamlib.loyalty.standing.result import Standing
from kamlib.loyalty.tiers import ALL


def build_handover(result: Loyalty, *, facts: pd.DataFrame, bonds: Bonds | None = None,
                   standing: Standing | None = None,
                   facts_previous: pd.DataFrame | None = None,
                   facts_year_before: pd.DataFrame | None = None,
                   accounts: pd.DataFrame | None = None, currency: str = "") -> Handover:
    """Headline, metrics, findings, attention and open questions of loyalty.

    result: from `review_loyalty`; bonds, standing: from `review_bonds` and `review_standing`, or
    None; facts, facts_previous, facts_year_before: account_facts at
    as_of, at the end of the previous period, a year before; accounts: account_id with name and
    owner_id.
    """
    names, owners = column_by_account(accounts, "name"), column_by_account(accounts, "owner_id")
    return Handover(
        headline=tuple(_headline(result, standing, currency)),
        metrics=(*_returns(result, facts_previous, facts_year_before), *_others(result),
                 *_bound(bonds)),
        findings=tuple(find_findings(result, facts, bonds=bonds, standing=standing, names=names,
                                     currency=currency)),
        attention=tuple(find_attention(result, standing=standing, owners=owners)),
        unanswered=(*_unanswered(result),
                    *list_unanswered(bonds.refused if bonds else {}, BOND_QUESTIONS, BOND_TABLES),
                    *list_unanswered(standing.refused if standing else {}, STANDING_QUESTIONS,
                                     STANDING_TABLES)))


def _returns(result: Loyalty, facts_previous: pd.DataFrame | None,
             facts_year_before: pd.DataFrame | None) -> Iterator[Metric]:
    for row in _all(result.returns):
        yield Metric("return_rate", or_none(row["amount_return_rate"]), "share",
                     n=int(row["n_accounts"]), ci_low=or_none(row["amount_return_rate_ci_low"]),
                     ci_high=or_none(row["amount_return_rate_ci_high"]),
                     previous=_rate_then(facts_previous),
                     year_before=_rate_then(facts_year_before), better="down", anchor="returns",
                     headline=True)


def _others(result: Loyalty) -> Iterator[Metric]:
    for row in _all(result.repurchase):
        yield Metric("repurchase_rate", or_none(row["repurchase_rate"]), "share",
                     n=int(row["n_observed"]), ci_low=or_none(row["repurchase_rate_ci_low"]),
                     ci_high=or_none(row["repurchase_rate_ci_high"]), better="up",
                     anchor="repurchase")
    for row in _all(result.tenure):
        yield Metric("mean_tenure", or_none(row["tenure_years"]), "years", n=int(row["n_known"]),
                     ci_low=or_none(row["tenure_years_ci_low"]),
                     ci_high=or_none(row["tenure_years_ci_high"]), better="up", anchor="tenure")


def _bound(bonds: Bonds | None) -> Iterator[Metric]:
    if bonds is None or bonds.wallet_tiers.empty:
        return
    row = bonds.wallet_tiers.to_dict("records")[-1]
    yield Metric("wallet_share", or_none(row["wallet_share"]), "share", n=int(row["n_accounts"]),
                 better="up", anchor="wallets")


def _headline(result: Loyalty, standing: Standing | None, currency: str) -> Iterator[str]:
    for row in _all(result.returns):
        rate = fmt_share(row["amount_return_rate"], 1)
        if pd.isna(row["amount_return_rate_ci_low"]):
            if pd.notna(row["amount_return_rate"]):
                yield _("Of what was sold in {window}, {rate} came back.", rate=rate)
        else:
            yield _("Of what was sold in {window}, {rate} came back ({span}).",
                    rate=rate, span=fmt_range(
                        row["amount_return_rate_ci_low"], row["amount_return_rate_ci_high"],
                        lambda x: fmt_share(x, 1)))
    if len(result.benchmark):
        n = result.benchmark["verdict"].value_counts()
        yield _("Of the nine published loyalty figures ours are better than {better}, in line with "
                "{same} and worse than {worse}; {unsure} cannot be told.",
                better=fmt_count(n.get("better", 0)), same=fmt_count(n.get("in line", 0)),
                worse=fmt_count(n.get("worse", 0)), unsure=fmt_count(n.get("cannot tell", 0)))
    elif result.refused:
        yield _("Loyalty by tier could not be told. {reason}",
                reason=next(iter(result.refused.values())))
    if standing is not None and len(standing.classes):
        classes = standing.classes
        held = classes[classes["loyalty_class"] == "hostage"].iloc[0]
        yield _("{n} of {heard} accounts that answered the survey buy loyally though dissatisfied; "
                "they stand for {amount} ({share} of all sales).", n=fmt_count(held["n_accounts"]),
                heard=fmt_count(len(standing.classed)),
                amount=fmt_money(held["net_amount"], currency),
                share=fmt_share(held["amount_share"]))


def _unanswered(result: Loyalty) -> Iterator[Unanswered]:
    for name, reason in result.refused.items():
        yield Unanswered(translate(QUESTIONS[name]), reason)
    cells = result.benchmark
    short = cells[cells["verdict_reason"].isin(["history_short", "start_unknown"])]
    if len(short):
        known = result.tenure.iloc[-1]
        yield Unanswered(_("Is the tenure of each tier like the published one?"), _(
            "The start of {known} of {n} accounts is known and the longest known tenure is "
            "{years} years; in some tier that is too little. The column customer_since would lift "
            "this.",
            known=fmt_count(known["n_known"]), n=fmt_count(known["n_accounts"]),
            years=fmt_number(known["longest_tenure_years"], 1)), "accounts")


def _all(table: pd.DataFrame) -> list[dict[str, float]]:
    rows = table[table["tier"] == ALL].drop(columns="tier")
    return [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]


def _rate_then(facts: pd.DataFrame | None) -> float | None:
    if facts is None or facts["gross_amount_window"].isna().any():
        return None
    bought = facts[facts["n_orders_window"] > 0]
    sold = float(bought["gross_amount_window"].sum())
    return float(bought["returned_amount_window"].sum()) / sold if sold > 0 else None
