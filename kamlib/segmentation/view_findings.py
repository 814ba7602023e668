"""What the other views found: sentences with the money at stake, and accounts to look at."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from kamlib.handover import Attention, Finding
from kamlib.labels import label
from kamlib.language import _, _n, fmt_count, fmt_list, fmt_money, fmt_share
from kamlib.segmentation.findings import MAX_NAMES, Names, name_accounts
from kamlib.segmentation.ranks.estimate import list_undecided
from kamlib.segmentation.views import Views

MOST = 0.8


def find_view_findings(views: Views, *, names: Names, currency: str) -> Iterator[Finding]:
    """Yield what is worth a sentence; each kind is silent when its condition does not hold.

    names: name by account_id. Kinds: undecided, unprofitable, more_than_noise, dogs.
    """
    for find in (_undecided, _unprofitable, _more_than_noise, _dogs):
        yield from find(views, names, currency)


def find_view_attention(views: Views, *, owners: Names, currency: str) -> Iterator[Attention]:
    """Yield undecided accounts and unprofitable ones, the most money first.

    At most rules.segmentation.n_attention of each kind.
    """
    limit = views.rules.segmentation.n_attention
    open_ = list_undecided(views.ranks)
    # Whether an account is important or general is no news to anybody; whether it is core is.
    decided = views.rules.ranks.decided
    for row in open_[open_["core_probability"].between(1 - decided, decided)].head(
            limit).to_dict("records"):
        reason = _("Its tier is undecided: core with {p}, now counted as {tier}.",
                   p=fmt_share(row["core_probability"]), tier=label(row["tier"]).lower())
        yield Attention(row["account_id"], reason, owner_id=owners.get(row["account_id"], ""),
                        amount=float(row["monthly_amount"]) * 12, anchor="ranks")
    losses = unprofitable(views)
    # The few that lose most of it; pennies are in the table.
    most = losses["profit_amount"].cumsum().shift(fill_value=0.0) > MOST * losses[
        "profit_amount"].sum()
    for row in losses[most].head(limit).to_dict("records"):
        reason = _("Costs more than it brings: {profit} after goods and work in {window}. To be "
                   "reviewed, not to be dropped.", profit=fmt_money(row["profit_amount"], currency))
        yield Attention(row["account_id"], reason, owner_id=owners.get(row["account_id"], ""),
                        amount=float(row["profit_amount"]), anchor="value_classes")


def unprofitable(views: Views) -> pd.DataFrame:
    """Accounts of the class bz from `described`, the largest loss first."""
    chosen = views.classes[(views.classes["scheme"] == "value_class")
                           & (views.classes["class"] == "bz")]
    rows = views.described[views.described["account_id"].isin(chosen["account_id"])]
    return rows.sort_values(["profit_amount", "account_id"], ignore_index=True)


def _undecided(views: Views, names: Names, currency: str) -> Iterator[Finding]:
    open_ = list_undecided(views.ranks)
    if open_.empty:
        return
    year = float(open_["monthly_amount"].sum()) * 12
    yield Finding("undecided", _n(
        "{n} account may as well belong to another tier ({names}): {amount} of sales a year.",
        "{n} accounts may as well belong to another tier ({names}): {amount} of sales a year.",
        len(open_), names=name_accounts(open_, names), amount=fmt_money(year, currency)),
        amount=year, anchor="ranks")


def _unprofitable(views: Views, names: Names, currency: str) -> Iterator[Finding]:
    rows = unprofitable(views)
    if rows.empty:
        return
    loss = -float(rows["profit_amount"].sum())
    yield Finding("unprofitable", _n(
        "{n} account costs more than it brings ({names}): {loss} lost in {window}, to be reviewed.",
        "{n} accounts cost more than they bring ({names}): {loss} lost in {window}, to be "
        "reviewed.", len(rows), names=name_accounts(rows, names), loss=fmt_money(loss, currency)),
        amount=loss, anchor="value_classes")


def _more_than_noise(views: Views, names: Names, currency: str) -> Iterator[Finding]:
    # Before the common growth is removed, an alarm may only say that everybody grew.
    alarms = views.noise[views.noise["is_alarm"].astype(bool)
                         & (views.noise["adjusted"] != "plain")]
    if alarms.empty:
        return
    row = alarms.to_dict("records")[0]
    yield Finding("more_than_noise", _(
        "More accounts changed their tier than chance alone moves: {movers} of {n}.",
        movers=fmt_count(row["n_movers"]), n=fmt_count(row["n_accounts"])), anchor="noise")


def _dogs(views: Views, names: Names, currency: str) -> Iterator[Finding]:
    matrix = views.matrices["product_line_growth_share"].matrix
    rows = matrix[matrix["cell"] == "bcg_dog"].sort_values(
        ["amount", "subject_id"], ascending=[False, True])
    if rows.empty:
        return
    before = rows["amount"] / (1 + rows["growth_rate"])
    yield Finding("dogs", _n(
        "{n} product line is small and falls behind ({names}).",
        "{n} product lines are small and fall behind ({names}).", len(rows),
        names=fmt_list(rows["subject_id"][:MAX_NAMES].tolist())),
        amount=max(0.0, float((before - rows["amount"]).sum())),
        anchor="product_line_growth_share")
