"""The same accounts seen in other ways: how sure, by other rules, and in which groups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from kamlib.handover import Attempts
from kamlib.language import N_
from kamlib.rules import Rules
from kamlib.segmentation.classes import (
    CLASS_COLUMNS,
    CROSS_WALK_COLUMNS,
    DESCRIBED_COLUMNS,
    PROFILE_COLUMNS,
    SUMMARY_COLUMNS,
    classify_accounts,
    cross_walk,
    describe_accounts,
    profile_core_accounts,
    summarise_classes,
)
from kamlib.segmentation.clusters import Clusters, cluster_accounts
from kamlib.segmentation.matrices import (
    MATRIX_COLUMNS,
    MATRIX_CUT_COLUMNS,
    account_matrix_inputs,
    build_matrix,
    build_switchboard,
    find_matrix_cuts,
    line_matrix_inputs,
)
from kamlib.segmentation.ranks import (
    NOISE_COLUMNS,
    RANK_COLUMNS,
    estimate_ranks,
    judge_migration,
)
from kamlib.segmentation.result import Basis, Segmentation
from kamlib.segmentation.rfm_backtest import BACKTEST_COLUMNS, backtest_rfm

# Tables of the dictionary that the views use where they are given.
TABLES = ("opportunities", "wallet_estimates", "relationships")
QUESTIONS = {
    "ranks": N_("How sure is an account's tier?"),
    "noise": N_("Did more accounts change their tier than chance alone moves?"),
    "backtest": N_("Does the RFM class foretell an account's margin?"),
    "classes": N_("Which class has an account by the other rules?"),
    "profile": N_("Where are the core accounts?"),
    "account_growth_share": N_("Which accounts grow, and which are large?"),
    "account_sales_profit": N_("Which accounts are large, and which are profitable?"),
    "product_line_growth_share": N_("Which product lines grow, and which are large?"),
    "product_line_sales_profit": N_("Which product lines are large, and which are profitable?"),
}
MATRICES = tuple(name for name in QUESTIONS if name.endswith(("_growth_share", "_sales_profit")))


class Matrix(NamedTuple):
    """A matrix and its cut lines, as the charts take them."""

    matrix: pd.DataFrame
    cuts: pd.DataFrame


@dataclass(frozen=True, repr=False)
class Views:
    """Other views on the accounts of a `Segmentation`; a refused one is empty, with its reason.

    ranks, noise: see `estimate_ranks`, `judge_migration`; backtest: `backtest_rfm`; described,
    classes, class_summary, cross_walk, profile: see `kamlib.segmentation.classes`;
    matrices: `build_matrix` and its cuts by subject and variant (MATRICES); clusters;
    switchboard, changes: `build_switchboard`; refused: reason by name.
    """

    ranks: pd.DataFrame
    noise: pd.DataFrame
    backtest: pd.DataFrame
    described: pd.DataFrame
    classes: pd.DataFrame
    class_summary: pd.DataFrame
    cross_walk: pd.DataFrame
    profile: pd.DataFrame
    matrices: Mapping[str, Matrix]
    clusters: Clusters
    switchboard: pd.DataFrame
    changes: pd.DataFrame
    refused: Mapping[str, str]
    rules: Rules

    def __repr__(self) -> str:
        return f"Views({len(self.ranks)} accounts ranked, {len(self.refused)} refused)"


def build_views(result: Segmentation, *, months: pd.DataFrame, products: pd.DataFrame,
                accounts: pd.DataFrame, read: Callable[[str], pd.DataFrame],
                rules: Rules) -> Views:
    """Compute every view; what has too little data comes back empty with its reason.

    result: from `segment_accounts`, which says of which day and window; months, products:
    account_months and account_products at that day; accounts: of the dictionary; read: gives a
    table of the dictionary (TABLES), empty when the data set has none; rules: of all sections.
    """
    attempts, basis = Attempts(), result.basis
    facts, period, year_before = basis.facts, basis.period, basis.earlier["year_before"]
    span: dict[str, Any] = {"history_from": basis.history_from,
                            "window_months": basis.window_months}
    given = {name: read(name) for name in TABLES}
    ranks = attempts.take("ranks", RANK_COLUMNS, lambda: estimate_ranks(
        months, facts, as_of=period.as_of, rules=rules.ranks, tier_rules=rules.segmentation,
        **span))
    noise = attempts.take("noise", NOISE_COLUMNS, lambda: judge_migration(
        months, facts, as_of=period.as_of, as_of_before=period.previous_end, rules=rules.ranks,
        tier_rules=rules.segmentation, **span))
    described = attempts.take("classes", list(DESCRIBED_COLUMNS), lambda: describe_accounts(
        facts, rules=rules.classes, accounts=accounts, tiers=result.tiers, profit=basis.profit,
        facts_year_before=year_before, opportunities=given["opportunities"],
        wallet=given["wallet_estimates"], relationships=given["relationships"], period=period,
        **span))
    switchboard, changes = build_switchboard(
        facts, year_before, profit=basis.profit, rules=rules.segmentation,
        matrix_rules=rules.matrices)
    return Views(
        ranks=ranks, noise=noise, described=described, **_classes(described, rules),
        backtest=attempts.take("backtest", BACKTEST_COLUMNS, lambda: backtest_rfm(
            basis.earlier["previous"], facts, rules=rules.segmentation)),
        profile=attempts.take("profile", PROFILE_COLUMNS, lambda: profile_core_accounts(
            result.tiers, accounts, level=rules.segmentation.confidence_level)),
        matrices=_matrices(attempts, basis, products, span, rules),
        clusters=cluster_accounts(facts, products=products, period=period, rules=rules.clusters,
                                  window_months=basis.window_months),
        switchboard=switchboard, changes=changes, refused=attempts.refused, rules=rules)


def _matrices(attempts: Attempts, basis: Basis, products: pd.DataFrame, span: Mapping[str, Any],
              rules: Rules) -> dict[str, Matrix]:
    """Both matrices of both subjects by the names of MATRICES."""
    inputs = {"account": partial(account_matrix_inputs, basis.facts,
                                 basis.earlier["year_before"]),
              "product_line": partial(line_matrix_inputs, products,
                                      as_of=basis.period.as_of, **span)}
    matrices = {}
    for name in MATRICES:
        subject = "account" if name.startswith("account") else "product_line"
        variant = name.removeprefix(f"{subject}_")

        def build(make: Callable[..., pd.DataFrame], subject: str = subject,
                  variant: str = variant) -> pd.DataFrame:
            return make(inputs[subject](), variant=variant, rules=rules.matrices)

        matrices[name] = Matrix(
            attempts.take(name, MATRIX_COLUMNS, partial(build, build_matrix)),
            attempts.take(name, MATRIX_CUT_COLUMNS, partial(build, find_matrix_cuts)))
    return matrices


def _classes(described: pd.DataFrame, rules: Rules) -> dict[str, pd.DataFrame]:
    if described.empty:
        columns = {"classes": CLASS_COLUMNS, "class_summary": SUMMARY_COLUMNS,
                   "cross_walk": CROSS_WALK_COLUMNS}
        empty = {name: pd.DataFrame(columns=kept) for name, kept in columns.items()}
        for table in empty.values():
            table.attrs.update(described.attrs)  # refused for the same reason
        return empty
    classes = classify_accounts(described, rules=rules.classes)
    return {"classes": classes,
            "class_summary": summarise_classes(classes, described, rules=rules.classes),
            "cross_walk": cross_walk(classes, described, rules=rules.classes)}
