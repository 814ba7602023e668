"""The spans that sales are compared over, and the checks that their sums tie out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from kamlib.errors import InputError, KamlibError
from kamlib.period import Period

COMPARISONS = ("previous", "year_before")
CENT = 0.005  # sums that are closer than half a cent are the same money
DECIMALS = 4  # as many as the data holds
SUMS = ("gross_amount", "returned_amount", "net_amount", "adjustment_amount", "margin_amount",
        "margin_known_amount")


def known_spans(facts: pd.DataFrame) -> list[str]:
    """Return period, and of previous and year_before those that the known history holds.

    facts: account_facts; a span that is not known is a gap for every account.
    """
    missing = [c for c in ("account_id", "net_amount_period") if c not in facts]
    if missing:
        raise InputError(f"The sales overview needs the account facts; {', '.join(missing)} is "
                         "missing. Pass report.facts.")
    compared = [span for span in COMPARISONS if f"net_amount_{span}" in facts
                and not facts[f"net_amount_{span}"].isna().any()]
    return ["period", *compared]


def choose_base(spans: Iterable[str]) -> str:
    """Return the span that changes are told against: the year before, free of the season.

    >>> choose_base(["period", "previous"]), choose_base(["period"])
    ('previous', '')
    """
    return next((span for span in ("year_before", "previous") if span in spans), "")


def label_of(span: str, period: Period) -> str:
    """Return the name of a span as sentences and tables write it; "" for none."""
    return {"period": period.label, "previous": period.previous_label,
            "year_before": period.year_before_label}.get(span, "")


def add_up(rows: pd.DataFrame, by: Sequence[str], columns: Sequence[str] = SUMS) -> pd.DataFrame:
    """Sum money by keys, rounded to the data's decimals so that row order cannot show."""
    return rows.groupby(list(by), sort=True)[list(columns)].sum().round(DECIMALS)


def ratio(value: pd.Series, base: pd.Series) -> pd.Series:
    """Divide by bases above zero; elsewhere a gap."""
    bases = base.astype("float64")
    return value.astype("float64") / bases.where(bases > 0)


def change_rate(value: pd.Series, base: pd.Series) -> pd.Series:
    """The change as a share of the base; a gap unless that is above zero."""
    return ratio(value.astype("float64") - base.astype("float64"), base)


def share_of(value: float, total: float) -> float:
    """One number as a share of a total above zero; else a gap."""
    return value / total if total > 0 else float("nan")


def total_of(facts: pd.DataFrame, column: str) -> float:
    """Sum of a column of the facts in the data's decimals; a gap when it is not known."""
    if column not in facts or facts[column].isna().any():
        return float("nan")
    return float(np.round(facts[column].astype("float64").sum(), DECIMALS))


def check_total(total: float, expected: float, *, what: str) -> None:
    """Raise KamlibError when two sums that have to be equal are a cent or more apart."""
    if abs(total - expected) < CENT + 1e-12 * abs(expected):
        return
    raise KamlibError(
        f"Net sales by {what} add up to {total:.2f}, but the account facts to {expected:.2f}: "
        f"{total - expected:.2f} apart, so rows were lost or counted twice. Tables of different "
        "reports must not be mixed; prepare the report again and pass its own tables.")
