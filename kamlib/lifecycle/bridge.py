"""Where the change in revenue came from, account by account: a bridge that closes to the cent."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kamlib.errors import InputError, RefusedError
from kamlib.language import _

EFFECTS = ("volume", "price", "mix", "quantity_unknown")
STEPS = ("opening", "new", "first_seen", "recovered",
         *(f"{move}_{effect}" for move in ("expansion", "contraction") for effect in EFFECTS),
         "returns_change", "adjustments_change", "lost", "closing")
BRIDGE_COLUMNS = ["bridge_step", "n_accounts", "amount"]
RETENTION_COLUMNS = ["n_accounts", "n_churned", "opening_amount", "expansion_amount",
                     "contraction_amount", "churned_amount", "closing_amount",
                     "net_retention_share", "gross_retention_share", "n_negative"]
ACCOUNT_COLUMNS = ["account_id", "revenue_change", "before_net_amount", "net_amount",
                   "change_amount", "price_amount", "volume_amount", "mix_amount",
                   "quantity_unknown_amount"]
# Money is counted in whole ten-thousandths, as the engine keeps it: sums of these are exact.
UNIT = 10_000
MONEY = ("gross_amount_before", "gross_amount", "returned_amount_before", "returned_amount",
         "adjustment_amount_before", "adjustment_amount",
         *(f"{effect}_amount" for effect in EFFECTS))


def build_revenue_bridge(account_bridge: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Lead from the revenue of the window before to that of the analysis window.

    account_bridge: one row an account, from measures; facts: account_facts at the window's end.
    Returns one row a step, in the order of reading: ``bridge_step``, ``n_accounts`` that make it,
    ``amount`` (what takes away is below 0, so that the rows before closing sum to it). Opening and
    closing are net sales and adjustments of the two windows. Gross sales of accounts that bought
    in one window only: ``new`` (their first ever; ``first_seen`` where the start is not known),
    ``recovered`` (bought before both), ``lost``. Of accounts that bought in both: ``expansion``
    (those whose gross sales rose) and ``contraction``, each by volume, price, mix (products
    bought in one window only) and what has no quantity. ``returns_change`` and
    ``adjustments_change`` are those of all accounts.
    Refused when the known history does not hold both windows; InputError when closing is not
    what the account facts say.
    """
    _require(account_bridge)
    table, units = _classify(account_bridge, facts), _count_units(account_bridge)
    _check_tie(units, facts)
    kind = table["revenue_change"].to_numpy()
    rows = {"opening": (table["n_lines_before"] > 0, _net(units, "_before"))}
    for name in ("new", "first_seen", "recovered"):
        rows[name] = (kind == name, units["gross_amount"] * (kind == name))
    for move in ("expansion", "contraction"):
        # Gross sales that stay as they were may hide a price that rose and a volume that fell.
        chosen = (kind == move) | ((move == "expansion") & (kind == "unchanged"))
        for effect in EFFECTS:
            part = units[f"{effect}_amount"] * chosen
            rows[f"{move}_{effect}"] = (part != 0, part)
    for name, column, sign in (("returns_change", "returned_amount", -1),
                               ("adjustments_change", "adjustment_amount", 1)):
        part = sign * (units[column] - units[f"{column}_before"])
        rows[name] = (part != 0, part)
    rows["lost"] = (kind == "lost", -units["gross_amount_before"] * (kind == "lost"))
    rows["closing"] = (table["n_lines"] > 0, _net(units, ""))
    return pd.DataFrame({
        "bridge_step": pd.Series(STEPS, dtype="str"),
        "n_accounts": pd.array([int(rows[step][0].sum()) for step in STEPS], dtype="Int64"),
        "amount": [int(rows[step][1].sum()) / UNIT for step in STEPS]})


def list_changes(account_bridge: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Say of each account what it brought more or less than in the window before, and why.

    Returns one row an account with a sale in either window, the largest loss first:
    ``account_id``, ``revenue_change`` (new, first_seen, recovered, expansion, contraction,
    unchanged or lost), ``before_net_amount`` and ``net_amount`` (sales less what came back),
    ``change_amount``, and the parts of the change in gross sales: ``price_amount``,
    ``volume_amount``, ``mix_amount``, ``quantity_unknown_amount`` (NA for accounts that did not
    buy in both windows). Refused as `build_revenue_bridge`.
    """
    _require(account_bridge)
    table = _classify(account_bridge, facts)
    table = table[table["revenue_change"] != ""].copy()
    for name, suffix in (("before_net_amount", "_before"), ("net_amount", "")):
        table[name] = (table[f"gross_amount{suffix}"] - table[f"returned_amount{suffix}"]).round(4)
    table["change_amount"] = (table["net_amount"] - table["before_net_amount"]).round(4)
    stayed = table["revenue_change"].isin(["expansion", "contraction", "unchanged"])
    parts = [f"{effect}_amount" for effect in EFFECTS]
    table[parts] = table[parts].astype("float64").where(stayed)
    return table.sort_values(["change_amount", "account_id"], ignore_index=True)[ACCOUNT_COLUMNS]


def measure_retention(account_bridge: pd.DataFrame) -> pd.DataFrame:
    """Revenue of the accounts that bought in the window before, then and now.

    account_bridge: one row an account, from measures.
    Returns one row: n_accounts (with a sale line in the window before), n_churned (of these
    without one in this window), opening_amount (net sales then: what came back is off,
    adjustments stay apart), expansion_amount, contraction_amount, churned_amount (>= 0: by how
    much accounts grew, shrank while buying, and left), closing_amount (now), net_retention_share
    = closing / opening, gross_retention_share = sum of min(now, then) / sum of then, which never
    passes 1, n_negative (accounts whose net sales are below 0 in either window: there they count
    as 0 in the gross share, since nobody can lose more than was there). New accounts do not
    count. A complete ledger has no interval. Refused when history does not hold both windows, or
    nobody had net sales above 0 in the one before. Source: metrics §2 (NRR, GRR).

    >>> bridge = pd.DataFrame({"n_lines_before": 2, "n_lines": [3, 1], "returned_amount": 0.0,
    ...     "gross_amount_before": [80.0, 20.0], "gross_amount": [100.0, 5.0],
    ...     "returned_amount_before": 0.0})
    >>> measure_retention(bridge)[["net_retention_share", "gross_retention_share"]].to_numpy()
    array([[1.05, 0.85]])
    """
    _require(account_bridge)
    cohort = account_bridge[account_bridge["n_lines_before"] > 0]
    units = _count_units(cohort)
    then, now = (units[f"gross_amount{s}"] - units[f"returned_amount{s}"] for s in ("_before", ""))
    counted, kept = np.maximum(then, 0), np.minimum(np.maximum(now, 0), np.maximum(then, 0))
    if then.sum() <= 0:
        raise RefusedError(_("No account had net sales above zero in the analysis window before "
                             "this one. A later period would lift this."))
    is_gone = (cohort["n_lines"] == 0).to_numpy(dtype=bool)
    change = now - then
    amounts = {"opening": then.sum(), "expansion": np.maximum(change, 0)[~is_gone].sum(),
               "contraction": -np.minimum(change, 0)[~is_gone].sum(),
               "churned": -change[is_gone].sum(), "closing": now.sum()}
    row = {f"{name}_amount": int(amount) / UNIT for name, amount in amounts.items()} | {
        "n_accounts": len(cohort), "n_churned": int(is_gone.sum()),
        "net_retention_share": int(now.sum()) / int(then.sum()),
        "gross_retention_share": int(kept.sum()) / int(counted.sum()),
        "n_negative": int(((then < 0) | (now < 0)).sum())}
    return pd.DataFrame([row], columns=RETENTION_COLUMNS)


def _require(account_bridge: pd.DataFrame) -> None:
    if account_bridge.empty:
        raise RefusedError(_("The known history does not hold two whole analysis windows, so "
                             "revenue cannot be followed from one to the next. A longer history, "
                             "or a shorter rule measures.window_months, would lift this."))


def _classify(account_bridge: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Add what each account did to gross sales; "" for one without a sale in either window."""
    known = facts[["account_id", "n_lines", "is_start_known"]].rename(
        columns={"n_lines": "n_lines_ever"})
    table = account_bridge.merge(known, on="account_id", how="left")
    now, then = table["n_lines"] > 0, table["n_lines_before"] > 0
    change = table["gross_amount"] - table["gross_amount_before"]
    # An account that bought in this window only, but more often in its life, was there before.
    is_earlier = table["n_lines_ever"] > table["n_lines"]
    is_known = table["is_start_known"].astype("boolean").fillna(False)
    choices = {"lost": ~now & then, "expansion": now & then & (change > 0),
               "contraction": now & then & (change < 0), "unchanged": now & then,
               "recovered": now & is_earlier, "new": now & is_known, "first_seen": now}
    hits = [hit.to_numpy(dtype=bool) for hit in choices.values()]
    table["revenue_change"] = pd.Series(np.select(hits, list(choices), default=""), dtype="str")
    return table


def _count_units(account_bridge: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    return {name: np.rint(account_bridge[name].to_numpy("float64") * UNIT).astype("int64")
            for name in MONEY if name in account_bridge}


def _net(units: dict[str, NDArray[np.int64]], suffix: str) -> NDArray[np.int64]:
    """Net sales and adjustments of a window."""
    return units[f"gross_amount{suffix}"] - units[f"returned_amount{suffix}"] \
        + units[f"adjustment_amount{suffix}"]


def _check_tie(units: dict[str, NDArray[np.int64]], facts: pd.DataFrame) -> None:
    stated = facts[["net_amount_window", "adjustment_amount_window"]].sum(skipna=False)
    closing = int(_net(units, "").sum()) / UNIT
    if not abs(closing - stated.sum()) < 0.005:
        raise InputError(
            f"The revenue bridge ends at {closing:.2f}, but the account facts of the same window "
            f"hold {stated.sum():.2f}. Build both from the same orders, at the same level of "
            "accounts and the same period.")
