"""Accounts put into named classes by tables of rules, with the rule that fired."""

from __future__ import annotations

import pandas as pd

from kamlib.errors import InputError
from kamlib.language import translate
from kamlib.rule_table import apply_rules
from kamlib.segmentation.classes.describe import DESCRIBED_COLUMNS
from kamlib.segmentation.classes.rules import (
    ACTIONS,
    MULTI_LABEL,
    OTHERWISE,
    SCHEMES,
    TABLES,
    ClassRules,
)

CLASS_COLUMNS = ["account_id", "scheme", "class", "rule", "why"]
SUMMARY_COLUMNS = ["scheme", "class", "n_accounts", "account_share", "net_amount",
                   "amount_share", "action"]
CROSS_WALK_COLUMNS = ["scheme", "class", "other_scheme", "other_class", "n_accounts",
                      "class_share", "net_amount"]


def classify_accounts(described: pd.DataFrame, *, rules: ClassRules) -> pd.DataFrame:
    """Put every account into a class of every scheme, and say which rule put it there.

    described: from `describe_accounts`.
    Returns, by scheme in the order of `TABLES`, one row an account (of `categories` one row a
    category, for an account may have several), sorted: account_id, scheme, class, rule (the
    first whose condition is true, "otherwise" where none is), why (in words).
    Source: catalogue SEG-03 (with E34: important by influence is not the tier important),
    SEG-04, SEG-05 (with E20: below zero means an unprofitable account, and asks for a review),
    SEG-07, SEG-08, SEG-09.
    Raises InputError for a condition that cannot be used; see `rule_table.apply_rules`.

    >>> from kamlib.segmentation.classes.describe import describe_accounts
    >>> facts = pd.DataFrame({"account_id": ["a"], "n_orders": [2], "n_orders_window": [2],
    ...                       "net_amount_window": [24000.0]})
    >>> described = describe_accounts(facts, rules=ClassRules())
    >>> classes = classify_accounts(described, rules=ClassRules())
    >>> classes[classes["scheme"] == "service_line"][["class", "rule"]].values.tolist()
    [['is_large', 'any_other_line']]
    """
    _require(described)
    parts = []
    for scheme in TABLES:
        part = apply_rules(described, rules.table(scheme), first=scheme != MULTI_LABEL,
                           otherwise=OTHERWISE[scheme], origin=f"classes.{scheme}")
        parts.append(part.rename(columns={"gives": "class"}).assign(
            scheme=scheme, why=part["why"].map(translate)))
    return pd.concat(parts, ignore_index=True)[CLASS_COLUMNS].astype("str")


def summarise_classes(classes: pd.DataFrame, described: pd.DataFrame, *,
                      rules: ClassRules) -> pd.DataFrame:
    """Size and sales of each class, and what to do about it.

    classes: from `classify_accounts`; described: the table it was made from.
    Returns one row a scheme and class, in the order of the rules, also where nobody is in it:
    scheme, class, n_accounts, account_share (0-1 of all accounts), net_amount (window),
    amount_share (of all net sales; a gap when these are not above zero), action (code of a
    proposal, worded in the labels; "" for none). Categories overlap, so that their shares add up
    to more than one.
    """
    table = _all_classes(rules)
    rows = classes.drop_duplicates(["account_id", "scheme", "class"]).merge(
        described[["account_id", "net_amount"]], on="account_id")
    sizes = rows.groupby(["scheme", "class"])["net_amount"].agg(["size", "sum"])
    sizes = sizes.reindex(pd.MultiIndex.from_frame(table), fill_value=0)
    total = float(described["net_amount"].sum())
    table["n_accounts"] = sizes["size"].astype("int64").to_numpy()
    table["account_share"] = table["n_accounts"] / max(1, len(described))
    table["net_amount"] = sizes["sum"].astype("float64").round(4).to_numpy()
    table["amount_share"] = table["net_amount"] / total if total > 0 else float("nan")
    table["action"] = pd.Series([ACTIONS.get((one["scheme"], one["class"]), "")
                                 for one in table.to_dict("records")], dtype="str")
    return table[SUMMARY_COLUMNS]


def cross_walk(classes: pd.DataFrame, described: pd.DataFrame, *,
               rules: ClassRules) -> pd.DataFrame:
    """Count the accounts of each class of the chosen vocabulary in each class of the others.

    classes: from `classify_accounts`; described: the table it was made from; rules.scheme
    chooses one of `SCHEMES`.
    Returns one row a class, other scheme and other class, in the order of the rules: scheme,
    class, other_scheme, other_class, n_accounts, class_share (0-1 of the class; a gap where
    nobody is in it), net_amount (window). Source: catalogue SEG-04: three vocabularies for one
    concept, one of which calls a state of life ("potential") a tier.
    """
    chosen = rules.scheme
    by_scheme = {scheme: classes[classes["scheme"] == scheme].set_index("account_id")["class"]
                 for scheme in SCHEMES}
    amounts = described.set_index("account_id")["net_amount"]
    parts = []
    for other in (scheme for scheme in SCHEMES if scheme != chosen):
        pairs = pd.DataFrame({"class": by_scheme[chosen], "other_class": by_scheme[other],
                              "net_amount": amounts})
        found = pairs.groupby(["class", "other_class"])["net_amount"].agg(["size", "sum"])
        every = pd.MultiIndex.from_product([rules.classes(chosen), rules.classes(other)],
                                           names=["class", "other_class"])
        part = found.reindex(every, fill_value=0).reset_index()
        parts.append(part.assign(scheme=chosen, other_scheme=other))
    table = pd.concat(parts, ignore_index=True).rename(
        columns={"size": "n_accounts", "sum": "net_amount"})
    of_class = table.groupby(["other_scheme", "class"])["n_accounts"].transform("sum")
    table["class_share"] = table["n_accounts"] / of_class.where(of_class > 0)
    texts = ("scheme", "class", "other_scheme", "other_class")
    return table[CROSS_WALK_COLUMNS].astype(
        {**dict.fromkeys(texts, "str"), "n_accounts": "int64", "net_amount": "float64"})


def _all_classes(rules: ClassRules) -> pd.DataFrame:
    rows = [(scheme, one) for scheme in TABLES for one in rules.classes(scheme)]
    return pd.DataFrame(rows, columns=["scheme", "class"], dtype="str")


def _require(described: pd.DataFrame) -> None:
    missing = [column for column in DESCRIBED_COLUMNS if column not in described]
    if missing:
        raise InputError(f"classify_accounts needs the table of describe_accounts; "
                         f"{', '.join(missing[:5])} is missing. Pass what describe_accounts "
                         "returned, with columns added if you like, but none taken away.")
