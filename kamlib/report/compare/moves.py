"""Accounts that stand in another class than before, and what moved them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from kamlib.report.compare.pair import Pair, Version
from kamlib.report.compare.restated import Restated

MOVE_COLUMNS = ["scheme", "account_id", "was", "now", "net_amount_window", "reasons", "facts"]
NO_CLASS = ""
NEW, GONE, RESTATED, RULES, FACT, CUT, WHY = (
    "new_account", "gone_account", "restated", "rules", "fact", "cut", "why")


@dataclass(frozen=True)
class Classing:
    """A published table that holds one class an account.

    scheme: what the classes are called; table and column: where they stand; facts: columns of the
    table that decide; cuts: table of the thresholds (measure, threshold) of those facts, "" for
    none; sections: rules that decide; why: column with the reason of the class now, "" for none.
    """

    scheme: str
    table: str
    column: str
    facts: tuple[str, ...]
    sections: tuple[str, ...]
    cuts: str = ""
    why: str = ""


CLASSINGS = (
    Classing("tier", "tiers", "tier", ("net_amount", "n_orders"), ("segmentation", "measures"),
             cuts="cuts"),
    Classing("stage", "account_stages", "stage", ("net_amount_window", "n_purchase_days"),
             ("lifecycle", "measures"), why="stage_reason"),
    Classing("rfm_class", "rfm", "rfm_class", ("days_since_last_sale", "n_orders", "net_amount"),
             ("segmentation", "measures"), cuts="rfm_cuts"),
    Classing("loyalty_class", "satisfaction_and_loyalty", "loyalty_class",
             ("account_index", "loyalty_index"), ("loyalty", "satisfaction", "measures")))


@dataclass(frozen=True)
class Moves:
    """Accounts that moved, and how many stood in a class at all.

    table: one row a move, most money first: scheme, account_id, was and now (codes; "" for no
    class), net_amount_window, reasons (tuple of codes), facts (tuple of (kind, name, was, now));
    n_classed: by scheme, accounts with a class in either version.
    """

    table: pd.DataFrame
    n_classed: dict[str, int] = field(default_factory=dict)


def find_moves(pair: Pair, restated: Restated) -> Moves:
    """List the accounts whose class differs, scheme by scheme, with what moved them."""
    money = _money(pair)
    touched = set(restated.sales["account_id"])
    rows: list[list[Any]] = []
    n_classed = {}
    for classing in (*CLASSINGS, *_published_schemes(pair)):
        old, new = (_classes(version, classing) for version in (pair.old, pair.new))
        if old.empty or new.empty:
            continue
        accounts = old.index.union(new.index).sort_values()
        n_classed[classing.scheme] = len(accounts)
        was, now = (t[classing.column].reindex(accounts).fillna(NO_CLASS) for t in (old, new))
        moved = accounts[(was != now).to_numpy()]
        before, after = (_facts_of(t, classing, moved) for t in (old, new))
        cuts = [_cuts(version, classing) for version in (pair.old, pair.new)]
        changed = [rule for rule in pair.rules if rule.split(".")[0] in classing.sections]
        for account in moved:
            reasons, facts = _explain(classing, before.get(account), after.get(account), cuts)
            reasons += [RESTATED] * (account in touched) + [RULES] * bool(changed)
            rows.append([classing.scheme, account, was[account], now[account],
                         money.get(account, 0.0), tuple(reasons), tuple(facts)])
    table = pd.DataFrame(rows, columns=MOVE_COLUMNS)
    order = {scheme: place for place, scheme in enumerate(n_classed)}
    table = table.assign(place=table["scheme"].map(order)).sort_values(
        ["place", "net_amount_window", "account_id"], ascending=[True, False, True])
    return Moves(table[MOVE_COLUMNS].reset_index(drop=True), n_classed)


def _published_schemes(pair: Pair) -> list[Classing]:
    """The schemes of the classes table in which every account has one class."""
    tables = [version.table("classes") for version in (pair.old, pair.new)]
    if any(table.empty for table in tables):
        return []
    found = [set(t["scheme"]) - set(t.loc[t.duplicated(["scheme", "account_id"]), "scheme"])
             for t in tables]
    return [Classing(scheme, "classes", "class", (), ("classes", "segmentation", "measures"),
                     why="why") for scheme in sorted(found[0] & found[1])]


def _classes(version: Version, classing: Classing) -> pd.DataFrame:
    """A classing's table by account, without accounts that have no class."""
    table = version.table(classing.table)
    if table.empty or classing.column not in table:
        return pd.DataFrame()
    if classing.table == "classes":
        table = table[table["scheme"] == classing.scheme]
    return table[table[classing.column].notna()].set_index("account_id")


def _facts_of(table: pd.DataFrame, classing: Classing,
              accounts: pd.Index) -> dict[Any, dict[str, Any]]:
    """What decides, by account: numbers by column, and the reason of the class as text."""
    kept = table[table.index.isin(accounts)]
    numbers = [name for name in classing.facts if name in kept]
    found = kept[numbers].astype("float64")
    if classing.why in kept:
        found[classing.why] = kept[classing.why].astype("object").fillna("")
    return {account: {str(name): value for name, value in row.items()}
            for account, row in found.to_dict("index").items()}


def _cuts(version: Version, classing: Classing) -> dict[str, float]:
    table = version.table(classing.cuts) if classing.cuts else pd.DataFrame()
    return {} if table.empty else dict(zip(table["measure"], table["threshold"], strict=True))


def _explain(classing: Classing, old: dict[str, Any] | None, new: dict[str, Any] | None,
             cuts: list[dict[str, float]]) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Why an account moved: what is new or gone, which fact or cut carried it over a line."""
    if old is None or new is None:
        return [NEW if old is None else GONE], []
    reasons: list[str] = []
    facts: list[tuple[Any, ...]] = []
    for name in classing.facts:
        if name not in old or name not in new:
            continue
        was, now = old[name], new[name]
        kind = _carried(was, now, cuts[0].get(name), cuts[1].get(name))
        if kind == CUT:
            facts.append((CUT, name, cuts[0][name], cuts[1][name]))
        elif kind == FACT:
            facts.append((FACT, name, was, now))
        reasons += [kind] * bool(kind)
    if new.get(classing.why):
        reasons.append(WHY)
        facts.append((WHY, classing.why, str(old.get(classing.why, "")), str(new[classing.why])))
    return list(dict.fromkeys(reasons)), facts


def _carried(was: float, now: float, cut_was: float | None, cut_now: float | None) -> str:
    """Say whether a fact or its cut moved an account over the line; "" when it stayed.

    >>> _carried(120, 90, 100, 100), _carried(120, 120, 100, 130), _carried(5, 5, None, None)
    ('fact', 'cut', '')
    """
    if cut_was is None or cut_now is None:
        return FACT if was != now and not (pd.isna(was) and pd.isna(now)) else ""
    if (was >= cut_was) == (now >= cut_now):
        return ""
    return FACT if (now >= cut_was) != (was >= cut_was) else CUT


def _money(pair: Pair) -> dict[str, float]:
    """Net sales of the window by account, as the newer version has them, else the older."""
    found: dict[str, float] = {}
    for version in (pair.old, pair.new):
        facts = version.table("account_facts")
        found |= dict(zip(facts["account_id"], facts["net_amount_window"].astype("float64"),
                          strict=True))
    return found
