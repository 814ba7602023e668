"""Recency, frequency and amount, each split in two: eight classes of accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _
from kamlib.segmentation.rules import SegmentationRules

# Catalogue BEH-02 with E17: the source mixes recency up with a repurchase rate and describes one
# class in a way no account can meet. Keys are recent, frequent, high amount.
CLASSES = {(True, True, True): "important_value", (False, True, True): "important_keep",
           (True, False, True): "important_develop", (False, False, True): "important_win_back",
           (True, True, False): "general_value", (False, True, False): "general_keep",
           (True, False, False): "general_develop", (False, False, False): "general_win_back"}
FLAGS = {"days_since_last_sale": "is_recent", "n_orders": "is_frequent",
         "net_amount": "is_amount_high"}
SCORES = {"days_since_last_sale": "recency_score", "n_orders": "frequency_score",
          "net_amount": "amount_score"}
RFM_COLUMNS = ["account_id", "days_since_last_sale", "n_orders", "net_amount", *FLAGS.values(),
               "rfm_class", *SCORES.values()]
THRESHOLD_COLUMNS = ["measure", "score", "from_value", "to_value", "n_accounts", "account_share",
                     "n_scores", "tied_share"]


def score_rfm(facts: pd.DataFrame, *, rules: SegmentationRules) -> pd.DataFrame:
    """Put each account with sales into one of eight classes.

    facts: account_facts, one row an account.
    Returns one row an account with sales in the span (rules.rfm_span), sorted: account_id,
    days_since_last_sale (to as_of), n_orders, net_amount, is_recent (no more days than the cut),
    is_frequent, is_amount_high (at or above the cut), rfm_class; recency_score, frequency_score,
    amount_score (1 to rules.rfm_scores, the best; see `score_ranks`). Ties stay together, in the
    classes on the high side. Source: catalogue BEH-01, BEH-02, E17.
    Raises RefusedError where the span is not known.

    >>> facts = pd.DataFrame({"account_id": ["a", "b"], "days_since_last_sale": [5, 200],
    ...                       "n_orders_window": [1, 9], "net_amount_window": [10.0, 90.0]})
    >>> score_rfm(facts, rules=SegmentationRules())["rfm_class"].tolist()
    ['general_develop', 'important_keep']
    """
    span = "_window" if rules.rfm_span == "window" else ""
    names = {f"n_orders{span}": "n_orders", f"net_amount{span}": "net_amount"}
    table = facts[["account_id", "days_since_last_sale", *names]].rename(columns=names)
    if table["n_orders"].isna().any():
        raise RefusedError(_("The analysis window begins before the known history. A later period, "
                             "or the rule segmentation.rfm_span = \"lifetime\", would lift this."))
    table = table[table["n_orders"] > 0].sort_values("account_id", ignore_index=True)
    cuts = find_rfm_cuts(table, rules=rules).set_index("measure")["threshold"]
    for measure, flag in FLAGS.items():
        table[flag] = _is_high(table, measure, cuts[measure])
    flags = table[list(FLAGS.values())].itertuples(index=False, name=None)
    table["rfm_class"] = pd.Series([CLASSES[key] for key in flags], dtype="str",
                                   index=table.index)
    for measure, score in SCORES.items():
        table[score] = score_ranks(_better_up(table, measure), n_scores=rules.rfm_scores)
    return table[RFM_COLUMNS]


def score_ranks(values: pd.Series, *, n_scores: int) -> pd.Series:
    """Score values from 1 to n_scores, the highest, in groups as equal as ties allow.

    values: one number a row, no gaps. Returns whole numbers: 1 + floor(rank * n_scores / (n + 1)).
    Equal values share their mean rank and so one score: where more than half are identical, these
    lie where their middle lies, scores beside it stay unused, and all equal get the middle score.
    Some programs call the best group 1 (OroCRM does): theirs is n_scores + 1 less this score.
    Source: the grouping of SAS, PROC RANK with GROUPS= and TIES=MEAN.

    >>> score_ranks(pd.Series([10, 20, 30, 40, 50, 60]), n_scores=3).tolist()
    [1, 1, 2, 2, 3, 3]
    """
    # Ranks of ties are halves; doubled they are whole and the division is exact.
    doubled = (2 * values.rank(method="average")).round().astype("int64")
    return doubled * n_scores // (2 * (len(values) + 1)) + 1


def find_rfm_thresholds(rfm: pd.DataFrame, *, rules: SegmentationRules) -> pd.DataFrame:
    """From what value to what value each score reaches, and what ties did to the scores.

    rfm: from `score_rfm`.
    Returns one row a measure and score, scores from 1 to rules.rfm_scores (best), also those that
    no account has: measure (days_since_last_sale, n_orders, net_amount), score, from_value and
    to_value (lowest and highest of its accounts, unit of the measure; gap without accounts),
    n_accounts, account_share (0-1), n_scores (scores of the measure in use), tied_share (0-1, the
    most accounts with one and the same value). No account: no row.
    """
    tables = []
    for measure, score in SCORES.items() if len(rfm) else ():
        values = rfm[measure].astype("float64")
        groups = values.groupby(rfm[score]).agg(["min", "max", "size"])
        groups = groups.reindex(range(1, rules.rfm_scores + 1))
        counts = groups["size"].fillna(0).to_numpy("int64")
        tables.append(pd.DataFrame({
            "measure": measure, "score": groups.index.to_numpy(),
            "from_value": groups["min"].to_numpy("float64"),
            "to_value": groups["max"].to_numpy("float64"), "n_accounts": counts,
            "account_share": counts / len(rfm), "n_scores": int(np.count_nonzero(counts)),
            "tied_share": float(values.value_counts().iloc[0]) / len(rfm)}))
    if not tables:
        return pd.DataFrame(columns=THRESHOLD_COLUMNS)
    return pd.concat(tables, ignore_index=True)[THRESHOLD_COLUMNS]


def find_rfm_cuts(table: pd.DataFrame, *, rules: SegmentationRules) -> pd.DataFrame:
    """The three cuts and how evenly they split the accounts.

    table: one row an account with days_since_last_sale, n_orders, net_amount.
    Returns three rows: measure, cut_rule (median, mean), threshold (unit of the measure),
    n_accounts, n_high (recent, frequent, high), high_share, is_lopsided (more than
    rules.lopsided_share on one side, as many ties make it).
    """
    rows = []
    for measure in FLAGS:
        cut = float(table[measure].agg(rules.rfm_cut)) if len(table) else float("nan")
        is_high = _is_high(table, measure, cut)
        share = float(is_high.mean()) if len(table) else float("nan")
        rows.append({"measure": measure, "cut_rule": rules.rfm_cut, "threshold": cut,
                     "n_accounts": len(table), "n_high": int(is_high.sum()), "high_share": share,
                     "is_lopsided": max(share, 1 - share) > rules.lopsided_share})
    return pd.DataFrame(rows)


def summarise_rfm(rfm: pd.DataFrame) -> pd.DataFrame:
    """Size, sales and what to do for each of the eight classes.

    rfm: from `score_rfm`.
    Returns eight rows, important before general: rfm_class, n_accounts, account_share,
    net_amount, amount_share (0-1; gap when nothing was sold), mean_days (mean days since the last
    sale; gap without accounts), rfm_action (code of a proposal, worded in the labels).
    """
    table = pd.DataFrame({"rfm_class": list(CLASSES.values())})
    groups = rfm.groupby("rfm_class").agg(
        n_accounts=("account_id", "size"), net_amount=("net_amount", "sum"),
        mean_days=("days_since_last_sale", "mean")).reindex(table["rfm_class"])
    total = float(rfm["net_amount"].sum())
    table["n_accounts"] = groups["n_accounts"].fillna(0).astype("int64").to_numpy()
    table["account_share"] = table["n_accounts"] / max(1, len(rfm))
    table["net_amount"] = groups["net_amount"].fillna(0).astype("float64").to_numpy()
    table["amount_share"] = table["net_amount"] / total if total > 0 else float("nan")
    table["mean_days"] = groups["mean_days"].astype("float64").to_numpy()
    table["rfm_action"] = "action_" + table["rfm_class"]
    return table


def _better_up(table: pd.DataFrame, measure: str) -> pd.Series:
    values = table[measure].astype("float64")
    return -values if measure == "days_since_last_sale" else values


def _is_high(table: pd.DataFrame, measure: str, cut: float) -> pd.Series:
    values = table[measure].astype("float64")
    # Few days since the last sale are the good side.
    return values <= cut if measure == "days_since_last_sale" else values >= cut
