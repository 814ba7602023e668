"""Claims of the sources put to the test on the company's own accounts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import rankdata
from statsmodels.stats.multitest import multipletests

from kamlib.errors import RefusedError
from kamlib.language import N_, _, fmt_count, translate
from kamlib.measures.prices import compare_prices
from kamlib.selection.criteria import Known
from kamlib.selection.rules import SelectionRules
from kamlib.stats.budget import affordable_draws

Floats = NDArray[np.float64]
CELLS = 100_000  # resamples of accounts held at once: as much as stays near the processor
MOST_CELLS, FEWEST_DRAWS = 50_000_000, 500  # in all; so few can still reject after Holm
CLAIM_COLUMNS = ["claim_id", "claim_text", "claimed_side", "n_accounts", "rank_order",
                 "rank_order_ci_low", "rank_order_ci_high", "p_value", "adjusted_p_value",
                 "verdict", "reason"]
# The size of an account is taken from the window before what it is held against: sales that
# happen to be high in one year would make every rate with sales below the line look low.
CLAIMS: dict[str, tuple[str, int]] = {
    "big_higher_margin": (N_("The more an account buys, the higher its margin share."), 1),
    "big_lower_price": (N_("The more an account buys, the less it pays for the same product."), -1),
    "big_cheaper_to_serve": (N_("The more an account buys, the less work it costs for each unit "
                                "of sales."), -1),
    "big_stays": (N_("The more an account buys, the likelier it still buys a year later."), 1),
    "long_cheaper_to_serve": (N_("The longer an account is a customer, the less work it costs for "
                                 "each unit of sales."), -1),
    "satisfied_grows": (N_("The more satisfied an account was, the more its sales grew in the year "
                           "after."), 1),
    "satisfied_stays": (N_("The more satisfied an account was, the likelier it still buys a year "
                           "later."), 1),
}


@dataclass(frozen=True)
class Evidence:
    """Pairs of values of the same accounts, gaps left in."""

    x: pd.Series
    y: pd.Series


def judge_claims(criteria: pd.DataFrame, known: Known, *, holdings: pd.DataFrame,
                 followed: pd.DataFrame, rules: SelectionRules) -> pd.DataFrame:
    """Hold each claim against the accounts.

    criteria: from `measure_criteria`; holdings: account_holdings; followed: one row an account and
    wave of the past: account_id, wave_id, account_index, before_amount, after_amount, is_retained
    (as the chapter on what satisfaction is worth follows them; the last wave of each account
    counts), empty without a survey.
    Returns one row a claim: claim_id, claim_text, claimed_side (1: more with more; -1: less),
    n_accounts, rank_order (Spearman's correlation) with an interval by drawing accounts, p_value
    (permutation, two-sided), adjusted_p_value (Holm over the claims that could be tested), verdict
    (supported, contradicted, cannot tell), reason where it could not be tested.
    Associations among our own accounts; they do not say what would happen if an account changed.
    Source: catalogue SAL-08, E27; Holm (1979), Scand. J. Stat. 6:65-70; Good (2005), Permutation
    tests.
    """
    ways = _ways(criteria.set_index("account_id"), known, holdings, followed, rules)
    rows = [_judge(name, ways[name], np.random.default_rng([rules.seed, at]), rules)
            for at, name in enumerate(CLAIMS)]
    table = pd.DataFrame(rows, columns=CLAIM_COLUMNS)
    tested = table["p_value"].notna()
    if tested.any():
        table.loc[tested, "adjusted_p_value"] = multipletests(
            table.loc[tested, "p_value"].astype("float64"), method="holm")[1]
    sure = table["adjusted_p_value"].astype("float64") <= 1 - rules.confidence_level
    agrees = np.sign(table["rank_order"].astype("float64")) == table["claimed_side"]
    table["verdict"] = np.where(~sure, "cannot tell", np.where(agrees, "supported",
                                                               "contradicted"))
    numbers = ["rank_order", "rank_order_ci_low", "rank_order_ci_high", "p_value",
               "adjusted_p_value"]
    return table.astype({**dict.fromkeys(numbers, "float64"), "verdict": "str", "reason": "str"})


def _ways(criteria: pd.DataFrame, known: Known, holdings: pd.DataFrame, followed: pd.DataFrame,
          rules: SelectionRules) -> dict[str, Callable[[], Evidence]]:
    bought = criteria[criteria["n_orders"].fillna(0) > 0]

    def size() -> pd.Series:
        monthly, width = known.monthly(), known.window_months
        if monthly.amounts.shape[1] != 2 * width:
            raise RefusedError(_("The sizes of accounts are taken from the window before, which "
                                 "lies before the known history. A later period would lift "
                                 "this."))
        before = pd.Series(monthly.amounts[:, :width].sum(axis=1), index=monthly.account_ids)
        return before.where(before > 0)

    def prices() -> pd.Series:
        found = compare_prices(holdings, min_accounts=rules.min_price_accounts)
        return found.set_index("account_id")["price_premium_rate"]

    def waves() -> pd.DataFrame:
        if followed.empty:
            raise RefusedError(_("No survey wave is old enough to see what its accounts bought in "
                                 "the months after, or there is no survey. A later period, or the "
                                 "survey tables, would lift this."))
        return followed.sort_values(["account_id", "wave_id"]).groupby("account_id").last()

    def growth() -> pd.Series:
        rows = waves()
        before = rows["before_amount"].astype("float64")
        return rows["after_amount"].astype("float64") / before.where(before > 0)

    def stays() -> pd.Series:
        return (criteria["n_orders"].fillna(0) > 0).astype("float64")

    return {
        "big_higher_margin": lambda: Evidence(size(), bought["margin_share"]),
        "big_lower_price": lambda: Evidence(size(), prices()),
        "big_cheaper_to_serve": lambda: Evidence(size(), bought["cost_to_serve_share"]),
        "big_stays": lambda: Evidence(size(), stays()),
        "long_cheaper_to_serve": lambda: Evidence(bought["tenure_years"],
                                                  bought["cost_to_serve_share"]),
        "satisfied_grows": lambda: Evidence(waves()["account_index"], growth()),
        "satisfied_stays": lambda: Evidence(waves()["account_index"],
                                            waves()["is_retained"].astype("float64"))}


def _judge(name: str, build: Callable[[], Evidence], rng: np.random.Generator,
           rules: SelectionRules) -> dict[str, object]:
    text, side = CLAIMS[name]
    row: dict[str, object] = {"claim_id": name, "claim_text": translate(text),
                              "claimed_side": side, "n_accounts": 0, "reason": ""}
    try:
        evidence = build()
        pairs = pd.DataFrame({"x": evidence.x.astype("float64"),
                              "y": evidence.y.astype("float64")}).dropna().sort_index()
        row["n_accounts"] = len(pairs)
        _demand_pairs(pairs, rules)
    except RefusedError as error:
        return row | {"reason": str(error)}
    low, high, p = _test(pairs.to_numpy("float64"), rng, rules)
    order = float(pairs["x"].corr(pairs["y"], method="spearman"))
    return row | {"rank_order": order, "rank_order_ci_low": min(low, order),
                  "rank_order_ci_high": max(high, order), "p_value": p}


def _demand_pairs(pairs: pd.DataFrame, rules: SelectionRules) -> None:
    if len(pairs) < rules.min_claim_accounts:
        raise RefusedError(_(
            "{n} accounts have both figures; a claim is tested from {least} on. Costs, hours or "
            "answers of more accounts would lift this.", n=fmt_count(len(pairs)),
            least=fmt_count(rules.min_claim_accounts)))
    if (pairs.nunique() < 2).any():
        raise RefusedError(_("One of both figures is the same for all {n} accounts, so there is "
                             "nothing to compare.", n=fmt_count(len(pairs))))


def _test(pairs: Floats, rng: np.random.Generator, rules: SelectionRules
          ) -> tuple[float, float, float]:
    """Ends of the bootstrap interval, and the permutation's p value; a few rows at a time."""
    n = len(pairs)
    times = affordable_draws(rules.n_permutations, n, cells=MOST_CELLS, fewest=FEWEST_DRAWS)
    ranks = rankdata(pairs, axis=0)
    centred = (ranks - ranks.mean(axis=0)) / ranks.std(axis=0)
    seen = float((centred[:, 0] * centred[:, 1]).mean())
    step = max(1, CELLS // n)
    sizes = [min(step, times - done) for done in range(0, times, step)]
    mixed = np.concatenate([
        rng.permuted(np.broadcast_to(centred[:, 1], (size, n)), axis=1) @ centred[:, 0]
        for size in sizes]) / n
    p = float((1 + (np.abs(mixed) >= abs(seen) - 1e-12).sum()) / (times + 1))
    classes = [np.unique(pairs[:, side], return_inverse=True)[1] for side in (0, 1)]
    orders = []
    for size in sizes:
        picked = rng.integers(0, n, (size, n))
        x, y = (_rank_again(each[picked]) for each in classes)
        below = np.sqrt((x**2).sum(axis=1) * (y**2).sum(axis=1))
        orders.append((x * y).sum(axis=1) / np.where(below > 0, below, np.nan))
    tail = (1 - rules.confidence_level) / 2
    low, high = np.nanquantile(np.concatenate(orders), [tail, 1 - tail])
    return float(low), float(high), p


def _rank_again(classes: NDArray[np.intp]) -> Floats:
    """Ranks within each row, less their mean, of values told by the place of their class.

    Counting classes is a twentieth of the work of sorting every row again.
    """
    n_rows, n = classes.shape
    places = classes + (n_classes := int(classes.max()) + 1) * np.arange(n_rows)[:, None]
    counts = np.bincount(places.ravel(), minlength=n_rows * n_classes).reshape(n_rows, n_classes)
    middle = counts.cumsum(axis=1) - (counts - 1) / 2
    return np.asarray(middle.ravel()[places] - (n + 1) / 2, dtype="float64")
