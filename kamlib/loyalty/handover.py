"""What loyalty hands on to the overview and the first page."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.handover import Handover, Metric, Unanswered
from kamlib.language import _, fmt_count, fmt_number, fmt_range, fmt_share, translate
from kamlib.loyalty.findings import find_attention, find_findings
from kamlib.loyalty.result import QUESTIONS, Loyalty
from kamlib.loyalty.tiers import ALL


def build_handover(result: Loyalty, *, facts: pd.DataFrame,
                   facts_previous: pd.DataFrame | None = None,
                   facts_year_before: pd.DataFrame | None = None,
                   accounts: pd.DataFrame | None = None, currency: str = "") -> Handover:
    """Headline, metrics, findings, attention and open questions of loyalty.

    result: from `review_loyalty`; facts, facts_previous, facts_year_before: account_facts at
    as_of, at the end of the previous period, a year before; accounts: account_id with name and
    owner_id.
    """
    names, owners = _column(accounts, "name"), _column(accounts, "owner_id")
    return Handover(
        headline=tuple(_headline(result)),
        metrics=(*_returns(result, facts_previous, facts_year_before), *_others(result)),
        findings=tuple(find_findings(result, facts, names=names, currency=currency)),
        attention=tuple(find_attention(result, owners=owners)),
        unanswered=tuple(_unanswered(result)))


def _returns(result: Loyalty, facts_previous: pd.DataFrame | None,
             facts_year_before: pd.DataFrame | None) -> Iterator[Metric]:
    for row in _all(result.returns):
        yield Metric("return_rate", _known(row["amount_return_rate"]), "share",
                     n=int(row["n_accounts"]), ci_low=_known(row["amount_return_rate_ci_low"]),
                     ci_high=_known(row["amount_return_rate_ci_high"]),
                     previous=_rate_then(facts_previous),
                     year_before=_rate_then(facts_year_before), better="down", anchor="returns",
                     headline=True)


def _others(result: Loyalty) -> Iterator[Metric]:
    for row in _all(result.repurchase):
        yield Metric("repurchase_rate", _known(row["repurchase_rate"]), "share",
                     n=int(row["n_observed"]), ci_low=_known(row["repurchase_rate_ci_low"]),
                     ci_high=_known(row["repurchase_rate_ci_high"]), better="up",
                     anchor="repurchase")
    for row in _all(result.tenure):
        yield Metric("mean_tenure", _known(row["tenure_years"]), "years", n=int(row["n_known"]),
                     ci_low=_known(row["tenure_years_ci_low"]),
                     ci_high=_known(row["tenure_years_ci_high"]), better="up", anchor="tenure")


def _headline(result: Loyalty) -> Iterator[str]:
    for row in _all(result.returns):
        if pd.notna(row["amount_return_rate_ci_low"]):
            yield _("Of what was sold in {window}, {rate} came back ({span}).",
                    rate=fmt_share(row["amount_return_rate"], 1), span=fmt_range(
                        row["amount_return_rate_ci_low"], row["amount_return_rate_ci_high"],
                        lambda x: fmt_share(x, 1)))
    if len(result.benchmark):
        n = result.benchmark["verdict"].value_counts()
        yield _("The nine published loyalty figures: {met} met, {missed} not met, {unsure} that "
                "cannot be told.", met=fmt_count(n.get("met", 0)),
                missed=fmt_count(n.get("not met", 0)), unsure=fmt_count(n.get("cannot tell", 0)))
    elif result.refused:
        yield _("Loyalty by tier could not be told. {reason}",
                reason=next(iter(result.refused.values())))


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


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _column(accounts: pd.DataFrame | None, column: str) -> dict[str, str]:
    if accounts is None or column not in accounts:
        return {}
    known = accounts[accounts[column].notna()]
    return dict(zip(known["account_id"].astype(str), known[column].astype(str), strict=True))
