"""Contracts that are renewed year by year: how many are, and how long they will last."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.models.contracts import discounted_renewals, fit_contracts, retention_share
from kamlib.models.result import FittedModel
from kamlib.stats.intervals import add_proportion
from kamlib.value.rules import ValueRules

RENEWAL_COLUMNS = ["n_renewals", "n_due", "n_renewed", "renewal_share", "renewal_share_ci_low",
                   "renewal_share_ci_high", "fitted_renewal_share", "remaining_years",
                   "n_running", "running_amount"]
# Lengths that pass for a year.
SHORTEST_DAYS, LONGEST_DAYS = 330, 400


def measure_renewals(contracts: pd.DataFrame, *, as_of: date, rules: ValueRules) -> pd.DataFrame:
    """Measure how many yearly contracts are renewed, by how often they had been before.

    contracts: table of the dictionary, one row a contract; those of an account that follow each
    other are one chain. Returns one row a number of earlier renewals from 0: n_renewals, n_due
    (came up for renewal with a known outcome), n_renewed, renewal_share with its interval (Wilson),
    fitted_renewal_share (of the fitted shifted beta geometric model), remaining_years
    (contract years that a contract of this age has ahead, discounted: the first counts in full
    under "now", a year later under "after_one_period"), n_running and running_amount (contracts
    that run now, and their yearly amount; 0 when no amounts are given).
    Raises RefusedError without enough yearly contracts. Source: catalogue LIF-03; Fader & Hardie
    (2007), J. Interactive Marketing 21(1):76-90 and (2010), Marketing Science 29:85-93.
    """
    chains = _follow(contracts, as_of)
    n_due = int(chains["n_due"].sum()) if len(chains) else 0
    if n_due < rules.min_renewals_due:
        raise RefusedError(_(
            "{n} yearly contracts with a known outcome came up for renewal; {least} are needed to "
            "speak of their retention. The table contracts with its column renewed would lift "
            "this.", n=fmt_count(n_due), least=fmt_count(rules.min_renewals_due)))
    fitted = fit_contracts(chains[["n_renewals", "is_lost"]], min_units=1, min_repeaters=1)
    if fitted.verdict == "refused":
        raise RefusedError(_("No contract has been renewed yet, so that retention cannot be "
                             "fitted. Later contracts would lift this."))
    return _tabulate(chains, fitted, rules)


def _follow(contracts: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row a chain: account_id, n_renewals, is_lost, n_due, is_running, annual_amount."""
    columns = ["account_id", "n_renewals", "is_lost", "n_due", "is_running", "annual_amount"]
    if contracts.empty:
        return pd.DataFrame(columns=columns)
    table = contracts.sort_values(["account_id", "start_date", "contract_id"])
    start, end = (pd.to_datetime(table[c]) for c in ("start_date", "end_date"))
    days = (end - start).dt.days + 1
    now = pd.Timestamp(as_of)
    yearly = days.between(SHORTEST_DAYS, LONGEST_DAYS)
    # An outcome is known once the last day has passed, not before.
    outcome = table["renewed"].astype("boolean").where(end <= now)
    table = table.assign(outcome=outcome, is_running=(start <= now) & (end > now))[yearly]
    # A contract that was not renewed ends its chain; a later one begins another.
    lost = table["outcome"].eq(False).fillna(False).astype(bool)
    chain = lost.astype("int64").groupby(table["account_id"]).cumsum() - lost.astype("int64")
    by = table.assign(is_lost=lost, is_renewed=table["outcome"].fillna(False).astype(bool),
                      is_due=table["outcome"].notna(),
                      annual_amount=table["annual_amount"].astype("float64"),
                      chain=chain).groupby(["account_id", "chain"])
    found = by.agg(n_renewals=("is_renewed", "sum"), is_lost=("is_lost", "any"),
                   n_due=("is_due", "sum"), is_running=("is_running", "any"),
                   annual_amount=("annual_amount", "last")).reset_index()
    return found[columns]


def _tabulate(chains: pd.DataFrame, fitted: FittedModel, rules: ValueRules) -> pd.DataFrame:
    most = int(chains["n_renewals"].max())
    numbers = np.arange(most + 1)
    running = chains[chains["is_running"]]
    renewed = [int((chains["n_renewals"] > n).sum()) for n in numbers]
    lost = [int((chains["is_lost"] & (chains["n_renewals"] == n)).sum()) for n in numbers]
    table = pd.DataFrame({
        "n_renewals": numbers, "n_due": np.add(renewed, lost), "n_renewed": renewed,
        "fitted_renewal_share": retention_share(fitted, numbers),
        "remaining_years": _remaining(fitted, numbers, rules),
        "n_running": [int((running["n_renewals"] == n).sum()) for n in numbers],
        "running_amount": [float(running.loc[running["n_renewals"] == n, "annual_amount"].sum())
                           for n in numbers]})
    table = table[(table["n_due"] > 0) | (table["n_running"] > 0)].reset_index(drop=True)
    return add_proportion(table, successes="n_renewed", n="n_due", name="renewal_share",
                          level=rules.confidence_level)[RENEWAL_COLUMNS]


def _remaining(fitted: FittedModel, numbers: np.ndarray, rules: ValueRules) -> np.ndarray:
    """Discounted years ahead of a contract before its renewal; without interest, of 1 %."""
    rate = max(rules.discount_rate, 0.01)
    years = discounted_renewals(fitted, numbers + 1, rate=rate)
    return years if rules.first_margin == "now" else years / (1 + rate)
