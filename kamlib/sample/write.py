"""The sample company as files: one CSV a table, and the dataset file that explains them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from kamlib.sample.faults import BAD_SCORES, N_DUPLICATES, ORDER_FAULTS

HEADER = """\
# The sample company: an invented maker of {n_products} industrial products with {n_accounts}
# business accounts in China and abroad. Nothing here is real: no company, no person, no price.
# Made by kamlib.sample.make_sample(folder, seed={seed}, n_accounts={n_accounts});
# the same seed gives the same bytes.
#
# Columns: every file has exactly the columns of the data dictionary, so that no [columns] is
# needed. A company's own files need one; data/recipes/ shows some.
#
# What to know about the data:
# - History begins on 2022-01-01. Accounts that bought before have customer_since, most of them;
#   of the others nobody knows since when they buy.
# - Surveys run in March and September. Until 2023 the scale is 1 to 5; from 2024 on it is 0 to 10,
#   because the question about recommending (NPS) is only defined there and all items of a wave
#   share one scale. Every wave states the map of_range, under which both scales mean the same.
#   Item Q08 is reversed. Delivery (Q03, Q04) gets worse since autumn 2024, in South China most.
# - In November 2025 somebody ordered with too many zeros and called it off the next day.
# - The cost of most Service lines is not known.
# - quoted_figures is what a review of 2024 says about satisfaction. Two of its numbers are wrong
#   on purpose: an index is called a rate, and a mean cannot come from its eleven scores.
# - exchange_rates is not needed (every amount is in CNY) and only shows the format.
#
# Broken on purpose, to be set aside with its reason and counted:
{faults}
# - invoices: one invoice_id that is there twice; INVF0001 is due before it was issued.
# Odd on purpose, but kept:
# - survey_answers: {n_scores} scores off the scale of their wave ({scores}), which count as not
#   answered.
# - orders: {n_duplicates} lines that are there twice, wholly alike; they are counted.

id = "sample"                  # names the report folder
name = "Sample company"
currency = "CNY"
tax = "excluded"               # amounts are without VAT, after discounts
date_basis = "ordered"         # what comes back is dated when it came back
history_from = 2022-01-01      # nothing is known from before
complete_until = 2025-12-31    # periods that end by this day are closed
starts_with = "ongoing"        # many accounts bought before the history begins
"""


def render_tables(tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Every value as the text that is written: dates 2025-12-31, money with two decimals."""
    return {
        name: pd.DataFrame({c: _render_column(table[c]) for c in table.columns}, dtype=object)
        for name, table in tables.items()
    }


def _render_column(column: pd.Series) -> list[str]:
    name = str(column.name)
    values = column.astype(object).where(column.notna(), None).tolist()
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return ["" if v is None else f"{v:%Y-%m-%d}" for v in values]
    # A target that is quoted is text and stays as it is printed.
    is_money = name.endswith(("amount", "_price")) or (
        name == "target" and pd.api.types.is_numeric_dtype(column.dtype))
    return [_render_value(value, is_money=is_money) for value in values]


def _render_value(value: Any, *, is_money: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if is_money:
        return f"{float(value) + 0.0:.2f}"
    return f"{value + 0.0:.10g}" if isinstance(value, float) else str(value)


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Write one table of texts as CSV in UTF-8 with plain line ends."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(table.columns)
        writer.writerows(table.itertuples(index=False, name=None))


def render_dataset_file(names: list[str], *, seed: int, n_accounts: int, n_products: int) -> str:
    """The dataset file of the sample, with what is odd about it in its comments."""
    faults = [f"# - orders F{i + 1:04d}: {what}." for i, (what, _) in enumerate(ORDER_FAULTS)]
    header = HEADER.format(
        seed=seed, n_accounts=n_accounts, n_products=n_products, faults="\n".join(faults),
        n_scores=len(BAD_SCORES), scores=", ".join(BAD_SCORES), n_duplicates=N_DUPLICATES,
    )  # fmt: skip
    return header + "".join(f'\n[tables.{name}]\nsource = "{name}.csv"\n' for name in names)
