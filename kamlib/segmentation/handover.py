"""What the segmentation hands on to the overview and the first page."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.handover import Handover, column_by_account, list_unanswered
from kamlib.language import _, _n, fmt_count, fmt_money, fmt_range, fmt_share
from kamlib.segmentation.findings import (
    fallen_from_core,
    find_attention,
    find_findings,
    find_quiet,
)
from kamlib.segmentation.metrics import find_metrics
from kamlib.segmentation.result import QUESTIONS, Segmentation
from kamlib.segmentation.rules import TIERS
from kamlib.segmentation.view_findings import find_view_attention, find_view_findings
from kamlib.segmentation.views import QUESTIONS as VIEW_QUESTIONS
from kamlib.segmentation.views import Views

TABLES = {"pareto_margin": "orders", "pareto_profit": "effort", "profile": "accounts"}


def build_handover(result: Segmentation, views: Views | None = None, *,
                   accounts: pd.DataFrame | None = None, currency: str = "") -> Handover:
    """Headline, metrics, findings, attention and open questions of the segmentation.

    result: from `segment_accounts`; views: from `build_views`, or None without them; accounts:
    account_id with name and owner_id.
    """
    names, owners = column_by_account(accounts, "name"), column_by_account(accounts, "owner_id")
    findings = [*find_findings(result, names=names, currency=currency)]
    attention = [*find_attention(result, owners=owners, currency=currency)]
    questions, refused = dict(QUESTIONS), dict(result.refused)
    if views is not None:
        findings += find_view_findings(views, names=names, currency=currency)
        attention += find_view_attention(views, owners=owners, currency=currency)
        questions |= VIEW_QUESTIONS
        refused |= views.refused
    return Handover(
        headline=tuple(_headline(result, currency)), metrics=tuple(find_metrics(result)),
        findings=tuple(findings), attention=tuple(attention),
        unanswered=list_unanswered(refused, questions, TABLES))


def _headline(result: Segmentation, currency: str) -> Iterator[str]:
    if result.shares.empty:
        reason = result.refused.get("tiers") or result.refused.get("shares", "")
        yield _("The tiers could not be compared. {reason}", reason=reason)
        return
    yield _core_sentence(result)
    yield _spread_sentence(result)
    quiet, days = find_quiet(result), fmt_count(result.rules.quiet_days)
    risk = _("No large account has been silent for {days} days.", days=days)
    if len(quiet):
        risk = _("Large accounts that bought nothing for {days} days stand for {amount} of sales "
                 "in {window}.", days=days, amount=fmt_money(quiet["net_amount"].sum(), currency))
    if "moves" in result.refused:
        yield risk
        return
    fallen = _n("{n} account fell out of core since the previous period.",
                "{n} accounts fell out of core since the previous period.",
                len(fallen_from_core(result)))
    yield _("{fallen} {risk}", fallen=fallen, risk=risk)


def _core_sentence(result: Segmentation) -> str:
    core = result.shares.to_dict("records")[TIERS.index("core")]
    share = fmt_share(core["amount_share"])
    if not pd.isna(core["amount_share_ci_low"]):
        span = fmt_range(core["amount_share_ci_low"], core["amount_share_ci_high"], fmt_share)
        share = _("{share} ({span})", share=share, span=span)
    return _n("{n} of {total} accounts with sales is core and brings {share} of net sales.",
              "{n} of {total} accounts with sales are core and bring {share} of net sales.",
              int(core["n_accounts"]), total=fmt_count(result.n_sold), share=share)


def _spread_sentence(result: Segmentation) -> str:
    row = result.spread.to_dict("records")[0]
    return _n("{n} account ({share}) brings {held} of net sales; the largest of all brings "
              "{largest}.",
              "The {n} largest accounts ({share}) bring {held} of net sales; the largest of all "
              "brings {largest}.", int(row["n_top"]), share=fmt_share(row["top_share"]),
              held=fmt_share(row["top_amount_share"]), largest=fmt_share(row["largest_share"]))
