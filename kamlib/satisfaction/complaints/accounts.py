"""Who complains, and who is dissatisfied without a word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.satisfaction.complaints.counts import PER_ORDERS, Span, describe_rate, within
from kamlib.satisfaction.complaints.rules import ComplaintRules
from kamlib.satisfaction.survey.result import Survey
from kamlib.stats.intervals import wilson_interval
from kamlib.stats.rank_correlation import rank_correlation

ACCOUNT_COLUMNS = ["account_id", "owner_id", "n_complaints", "n_complaints_before", "n_open",
                   "n_orders", "complaints_per_100", "complaints_per_100_ci_low",
                   "complaints_per_100_ci_high", "main_class", "account_index", "net_amount_window"]
HEARD_COLUMNS = ["account_id", "owner_id", "account_index", "is_satisfied", "n_complaints",
                 "n_orders", "complaints_per_100", "lowest_item", "net_amount_window"]
LINK_COLUMNS = ["compared", "n_accounts", "rank_correlation", "rank_correlation_ci_low",
                "rank_correlation_ci_high", "verdict", "reason"]
CROSS_COLUMNS = ["opinion", "n_accounts", "n_complained", "complained_share",
                 "complained_share_ci_low", "complained_share_ci_high", "n_silent",
                 "silent_amount", "net_amount_window"]


def list_complainers(log: pd.DataFrame, spans: tuple[Span, ...], *, amounts: pd.Series,
                     owners: pd.Series, indexes: pd.Series, level: float) -> pd.DataFrame:
    """Accounts that complained in the window, most complaints first.

    log: from `read_log`; amounts, owners, indexes: sales of the window, owner and satisfaction
    index of each account (index account_id; an account without one was not heard).
    Returns one row an account: account_id, owner_id, n_complaints, n_complaints_before (the window
    a year before), n_open (not settled, whenever opened), n_orders, complaints_per_100 with
    Garwood's interval (gap without orders), main_class (its most frequent, the first by name of
    equals), account_index, net_amount_window.
    """
    by_name = {span.name: span for span in spans}
    complaints = log[log["is_complaint"]]
    now, before = (within(complaints, by_name[name]) for name in ("window", "window_before"))
    table = now.groupby("account_id").size().rename("n_complaints").reset_index()
    ids = table["account_id"]
    table["n_complaints_before"] = ids.map(before["account_id"].value_counts()).fillna(0)
    table["n_open"] = ids.map(
        complaints.loc[~complaints["is_resolved"], "account_id"].value_counts()).fillna(0)
    orders = by_name["window"].orders
    table["n_orders"] = ids.map(orders if orders is not None else {}).astype("Int64")
    rates = [describe_rate(n, None if pd.isna(m) else float(m), level=level) for n, m in
             table[["n_complaints", "n_orders"]].itertuples(index=False)]
    table = table.join(pd.DataFrame(rates, index=table.index, columns=ACCOUNT_COLUMNS[6:9],
                                    dtype="float64"))
    classes = now.groupby(["account_id", "complaint_class"]).size().reset_index(name="n")
    classes = classes.sort_values(["account_id", "n", "complaint_class"],
                                  ascending=[True, False, True]).drop_duplicates("account_id")
    table["main_class"] = ids.map(classes.set_index("account_id")["complaint_class"]).astype("str")
    table = _describe(table, amounts, owners, indexes)
    table = table.sort_values(["n_complaints", "net_amount_window", "account_id"],
                              ascending=[False, False, True], ignore_index=True)[ACCOUNT_COLUMNS]
    return table.astype(dict.fromkeys(["n_complaints", "n_complaints_before", "n_open"], "Int64"))


def join_survey(log: pd.DataFrame, window: Span, survey: Survey, *, owners: pd.Series
                ) -> pd.DataFrame:
    """Put the complaints of the window beside the index of each account that was heard.

    Returns one row an account with a valid answer, sorted: account_id, owner_id, account_index,
    is_satisfied, n_complaints (0 for none), n_orders, complaints_per_100 (gap without orders),
    lowest_item, net_amount_window.
    """
    part = within(log[log["is_complaint"]], window)
    table = survey.accounts.copy()
    ids = table["account_id"]
    table["n_complaints"] = ids.map(part["account_id"].value_counts()).fillna(0).astype("Int64")
    table["n_orders"] = ids.map(window.orders if window.orders is not None else {}).astype("Int64")
    orders = table["n_orders"].astype("float64")
    table["complaints_per_100"] = (table["n_complaints"].astype("float64")
                                   / orders.where(orders > 0) * PER_ORDERS)
    table["owner_id"] = ids.map(owners).fillna("").astype("str")
    table["account_index"] = table["account_index"].astype("float64")
    table["is_satisfied"] = table["is_satisfied"].astype("bool")
    return table.sort_values("account_id", ignore_index=True)[HEARD_COLUMNS]


def link_complaints(heard: pd.DataFrame, *, rules: ComplaintRules) -> pd.DataFrame:
    """Whether less satisfied accounts complain more.

    heard: from `join_survey`. Returns two rows: compared (complaint_count; complaints_per_100,
    which takes out that large accounts order, and complain, more), n_accounts, Spearman's
    rank_correlation of the index with it, with interval; verdict (supported: the interval lies
    below 0; contradicted: above; cannot tell), reason of a refusal.
    Source: catalogue CMP-03; Bonett & Wright (2000). Association only.
    """
    rows = [{"compared": name, **correlate(
        heard["account_index"], heard[column].astype("float64"), expected=-1,
        min_pairs=rules.min_pairs, level=rules.confidence_level)}
        for name, column in (("complaint_count", "n_complaints"),
                             ("complaints_per_100", "complaints_per_100"))]
    table = pd.DataFrame(rows, columns=LINK_COLUMNS)
    return table.astype(dict.fromkeys(LINK_COLUMNS[2:5], "float64"))


def correlate(x: pd.Series, y: pd.Series, *, expected: int, min_pairs: int, level: float
              ) -> dict[str, Any]:
    """Rank correlation of two measures and whether it has the expected sign (1 or -1)."""
    n = int((x.notna() & y.notna()).sum())
    try:
        r, (low, high), n = rank_correlation(x, y, level=level, min_pairs=min_pairs)
    except RefusedError as refusal:
        return {"n_accounts": n, "verdict": "cannot tell", "reason": str(refusal)}
    near, far = (low, high) if expected > 0 else (-high, -low)
    verdict = "supported" if near > 0 else "contradicted" if far < 0 else "cannot tell"
    return {"n_accounts": n, "rank_correlation": r, "rank_correlation_ci_low": low,
            "rank_correlation_ci_high": high, "verdict": verdict, "reason": ""}


def cross_opinions(heard: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Satisfied or not, and complained or not.

    heard: from `join_survey`. Returns two rows: opinion (dissatisfied, satisfied: below the
    survey's line or not), n_accounts, n_complained and complained_share of them (Wilson),
    n_silent, silent_amount and net_amount_window (sales of the silent, and of all of the row).
    """
    if heard.empty:
        raise RefusedError(_("No account has a valid answer, so nobody can be called silent. "
                             "Answers to a survey would lift this."))
    rows = []
    for name, chosen in (("dissatisfied", ~heard["is_satisfied"]), ("satisfied",
                                                                   heard["is_satisfied"])):
        part = heard[chosen]
        is_silent = (part["n_complaints"] == 0).astype("bool")
        n, n_complained = len(part), int((~is_silent).sum())
        low, high = wilson_interval(n_complained, n, level=level)
        rows.append([name, n, n_complained, n_complained / n if n else float("nan"), low, high,
                     int(is_silent.sum()), float(part.loc[is_silent, "net_amount_window"].sum()),
                     float(part["net_amount_window"].sum())])
    return pd.DataFrame(rows, columns=CROSS_COLUMNS)


def list_silent(heard: pd.DataFrame) -> pd.DataFrame:
    """Dissatisfied accounts without a complaint in the window, largest sales first."""
    chosen = heard[~heard["is_satisfied"] & (heard["n_complaints"] == 0).astype("bool")]
    return chosen.sort_values(["net_amount_window", "account_id"], ascending=[False, True],
                              ignore_index=True)


def refuse_without(survey: Survey, build: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Build what needs a survey; without an answered wave refuse with the survey's own reason."""
    if survey.accounts.empty:
        reasons = [entry.reason for entry in survey.unanswered]
        raise RefusedError(reasons[0] if reasons else _(
            "No account gave a valid answer to the survey. Answers would lift this."))
    return build()


def _describe(table: pd.DataFrame, amounts: pd.Series, owners: pd.Series, indexes: pd.Series
              ) -> pd.DataFrame:
    ids = table["account_id"]
    return table.assign(net_amount_window=ids.map(amounts).astype("float64"),
                        owner_id=ids.map(owners).fillna("").astype("str"),
                        account_index=ids.map(indexes).astype("float64"))
