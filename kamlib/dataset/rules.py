"""The rules of the data itself: what may be broken, and what is too small to be shown."""

from __future__ import annotations

from typing import ClassVar

from kamlib.rules import Section, rule


class DataRules(Section):
    """How much broken data a report may stand on."""

    name: ClassVar[str] = "data"
    quarantine_tolerance_share: float = rule(
        0.01, unit="share", source="design §9", ge=0, le=1,
        help="share of a table's rows that may be quarantined before the run stops")
    min_cell_accounts: int = rule(
        3, unit="accounts", source="Hundepool et al. 2012, ch. 4 (threshold rule)", ge=2, le=100,
        help="fewest accounts of a class or a row of a pseudonymised report; with two, either "
             "could subtract itself and read the other")
