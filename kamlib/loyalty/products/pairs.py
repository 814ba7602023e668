"""Products that go together: pairs with support, confidence, lift and an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from statsmodels.stats.proportion import proportion_confint

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.loyalty.products.held import Held
from kamlib.loyalty.products.rules import CrossSellRules
from kamlib.stats.association import count_pairs, lift_ends
from kamlib.stats.selected import selected_ends
from kamlib.stats.trend import adjust_p_values

PAIR_COLUMNS = ["if_product", "then_product", "n_if", "n_then", "n_together", "n_accounts",
                "support_share", "confidence_share", "confidence_share_ci_low",
                "confidence_share_ci_high", "pair_lift", "pair_lift_ci_low", "pair_lift_ci_high",
                "n_expected",
                "size_lift", "size_lift_ci_low", "size_lift_ci_high", "pair_verdict",
                "n_without", "adjusted_p_value"]


@dataclass(frozen=True)
class Pairs:
    """The strongest pairs, and how many there were: looked at, lifted, together.

    n_lifted: pairs whose interval of lift lies above 1; n_together: pairs of that verdict.
    """

    table: pd.DataFrame
    n_pairs: int
    n_lifted: int
    n_together: int


def pair_products(held: Held, *, rules: CrossSellRules) -> Pairs:
    """Which products are held together, in both directions.

    held: from `build_marks`.
    The table has the rules.n_pairs strongest pairs, one row a rule "who holds the one holds the
    other", most accounts beyond expectation first: if_product, then_product, n_if, n_then,
    n_together (accounts that hold the one, the other, both), n_accounts (all), support_share (both
    / all), confidence_share (both / n_if, with Wilson's interval), pair_lift (confidence / share
    that holds the other, with its interval; 1: no connection), n_expected (who would hold both
    given only how many products each account holds and how many accounts each product has),
    size_lift (n_together / n_expected, with Wilson's interval of n_together, no shorter than that
    of unequal chances), pair_verdict (together; or cannot tell), n_without (accounts with the one
    and without the other), adjusted_p_value (of more than expected, over all pairs looked at).
    Pairs below rules.min_both accounts are not looked at. Accounts that hold much hold nearly
    every pair, so lift alone calls most pairs; the verdict rests on size_lift.
    Source: Agrawal, Imielinski & Swami (1993), SIGMOD 22:207-216; Brin et al. (1997), SIGMOD
    26:255-264 (lift); Saracco et al. (2017); Benjamini & Hochberg (1995).
    """
    found = count_pairs(held.marks, min_both=rules.min_both)
    if found.empty:
        raise RefusedError(_("No two products are held together by {least} accounts or more, so "
                             "what goes together cannot be told. More accounts, or a lower rule "
                             "cross_sell.min_both, would lift this.",
                             least=fmt_count(rules.min_both)))
    found["adjusted_p_value"] = np.minimum(adjust_p_values(found["p_value"]), 1.0)
    found["pair_verdict"] = np.where(found["adjusted_p_value"] <= rules.false_share, "together",
                                     "cannot tell")
    found["beyond"] = found["n_both"] - found["n_expected"]
    low, _high = lift_ends(found["n_both"], found["n_left"], found["n_right"], len(held.accounts),
                           level=rules.confidence_level)
    strongest = found.sort_values(["pair_verdict", "beyond", "left", "right"],
                                  ascending=[False, False, True, True]).head(rules.n_pairs)
    return Pairs(_describe(strongest, held, rules), n_pairs=len(found),
                 n_lifted=int((low > 1).sum()),
                 n_together=int((found["pair_verdict"] == "together").sum()))


def _describe(found: pd.DataFrame, held: Held, rules: CrossSellRules) -> pd.DataFrame:
    """Both directions of each pair, with the shares, lifts and intervals of the table."""
    turned = found.rename(columns={"left": "right", "right": "left", "n_left": "n_right",
                                   "n_right": "n_left"})
    table = pd.concat([found, turned], ignore_index=True)
    names = np.asarray(held.products, dtype="object")
    table["if_product"], table["then_product"] = names[table["left"]], names[table["right"]]
    n, level = len(held.accounts), rules.confidence_level
    table = table.rename(columns={"n_left": "n_if", "n_right": "n_then", "n_both": "n_together"})
    table["n_accounts"] = n
    table["support_share"] = table["n_together"] / n
    table["confidence_share"] = table["n_together"] / table["n_if"]
    table["pair_lift"] = table["confidence_share"] / (table["n_then"] / n)
    table["size_lift"] = table["n_together"] / table["n_expected"]
    table["n_without"] = table["n_if"] - table["n_together"]
    table = table.sort_values(
        ["pair_verdict", "beyond", "confidence_share", "if_product", "then_product"],
        ascending=[False, False, False, True, True], ignore_index=True)
    confidence = selected_ends(table["n_together"], table["n_if"], least=rules.min_both,
                               level=level)
    support = proportion_confint(table["n_together"], n, alpha=1 - level, method="wilson")
    lift = lift_ends(table["n_together"], table["n_if"], table["n_then"], n, level=level)
    for side, end in enumerate(("low", "high")):
        # Rounding may leave an end a hair inside the share itself when all hold both.
        keep = (np.minimum, np.maximum)[side]
        table[f"confidence_share_ci_{end}"] = keep(confidence[side], table["confidence_share"])
        table[f"pair_lift_ci_{end}"] = lift[side]
        table[f"size_lift_ci_{end}"] = support[side] * n / table["n_expected"]
    return table[PAIR_COLUMNS]
