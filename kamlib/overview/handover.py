"""What the overview itself says: the answer in three sentences, and the promises as a number."""

from __future__ import annotations

import pandas as pd

from kamlib.handover import Handover, Metric
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_share,
    join_sentences,
)
from kamlib.overview.result import Overview
from kamlib.stats.intervals import proportion_interval


def build_handover(result: Overview, *, currency: str = "") -> Handover:
    """Say what happened, who is concerned and what to do; hand on how promises were kept."""
    said = (_say_sales(result, currency), _say_first(result, currency),
            say_concerned(result, currency=currency))
    return Handover(headline=tuple(sentence for sentence in said if sentence),
                    metrics=tuple(_metrics(result)))


def count_promises(result: Overview) -> dict[str, int]:
    """Promises due in the period: how many, kept in time, late, and still open at its end."""
    start, end = pd.Timestamp(result.period.start), pd.Timestamp(result.period.end)
    due = result.promises[result.promises["due_date"].between(start, end)]
    status = due["promise_status"].value_counts()
    return {"n": len(due), **{name: int(status.get(name, 0))
                              for name in ("kept", "kept_late", "overdue", "pending")}}


def say_concerned(result: Overview, *, currency: str = "") -> str:
    """How many accounts need attention, whose they are, and the largest of them."""
    if result.accounts.empty:
        return _("No account needs attention by these rules.")
    several = int((result.accounts["n_reasons"] > 1).sum())
    text = _n("{n} account needs attention, {several} of them for more than one reason.",
              "{n} accounts need attention, {several} of them for more than one reason.",
              len(result.accounts), several=fmt_count(several))
    known = result.owners[result.owners["owner_id"] != ""]
    if known.empty:
        return text
    most = known.sort_values(["n_accounts", "owner_id"], ascending=[False, True]).iloc[0]
    return join_sentences([text, _("{owner} has most of them, {n}.", owner=most["owner_id"],
                                   n=fmt_count(most["n_accounts"]))])


def _say_sales(result: Overview, currency: str) -> str:
    sales = result.metrics[result.metrics["name"] == "net_revenue"]
    if sales.empty or pd.isna(sales.iloc[0]["value"]):
        return ""
    row = sales.iloc[0]
    now = _("Net sales were {amount}", amount=fmt_money(row["value"], currency))
    for column in ("year_before", "previous"):
        before = row[column]
        if pd.notna(before) and before > 0:
            change = row["value"] - before
            values = {"now": now, "amount": fmt_money(abs(change), currency),
                      "share": fmt_share(abs(change) / before, digits=1)}
            return _SAID[column, change >= 0](values)
    return _("{sentence}.", sentence=now)


_SAID = {
    ("year_before", True): lambda v: _("{now}, {amount} ({share}) more than a year before.", **v),
    ("year_before", False): lambda v: _("{now}, {amount} ({share}) less than a year before.", **v),
    ("previous", True): lambda v: _(
        "{now}, {amount} ({share}) more than in the previous period.", **v),
    ("previous", False): lambda v: _(
        "{now}, {amount} ({share}) less than in the previous period.", **v),
}


def _say_first(result: Overview, currency: str) -> str:
    """What the largest finding says and what follows from it."""
    ranked = result.recommendations.sort_values("stake_amount", ascending=False, kind="stable",
                                                na_position="last")
    if ranked.empty:
        return _("Nothing was found that calls for action by these rules.")
    first = ranked.iloc[0]
    if pd.isna(first["stake_amount"]):
        return str(first["recommendation"])
    return _("Most money, {amount}, hangs on this: {advice}",
             amount=fmt_money(first["stake_amount"], currency), advice=first["recommendation"])


def _metrics(result: Overview) -> list[Metric]:
    counts = count_promises(result)
    if not counts["n"]:
        return []
    low, high = proportion_interval(counts["kept"], counts["n"],
                                    level=result.rules.confidence_level)
    return [Metric("promises_kept_in_period", counts["kept"] / counts["n"], "share",
                   n=counts["n"], ci_low=low, ci_high=high, better="up", anchor="promises_due")]
