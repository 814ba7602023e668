"""What delivered value and satisfaction joined to money hand on to the overview."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import pandas as pd

from kamlib.handover import Attention, Finding, Handover, Metric, Unanswered
from kamlib.labels import label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_money,
    fmt_number,
    fmt_range,
    fmt_share,
    join_sentences,
)
from kamlib.satisfaction.worth.result import Worth


def hand_on_worth(result: Worth, *, currency: str) -> Handover:
    """Turn the tables of `build_worth` into what the overview is made of."""
    return Handover(headline=tuple(line for line in (describe_bands(result, currency),) if line),
                    metrics=_metrics(result), findings=_findings(result, currency),
                    attention=_attention(result, currency), unanswered=_unanswered(result))


def points(x: Any) -> str:
    """Format points with one decimal."""
    return fmt_number(x, 1)


def signed(x: Any) -> str:
    """Format a share with its sign.

    >>> signed(0.08).replace("\\u00a0", " ")
    '+8 %'
    """
    return f"+{fmt_share(x)}" if pd.notna(x) and round(float(x), 2) > 0 else fmt_share(x)


def compare(result: Worth, measure: str) -> dict[Hashable, Any] | None:
    """The lowest band held against the highest one by a measure; None without it."""
    rows = result.gaps[(result.gaps["measure"] == measure) & (result.gaps["band"] == 0)]
    return rows.iloc[0].to_dict() if len(rows) else None


def describe_bands(result: Worth, currency: str) -> str:
    """Say what dissatisfied accounts buy for, and how sales of such accounts went on."""
    low = result.present[result.present["band"] == 0]
    said = []
    if len(low):
        said.append(_n("{n} dissatisfied account bought for {amount} in {window}.",
                       "{n} dissatisfied accounts bought for {amount} in {window}.",
                       int(low["n_accounts"].iloc[0]),
                       amount=fmt_money(low["net_amount_window"].iloc[0], currency)))
    gap, changes = compare(result, "change_share"), result.bands.set_index("band_name")
    if gap is None or gap["band_name"] not in changes.index:
        return join_sentences(said)
    ends = {"low": signed(changes["change_share"][gap["band_name"]]),
            "high": signed(changes["change_share"][gap["against"]]), "band": gap["band_name"],
            "against": gap["against"], "months": fmt_count(result.rules.follow_months)}
    if gap["verdict"] == "cannot tell":
        said.append(_("After past waves sales of accounts with an index {band} moved by {low} in "
                      "{months} months, those with {against} by {high}: the difference may be "
                      "chance.", **ends))
    else:
        said.append(_("After past waves sales of accounts with an index {band} moved by {low} in "
                      "{months} months, those with {against} by {high}: more than chance "
                      "explains.", **ends))
    return join_sentences(said)


def _metrics(result: Worth) -> tuple[Metric, ...]:
    metrics = []
    low = result.present[result.present["band"] == 0]
    if len(result.present):
        metrics.append(Metric("dissatisfied_amount", float(low["net_amount_window"].sum()),
                              "amount", n=int(low["n_accounts"].sum()), better="down",
                              anchor="satisfaction_bands"))
    known = result.waves[result.waves["delivered_index"].notna()]
    if len(known) and known.index[-1] == result.waves.index[-1]:
        last, earlier = known.iloc[-1], known.iloc[:-1]
        metrics.append(Metric(
            "delivered_value", float(last["delivered_index"]), "index",
            n=int(last["n_accounts"]), ci_low=_number(last["delivered_index_ci_low"]),
            ci_high=_number(last["delivered_index_ci_high"]),
            previous=float(earlier["delivered_index"].iloc[-1]) if len(earlier) else None,
            better="up", anchor="delivered_value"))
    if len(result.delivered):
        negative = result.delivered[result.delivered["is_negative"].astype("bool")]
        metrics.append(Metric("negative_value_amount",
                              float(negative["net_amount_window"].sum()), "amount",
                              n=len(negative), better="down", anchor="delivered_accounts"))
    return tuple(metrics)


def _findings(result: Worth, currency: str) -> tuple[Finding, ...]:
    found = [*_negative(result, currency), *_value_fell(result), *_sales_gap(result, currency),
             *_worth_gap(result, currency)]
    return tuple(sorted(found, key=lambda f: (-(f.amount or 0.0), f.kind, f.sentence)))


def _negative(result: Worth, currency: str) -> list[Finding]:
    table = result.delivered[result.delivered["is_negative"].astype("bool")]
    if table.empty:
        return []
    amount = float(table["net_amount_window"].sum())
    sentence = _n("{n} account says that we cost it more than we give it; it bought for {amount} "
                  "in {window}.",
                  "{n} accounts say that we cost them more than we give them; they bought for "
                  "{amount} in {window}.", len(table), amount=fmt_money(amount, currency))
    return [Finding("negative_delivered_value", sentence, amount,
                    _("{n} of {n_of} accounts heard", n=fmt_count(len(table)),
                      n_of=fmt_count(len(result.delivered))), "delivered_accounts")]


def _value_fell(result: Worth) -> list[Finding]:
    last = result.waves.tail(1)
    if last.empty or last["movement"].iloc[0] != "fell":
        return []
    row = last.iloc[0]
    sentence = _("Delivered value fell by {points} points ({range}) among the {n} accounts that "
                 "said it in both waves.", points=points(-row["change_index"]),
                 n=fmt_count(row["n_paired"]), range=fmt_range(
                     -row["change_index_ci_high"], -row["change_index_ci_low"], points))
    return [Finding("delivered_value_fell", sentence,
                    float(result.delivered["net_amount_window"].sum()),
                    anchor="delivered_value")]


def _sales_gap(result: Worth, currency: str) -> list[Finding]:
    gap = compare(result, "change_share")
    if gap is None or gap["verdict"] != "worse" or pd.isna(gap["sales_gap_amount"]):
        return []
    less = {end: -gap[f"sales_gap_amount{end}"] for end in ("", "_ci_low", "_ci_high")}
    sentence = _("If dissatisfied accounts go on as those before them did, they will buy for "
                 "{amount} ({range}) less in {months} months than if they went the way of those "
                 "with an index of {against}.", amount=fmt_money(less[""], currency),
                 range=fmt_range(less["_ci_high"], less["_ci_low"],
                                 partial(fmt_money, currency=currency)),
                 months=fmt_count(result.rules.follow_months), against=gap["against"])
    return [Finding("dissatisfied_buy_less", sentence, float(less[""]),
                    _("an association, not proof of a cause"), "satisfaction_gaps")]


def _worth_gap(result: Worth, currency: str) -> list[Finding]:
    gap = compare(result, "clv_per_sales")
    if gap is None or gap["verdict"] != "worse":
        return []
    sales = result.present.loc[result.present["band"] == 0, "net_amount_window"].sum()
    amount = float(-gap["difference"] * sales)
    sentence = _("For the sales that they bring, dissatisfied accounts are worth {amount} less "
                 "in the years to come than those with an index of {against}.",
                 amount=fmt_money(amount, currency), against=gap["against"])
    return [Finding("dissatisfied_worth_less", sentence, amount,
                    _("an association, not proof of a cause"), "satisfaction_gaps")]


def _attention(result: Worth, currency: str) -> tuple[Attention, ...]:
    table = result.delivered[result.delivered["is_negative"].astype("bool")]
    table = table.sort_values(["net_amount_window", "account_id"], ascending=[False, True])
    return tuple(Attention(
        str(row["account_id"]), _("Rates what we cost it {points} points above what it gets.",
                                  points=points(-row["delivered_index"])),
        _number(row["net_amount_window"]), str(row["owner_id"]), "delivered_accounts")
        for row in table.head(result.rules.n_attention).to_dict("records"))


def _unanswered(result: Worth) -> tuple[Unanswered, ...]:
    questions = {
        "delivered": (_("Do accounts get more from us than they say we cost them?"),
                      "survey_items"),
        "bands": (_("What became of dissatisfied accounts?"), "survey_answers"),
        "gaps": (_("Do satisfied accounts buy more afterwards?"), "survey_answers"),
        "foretold": (_("Does satisfaction foretell who stays?"), "survey_answers")}
    found: list[Unanswered] = []
    for name, (question, table) in questions.items():
        reason = result.refused.get(name, "")
        # What one missing table leaves open is said once.
        if reason and reason not in [entry.reason for entry in found]:
            found.append(Unanswered(question, reason, table))
    if len(result.present) and not result.present["n_valued"].sum():
        found.append(Unanswered(_("What are dissatisfied accounts worth in the years to come?"),
                                _("The accounts have not been valued."), "orders"))
    if len(result.delivered):
        found.append(Unanswered(
            _("What value do accounts perceive?"),
            _("Perceived value is a judgement of its own and is not asked here; delivered value "
              "is computed from its parts and is another thing."), "survey_items"))
    return tuple(found)


def describe_claim(row: dict[Hashable, Any]) -> str:
    """One sentence on a claim: what it says, what the answers say, and the verdict."""
    said = label(row["claim"])
    if pd.isna(row["estimate"]):
        return join_sentences([_("“{claim}”: cannot tell.", claim=said), str(row["reason"])])
    is_share = row["claim"] == "negative_is_dissatisfied"
    fmt = _percentage_points if is_share else partial(fmt_number, digits=2)
    known = {"claim": said, "estimate": fmt(row["estimate"]), "verdict": label(row["verdict"]),
             "range": fmt_range(row["estimate_ci_low"], row["estimate_ci_high"], fmt),
             "n": fmt_count(row["n_accounts"]), "below": fmt_count(row["n_below_zero"])}
    if is_share:
        return _("“{claim}”: {verdict}. Among the {below} accounts with a negative value the share "
                 "of dissatisfied ones differs by {estimate} percentage points ({range}) from that "
                 "among the others.", **known)
    return _("“{claim}”: {verdict}. Rank correlation of both over {n} accounts: {estimate} "
             "({range}).", **known)


def _percentage_points(x: Any) -> str:
    return fmt_number(100 * x, 0)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
