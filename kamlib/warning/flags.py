"""Warning signs by rule: which account shows which, with what evidence."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import InputError, did_you_mean
from kamlib.rule_table import apply_rules
from kamlib.warning.features import KEYS
from kamlib.warning.rules import WarningRules

FLAG_COLUMNS = [*KEYS, "flag", "evidence_column", "evidence_number", "weight", "flag_action",
                "why"]


def find_flags(features: pd.DataFrame, *, rules: WarningRules) -> pd.DataFrame:
    """Find the signs that each account showed on each cut.

    features: result of `build_features`, one row a cut and account.
    Returns one row a cut, account and sign, sorted, signs in the order of the rules: ``flag``
    (name of the rule), ``evidence_column`` and ``evidence_number`` (what it rests on), ``weight``,
    ``flag_action`` (what to do), ``why``. A gap in the evidence fires nothing.

    >>> row = dict.fromkeys(["n_gaps", "silence_ratio", "n_owner_changes"], 9.0)
    >>> table = pd.DataFrame([{"cut_date": pd.Timestamp("2025-06-30"), "account_id": "A", **row}])
    >>> rules = WarningRules(flags=[WarningRules().flags[0], WarningRules().flags[-1]])
    >>> find_flags(table, rules=rules)["flag"].tolist()
    ['overdue', 'owner_change']
    """
    table = features.reset_index(drop=True)
    for flag in rules.flags:
        if flag.evidence not in table:
            raise InputError(f"warning.flags: the sign {flag.name!r} shows the column "
                             f"{flag.evidence!r}, which the features do not have."
                             f"{did_you_mean(flag.evidence, map(str, table.columns))}")
    described = table.assign(row=table.index, **rules.thresholds())
    fired = apply_rules(described, rules.flags, key="row", first=False, origin="warning.flags")
    rows = table.iloc[fired["row"].to_numpy(dtype="int64")].reset_index(drop=True)
    by_name = {flag.name: flag for flag in rules.flags}
    evidence = fired["rule"].map({name: flag.evidence for name, flag in by_name.items()})
    numbers = [float(rows[column].iloc[at]) for at, column in enumerate(evidence)]
    result = rows[KEYS].assign(
        flag=fired["rule"].astype("str"), evidence_column=evidence.astype("str"),
        evidence_number=pd.Series(numbers, dtype="float64"),
        weight=fired["rule"].map({name: flag.weight for name, flag in by_name.items()})
        .astype("int64"), flag_action=fired["gives"].astype("str"), why=fired["why"].astype("str"))
    return result[FLAG_COLUMNS]


def add_flags(features: pd.DataFrame, flags: pd.DataFrame, *, rules: WarningRules
              ) -> pd.DataFrame:
    """Return features with ``n_flags``, ``flag_weight`` (sum of weights) and ``is_warned``."""
    found = flags.groupby(KEYS, sort=True).agg(n_flags=("flag", "size"),
                                               flag_weight=("weight", "sum")).reset_index()
    table = features.merge(found, on=KEYS, how="left")
    counts = table[["n_flags", "flag_weight"]].fillna(0).astype("int64")
    return table.assign(**counts, is_warned=counts["flag_weight"] >= rules.warn_weight)
