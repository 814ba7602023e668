"""The account note: first deal, shipments, amount, tenders, issues, next step (ABR-08)."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.labels import label
from kamlib.language import _, _n, fmt_count, fmt_date, fmt_money, fmt_share, join_items
from kamlib.review.account import Account

N_STEPS = 4
ISSUE_COLUMNS = ["issue", "issue_kind", "n_issues", "issue_amount", "last_date"]


def build_note(account: Account) -> pd.DataFrame:
    """The account in a few lines: item (what is said), content (the sentence).

    First deal, shipments and amount ever and in the analysis window, net sales of the fiscal year
    so far, whether orders came out of tenders (what that means for staying, no number says), next
    steps, what was written down last.
    """
    facts, currency = account.facts, account.currency
    rows: list[tuple[str, str]] = []
    if account.has_ordered:
        rows.append(("first_deal", _first_deal(account)))
        rows.append(("shipments", _n(
            "{n} order up to {day}, {amount} net", "{n} orders up to {day}, {amount} net",
            int(facts["n_orders"]), day=fmt_date(account.period.as_of),
            amount=fmt_money(facts.get("net_amount"), currency))))
        rows.append(("in_window", _n(
            "{n} order, {amount} net", "{n} orders, {amount} net",
            int(facts.get("n_orders_window") or 0),
            amount=fmt_money(facts.get("net_amount_window"), currency))))
        months = account.line_months
        this_year = months[months["month"] >= pd.Timestamp(account.year_start)] if len(months) \
            else months
        is_told = account.history_from <= account.year_start != account.window_start
        if is_told and len(months):
            rows.append(("in_fiscal_year", _("{amount} net since {day}", amount=fmt_money(
                this_year["net_amount"].sum(), currency), day=fmt_date(account.year_start))))
        rows.append(("tendered", _tendered(account)))
    else:
        rows.append(("first_deal", _("none yet")))
    rows.append(("next_step", _next_steps(account)))
    notes = account.rows("narratives")
    if len(notes):
        last = notes.sort_values(["written_date", "topic"]).iloc[-1]
        rows.append(("written_note", _("{note} ({author}, {day})", note=last["text"],
                                       author=last["author"],
                                       day=fmt_date(last["written_date"]))))
    return pd.DataFrame(rows, columns=["item", "content"]).astype("str")


def list_issues(account: Account) -> pd.DataFrame:
    """What went wrong in the analysis window, by kind, the most frequent first.

    Returns one row an issue (complaint_made, call_off or late_sample) and issue_kind (class of the
    complaint, reason of the call-off): n_issues, issue_amount (of what was called off; a gap for
    the others), last_date (a gap for call-offs, whose days are added up).
    """
    parts = []
    start = pd.Timestamp(account.window_start)
    complaints = account.rows("complaints")
    if len(complaints):
        recent = complaints[complaints["opened_date"] >= start]
        found = recent.fillna({"complaint_class": ""}).groupby("complaint_class").agg(
            n_issues=("complaint_id", "size"), last_date=("opened_date", "max")).reset_index()
        parts.append(found.rename(columns={"complaint_class": "issue_kind"}).assign(
            issue="complaint_made"))
    if len(account.call_offs):
        offs = account.call_offs.groupby("cancel_reason").agg(
            n_issues=("n_orders", "sum"), issue_amount=("cancelled_amount", "sum")).reset_index()
        parts.append(offs.rename(columns={"cancel_reason": "issue_kind"}).assign(issue="call_off"))
    samples = account.rows("samples")
    if len(samples):
        late = samples[(samples["promised_date"] >= start)
                       & (samples["delivered_date"].fillna(account.as_of)
                          > samples["promised_date"])]
        if len(late):
            parts.append(pd.DataFrame({"issue": ["late_sample"], "issue_kind": [""],
                                       "n_issues": [len(late)],
                                       "last_date": [late["promised_date"].max()]}))
    parts = [part.reindex(columns=ISSUE_COLUMNS) for part in parts if len(part)]
    if not parts:
        raise RefusedError(_("No complaint, call-off or late sample in the analysis window."))
    table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    table = table.astype({"n_issues": "Int64", "issue_amount": "float64"})
    table["last_date"] = pd.to_datetime(table["last_date"]).astype("datetime64[s]")
    return table.sort_values(["n_issues", "issue", "issue_kind"], ascending=[False, True, True],
                             ignore_index=True)


def _first_deal(account: Account) -> str:
    day = fmt_date(account.facts.get("first_sale_date"))
    if account.facts.get("is_start_known"):
        since = fmt_date(account.facts.get("start_date"))
        if since != day:
            return _("customer since {since}; first order on record {day}", since=since, day=day)
        return day
    return _("{day}, just after the known history begins: there may have been earlier ones",
             day=day)


def _tendered(account: Account) -> str:
    ways = account.order_ways.sum(numeric_only=True)
    if not len(account.order_ways) or not ways["n_tender_known_orders"]:
        return _("not recorded")
    return _("{n} of {n_known} orders came out of a tender ({share})",
             n=fmt_count(ways["n_tender_orders"]), n_known=fmt_count(
                 ways["n_tender_known_orders"]),
             share=fmt_share(ways["n_tender_orders"] / ways["n_tender_known_orders"]))


def _next_steps(account: Account) -> str:
    actions = account.rows("actions")
    todo = actions[actions["closed_date"].isna()] if len(actions) else actions
    if todo.empty:
        return _("nothing is agreed on")
    steps = []
    for row in todo.sort_values(["due_date", "action_id"]).head(N_STEPS).to_dict("records"):
        topic = label(row["topic"])
        if pd.isna(row["due_date"]):
            steps.append(topic)
        elif row["due_date"] < account.as_of:
            steps.append(_("{topic}, was due on {day}", topic=topic,
                           day=fmt_date(row["due_date"])))
        else:
            steps.append(_("{topic}, due on {day}", topic=topic, day=fmt_date(row["due_date"])))
    return join_items(steps)
