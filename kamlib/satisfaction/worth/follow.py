"""What the accounts of past waves bought before they answered, and after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count, fmt_date
from kamlib.measures.spans import NET_KINDS
from kamlib.period import add_months
from kamlib.satisfaction.survey.index import score_accounts
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.satisfaction.worth.rules import WorthRules

FOLLOW_COLUMNS = ["wave_id", "account_id", "account_index", "before_amount", "after_amount",
                  "is_retained", "is_followed_whole", "n_orders_after", "n_complaints_after"]
# An account whose first sale came later than this into the months before has no whole span there.
FIRST_MONTHS = 3


def choose_followed(waves: pd.DataFrame, *, as_of: date, history_from: date, rules: WorthRules
                    ) -> pd.DataFrame:
    """The latest waves with rules.follow_months of known sales on both sides.

    waves: survey_waves with rating items and answers, by end date. Returns their rows with
    before_start, before_end, after_start, after_end: whole months, those after beginning with the
    month that follows the wave's end, those before ending with the wave's own month.
    Refused when there is none.
    """
    months, day = rules.follow_months, timedelta(days=1)
    rows = []
    for wave in waves.to_dict("records"):
        end = pd.Timestamp(wave["end_date"]).date()
        after = add_months(end.replace(day=1), 1)
        edges = {"before_start": add_months(after, -months), "before_end": after - day,
                 "after_start": after, "after_end": add_months(after, months) - day}
        if edges["before_start"] >= history_from and edges["after_end"] <= as_of:
            rows.append(wave | {name: pd.Timestamp(edge) for name, edge in edges.items()})
    if not rows:
        raise RefusedError(_(
            "No wave has {months} months of known sales before and after it up to {day}. A later "
            "period, or a shorter rule worth.follow_months, would lift this.",
            months=fmt_count(months), day=fmt_date(as_of)))
    return pd.DataFrame(rows[-rules.past_waves:])


def follow_accounts(waves: pd.DataFrame, scored: Mapping[str, WaveScores], *,
                    months: pd.DataFrame, first_sales: pd.Series, satisfied_line: float,
                    complaints: pd.DataFrame | None = None) -> pd.DataFrame:
    """Each answer of an account in a past wave, with its sales before and after.

    waves: from `choose_followed`; scored: their scores by wave_id, all on one scale map; months:
    account_months; first_sales: day of each account's first sale (index account_id); complaints:
    account_id and opened_date of each, None where there is no log.
    Returns one row a wave and account that bought in the months before, sorted: wave_id,
    account_id, account_index (0-100), before_amount and after_amount (net sales of as many months
    before and after, the same calendar months), is_retained (an order in those after),
    is_followed_whole (its first sale lies before the months before, or in their first three:
    otherwise they hold less than the whole span), n_orders_after, n_complaints_after (gap without
    a log, and where it began later).
    """
    parts = []
    for wave in waves.to_dict("records"):
        accounts = score_accounts(scored[str(wave["wave_id"])], satisfied_line=satisfied_line)
        table = accounts[["account_id", "account_index"]].assign(wave_id=str(wave["wave_id"]))
        ids = table["account_id"]
        for side in ("before", "after"):
            sums = _sums(months, wave[f"{side}_start"], wave[f"{side}_end"])
            table[f"{side}_amount"] = ids.map(sums["amount"]).fillna(0.0)
            table[f"n_orders_{side}"] = ids.map(sums["n_orders"]).fillna(0).astype("Int64")
        latest = wave["before_start"] + pd.DateOffset(months=FIRST_MONTHS)
        table["is_followed_whole"] = pd.to_datetime(ids.map(first_sales)) < latest
        table["n_complaints_after"] = _count_after(complaints, ids, wave)
        parts.append(table[table["n_orders_before"] > 0])
    table = pd.concat(parts, ignore_index=True)
    table["is_retained"] = (table["n_orders_after"] > 0).astype("bool")
    return table.sort_values(["wave_id", "account_id"], ignore_index=True)[FOLLOW_COLUMNS]


def _sums(months: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    part = months[(months["month"] >= start) & (months["month"] <= end)]
    net = part[part["line_kind"].isin(list(NET_KINDS))].groupby("account_id")["amount"].sum()
    orders = part[part["line_kind"] == "sale"].groupby("account_id")["n_orders"].sum()
    return pd.DataFrame({"amount": net.round(4), "n_orders": orders}).fillna(0)


def _count_after(complaints: pd.DataFrame | None, ids: pd.Series, wave: Mapping[Any, Any]
                 ) -> pd.Series:
    if complaints is None:
        return pd.Series(pd.NA, index=ids.index, dtype="Int64")
    opened = complaints["opened_date"]
    # Before the log began no complaint means that nobody wrote one down.
    if opened.min().to_period("M").start_time > wave["after_start"]:
        return pd.Series(pd.NA, index=ids.index, dtype="Int64")
    part = complaints[(opened >= wave["after_start"]) & (opened <= wave["after_end"])]
    return ids.map(part["account_id"].value_counts()).fillna(0).astype("Int64")
