"""What the account review says in sentences only: standing, stock, ratings, dealings, records."""

from __future__ import annotations

import pandas as pd

from kamlib.labels import heading, label
from kamlib.language import (
    _,
    _n,
    fmt_count,
    fmt_date,
    fmt_list,
    fmt_money,
    fmt_number,
    fmt_probability,
    fmt_share,
    join_sentences,
)
from kamlib.review.records import card_share

STANDING_COLUMNS = ("tier", "core_probability", "important_probability", "general_probability",
                    "stage", "last_sale_date", "expected_by_date", "late_after_date")


def read_cover(cover: pd.DataFrame, *, days: int) -> str:
    """Say how much of the counted stock lasts too long, and how old the counts are."""
    n_long = int(cover["is_long_cover"].sum())
    oldest = fmt_date(cover["counted_date"].min())
    return _("{n} of {n_of} counted products last longer than {days} days at the pace of its own "
             "orders, or are no longer ordered; the oldest count is of {oldest}.",
             n=fmt_count(n_long), n_of=fmt_count(len(cover)), days=fmt_count(days), oldest=oldest)


def read_checks(checks: pd.DataFrame) -> str:
    """Name the lowest rating, who gave it and when."""
    low = checks.iloc[int(checks["rating"].to_numpy().argmin())]
    told = {"topic": label(low["check_topic"]), "rating": fmt_number(low["rating"], 0),
            "rater": low["rater"], "day": fmt_date(low["check_date"])}
    if pd.isna(low["previous_rating"]):
        return _("Rated lowest: {topic} with {rating}, by {rater} on {day}; there is no earlier "
                 "rating.", **told)
    return _("Rated lowest: {topic} with {rating}, by {rater} on {day}; before it was {before}.",
             before=fmt_number(low["previous_rating"], 0), **told)


def read_new_products(products: pd.DataFrame) -> str:
    """Say how many new products were ordered, and how many of those counted stand on the shelf."""
    ordered = products[products["is_ordered"].astype(bool)]
    said = [_n("{n_ordered} of {n} product launched in the analysis window was ordered.",
               "{n_ordered} of {n} products launched in the analysis window were ordered.",
               len(products), n_ordered=fmt_count(len(ordered)))]
    counted = products[products["is_on_shelf"].notna()]
    if len(counted):
        said.append(_("{n} of {n_of} that were counted stand on the shelf.",
                      n=fmt_count(int(counted["is_on_shelf"].astype(bool).sum())),
                      n_of=fmt_count(len(counted))))
    return join_sentences(said)


def read_tenders(tenders: pd.DataFrame) -> str:
    """Say how many tenders were won, and what is recorded besides."""
    row = tenders.iloc[0]
    said: list[str] = []
    if pd.notna(row["n_bids"]) and row["n_bids"]:
        said.append(_("{n} of {n_of} decided tenders were won; with so few the true rate may lie "
                      "between {low} and {high}.", n=fmt_count(row["n_bids_won"]),
                      n_of=fmt_count(row["n_bids"]), low=fmt_share(row["win_rate_ci_low"]),
                      high=fmt_share(row["win_rate_ci_high"])))
    else:
        said.append(_("No decided tender of this account is on record."))
    if pd.notna(row["price_gap_share"]):
        told = {"gap": fmt_share(abs(row["price_gap_share"])),
                "n": fmt_count(row["n_lost_with_price"])}
        said.append(_("In the lost ones whose winning price is known our price lay {gap} above it "
                      "(median of {n}).", **told) if row["price_gap_share"] >= 0 else
                    _("In the lost ones whose winning price is known our price lay {gap} below it "
                      "(median of {n}).", **told))
    if pd.notna(row["n_samples_judged"]) and row["n_samples_judged"]:
        said.append(_("{n} of {n_of} samples were accepted.",
                      n=fmt_count(row["n_samples_accepted"]),
                      n_of=fmt_count(row["n_samples_judged"])))
    if pd.notna(row["dropship_share"]):
        said.append(_("{share} of its purchases were delivered straight to its customers.",
                      share=fmt_share(row["dropship_share"])))
    return join_sentences(said)


def read_payments(payments: pd.DataFrame, *, currency: str = "") -> str:
    """Say how many invoices were paid late and what is open."""
    row = payments.iloc[0]
    if not row["n_invoices_due"]:
        return _("No invoice fell due in the analysis window; {open} is open.",
                 open=fmt_money(row["open_invoice_amount"], currency))
    return _("{n} of {n_of} invoices that fell due were paid late; {open} is open, of which "
             "{overdue} is overdue.", n=fmt_count(row["n_paid_late"]),
             n_of=fmt_count(row["n_invoices_due"]),
             open=fmt_money(row["open_invoice_amount"], currency),
             overdue=fmt_money(row["overdue_amount"], currency))


def read_answers(answers: pd.DataFrame) -> str:
    """Name the wave and the question rated lowest."""
    low = answers.iloc[0]
    return _("In {wave} the account rated “{item}” lowest: {score} on {scale}. A question that is "
             "put the wrong way round is shown as it was asked.", wave=low["wave_name"],
             item=low["item_text"], score=fmt_number(low["mean_score"], 1),
             scale=low["scale_text"])


def read_standing(standing: pd.DataFrame) -> str:
    """Say tier with its probability, stage, and when the next order is expected."""
    row = standing.iloc[0]
    tier = str(row["tier"])
    chance = row.to_dict().get(f"{tier}_probability")
    name = label(tier)
    said = [_("Tier: {tier}; how sure that is cannot be told from so short a history.",
              tier=name) if chance is None or pd.isna(chance) else
            _("Tier: {tier}; by its own months it belongs there with a probability of {chance}.",
              tier=name, chance=fmt_probability(chance))]
    if row["stage"]:
        stage, reason = label(row["stage"]), label(row["stage_reason"])
        said.append(_("Stage: {stage} ({reason}).", stage=stage, reason=reason))
    if pd.isna(row["expected_by_date"]):
        said.append(_("When it will order next cannot be told: it is inactive or has too few "
                      "purchase days."))
    else:
        told = {"expected": fmt_date(row["expected_by_date"]),
                "late": fmt_date(row["late_after_date"])}
        said.append(_("The next order was expected by {expected} and is late since {late}.", **told)
                    if row["is_late"] else
                    _("The next order is expected by {expected}; after {late} it would be late.",
                      **told))
    return join_sentences(said)


def read_card(card: pd.DataFrame) -> str:
    """Say how complete the card is, and what it lacks."""
    share = fmt_share(card_share(card))
    lacking = [heading(item) for item in card.loc[card["content"] == "", "item"]]
    if not lacking:
        return _("All fields of the card are filled.")
    return _("{share} of the card's fields are filled. Not known: {fields}.", share=share,
             fields=fmt_list(lacking))


def read_records(records: pd.DataFrame) -> str:
    """Say how many records of this owner are overdue."""
    n_never = int((records["record_state"] == "never").sum())
    if (records["owner_id"] == "").all():
        return _("{n} records were not checked within half a year, {never} of them never.",
                 n=fmt_count(len(records)), never=fmt_count(n_never))
    return _("{n} records of the same owner's accounts were not checked within half a year, "
             "{never} of them never.", n=fmt_count(len(records)), never=fmt_count(n_never))
