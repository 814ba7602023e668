"""Strengths, weaknesses, opportunities, threats: computed, each with the number it rests on.

A finding is made of one table of the review. Where that table is empty or withheld there is no
finding: nothing is said without evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import pandas as pd

from kamlib.labels import label
from kamlib.language import _, _n, fmt_amount, fmt_count, fmt_money, fmt_number, fmt_share
from kamlib.review.rules import ReviewRules

QUADRANTS = ("strength", "weakness", "opportunity", "threat")
SWOT_COLUMNS = ["quadrant", "sentence", "number_text", "based_on"]
SUGGESTION_COLUMNS = ["suggestion", "sentence", "number_text", "based_on"]


class Found(NamedTuple):
    """One finding: what it is, in words, its number, and what to do about it ("" for nothing)."""

    quadrant: str
    sentence: str
    number: str
    suggestion: str = ""


Detector = Callable[[pd.DataFrame, ReviewRules, str], Iterator[Found]]


def build_swot(tables: Mapping[str, pd.DataFrame], *, rules: ReviewRules, currency: str
               ) -> pd.DataFrame:
    """Find what the tables of a review say for and against the account.

    tables: the review's tables by name; empty and withheld ones say nothing.
    Returns one row a finding, by quadrant (strength, weakness, opportunity, threat) and within it
    in the order of the page: sentence, number_text (the number it rests on), based_on (the table).
    Source: ABR-07.
    """
    rows = [(found.quadrant, found.sentence, found.number, name)
            for name, found in _find(tables, rules, currency)]
    table = pd.DataFrame(rows, columns=SWOT_COLUMNS).astype("str")
    place = table["quadrant"].map({name: n for n, name in enumerate(QUADRANTS)})
    return table.iloc[place.argsort(kind="stable")].reset_index(drop=True)


def build_suggestions(tables: Mapping[str, pd.DataFrame], *, rules: ReviewRules, currency: str
                      ) -> pd.DataFrame:
    """Suggest what follows from the weaknesses, opportunities and threats that were found.

    Returns one row a suggestion: sentence (the finding it answers), number_text, based_on.
    """
    rows = [(found.suggestion, found.sentence, found.number, name)
            for name, found in _find(tables, rules, currency) if found.suggestion]
    return pd.DataFrame(rows, columns=SUGGESTION_COLUMNS).astype("str")


def _find(tables: Mapping[str, pd.DataFrame], rules: ReviewRules, currency: str
          ) -> Iterator[tuple[str, Found]]:
    for name, detect in DETECTORS.items():
        table = tables.get(name)
        if table is not None and len(table):
            for found in detect(table, rules, currency):
                yield name, found


def _trend(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    rows = {row["comparison"]: row for row in table.to_dict("records")}
    # The year to date is the longest base; the period alone may be one order.
    row = next((rows[name] for name in ("year_to_date", "year_before", "previous")
                if name in rows and pd.notna(rows[name]["change_rate"])), None)
    if row is None or abs(row["change_rate"]) < rules.trend_share:
        return
    change = fmt_share(abs(row["change_rate"]), 1)
    amount = fmt_money(abs(row["change_amount"]), currency)
    if row["change_rate"] > 0:
        yield Found("strength", _("Sales of {now} were higher than those of {base}.",
                                  now=row["now_label"], base=row["base_label"]),
                    _("+{change}, {amount} more", change=change, amount=amount))
    else:
        yield Found("weakness", _("Sales of {now} were lower than those of {base}.",
                                  now=row["now_label"], base=row["base_label"]),
                    _("-{change}, {amount} less", change=change, amount=amount),
                    _("Go through the months and product lines in which sales fell, and agree on "
                      "an order plan for the next period."))


def _mix(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    known = table[table["peer_n_products"].notna() & (table["product_line"] != "")]
    for row in known.to_dict("records"):
        told = {"line": row["product_line"], "n": fmt_count(row["n_products_bought"]),
                "peers": fmt_number(row["peer_n_products"], 1)}
        number = _("{n} against {peers} products", **told)
        if row["n_products_bought"] >= row["peer_n_products"] + 2:
            yield Found("strength", _("The range of {line} is wider than at like accounts.",
                                      line=told["line"]), number)
        if 0 < row["n_products_bought"] <= row["peer_n_products"] - 2:
            yield Found("weakness", _("The range of {line} is narrower than at like accounts.",
                                      line=told["line"]), number)


def _gaps(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    for row in table.head(3).to_dict("records"):
        yield Found("opportunity", _("Like accounts buy {product}, this one does not.",
                                     product=row["product_name"]),
                    _("{n} of {n_of} like accounts", n=fmt_count(row["n_peer_buyers"]),
                      n_of=fmt_count(row["n_peers"])),
                    _("Try {product} with a first small order.", product=row["product_name"]))


def _quota(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    for row in table.to_dict("records"):
        line, quota = row["product_line"], row["quota_quantity"]
        if not quota:
            continue
        enough = rules.unused_quota_share * quota
        # One month's order may serve the next: what is advised rests on the whole period.
        left = row["not_ordered_quantity"] - row["over_order_quantity"]
        if left >= enough:
            yield Found("weakness", _("Of {line}, quota was left that was wanted and could be "
                                      "delivered.", line=line), _pieces(left, quota),
                        _("Order {line} to the quota: it is wanted and there.", line=line))
        if row["supply_short_quantity"] >= enough:
            yield Found("threat", _("Of {line}, less could be delivered than was wanted within "
                                    "the quota.", line=line),
                        _pieces(row["supply_short_quantity"], quota),
                        _("Agree on delivery of {line} ahead of the next period.", line=line))
        if -left >= enough:
            yield Found("opportunity", _("Of {line}, more was ordered than demand, quota and "
                                         "supply asked for.", line=line), _pieces(-left, quota),
                        _("Look again at the quota and the stated demand of {line}.", line=line))


def _pieces(n: float, quota: float) -> str:
    return _("{n} pieces at a quota of {quota}", n=fmt_amount(n), quota=fmt_amount(quota))


def _retail(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    over = table[table["is_over_line"].astype(bool)]
    total = table["retail_margin_amount"].sum()
    if len(table) > 1 and total > 0:
        top = table.iloc[0]
        name = " ".join(t for t in (top["product_line"], top["brand"]) if t) or _("One brand")
        yield Found("strength", _("{name} earns the retailer most.", name=name),
                    _("{amount}, {share} of its margin", amount=fmt_money(
                        top["retail_margin_amount"], currency), share=fmt_share(
                        top["retail_margin_amount"] / total)))
    if len(over) < len(table):
        yield Found("weakness", _("Some brands earn the retailer less than {line} a month.",
                                  line=fmt_money(rules.margin_line_amount, currency)),
                    _("{n} of {n_of} brands", n=fmt_count(len(table) - len(over)),
                      n_of=fmt_count(len(table))),
                    _("Look at shelf space and prices of the brands that earn little."))


def _new_products(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    ordered = table["is_ordered"].astype(bool)
    number = _("{n} of {n_of} new products", n=fmt_count(int(ordered.sum())),
               n_of=fmt_count(len(table)))
    if ordered.all():
        yield Found("strength", _("The account took up every new product."), number)
        return
    name = table.loc[~ordered, "product_name"].iloc[0]
    yield Found("opportunity", _("New products were not all taken up."), number,
                _("Show {product} at the next visit.", product=name))


def _rated(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    for row in table.to_dict("records"):
        topic = label(row["check_topic"])
        number = _("{rating} of {best}", rating=fmt_number(row["rating"], 0),
                   best=fmt_number(rules.check_scale_max, 0))
        if row["rating"] >= rules.check_strong:
            yield Found("strength", _("{topic} was rated well.", topic=topic), number)
        elif row["rating"] <= rules.check_weak:
            yield Found("weakness", _("{topic} was rated low.", topic=topic), number,
                        _("Improve on the spot: {topic}.", topic=topic))


def _cover(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    long = table[table["is_long_cover"].astype(bool)]
    if len(long):
        yield Found("threat", _("Some of the stock lasts longer than {days} days.",
                                days=fmt_count(rules.cover_days)),
                    _("{n} of {n_of} products", n=fmt_count(len(long)),
                      n_of=fmt_count(len(table))),
                    _("Sell down before the next order what is on stock for too long."))


def _tenders(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    row = table.iloc[0]
    if pd.notna(row["price_gap_share"]) and row["n_lost_with_price"] >= rules.min_bids \
            and row["price_gap_share"] > 0:
        yield Found("weakness", _("Lost tenders were dearer than the winner's."),
                    _("{share} above, median of {n}", share=fmt_share(row["price_gap_share"], 1),
                      n=fmt_count(row["n_lost_with_price"])),
                    _("Settle before the next tender how low the price may go."))
    if pd.notna(row["n_samples_late"]) and row["n_samples_late"]:
        yield Found("weakness", _("Samples came late."),
                    _("{n} of {n_of}", n=fmt_count(row["n_samples_late"]),
                      n_of=fmt_count(row["n_samples"])),
                    _("Promise samples only with a day that logistics has confirmed."))


def _call_offs(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    number = _n("{n} order, {amount}", "{n} orders, {amount}", int(table["n_orders"].sum()),
                amount=fmt_money(table["cancelled_amount"].sum(), currency))
    given = [code for code in table["cancel_reason"] if code]
    if not given:
        yield Found("threat", _("Orders were called off, and no reason was written down."), number,
                    _("Ask why the orders were called off, and write it down."))
        return
    reason = label(given[0])
    yield Found("threat", _("Orders were called off, most money for: {reason}.", reason=reason),
                number, _("Talk about what led to the call-offs: {reason}.", reason=reason))


def _complaints(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    n_open = int(table["is_open"].sum())
    if n_open:
        yield Found("threat", _("Complaints wait to be settled."),
                    _("{n} open", n=fmt_count(n_open)),
                    _("Settle the open complaints before the next visit."))


def _payments(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    row = table.iloc[0]
    number = _("{n} of {n_of} invoices late", n=fmt_count(row["n_paid_late"]),
               n_of=fmt_count(row["n_invoices_due"]))
    if row["n_invoices_due"] and row["n_paid_late"] == 0:
        yield Found("strength", _("The account pays in time."), number)
    if row["overdue_amount"] > 0:
        yield Found("threat", _("Invoices are overdue."),
                    fmt_money(row["overdue_amount"], currency),
                    _("Agree on a day of payment for what is overdue."))


def _standing(table: pd.DataFrame, rules: ReviewRules, currency: str) -> Iterator[Found]:
    row = table.iloc[0]
    if row["stage"] == "decline":
        yield Found("threat", _("The relationship is in decline: {reason}.",
                                reason=label(row["stage_reason"])), label(row["stage"]),
                    _("Visit the account and ask what changed."))
    if pd.notna(row["is_late"]) and row["is_late"]:
        yield Found("threat", _("The next order is late by the account's own rhythm."),
                    _("{share} of its gaps are as long", share=fmt_share(
                        row["silence_probability"], 1)),
                    _("Call now: the order that was due has not come."))


# Which table each finding rests on, in the order of the page.
DETECTORS: dict[str, Detector] = {
    "trend": _trend, "mix": _mix, "gaps": _gaps, "quota_lines": _quota, "retail_margins": _retail,
    "new_products": _new_products, "display": _rated, "checks": _rated, "cover": _cover,
    "tenders": _tenders, "call_offs": _call_offs, "complaints": _complaints,
    "payments": _payments, "standing": _standing}
