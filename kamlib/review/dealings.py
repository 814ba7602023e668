"""How the account deals with us: tenders, samples, call-offs, complaints, payments, answers."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.measures.receivables import settle_invoices
from kamlib.review.account import Account
from kamlib.review.rules import ReviewRules
from kamlib.stats.intervals import proportion_interval

TENDER_COLUMNS = ["n_bids", "n_open_bids", "n_bids_won", "win_rate", "win_rate_ci_low",
                  "win_rate_ci_high", "n_lost_with_price", "price_gap_share", "n_samples",
                  "n_samples_accepted", "n_samples_judged", "n_samples_late", "sample_wait_days",
                  "tender_order_share", "dropship_share"]
COMPLAINT_COLUMNS = ["opened_date", "complaint_class", "product_id", "response_days",
                     "resolution_days", "is_open"]
PAYMENT_COLUMNS = ["n_invoices_due", "n_paid_late", "paid_late_share", "mean_late_days",
                   "open_invoice_amount", "overdue_amount", "n_disputed", "credit_limit_amount"]
ANSWER_COLUMNS = ["wave_name", "item_text", "category", "mean_score", "scale_text", "n_answers"]


def build_tenders(account: Account) -> pd.DataFrame:
    """Tenders, samples and direct deliveries in one row.

    n_bids (decided, all known), n_open_bids, n_bids_won, win_rate (0-1, Wilson's or the exact
    interval: none of a few says little), n_lost_with_price and price_gap_share (how far our price
    lay above the winner's, median of the lost ones where both are known, share of the winner's);
    n_samples (promised), n_samples_accepted of n_samples_judged, n_samples_late (delivered late, or
    promised before the report's day and not delivered), sample_wait_days (median days after the
    promised day, 0 when in time); tender_order_share (of the orders of which it is recorded),
    dropship_share (of the gross sales of the analysis window of which it is recorded). Gaps where
    nothing is recorded.
    Source: ABR-08, ABR-09. Refused where nothing of all this is.
    """
    bids, samples, ways = account.rows("bids"), account.rows("samples"), account.order_ways
    row: dict[str, Any] = dict.fromkeys(TENDER_COLUMNS)
    if len(bids):
        row |= judge_bids(bids)
    if len(samples):
        promised = samples[samples["promised_date"] <= account.as_of]
        wait = (promised["delivered_date"].fillna(account.as_of) - promised["promised_date"]
                ).dt.days.clip(lower=0)
        judged = samples["is_accepted"].dropna().astype(bool)
        row |= {"n_samples": len(samples), "n_samples_accepted": int(judged.sum()),
                "n_samples_judged": len(judged), "n_samples_late": int((wait > 0).sum()),
                "sample_wait_days": wait.median()}
    if len(ways):
        sums = ways.sum(numeric_only=True)
        for name, part, whole in (("tender_order_share", "n_tender_orders",
                                   "n_tender_known_orders"),
                                  ("dropship_share", "dropship_amount", "dropship_known_amount")):
            row[name] = sums[part] / sums[whole] if sums[whole] else None
    table = pd.DataFrame([row], columns=TENDER_COLUMNS)
    if table.isna().all(axis=None):
        raise RefusedError(_("No tender, sample or direct delivery of this account is recorded."))
    counts = {c: "Int64" for c in TENDER_COLUMNS if c.startswith("n_")}
    return table.astype({c: counts.get(c, "Float64") for c in TENDER_COLUMNS})


def judge_bids(bids: pd.DataFrame) -> dict[str, Any]:
    """The part of `build_tenders` that tells of tenders; bids: of one account, one or more."""
    decided = bids[bids["outcome"].isin(["won", "lost"])]
    n_won = int((decided["outcome"] == "won").sum())
    low, high = proportion_interval(n_won, len(decided))
    lost = decided[(decided["outcome"] == "lost") & (decided["rival_amount"] > 0)]
    gap = (lost["amount"] / lost["rival_amount"] - 1).median() if len(lost) else None
    return {"n_bids": len(decided), "n_open_bids": len(bids) - len(decided), "n_bids_won": n_won,
            "win_rate": n_won / len(decided) if len(decided) else None, "win_rate_ci_low": low,
            "win_rate_ci_high": high, "n_lost_with_price": len(lost), "price_gap_share": gap}


def list_call_offs(account: Account) -> pd.DataFrame:
    """What was called off in the analysis window by reason, the largest amount first.

    Returns one row a cancel_reason ("" where not given): n_orders, cancelled_amount.
    """
    if account.call_offs.empty:
        raise RefusedError(_("No order of this account was called off in the analysis window."))
    table = account.call_offs.groupby("cancel_reason")[["n_orders", "cancelled_amount"]].sum()
    return table.reset_index().sort_values(["cancelled_amount", "cancel_reason"],
                                           ascending=[False, True], ignore_index=True)


def list_complaints(account: Account) -> pd.DataFrame:
    """Complaints of the analysis window and those still open, the latest first.

    Returns one row a complaint: opened_date, complaint_class, product_id, response_days and
    resolution_days (from opening; gaps while waiting), is_open. Source: ABR-08.
    """
    rows = account.require("complaints")
    is_open = rows["resolved_date"].isna()
    chosen = rows[is_open | (rows["opened_date"] >= pd.Timestamp(account.window_start))]
    if chosen.empty:
        raise RefusedError(_("This account did not complain in the analysis window, and no "
                             "earlier complaint is open."))
    table = chosen.assign(
        response_days=(chosen["first_response_date"] - chosen["opened_date"]).dt.days,
        resolution_days=(chosen["resolved_date"] - chosen["opened_date"]).dt.days,
        is_open=chosen["resolved_date"].isna())
    table = table.sort_values(["opened_date", "complaint_id"], ascending=[False, True])
    found: pd.DataFrame = table[COMPLAINT_COLUMNS].reset_index(drop=True)
    return found.astype({"response_days": "Float64", "resolution_days": "Float64"})


def judge_payments(account: Account, *, rules: ReviewRules) -> pd.DataFrame:
    """How the account pays, in one row.

    n_invoices_due (due in the analysis window, not disputed, above 0), n_paid_late (of these paid
    in full, or still open, more than rules.late_payment_days after the due day), paid_late_share,
    mean_late_days (mean days from due to paid in full, early ones below 0, open ones to the
    report's day); open_invoice_amount and overdue_amount (of all its invoices at the report's day,
    disputed ones left out), n_disputed (invoices in dispute), credit_limit_amount.
    """
    payments = account.rows("payments")
    if payments.empty:  # an account that never paid has no row, and no columns either
        payments = pd.DataFrame(columns=["invoice_id", "paid_date", "amount"])
    table = settle_invoices(account.require("invoices"), payments, as_of=account.period.as_of)
    disputed, days = table["is_disputed"], table["late_days"]
    due = ((table["due_date"] >= pd.Timestamp(account.window_start))
           & (table["due_date"] <= account.as_of) & ~disputed & (table["amount"] > 0))
    n_late = int((days[due] > rules.late_payment_days).sum())
    row = {"n_invoices_due": int(due.sum()), "n_paid_late": n_late,
           "paid_late_share": n_late / due.sum() if due.any() else None,
           "mean_late_days": days[due].mean(),
           "open_invoice_amount": table.loc[~disputed, "open_invoice_amount"].sum(),
           "overdue_amount": table.loc[
               ~disputed & (table["due_date"] < account.as_of),
               "open_invoice_amount"].clip(lower=0).sum(),
           "n_disputed": int(disputed.sum()),
           "credit_limit_amount": account.about.get("credit_limit_amount")}
    return pd.DataFrame([row], columns=PAYMENT_COLUMNS).astype(
        {c: "Int64" if c.startswith("n_") else "float64" for c in PAYMENT_COLUMNS})


def list_answers(account: Account) -> pd.DataFrame:
    """What the account answered in its last survey, the lowest first.

    Returns one row an item: wave_name, item_text (of a reversed item as it was asked), category,
    mean_score (mean of its questionnaires, as answered), scale_text (the wave's scale), n_answers.
    """
    answers = account.require("survey_answers")
    answers = answers[answers["score"].notna()]
    waves = account.rows("survey_waves")
    items = account.rows("survey_items")
    if answers.empty or waves.empty or items.empty:
        raise RefusedError(_("No answer of this account to a survey is known."))
    order = waves.sort_values(["start_date", "wave_id"])["wave_id"].tolist()
    last = max(answers["wave_id"].unique(), key=order.index)
    wave = waves[waves["wave_id"] == last].iloc[0]
    low, high = float(wave["scale_min"]), float(wave["scale_max"])
    mine = answers[(answers["wave_id"] == last) & answers["score"].between(low, high)]
    means = mine.groupby("item_id")["score"].agg(["mean", "size"]).reset_index()
    table = means.merge(items[items["wave_id"] == last], on="item_id")
    table = table[table["kind"].isin(["rating", "overall", "nps"])]
    table = table.assign(wave_name=wave["name"], item_text=table["text"], mean_score=table["mean"],
                         scale_text=f"{low:g}–{high:g}", n_answers=table["size"])
    table = table.sort_values(["mean_score", "item_id"], ignore_index=True)
    found: pd.DataFrame = table[ANSWER_COLUMNS]
    return found.astype({"mean_score": "float64", "n_answers": "Int64"})
