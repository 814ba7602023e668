"""What the segmentation found: sentences with the money at stake, and accounts to look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from kamlib.handover import Attention, Finding
from kamlib.labels import label
from kamlib.language import _, _n, fmt_count, fmt_list, fmt_money, fmt_share
from kamlib.segmentation.result import Segmentation

MAX_NAMES = 3
QUIET_CLASSES = ("important_win_back", "important_keep")
Names = Mapping[str, str]


def find_findings(result: Segmentation, *, names: Names, currency: str) -> Iterator[Finding]:
    """Yield what is worth a sentence; each kind is silent when its condition does not hold.

    names: name by account_id; an account without one is called by its id.
    Kinds: single_account, pareto, tier_drop, tier_rise, win_back, tier_benchmark.
    """
    for find in (_single_account, _pareto, _tier_drop, _tier_rise, _win_back, _benchmark):
        yield from find(result, names, currency)


def find_attention(result: Segmentation, *, owners: Names, currency: str) -> Iterator[Attention]:
    """Yield accounts that fell from core, then large ones gone quiet; most money first.

    owners: owner_id by account_id. An account that is both comes once. At most
    rules.n_attention of each kind.
    """
    limit = result.rules.n_attention
    fallen = fallen_from_core(result).head(limit)
    for row in fallen.to_dict("records"):
        reason = _("No longer a core account: sales of {window} went from {before} to {now}.",
                   before=fmt_money(row["net_amount_before"], currency),
                   now=fmt_money(row["net_amount"], currency))
        yield Attention(row["account_id"], reason, owner_id=owners.get(row["account_id"], ""),
                        amount=-float(row["change_amount"]), anchor="movers")
    quiet = find_quiet(result)
    quiet = quiet[~quiet["account_id"].isin(fallen["account_id"])].head(limit)
    for row in quiet.to_dict("records"):
        reason = _("{rfm_class}: bought nothing for {days} days.",
                   rfm_class=label(row["rfm_class"]), days=fmt_count(row["days_since_last_sale"]))
        yield Attention(row["account_id"], reason, owner_id=owners.get(row["account_id"], ""),
                        amount=float(row["net_amount"]), anchor="rfm")


def fallen_from_core(result: Segmentation) -> pd.DataFrame:
    """Accounts that were core at the end of the previous period and are not now, from `moves`."""
    moves = result.moves
    fallen = moves[(moves["tier_before"] == "core") & (moves["tier"] != "core")]
    return fallen.sort_values(["change_amount", "account_id"], ignore_index=True)


def find_quiet(result: Segmentation) -> pd.DataFrame:
    """Large accounts without a sale for rules.quiet_days, the largest first, from `rfm`.

    They are of the classes important_win_back (few orders) and important_keep (many).
    """
    rfm = result.rfm
    quiet = rfm[rfm["rfm_class"].isin(QUIET_CLASSES)
                & (rfm["days_since_last_sale"] >= result.rules.quiet_days)]
    return quiet.sort_values(["net_amount", "account_id"], ascending=[False, True],
                             ignore_index=True)


def _single_account(result: Segmentation, names: Names, currency: str) -> Iterator[Finding]:
    large = result.pareto[result.pareto["amount"] > result.rules.single_account_share
                          * result.pareto["amount"].sum()]
    if large.empty:
        return
    amount = float(large["amount"].sum())
    yield Finding("single_account", _n(
        "One account alone brings more than {line} of net sales: {names} ({share}).",
        "{n} accounts bring more than {line} of net sales each: {names} (together {share}).",
        len(large), line=fmt_share(result.rules.single_account_share),
        names=name_accounts(large, names), share=fmt_share(amount / result.pareto["amount"].sum())),
        amount=amount, anchor="pareto")


def _pareto(result: Segmentation, names: Names, currency: str) -> Iterator[Finding]:
    top = result.pareto[result.pareto["is_top"]]
    share = len(top) / max(1, len(result.pareto))
    if top.empty or share > result.rules.pareto_account_share:
        return
    yield Finding("pareto", _n(
        "{n} account of {total} ({share}) brings {held} of net sales: they hang on few.",
        "{n} accounts of {total} ({share}) bring {held} of net sales: they hang on few.",
        len(top), total=fmt_count(len(result.pareto)), share=fmt_share(share),
        held=fmt_share(top["cumulative_share"].iloc[-1])),
        amount=float(top["amount"].sum()), anchor="pareto")


def _tier_drop(result: Segmentation, names: Names, currency: str) -> Iterator[Finding]:
    fallen = fallen_from_core(result)
    if fallen.empty:
        return
    lost = -float(fallen["change_amount"].sum())
    values = {"names": name_accounts(fallen, names),
              "before": fmt_money(fallen["net_amount_before"].sum(), currency),
              "now": fmt_money(fallen["net_amount"].sum(), currency)}
    yield Finding("tier_drop", _n(
        "{n} account fell out of core since the previous period ({names}); its sales of {window} "
        "went from {before} to {now}.",
        "{n} accounts fell out of core since the previous period ({names}); their sales of "
        "{window} went from {before} to {now}.", len(fallen), **values),
        amount=max(0.0, lost), anchor="migration")


def _tier_rise(result: Segmentation, names: Names, currency: str) -> Iterator[Finding]:
    moves = result.moves
    risen = moves[(moves["tier"] == "core") & (moves["tier_before"] != "core")]
    if risen.empty:
        return
    risen = risen.sort_values(["change_amount", "account_id"], ascending=[False, True])
    gained = float(risen["change_amount"].sum())
    yield Finding("tier_rise", _n(
        "{n} account became core since the previous period ({names}), with {gained} more sales "
        "in {window}.",
        "{n} accounts became core since the previous period ({names}), with {gained} more sales "
        "in {window}.", len(risen), names=name_accounts(risen, names),
        gained=fmt_money(gained, currency)),
        amount=max(0.0, gained), anchor="migration")


def _win_back(result: Segmentation, names: Names, currency: str) -> Iterator[Finding]:
    quiet = find_quiet(result)
    if quiet.empty:
        return
    amount = float(quiet["net_amount"].sum())
    yield Finding("win_back", _n(
        "{n} large account has bought nothing for {days} days or more ({names}): {amount} of "
        "sales in {window} are at risk.",
        "{n} large accounts have bought nothing for {days} days or more ({names}): {amount} of "
        "sales in {window} are at risk.", len(quiet), names=name_accounts(quiet, names),
        days=fmt_count(result.rules.quiet_days), amount=fmt_money(amount, currency)),
        amount=amount, anchor="rfm_classes")


def _benchmark(result: Segmentation, names: Names, currency: str) -> Iterator[Finding]:
    core = result.shares[result.shares["tier"] == "core"]
    if core.empty or core["amount_verdict"].iloc[0] != "worse":
        return
    row = core.iloc[0]
    gap = (row["benchmark_amount_share"] - row["amount_share"]) * result.shares["net_amount"].sum()
    yield Finding("tier_benchmark", _(
        "Core accounts bring {share} of net sales; in the published company it was about "
        "{benchmark}.", share=fmt_share(row["amount_share"]),
        benchmark=fmt_share(row["benchmark_amount_share"])),
        amount=float(gap), anchor="shares")


def name_accounts(rows: pd.DataFrame, names: Names) -> str:
    """Name the first accounts of a table, and say how many more there are."""
    shown = [names.get(account_id) or account_id for account_id in rows["account_id"][:MAX_NAMES]]
    rest = len(rows) - len(shown)
    if rest:
        shown.append(_n("{n} more", "{n} more", rest))
    return fmt_list(shown)
