"""What the notebook on cross-selling hands on: numbers, findings, accounts, open questions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from kamlib.handover import (
    Attention,
    Finding,
    Handover,
    Metric,
    column_by_account,
    list_unanswered,
    or_none,
)
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
)
from kamlib.loyalty.products.foretell import NAIVE
from kamlib.loyalty.products.result import QUESTIONS, CrossSell
from kamlib.loyalty.tiers import ALL

TABLES = {"held": "orders", "pairs": "orders", "gaps": "accounts", "suggestions": "orders"}


def hand_on_cross_sell(result: CrossSell, *, accounts: pd.DataFrame | None = None,
                       currency: str = "") -> Handover:
    """Headline, metrics, findings, attention and open questions of cross-selling.

    result: from `plan_cross_sell`; accounts: account_id with name and owner_id.
    """
    names, owners = column_by_account(accounts, "name"), column_by_account(accounts, "owner_id")
    return Handover(
        headline=tuple(_headline(result, names, currency)), metrics=tuple(_metrics(result)),
        findings=tuple(_findings(result, names, currency)),
        attention=tuple(_attention(result, owners)),
        unanswered=list_unanswered(result.refused, QUESTIONS, TABLES))


def say_held(result: CrossSell) -> str:
    """Say how many products accounts hold, by tier."""
    rows = {row["tier"]: row for row in result.counts.to_dict("records")}
    every = rows[ALL]
    return _("An account holds {mean} of {all} products on average ({span}); core accounts {core}, "
             "general ones {general}. {single} of {n} accounts hold a single one.",
             mean=fmt_number(every["mean_products"], 1), all=fmt_count(len(result.spread)),
             span=fmt_range(every["mean_products_ci_low"], every["mean_products_ci_high"],
                            lambda x: fmt_number(x, 1)),
             core=fmt_number(rows["core"]["mean_products"], 1),
             general=fmt_number(rows["general"]["mean_products"], 1),
             single=fmt_count(every["n_single"]), n=fmt_count(every["n_accounts"]))


def say_gap(row: Mapping[Any, Any], names: Mapping[str, str], currency: str) -> str:
    """Say one gap: who lacks what, how many like accounts hold it, what it would be worth."""
    return _("{account} does not hold {product}, which {k} of {n} accounts like it do; at their "
             "mix it would be {amount} in {window}",
             account=names.get(row["account_id"]) or row["account_id"],
             product=row["product_name"], k=fmt_count(row["n_like_holding"]),
             n=fmt_count(row["n_like"]), amount=fmt_money(row["like_mix_amount"], currency))


def say_test(result: CrossSell) -> str:
    """Say how often suggestions were bought in the past, beside the naive ones; "" if untested."""
    rows = {row["suggested_by"]: row for row in result.suggestions.to_dict("records")}
    chosen = f"like_{result.like_rules.by}"
    if chosen not in rows:
        return ""
    row = rows[chosen]
    values = {"share": fmt_share(row["bought_share"]), "naive": fmt_share(
        rows[NAIVE]["bought_share"]), "any": fmt_share(rows["any"]["bought_share"]),
        "span": fmt_range(row["bought_share_ci_low"], row["bought_share_ci_high"], fmt_share)}
    told = {
        "better": _("Tested on the window before, {share} of the products that like accounts point "
                    "to were then bought ({span}), against {naive} of those most held and {any} "
                    "of any.", **values),
        "worse": _("Tested on the window before, {share} of the products that like accounts point "
                   "to were then bought ({span}), fewer than the {naive} of those most held: the "
                   "simple list is the better one here.", **values),
        "cannot tell": _("Tested on the window before, {share} of the products that like accounts "
                         "point to were then bought ({span}); those most held did {naive}, which "
                         "is not told apart.", **values)}
    return told[row["verdict"]]


def _headline(result: CrossSell, names: Mapping[str, str], currency: str) -> Iterator[str]:
    if result.held.empty:
        yield result.refused["held"]
        return
    if len(result.counts):
        yield say_held(result)
    if len(result.gaps):
        row = result.gaps.iloc[0].to_dict()
        largest = say_gap(row, names, currency)
        yield _n("{n} account lacks a product that most accounts like it hold. {largest}.",
                 "{n} accounts lack a product that most accounts like them hold. The largest gap: "
                 "{largest}.", int(result.gaps["account_id"].nunique()), largest=largest)
    tested = say_test(result)
    if tested:
        yield tested


def _metrics(result: CrossSell) -> Iterator[Metric]:
    for row in result.counts[result.counts["tier"] == ALL].to_dict("records"):
        yield Metric("mean_products", or_none(row["mean_products"]), "number",
                     n=int(row["n_accounts"]), ci_low=or_none(row["mean_products_ci_low"]),
                     ci_high=or_none(row["mean_products_ci_high"]), better="up", anchor="products")


def _findings(result: CrossSell, names: Mapping[str, str], currency: str) -> Iterator[Finding]:
    if len(result.gaps):
        row = result.gaps.iloc[0].to_dict()
        text = say_gap(row, names, currency)
        yield Finding("cross_sell_gap", _("{sentence}.", sentence=text),
                      amount=or_none(row["like_mix_amount"]), anchor="white_space")
    if len(result.together):
        row = result.together.iloc[0].to_dict()
        yield Finding("cross_sell_pair", _(
            "{then} goes with {first}: {share} of the accounts with the one hold the other "
            "({span}), {lift} times what their size explains; {open} do not yet.",
            then=row["then_name"], first=row["if_name"], share=fmt_share(row["confidence_share"]),
            span=fmt_range(row["confidence_share_ci_low"], row["confidence_share_ci_high"],
                           fmt_share),
            lift=fmt_number(row["size_lift"], 1), open=fmt_count(row["n_without"])),
            anchor="product_pairs")
    lost = result.dropped
    if len(lost):
        yield Finding("dropped_products", _n(
            "{n} account that still buys no longer buys a product that brought {amount} in the "
            "window before.",
            "{n} accounts that still buy no longer buy products that brought {amount} in the "
            "window before.", int(lost["account_id"].nunique()),
            amount=fmt_money(lost["net_amount_before"].sum(), currency)),
            amount=float(lost["net_amount_before"].sum()), anchor="dropped_products")


def _attention(result: CrossSell, owners: Mapping[str, str]) -> Iterator[Attention]:
    first = result.gaps.drop_duplicates("account_id").head(result.rules.n_attention)
    for row in first.to_dict("records"):
        yield Attention(row["account_id"], _(
            "Does not hold {product}, which {k} of {n} accounts like it do.",
            product=row["product_name"], k=fmt_count(row["n_like_holding"]),
            n=fmt_count(row["n_like"])), amount=or_none(row["like_mix_amount"]),
            owner_id=owners.get(row["account_id"], ""), anchor="white_space")
