"""The source's two claims about delivered value, put to the test on the company's own answers."""

from __future__ import annotations

from typing import Any

import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep

from kamlib.errors import RefusedError
from kamlib.satisfaction.worth.rules import WorthRules
from kamlib.stats.intervals import wilson_interval
from kamlib.stats.rank_correlation import rank_correlation

CLAIM_COLUMNS = ["claim", "n_accounts", "n_below_zero", "estimate", "estimate_ci_low",
                 "estimate_ci_high", "verdict", "reason"]
CROSS_COLUMNS = ["delivered", "n_accounts", "n_dissatisfied", "dissatisfied_share",
                 "dissatisfied_share_ci_low", "dissatisfied_share_ci_high", "net_amount_window"]


def cross_delivered(accounts: pd.DataFrame, *, level: float) -> pd.DataFrame:
    """Negative delivered value or not, and dissatisfied or not.

    accounts: one row an account with is_negative, is_satisfied (gap where it has no index) and
    net_amount_window. Returns two rows: delivered (negative, not_negative), n_accounts with both
    measures, n_dissatisfied, dissatisfied_share (Wilson), net_amount_window.
    """
    known = accounts[accounts["is_satisfied"].notna()]
    rows = []
    for name, chosen in (("negative", known["is_negative"]),
                         ("not_negative", ~known["is_negative"].astype("bool"))):
        part = known[chosen.astype("bool")]
        n, low_ones = len(part), int((~part["is_satisfied"].astype("bool")).sum())
        low, high = wilson_interval(low_ones, n, level=level)
        rows.append([name, n, low_ones, low_ones / n if n else float("nan"), low, high,
                     float(part["net_amount_window"].sum())])
    return pd.DataFrame(rows, columns=CROSS_COLUMNS)


def judge_claims(accounts: pd.DataFrame, cross: pd.DataFrame, *, rules: WorthRules
                ) -> pd.DataFrame:
    """Say of each claim whether the answers support it, contradict it, or cannot tell.

    accounts: as `cross_delivered`, with delivered_index and account_index; cross: its result.
    Returns two rows: claim, n_accounts, n_below_zero, estimate with interval, verdict, reason.
    negative_is_dissatisfied ("where delivered value is negative, dissatisfaction follows"):
    estimate is the share dissatisfied among negative ones less that among the others, with
    Newcombe's interval; supported above 0, contradicted below. more_is_better ("the more value,
    the more satisfaction"): Spearman's correlation of delivered value with the index.
    An association in answers that the same person gave at the same time, not a cause.
    Source: catalogue PV-02, E16; Newcombe (1998), Statistics in Medicine 17:873-890.
    """
    counts = cross.set_index("delivered")
    row: dict[str, Any] = {"n_accounts": int(counts["n_accounts"].sum()),
                           "n_below_zero": int(counts["n_accounts"]["negative"])}
    rows = [row | {"claim": "negative_is_dissatisfied"} | _difference(
                counts, rules.confidence_level),
            row | {"claim": "more_is_better"} | _correlation(accounts, rules)]
    table = pd.DataFrame(rows, columns=CLAIM_COLUMNS)
    return table.astype(dict.fromkeys(CLAIM_COLUMNS[3:6], "float64"))


def _difference(counts: pd.DataFrame, level: float) -> dict[str, Any]:
    (k, k_other), (n, n_other) = ([int(counts[column][name]) for name in (
        "negative", "not_negative")] for column in ("n_dissatisfied", "n_accounts"))
    if not n or not n_other:
        return {"verdict": "cannot tell", "reason": ""}
    low, high = confint_proportions_2indep(k, n, k_other, n_other, compare="diff",
                                           method="newcomb", alpha=1 - level)
    return {"estimate": k / n - k_other / n_other, "estimate_ci_low": low, "estimate_ci_high": high,
            "verdict": judge_sign(low, high), "reason": ""}


def _correlation(accounts: pd.DataFrame, rules: WorthRules) -> dict[str, Any]:
    try:
        r, (low, high), n = rank_correlation(
            accounts["delivered_index"], accounts["account_index"],
            level=rules.confidence_level, min_pairs=rules.min_accounts)
    except RefusedError as refusal:
        return {"verdict": "cannot tell", "reason": str(refusal)}
    return {"n_accounts": n, "estimate": r, "estimate_ci_low": low, "estimate_ci_high": high,
            "verdict": judge_sign(low, high), "reason": ""}


def judge_sign(low: float, high: float) -> str:
    """Verdict on a claim that something is above zero.

    >>> judge_sign(0.1, 0.4), judge_sign(-0.2, 0.3)
    ('supported', 'cannot tell')
    """
    return "supported" if low > 0 else "contradicted" if high < 0 else "cannot tell"
