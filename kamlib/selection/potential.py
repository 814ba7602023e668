"""Current value beside potential: protect, grow, harvest, monitor; and whether it came true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count, fmt_date
from kamlib.measures.wallet import TOTAL, estimate_wallets
from kamlib.selection.criteria import Known
from kamlib.selection.rules import SelectionRules

QUADRANTS = ("to_protect", "to_grow", "to_harvest", "to_monitor")
PLACED_COLUMNS = ["account_id", "value_quadrant", "is_quadrant_open", "net_amount",
                  "headroom_amount", "headroom_amount_ci_low", "headroom_amount_ci_high",
                  "wallet_share", "n_estimates", "is_above_wallet", "is_listed"]
QUADRANT_COLUMNS = ["value_quadrant", "n_accounts", "n_quadrant_open", "net_amount", "amount_share",
                    "headroom_amount", "n_key"]
PROOF_COLUMNS = ["called", "n_accounts", "before_amount", "after_amount", "growth_rate",
                 "growth_rate_ci_low", "growth_rate_ci_high", "difference_rate",
                 "difference_rate_ci_low", "difference_rate_ci_high", "verdict"]


def place_accounts(known: Known, *, rules: SelectionRules) -> tuple[pd.DataFrame, float, float]:
    """Put each account with an estimate of its spending into one of four quadrants.

    Returns one row an account, most headroom first, and both lines: net_amount (current value: net
    sales of the window), headroom_amount with its interval (potential: estimated spending less what
    it buys, see `estimate_wallets`), value_quadrant (to_protect: both high; to_grow: potential
    alone; to_harvest: current alone; to_monitor: neither), is_quadrant_open (the interval of the
    potential lies on both sides of the line; also where it has none), wallet_share, n_estimates,
    is_above_wallet. The lines are those of the rules or the medians of these accounts.
    Refused with fewer than rules.min_placed. Source: catalogue SEL-10.
    """
    estimates = known.table("wallet_estimates")
    if estimates is None:
        raise RefusedError(_("Nobody has estimated what accounts spend in all, so their potential "
                             "is not known; growth of the past is no potential. A few rows in the "
                             "table wallet_estimates would lift this."))
    wallets = estimate_wallets(estimates, known.products, as_of=known.as_of,
                               history_from=known.history_from, years=rules.wallet_years,
                               min_pairs=rules.min_wallet_pairs, level=rules.confidence_level)
    table = wallets[wallets["product_line"] == TOTAL].merge(
        known.facts[["account_id", "net_amount_window"]].rename(
            columns={"net_amount_window": "net_amount"}), on="account_id")
    if len(table) < rules.min_placed:
        raise RefusedError(_(
            "{n} accounts have an estimate of what they spend in all; from {least} on current and "
            "potential value are set side by side. More rows in wallet_estimates would lift this.",
            n=fmt_count(len(table)), least=fmt_count(rules.min_placed)))
    table["net_amount"] = table["net_amount"].astype("float64")
    current = rules.current_line_amount or float(table["net_amount"].median())
    potential = rules.potential_line_amount or float(table["headroom_amount"].median())
    low, high = table["headroom_amount_ci_low"], table["headroom_amount_ci_high"]
    big, room = table["net_amount"] >= current, table["headroom_amount"] >= potential
    table["value_quadrant"] = np.select([big & room, room, big], QUADRANTS[:3], QUADRANTS[3])
    table["value_quadrant"] = table["value_quadrant"].astype("str")
    table["is_quadrant_open"] = ~((low >= potential) | (high < potential))
    return table, current, potential


def sum_quadrants(placed: pd.DataFrame, net_amount: float) -> pd.DataFrame:
    """Size of each quadrant.

    placed: from `place_accounts` with is_listed; net_amount: of all accounts. Returns one row a
    value_quadrant: n_accounts, n_quadrant_open (could also lie in the one beside), net_amount and
    amount_share (of all our net sales), headroom_amount, n_key.
    """
    rows = []
    for quadrant in QUADRANTS:
        part = placed[placed["value_quadrant"] == quadrant]
        amount = float(part["net_amount"].sum())
        rows.append((quadrant, len(part), int(part["is_quadrant_open"].sum()), amount,
                     amount / net_amount if net_amount > 0 else np.nan,
                     float(part["headroom_amount"].sum()), int(part["is_listed"].sum())))
    return pd.DataFrame(rows, columns=QUADRANT_COLUMNS)


def prove_quadrants(then: Known, facts_now: pd.DataFrame, *, rules: SelectionRules
                    ) -> pd.DataFrame:
    """Did the accounts that were called grow then grow more than those called monitor?

    then: what was known a year ago; facts_now: account_facts at as_of. Both calls begin with small
    current value, so that what small accounts grow by chance is in both.
    Returns one row a call: called (the quadrants; then two naive calls among the small ones: those
    that had grown the year before, and those that had not), n_accounts, before_amount and
    after_amount (net sales of the windows then and now), growth_rate (sums) with an interval by
    drawing accounts, difference_rate (grow less monitor; grew_before less did_not) with its
    interval, verdict (better: grow grew more; worse; cannot tell).
    Refused where nobody could be placed then. Source: catalogue SEL-10.
    """
    try:
        placed, current, _line = place_accounts(then, rules=rules)
    except RefusedError as error:
        raise RefusedError(_("Whether accounts called grow did grow cannot be tested on {day}: "
                             "{reason}", day=fmt_date(then.as_of), reason=str(error))) from error
    later = facts_now.set_index("account_id")["net_amount_window"].astype("float64")
    rows = pd.DataFrame({
        "account_id": placed["account_id"], "called": placed["value_quadrant"],
        "before": placed["net_amount"],
        "after": placed["account_id"].map(later).fillna(0.0)})
    small = rows[rows["before"] < current]
    rng = np.random.default_rng(rules.seed)
    found = [_grow(rows[rows["called"] == name], name, rng, rules) for name in QUADRANTS]
    grown = _grew_before(then)
    if grown is not None:
        had = small["account_id"].map(grown)
        found += [_grow(small[had == kind], name, rng, rules)
                  for name, kind in (("grew_before", True), ("did_not", False))]
    table = pd.DataFrame([row for row, _draws in found], columns=PROOF_COLUMNS)
    drawn = {row["called"]: draws for row, draws in found}
    for one, other in (("to_grow", "to_monitor"), ("grew_before", "did_not")):
        if one in drawn:
            _compare(table, drawn, one, other, rules)
    return table


def _grew_before(then: Known) -> dict[str, bool] | None:
    monthly, width = then.monthly(), then.window_months
    if monthly.amounts.shape[1] != 2 * width:
        return None
    now, before = (monthly.amounts[:, at].sum(axis=1) for at in (slice(width, None),
                                                                 slice(None, width)))
    return {account: bool(a > b) for account, a, b in zip(monthly.account_ids, now, before,
                                                          strict=True)}


def _grow(part: pd.DataFrame, name: str, rng: np.random.Generator, rules: SelectionRules
          ) -> tuple[dict[str, Any], Any]:
    sums = part[["before", "after"]].to_numpy("float64")
    before, after = float(sums[:, 0].sum()), float(sums[:, 1].sum())
    row = {"called": name, "n_accounts": len(part), "before_amount": before,
           "after_amount": after, "growth_rate": after / before - 1 if before > 0 else np.nan,
           "verdict": ""}
    if len(part) < 2 or before <= 0:
        return row, None
    picked = rng.integers(0, len(part), (rules.n_permutations, len(part)))
    drawn = sums[picked].sum(axis=1)
    rates = drawn[:, 1] / np.where(drawn[:, 0] > 0, drawn[:, 0], np.nan) - 1
    low, high = np.nanquantile(rates, _tails(rules))
    return row | {"growth_rate_ci_low": float(low), "growth_rate_ci_high": float(high)}, rates


def _compare(table: pd.DataFrame, drawn: dict[str, Any], one: str, other: str,
             rules: SelectionRules) -> None:
    at, beside = (int(table.index[table["called"] == name][0]) for name in (one, other))
    table.loc[at, "verdict"] = "cannot tell"
    if drawn[one] is None or drawn[other] is None:
        return
    low, high = np.nanquantile(drawn[one] - drawn[other], _tails(rules))
    rates = table["growth_rate"].astype("float64")
    for column, value in (("difference_rate", rates[at] - rates[beside]),
                          ("difference_rate_ci_low", low), ("difference_rate_ci_high", high)):
        table.loc[at, column] = value
    table.loc[at, "verdict"] = "better" if low > 0 else "worse" if high < 0 else "cannot tell"


def _tails(rules: SelectionRules) -> list[float]:
    return [(1 - rules.confidence_level) / 2, (1 + rules.confidence_level) / 2]
