"""Who the key accounts are, for every page that speaks of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kamlib import satisfaction
from kamlib.selection import TABLES, Known, name_key_accounts

if TYPE_CHECKING:
    from kamlib.session.report import Report

SURVEYED = "satisfaction_index"  # the one criterion that takes seconds to find


def find_key_accounts(report: Report) -> frozenset[str]:
    """Ids of the accounts on the key account list, by the rules of the section selection."""
    rules, day, heard = report.rules.selection, report.period.as_of, None
    if SURVEYED in f"{rules.all_conditions}{rules.any_condition}":
        heard = satisfaction.build_survey(
            {name: report.read(name) for name in satisfaction.TABLES if report.has(name)},
            facts=report.facts, months=report.months, accounts=report.accounts, as_of=day,
            rules=report.rules.satisfaction).accounts
    known = Known(report.facts, report.months, report.products, report.accounts, day,
                  report.history_from, {name: report.read_known(name, day) for name in TABLES},
                  heard, report.rules.measures.window_months)
    return name_key_accounts(known, rules=rules)
