"""How accounts pay: how much of what fell due came, on time or how late, and what is disputed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from kamlib.credit.rules import CreditRules
from kamlib.errors import RefusedError
from kamlib.language import _, fmt_date
from kamlib.measures import build_collection, settle_invoices
from kamlib.stats.clustered import cluster_mean
from kamlib.stats.intervals import proportion_interval
from kamlib.stats.survival import grouped_quantile

ENDS = ("", "_ci_low", "_ci_high")
BEHAVIOUR_COLUMNS = [
    "tier", "n_accounts", "n_invoices", "invoiced_amount", "collected_amount", "collection_rate",
    *(f"{name}{end}" for name in ("on_time_share", "on_time_amount_share", "median_late_days",
                                  "median_pay_days") for end in ENDS)]
DISPUTE_COLUMNS = [
    "dispute_group", "n_accounts", "n_invoices", "amount", "n_open", "open_invoice_amount",
    *(f"{name}{end}" for name in ("median_pay_days", "dispute_rate") for end in ENDS)]
PAYER_COLUMNS = ["account_id", "tier", "n_invoices", "invoiced_amount", "collection_rate",
                 "on_time_share", "on_time_amount_share", "mean_late_days", "n_disputed"]
CHECK_COLUMNS = ["payment_check", "n_odd_invoices", "amount"]
TIERS = ("core", "important", "general", "no_sales")
ALL = "all"


def select_due(invoices: pd.DataFrame, payments: pd.DataFrame, *, start: date, end: date,
               rules: CreditRules) -> pd.DataFrame:
    """Invoices above 0 that fell due in the span, as known at its end, with is_on_time.

    Raises RefusedError where there is none, or where no payment at all is recorded by then: then
    nobody can tell unpaid from not written down.
    """
    known = payments[pd.to_datetime(payments["paid_date"]) <= pd.Timestamp(end)]
    if known.empty:
        raise RefusedError(_(
            "No payment is recorded by {day}: whether invoices are unpaid or payments are not "
            "written down cannot be told. The table of payments would lift this.",
            day=fmt_date(end)))
    rows = settle_invoices(invoices, payments, as_of=end)
    due = rows[rows["due_date"].between(pd.Timestamp(start), pd.Timestamp(end))
               & (rows["amount"] > 0)]
    if due.empty:
        raise RefusedError(_("No invoice fell due from {start} to {end}. A longer window would "
                             "lift this.", start=fmt_date(start), end=fmt_date(end)))
    # An open one may still come within the days that count as on time.
    return due.assign(is_on_time=due["late_days"] <= rules.late_days).reset_index(drop=True)


def summarise_behaviour(invoices: pd.DataFrame, payments: pd.DataFrame, *, tiers: pd.DataFrame,
                        start: date, end: date, rules: CreditRules) -> pd.DataFrame:
    """How the accounts of each tier paid what fell due in the span, and all together.

    invoices, payments: tables of the dictionary; tiers: account_id and tier.
    Returns one row a tier with an invoice and "all": n_accounts, n_invoices (above 0, due in the
    span), invoiced_amount and collected_amount (see `build_collection`: credit notes are off),
    collection_rate; on_time_share (of invoices) and on_time_amount_share (of their amount), with
    intervals over accounts; median_late_days (from the day due) and median_pay_days (from the day
    written): days by which half was paid in full, open invoices counted as waiting until the end,
    with intervals over accounts. Source: CRD-02; Kaplan & Meier (1958).
    """
    due = select_due(invoices, payments, start=start, end=end, rules=rules)
    collected = _with_tier(build_collection(invoices, payments, start=start, end=end), tiers)
    rows = []
    for name, part in _split(_with_tier(due, tiers)):
        money = collected if name == ALL else collected[collected["tier"] == name]
        invoiced, came = money["invoiced_amount"].sum(), money["collected_amount"].sum()
        rows.append({
            "tier": name, "n_accounts": part["account_id"].nunique(), "n_invoices": len(part),
            "invoiced_amount": invoiced, "collected_amount": came,
            "collection_rate": came / invoiced if invoiced > 0 else np.nan,
            **_on_time(part, rules), **_median("late_days", part, rules),
            **_median("pay_days", part, rules)})
    return pd.DataFrame(rows, columns=BEHAVIOUR_COLUMNS)


def score_payers(invoices: pd.DataFrame, payments: pd.DataFrame, *, tiers: pd.DataFrame,
                 start: date, end: date, rules: CreditRules) -> pd.DataFrame:
    """How each account paid what fell due in the span.

    Returns one row an account with an invoice above 0 due in the span, sorted: account_id, tier,
    n_invoices, invoiced_amount and collection_rate (credit notes off), on_time_share,
    on_time_amount_share (0-1), mean_late_days (early ones below 0, open ones to the end),
    n_disputed.
    """
    due = select_due(invoices, payments, start=start, end=end, rules=rules)
    table = due.assign(on_time_amount=due["amount"].where(due["is_on_time"], 0.0)).groupby(
        "account_id", sort=True).agg(
            n_invoices=("amount", "size"), whole=("amount", "sum"),
            on_time_share=("is_on_time", "mean"), on_time_amount=("on_time_amount", "sum"),
            mean_late_days=("late_days", "mean"), n_disputed=("is_disputed", "sum"))
    collected = build_collection(invoices, payments, start=start, end=end).set_index("account_id")
    for name in ("invoiced_amount", "collection_rate"):
        table[name] = collected[name].reindex(table.index)
    table["on_time_amount_share"] = table["on_time_amount"] / table["whole"]
    return _with_tier(table.reset_index(), tiers)[PAYER_COLUMNS]


def compare_disputes(due: pd.DataFrame, *, rules: CreditRules) -> pd.DataFrame:
    """Invoices in dispute beside the others.

    due: from `select_due`. Returns one row a group (disputed, not_disputed): n_accounts,
    n_invoices, amount, n_open, open_invoice_amount, median_pay_days with its interval over
    accounts, dispute_rate (share of all these invoices, with its interval; a gap for the others).
    Whether an invoice is in dispute has no date: it is what the data says at its end.
    """
    rows = []
    for name, chosen in (("disputed", due["is_disputed"]), ("not_disputed", ~due["is_disputed"])):
        part = due[chosen]
        rate = _share(due, due["is_disputed"].astype("float64"), rules) \
            if name == "disputed" else (np.nan,) * 3
        rows.append({
            "dispute_group": name, "n_accounts": part["account_id"].nunique(),
            "n_invoices": len(part), "amount": part["amount"].sum(),
            "n_open": int((~part["is_settled"]).sum()),
            "open_invoice_amount": part["open_invoice_amount"].clip(lower=0).sum(),
            **_median("pay_days", part, rules),
            **{f"dispute_rate{end}": x for end, x in zip(ENDS, rate, strict=True)}})
    return pd.DataFrame(rows, columns=DISPUTE_COLUMNS)


def check_payments(settled: pd.DataFrame, payments: pd.DataFrame) -> pd.DataFrame:
    """What looks odd in invoices and payments but is usable.

    Returns one row an oddity, also where there is none of it: payment_check
    (paid_before_written: the first payment came before the invoice; paid_twice: more came than
    the invoice says; credit_waiting: credit notes that were not paid out), n_odd_invoices, amount.
    """
    first = pd.to_datetime(payments["paid_date"]).groupby(
        payments["invoice_id"].astype("str")).min()
    early = pd.to_datetime(settled["invoice_id"].map(first)) < settled["invoice_date"]
    rest = settled["open_invoice_amount"]
    found = {"paid_before_written": (early, settled["paid_amount"]),
             "paid_twice": ((rest <= -0.005) & (settled["amount"] > 0), -rest),
             "credit_waiting": ((rest <= -0.005) & (settled["amount"] <= 0), -rest)}
    return pd.DataFrame([(name, int(chosen.sum()), float(money[chosen].sum()))
                         for name, (chosen, money) in found.items()], columns=CHECK_COLUMNS)


def _with_tier(rows: pd.DataFrame, tiers: pd.DataFrame) -> pd.DataFrame:
    known = tiers.set_index(tiers["account_id"].astype("str"))["tier"]
    return rows.assign(tier=rows["account_id"].map(known).fillna("no_sales").astype("str"))


def _split(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    for tier in TIERS:
        part = rows[rows["tier"] == tier]
        if len(part):
            yield tier, part
    yield ALL, rows


def _on_time(part: pd.DataFrame, rules: CreditRules) -> dict[str, Any]:
    on_time = part["is_on_time"].astype("float64")
    found = {"on_time_share": _share(part, on_time, rules),
             "on_time_amount_share": _share(part, on_time, rules, weight=part["amount"])}
    return {f"{name}{end}": x for name, ends in found.items()
            for end, x in zip(ENDS, ends, strict=True)}


def _share(part: pd.DataFrame, happened: pd.Series, rules: CreditRules, *,
           weight: pd.Series | None = None) -> tuple[float, float, float]:
    """A share of invoices (or of their amount), with its interval over accounts, within 0 to 1."""
    worth = pd.Series(1.0, index=part.index) if weight is None else weight
    sums = pd.DataFrame({"hits": happened * worth, "all": worth}).groupby(
        part["account_id"]).sum().sort_index()
    found = cluster_mean(sums["hits"], sums["all"], seed=rules.seed,
                         level=rules.confidence_level, n_resamples=rules.n_resamples)
    if len(sums) < rules.min_accounts:
        return found.value, np.nan, np.nan
    low, high = found.low, found.high
    if found.value in (0.0, 1.0):  # alike in all accounts: the accounts are what was counted
        low, high = proportion_interval(len(sums) * found.value, len(sums),
                                        level=rules.confidence_level)
    return found.value, max(low, 0.0), min(high, 1.0)


def _median(name: str, part: pd.DataFrame, rules: CreditRules) -> dict[str, float]:
    found = grouped_quantile(part[name], part["is_settled"], part["account_id"], seed=rules.seed,
                             n_resamples=rules.n_resamples, level=rules.confidence_level)
    ends = (found.low, found.high) if found.n_groups >= rules.min_accounts else (np.nan, np.nan)
    return dict(zip((f"median_{name}{end}" for end in ENDS), (found.value, *ends), strict=True))
