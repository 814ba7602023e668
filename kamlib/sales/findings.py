"""What the sales overview found: sentences with the money at stake, and accounts to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from kamlib.handover import Attention, Finding
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_money,
    fmt_number,
    fmt_share,
)
from kamlib.sales.breakdown import NOT_GIVEN, TOTAL
from kamlib.sales.result import Sales
from kamlib.sales.wording import drivers, say_change

Names = Mapping[str, str]
MAX_LINES = 3


def find_findings(sales: Sales, *, names: Names, currency: str) -> Iterator[Finding]:
    """Yield what is worth a sentence; each kind is silent when its condition does not hold.

    names: name by account_id; an account without one is called by its id.
    Kinds: target_missed, target_behind, other_targets_missed, region_fall, industry_fall,
    price_loss, volume_loss, large_order, concentration_up, margin_down.
    """
    for find in (_targets, _other_targets, _falls, _price_and_volume, _large_order,
                 _concentration, _margins):
        yield from find(sales, names, currency)


def find_attention(sales: Sales, *, owners: Names, currency: str) -> Iterator[Attention]:
    """Yield the accounts whose net sales fell most against the base, the largest fall first.

    owners: owner_id by account_id. At most rules.n_attention, each with a fall of
    rules.account_fall_rate or more.
    """
    changes = sales.account_changes
    fallen = changes[changes["change_rate"].astype("float64") <= -sales.rules.account_fall_rate]
    for row in fallen.head(sales.rules.n_attention).to_dict("records"):
        reason = _("Net sales of the period were {now}: {change}.",
                   now=fmt_money(row["net_amount"], currency),
                   change=say_change(row["change_amount"], row["change_rate"], sales.base_label,
                                     currency))
        yield Attention(str(row["account_id"]), reason, amount=-float(row["change_amount"]),
                        owner_id=owners.get(str(row["account_id"]), ""),
                        anchor="account_changes")


def _targets(sales: Sales, names: Names, currency: str) -> Iterator[Finding]:
    rows = sales.attainment[sales.attainment["scope"] == "company"]
    for row in rows.to_dict("records"):
        is_count = row["metric"] == "n_new"
        values = {"start": fmt_date(row["from_date"]), "end": fmt_date(row["to_date"]),
                  "target": _amount(row["target"], is_count, currency),
                  "actual": _amount(row["actual"], is_count, currency),
                  "run_rate": _amount(row["run_rate_amount"], is_count, currency),
                  "gap": _amount(abs(row["target_gap"]), is_count, currency)}
        money = None if is_count else abs(float(row["target_gap"]))
        if row["verdict"] == "not met":
            sentence = _(
                "{actual} new accounts were won from {start} to {end}; the target was {target}.",
                **values) if is_count else _(
                "The sales target of {target} from {start} to {end} was missed by {gap}.",
                **values)
            yield Finding("target_missed", sentence, amount=money, anchor="attainment")
        elif row["verdict"] == "cannot tell" and row["pace"] == "behind":
            sentence = _(
                "At the present pace {run_rate} new accounts will be won from {start} to {end}; "
                "the target is {target}.", **values) if is_count else _(
                "At the present pace sales from {start} to {end} will be {run_rate}; the target "
                "is {target}.", **values)
            short = float(row["target"]) - float(row["run_rate_amount"])
            yield Finding("target_behind", sentence, amount=None if is_count else short,
                          anchor="attainment")


def _amount(value: float, is_count: bool, currency: str) -> str:
    return fmt_count(value) if is_count else fmt_money(value, currency)


def _other_targets(sales: Sales, names: Names, currency: str) -> Iterator[Finding]:
    rows = sales.attainment
    rows = rows[(rows["scope"] != "company") & (rows["metric"] != "n_new")
                & (rows["to_date"] == pd.Timestamp(sales.period.end))
                & (rows["verdict"] != "cannot tell")]
    missed = rows[rows["verdict"] == "not met"]
    if missed.empty:
        return
    worst = missed.sort_values(["target_gap", "scope", "scope_id"]).iloc[0]
    who = str(worst["scope_id"])
    gap = abs(float(worst["target_gap"]))
    yield Finding("other_targets_missed", _n(
        "{n} of {total} sales targets of regions, owners, product lines and accounts that ended "
        "with the period was missed, that of {who} by {gap}.",
        "{n} of {total} sales targets of regions, owners, product lines and accounts that ended "
        "with the period were missed, that of {who} by most: {gap}.", len(missed),
        total=fmt_count(len(rows)), gap=fmt_money(gap, currency),
        who=names.get(who, who) if worst["scope"] == "account" else label(who)),
        amount=gap, anchor="attainment")


def _falls(sales: Sales, names: Names, currency: str) -> Iterator[Finding]:
    if not sales.base:
        return
    before, rate = f"{sales.base}_net_amount", f"{sales.base}_growth_rate"
    table = sales.breakdown
    for dimension in ("region", "industry"):
        rows = table[(table["dimension"] == dimension)
                     & ~table["category"].isin([NOT_GIVEN, TOTAL])
                     & (table[rate].astype("float64") <= -sales.rules.segment_fall_rate)]
        if rows.empty:
            continue
        rows = rows.assign(change=rows["net_amount"] - rows[before])
        row = rows.sort_values(["change", "category"]).iloc[0]
        most = float(row["change"])
        values = {"category": label(row["category"]),
                  "now": fmt_money(row["net_amount"], currency),
                  "change": say_change(most, row[rate], sales.base_label, currency)}
        sentence = (_("The region {category} fell most: net sales of {now}, {change}.", **values)
                    if dimension == "region" else
                    _("The industry {category} fell most: net sales of {now}, {change}.",
                      **values))
        yield Finding(f"{dimension}_fall", sentence, amount=-most, anchor="where")


def _price_and_volume(sales: Sales, names: Names, currency: str) -> Iterator[Finding]:
    effects = drivers(sales)
    least = sales.rules.min_effect_share * abs(effects.get("base", 0.0))
    for name in ("price", "volume"):
        amount = effects.get(name, 0.0)
        if amount >= 0 or -amount < least:
            continue
        values = {"amount": fmt_money(-amount, currency), "base": sales.base_label,
                  "share": fmt_share(-amount / effects["base"] if effects["base"] > 0 else None,
                                     digits=1)}
        sentence = (_("Lower prices of products sold in both took {amount} ({share}) from the net "
                      "sales of {base}.", **values) if name == "price" else
                    _("Smaller quantities of products sold in both took {amount} ({share}) from "
                      "the net sales of {base}.", **values))
        yield Finding(f"{name}_loss", sentence, amount=-amount, anchor="growth")


def _large_order(sales: Sales, names: Names, currency: str) -> Iterator[Finding]:
    row = sales.concentration.to_dict("records")[0]
    share = row["largest_order_share"]
    if pd.isna(share) or share < sales.rules.large_order_share:
        return
    account = str(row["largest_order_account_id"])
    yield Finding("large_order", _(
        "One order of {name} ({order}) brings {amount}, {share} of gross sales.",
        name=names.get(account) or account, order=row["largest_order_id"],
        amount=fmt_money(row["largest_order_amount"], currency), share=fmt_share(share)),
        amount=float(row["largest_order_amount"]), anchor="concentration")


def _concentration(sales: Sales, names: Names, currency: str) -> Iterator[Finding]:
    if not sales.base:
        return
    spans = {row["span"]: row for row in sales.concentration.to_dict("records")}
    now, before = spans["period"], spans[sales.base]
    if not now["hhi"] >= before["hhi"] * (1 + sales.rules.concentration_rise_rate):
        return
    yield Finding("concentration_up", _(
        "Sales hang on fewer accounts: they are spread as over {now} equal accounts, in {base} as "
        "over {before}.", now=fmt_number(now["effective_accounts"], 1),
        before=fmt_number(before["effective_accounts"], 1), base=sales.base_label),
        anchor="concentration")


def _margins(sales: Sales, names: Names, currency: str) -> Iterator[Finding]:
    rows = sales.product_line_mix
    fall = (rows["base_margin_share"] - rows["margin_share"]).astype("float64")
    lines = sales.breakdown[sales.breakdown["dimension"] == "product_line"]
    sold = lines.set_index("category")["margin_known_amount"].astype("float64")
    rows = rows.assign(lost_amount=fall * rows["category"].map(sold))
    rows = rows[fall >= sales.rules.margin_fall_share]
    rows = rows.sort_values(["lost_amount", "category"], ascending=[False, True])
    for row in rows.head(MAX_LINES).to_dict("records"):
        yield Finding("margin_down", _(
            "The margin of {line} fell to {now} of net sales from {before} in {base}: {amount} "
            "less in the period.", line=label(row["category"]),
            now=fmt_share(row["margin_share"], digits=1),
            before=fmt_share(row["base_margin_share"], digits=1), base=sales.base_label,
            amount=fmt_money(row["lost_amount"], currency)),
            amount=float(row["lost_amount"]), anchor="product_line_mix")
