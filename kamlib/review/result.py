"""Every table of one account's review, for one audience."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import pandas as pd

from kamlib.handover import Attempts
from kamlib.language import _, fmt_money, fmt_share
from kamlib.review import (
    checks,
    dealings,
    header,
    margin,
    mix,
    note,
    novelties,
    quota,
    records,
    standing,
    stock,
    swot,
    trend,
)
from kamlib.review.account import Account
from kamlib.review.audience import check_audience, may_hold, withhold
from kamlib.review.rules import ReviewRules

# Tables of other rooms that only the internal edition reads.
STANDING = ("tiers", "ranks", "stages", "expected", "survey")
NOTHING: Mapping[str, pd.DataFrame] = {}


@dataclass(frozen=True, repr=False)
class Review:
    """What is said about one account; a table of another edition is withheld (`is_withheld`).

    tables: by name, all of TABLES; a refused one is empty and `refused` says why.
    """

    account: Account
    audience: str
    rules: ReviewRules
    tables: Mapping[str, pd.DataFrame]
    refused: Mapping[str, str]

    def __repr__(self) -> str:
        n = sum(bool(len(table)) for table in self.tables.values())
        return f"Review({self.account.account_id}, {self.audience}, {n} tables)"

    def __getitem__(self, name: str) -> pd.DataFrame:
        return self.tables[name]

    @property
    def headline(self) -> tuple[str, ...]:
        """At most three sentences: sales, and the first finding for and against."""
        lines = [_say_sales(self)]
        found = self.tables["swot"]
        if len(found) and not _has_longer_base(self):  # the first sentence says it already
            found = found[found["based_on"] != "trend"]
        for quadrants in (("strength", "opportunity"), ("weakness", "threat")):
            rows = found[found["quadrant"].isin(quadrants)] if len(found) else found
            if len(rows):
                row = rows.iloc[0]
                lines.append(_("{sentence} ({number}).", sentence=row["sentence"].rstrip(".。"),
                               number=row["number_text"]))
        return tuple(line for line in lines if line)


def review_account(account: Account, *, audience: str, rules: ReviewRules,
                   standing_tables: Mapping[str, pd.DataFrame] = NOTHING,
                   records_of_all: pd.DataFrame | None = None) -> Review:
    """Make every table of the review that the audience may hold; nothing else is computed.

    standing_tables: tiers, ranks, stages, expected and survey as `build_standing` takes them;
    records_of_all: from `check_records`. Neither is read in the customer's edition.
    """
    check_audience(audience)
    attempts = Attempts()
    quotas = cache(lambda: quota.build_quota(account))
    builders = _builders(account, audience, rules, standing_tables, records_of_all, quotas)
    tables: dict[str, pd.DataFrame] = {}
    for name, build in builders.items():
        tables[name] = (attempts.take(name, (), build) if may_hold(audience, name)
                        else withhold())
    if audience == "internal":
        # Display and brand building stand among all checks there.
        told = {name: table for name, table in tables.items() if name != "display"}
    else:
        told = tables
    attempts.refused.pop("quota_lines", "")
    for name, build_found in (("swot", swot.build_swot), ("suggestions", swot.build_suggestions)):
        tables[name] = build_found(told, rules=rules, currency=account.currency)
    return Review(account, audience, rules, tables, attempts.refused)


def _builders(account: Account, audience: str, rules: ReviewRules,
              found: Mapping[str, pd.DataFrame], kept: pd.DataFrame | None,
              quotas: Callable[[], pd.DataFrame]) -> dict[str, Callable[[], pd.DataFrame]]:
    none = pd.DataFrame({"account_id": []})
    owner = str(account.about.get("owner_id") or "")
    records_kept = kept if kept is not None else pd.DataFrame(columns=records.RECORD_COLUMNS)
    return {
        "header": lambda: header.build_header(account, audience=audience),
        "trend": lambda: trend.compare_trend(account),
        "months": lambda: trend.build_months(account),
        "mix": lambda: mix.build_mix(account),
        "top_goods": lambda: mix.list_goods(account),
        "gaps": lambda: mix.find_gaps(account, rules=rules),
        "quota": quotas, "quota_lines": lambda: quota.sum_quota(quotas()),
        "retail_margins": lambda: margin.build_retail_margins(account, rules=rules),
        "new_products": lambda: novelties.list_new_products(account),
        "display": lambda: checks.build_display(account),
        "checks": lambda: checks.build_checks(account),
        "cover": lambda: stock.build_cover(account, rules=rules),
        "margins": lambda: margin.build_margins(account, rules=rules),
        "tenders": lambda: dealings.build_tenders(account),
        "call_offs": lambda: dealings.list_call_offs(account),
        "complaints": lambda: dealings.list_complaints(account),
        "payments": lambda: dealings.judge_payments(account, rules=rules),
        "answers": lambda: dealings.list_answers(account),
        "standing": lambda: standing.build_standing(
            account, **{name: found.get(name, none) for name in STANDING}),
        "note": lambda: note.build_note(account),
        "issues": lambda: note.list_issues(account),
        "card": lambda: records.build_card(account),
        "overdue_records": lambda: records.list_overdue(records_kept, owner_id=owner)}


def _has_longer_base(review: Review) -> bool:
    """Whether the finding on the trend rests on the year to date, not on the period."""
    table = review.tables["trend"]
    if table.empty:
        return False
    return bool(table.loc[table["comparison"] == "year_to_date", "change_rate"].notna().any())


def _say_sales(review: Review) -> str:
    account, table = review.account, review.tables["trend"]
    if table.empty:
        if len(account.call_offs):
            return _("{name} has no order that stands: what it ordered was called off.",
                     name=account.name)
        return _("{name} has never ordered.", name=account.name)
    rows = {row["comparison"]: row for row in table.to_dict("records")}
    now = rows["previous"]["now_net_amount"]
    told = {"name": account.name, "period": account.period.label,
            "amount": fmt_money(now, account.currency)}
    if not account.facts.get("n_orders_period"):
        return _("{name} ordered nothing in {period}.", **told)
    base = next((rows[name] for name in ("year_before", "previous")
                 if pd.notna(rows[name]["change_rate"])), None)
    if base is None:
        if pd.notna(rows["year_before"]["base_net_amount"]):
            return _("{name} bought for {amount} in {period}, and nothing a year before.", **told)
        return _("{name} bought for {amount} in {period}; there is no known base to compare with.",
                 **told)
    told |= {"base": base["base_label"], "change": fmt_share(abs(base["change_rate"]), 1)}
    if base["change_rate"] >= 0:
        return _("{name} bought for {amount} in {period}, {change} more than in {base}.", **told)
    return _("{name} bought for {amount} in {period}, {change} less than in {base}.", **told)
