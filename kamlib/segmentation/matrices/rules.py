"""What a company may decide about its matrices and the other readings of unclear rules."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.rules import Section, rule

Cut = Literal["median", "mean"]


class MatrixRules(Section):
    """Rules of the two matrices and of the switchboard.

    >>> MatrixRules().growth_cut
    'total_growth'
    """

    name: ClassVar[str] = "matrices"
    share_cut: Cut = rule(
        "median", unit="choice", source="BEH-03: no cut is given",
        help="Where the share of the portfolio is split into high and low.")
    share_threshold: float | None = rule(
        None, unit="share", source="BEH-03", gt=0, lt=1,
        help="Share of the portfolio that counts as high; given, it replaces share_cut.")
    growth_cut: Literal["zero", "total_growth"] = rule(
        "total_growth", unit="choice", source="BEH-03: no cut is given",
        help="Growth is high from zero on, or from the growth of the whole portfolio on.")
    growth_threshold: float | None = rule(
        None, unit="share", source="BEH-03", ge=-1,
        help="Growth that counts as high (0.1 is 10 %); given, it replaces growth_cut.")
    sales_cut: Cut = rule(
        "median", unit="choice", source="BEH-03, E18",
        help="Where sales are split into high and low.")
    sales_threshold: float | None = rule(
        None, unit="amount", source="BEH-03, E18", gt=0,
        help="Net sales that count as high; given, they replace sales_cut.")
    margin_cut: Cut = rule(
        "median", unit="choice", source="BEH-03, E18",
        help="Where margin is split into high and low.")
    margin_threshold: float | None = rule(
        None, unit="amount", source="BEH-03, E18",
        help="Margin that counts as high (0 parts gain from loss); given, it replaces margin_cut.")
    margin_known_share: float = rule(
        0.50, unit="share", source="convention", gt=0, le=1,
        help="With cost known for less of its sales, the margin of a subject counts as unknown.")
    loyal_tenure_years: float = rule(
        5.0, unit="years", source="E11 with LOY-04: over five years", gt=0,
        help="Tenure that a core account needs under the reading with loyalty in the rule.")
    repeat_orders: int = rule(
        2, unit="count", source="E17: repurchase in the place of recency", ge=2,
        help="Orders in the window that make a repeat buyer under that reading.")
