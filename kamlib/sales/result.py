"""Everything the sales overview computes for one report, and what it had to refuse."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.handover import Attempts
from kamlib.language import N_
from kamlib.period import Period
from kamlib.sales.attainment import ATTAINMENT_COLUMNS, build_attainment
from kamlib.sales.breakdown import (
    BREAKDOWN_COLUMNS,
    CROSS_COLUMNS,
    build_breakdown,
    cross_industry,
    join_parts,
)
from kamlib.sales.bridge import (
    GROWTH_COLUMNS,
    GROWTH_LINE_COLUMNS,
    build_growth,
    build_growth_lines,
)
from kamlib.sales.concentration import build_concentration
from kamlib.sales.mix import MIX_COLUMNS, split_margin_change
from kamlib.sales.rules import SalesRules
from kamlib.sales.spans import choose_base, known_spans, label_of
from kamlib.sales.summary import (
    CHANGE_COLUMNS,
    SUMMARY_COLUMNS,
    build_account_changes,
    build_summary,
)
from kamlib.sales.targets import find_target
from kamlib.sales.trend import TREND_COLUMNS, build_trend

QUESTIONS = {
    "summary": N_("Did sales rise or fall?"),
    "trend": N_("How do sales run from month to month?"),
    "breakdown": N_("Where do the sales come from?"),
    "cross": N_("Which industries buy which product lines?"),
    "account_type_mix": N_("Did the margin change by the mix of accounts or by their margins?"),
    "product_line_mix": N_("Which product lines' margins changed?"),
    "growth": N_("Did price, volume or new products move the sales?"),
    "growth_lines": N_("Which product lines moved the sales?"),
    "attainment": N_("Were the targets of sales reached?"),
    "account_changes": N_("Which accounts bought less than before?"),
}


@dataclass(frozen=True, repr=False)
class Sales:
    """The tables of the sales overview; a refused one is empty and `refused` says why.

    summary, account_changes: see `build_summary`, `build_account_changes`; trend: `build_trend`;
    breakdown, cross: `build_breakdown`, `cross_industry`; account_type_mix, product_line_mix:
    `split_margin_change`; growth, growth_lines: `build_growth`, `build_growth_lines`;
    attainment: `build_attainment`; concentration: `build_concentration`; target_amount: the
    company's target of net revenue for the period, or None; base: the span that changes are told
    against (year_before, else previous, else ""); refused: reason by table name.
    """

    summary: pd.DataFrame
    trend: pd.DataFrame
    breakdown: pd.DataFrame
    cross: pd.DataFrame
    account_type_mix: pd.DataFrame
    product_line_mix: pd.DataFrame
    growth: pd.DataFrame
    growth_lines: pd.DataFrame
    attainment: pd.DataFrame
    concentration: pd.DataFrame
    account_changes: pd.DataFrame
    target_amount: float | None
    base: str
    refused: Mapping[str, str]
    rules: SalesRules
    period: Period

    def __repr__(self) -> str:
        return f"Sales({self.period.label}, {len(self.refused)} refused)"

    @property
    def base_label(self) -> str:
        """Name of the span that changes are told against, such as 2024Q4; "" without one."""
        return label_of(self.base, self.period)


def build_sales(facts: pd.DataFrame, *, months: pd.DataFrame, product_spans: pd.DataFrame,
                account_spans: pd.DataFrame, largest_orders: pd.DataFrame,
                accounts: pd.DataFrame | None, targets: pd.DataFrame | None, period: Period,
                history_from: date, rules: SalesRules,
                products: pd.DataFrame | None = None) -> Sales:
    """Compute every table of the sales overview; what is refused comes back empty.

    facts: account_facts at as_of; months: account_months; product_spans, account_spans,
    largest_orders: of the same report; accounts: one row an account with columns of the
    dictionary, owner_id and tier, each of which may be absent; targets: the targets table;
    products: account_products by quarter, for the targets of product lines.
    Raises KamlibError when the tables do not tie out to the cent.
    """
    attempts = Attempts()
    parts = join_parts(facts, account_spans, accounts)
    builders: dict[str, tuple[Sequence[str], Callable[[], pd.DataFrame]]] = {
        "summary": (SUMMARY_COLUMNS, lambda: build_summary(facts, period=period)),
        "trend": (TREND_COLUMNS, lambda: build_trend(
            months, period=period, history_from=history_from, rules=rules)),
        "breakdown": (BREAKDOWN_COLUMNS, lambda: build_breakdown(parts, facts)),
        "cross": (CROSS_COLUMNS, lambda: cross_industry(parts, facts)),
        "account_type_mix": (MIX_COLUMNS, lambda: split_margin_change(
            parts, dimension=rules.type_dimension)),
        "product_line_mix": (MIX_COLUMNS, lambda: split_margin_change(
            parts, dimension="product_line")),
        "growth": (GROWTH_COLUMNS, lambda: build_growth(product_spans, facts)),
        "growth_lines": (GROWTH_LINE_COLUMNS, lambda: build_growth_lines(product_spans, facts)),
        "attainment": (ATTAINMENT_COLUMNS, lambda: build_attainment(
            targets, months, facts, accounts=accounts, products=products, period=period,
            history_from=history_from, rules=rules)),
        "account_changes": (CHANGE_COLUMNS, lambda: build_account_changes(facts))}
    tables = {name: attempts.take(name, columns, build)
              for name, (columns, build) in builders.items()}
    return Sales(**tables, concentration=build_concentration(facts, largest_orders),
                 target_amount=find_target(targets, start=period.start, end=period.end),
                 base=choose_base(known_spans(facts)), refused=attempts.refused, rules=rules,
                 period=period)
