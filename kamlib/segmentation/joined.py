"""An account's tier and business class, for analyses that split by them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.period import Period
from kamlib.rule_table import apply_rules
from kamlib.rules import Rules
from kamlib.segmentation.classes import describe_accounts
from kamlib.segmentation.classes.rules import OTHERWISE
from kamlib.segmentation.tiers import add_tier

SCHEME = "business_class"


def add_classes(accounts: pd.DataFrame, facts: pd.DataFrame, *,
                read: Callable[[str], pd.DataFrame], period: Period, history_from: date,
                rules: Rules) -> pd.DataFrame:
    """Put each account's tier and business class beside what is known about it.

    accounts: one row an account; facts: account_facts; read: gives a table of the dictionary,
    empty when the data set has none; rules: of all sections.
    Returns the accounts, in their order, with tier (see `add_tier`) and business_class
    (major_account, ordinary, prospect, unattractive or cannot_tell; a gap for all where the
    analysis window is not known). Source: SEG-01, SEG-07.
    """
    table = add_tier(accounts, facts, rules=rules.segmentation)
    try:
        described = describe_accounts(
            facts, rules=rules.classes, accounts=accounts, tiers=table,
            opportunities=read("opportunities"), wallet=read("wallet_estimates"),
            relationships=read("relationships"), period=period, history_from=history_from,
            window_months=rules.measures.window_months)
        found = apply_rules(described, rules.classes.table(SCHEME), otherwise=OTHERWISE[SCHEME],
                            origin=f"classes.{SCHEME}").set_index("account_id")["gives"]
    except RefusedError:
        found = pd.Series(dtype="str")
    return table.assign(business_class=table["account_id"].map(found).astype("str"))
