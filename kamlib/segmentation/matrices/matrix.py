"""Two matrices of four cells each: growth by share of the portfolio, and sales by margin.

The source (catalogue BEH-03, E18) changes the axes from sales and profit to growth and share, and
what it places from accounts to products, on one page; here these are two variants and two subjects.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

from kamlib.errors import InputError, RefusedError, did_you_mean
from kamlib.language import _, fmt_amount, fmt_count
from kamlib.segmentation.matrices.rules import MatrixRules

Floats = npt.NDArray[np.float64]
INPUT_COLUMNS = ["subject", "subject_id", "amount", "amount_before", "margin_amount",
                 "margin_known_amount"]
MATRIX_COLUMNS = ["subject", "subject_id", "variant", "amount", "amount_share", "growth_rate",
                  "margin_amount", "x_high", "y_high", "cell", "action"]
MATRIX_CUT_COLUMNS = ["subject", "variant", "axis", "cut_rule", "cut_value", "n_placed", "n_high"]
# Keys are x high, y high: share and growth, or sales and margin.
CELLS = {
    "growth_share": {(True, True): "bcg_star", (True, False): "bcg_cash_cow",
                     (False, True): "bcg_question_mark", (False, False): "bcg_dog"},
    "sales_profit": {(True, True): "big_profitable", (True, False): "big_unprofitable",
                     (False, True): "small_profitable", (False, False): "small_unprofitable"}}
AXES = {"growth_share": ("amount_share", "growth_rate"),
        "sales_profit": ("amount", "margin_amount")}
# Subjects that no cell fits, in the order in which they are looked for.
APART = ("unknown", "new", "no_base", "gone", "margin_unknown")


def build_matrix(table: pd.DataFrame, *, variant: str, rules: MatrixRules) -> pd.DataFrame:
    """Put accounts or product lines into the four cells of a matrix.

    table: one row a subject, from `account_matrix_inputs` or `line_matrix_inputs`.
    variant: growth_share (growth since the year before by share of the own portfolio: a market
    share would need figures of the market, which the data does not hold) or sales_profit.
    Returns one row a subject with sales in either span, sorted: subject, subject_id, variant,
    amount, amount_share (0-1 of all net sales, below 0 where more came back), growth_rate (0.1 is
    10 %; gap without sales before), margin_amount (gap where unknown), x_high and y_high (at or
    above the cut; gap when not placed), cell (bcg_star, bcg_cash_cow, bcg_question_mark, bcg_dog;
    big_profitable, big_unprofitable, small_profitable, small_unprofitable: high or low on the
    axis, whatever the cut), action (code of a proposal). Apart
    stand new (no sales a year before), no_base (more came back than was bought then), gone (no
    sales now), margin_unknown (see rules.margin_known_share) and unknown (sales without a product
    line); cuts leave them out.
    Source: catalogue BEH-03, E18; Henderson (1970), The Product Portfolio, BCG.
    Raises RefusedError where an axis is not known or fewer than two subjects can be placed.

    >>> lines = pd.DataFrame([("product_line", "a", 60.0, 40.0), ("product_line", "b", 50.0, 60.0)],
    ...                      columns=INPUT_COLUMNS[:4]).assign(margin_amount=0.0,
    ...                                                        margin_known_amount=0.0)
    >>> build_matrix(lines, variant="growth_share", rules=MatrixRules())["cell"].tolist()
    ['bcg_star', 'bcg_dog']
    """
    matrix = _place(table, variant=variant, rules=rules)
    placed = ~matrix["cell"].isin(APART)
    cuts = _cuts(matrix[placed], table, variant, rules)
    for flag, (axis, (_rule, cut)) in zip(("x_high", "y_high"), cuts.items(), strict=True):
        matrix[flag] = pd.Series(pd.NA, index=matrix.index, dtype="boolean")
        matrix.loc[placed, flag] = _is_high(matrix.loc[placed, axis], cut)
    flags = matrix.loc[placed, ["x_high", "y_high"]].astype(bool)
    matrix.loc[placed, "cell"] = [
        CELLS[variant][key] for key in flags.itertuples(index=False, name=None)]
    matrix["action"] = "action_" + matrix["cell"]
    return matrix[MATRIX_COLUMNS]


def find_matrix_cuts(table: pd.DataFrame, *, variant: str, rules: MatrixRules) -> pd.DataFrame:
    """The two cut lines of a matrix and how many subjects lie on their high side.

    table, variant: as for `build_matrix`.
    Returns two rows, across and up: subject, variant, axis (amount_share, growth_rate; amount,
    margin_amount), cut_rule (median, mean, zero, total_growth, absolute), cut_value (unit of the
    axis), n_placed, n_high (at or above). Raises RefusedError as `build_matrix`.
    """
    matrix = _place(table, variant=variant, rules=rules)
    placed = matrix[~matrix["cell"].isin(APART)]
    rows = [{"subject": placed["subject"].iloc[0], "variant": variant, "axis": axis,
             "cut_rule": rule, "cut_value": cut, "n_placed": len(placed),
             "n_high": int(_is_high(placed[axis], cut).sum())}
            for axis, (rule, cut) in _cuts(placed, table, variant, rules).items()]
    return pd.DataFrame(rows, columns=MATRIX_CUT_COLUMNS)


def _place(table: pd.DataFrame, *, variant: str, rules: MatrixRules) -> pd.DataFrame:
    """The matrix before its cuts: cell is "" for the subjects to be placed."""
    _check(table, variant)
    table = table.sort_values("subject_id", ignore_index=True)
    amount, before = (table[c].astype("float64") for c in ("amount", "amount_before"))
    total = float(amount.sum())
    if variant == "growth_share":
        _check_growth(before, total)
    matrix = table[["subject", "subject_id"]].assign(
        variant=variant, amount=amount, margin_amount=_known_margin(table, rules),
        amount_share=amount / total if total > 0 else np.nan,
        growth_rate=(amount / before.where(before > 0) - 1).astype("float64"))
    tests = {"unknown": (table["subject_id"] == "unknown") & (table["subject"] == "product_line"),
             "gone": amount == 0}
    if variant == "growth_share":
        tests |= {"new": before.isna() | (before == 0), "no_base": before < 0}
    else:
        tests |= {"margin_unknown": matrix["margin_amount"].isna()}
    cells = [cell for cell in APART if cell in tests]
    matrix["cell"] = pd.Series(
        np.select([tests[cell].to_numpy(bool) for cell in cells], cells, ""), dtype="str")
    has_sales = (amount != 0) | ((before != 0) & before.notna())
    matrix = matrix[has_sales].reset_index(drop=True)
    if (matrix["cell"] == "").sum() < 2:
        raise RefusedError(_refusal(variant, matrix))
    return matrix


def _check(table: pd.DataFrame, variant: str) -> None:
    if variant not in CELLS:
        raise InputError(f"There is no matrix variant {variant!r}.{did_you_mean(variant, CELLS)} "
                         f"Give one of: {', '.join(CELLS)}.")
    missing = [column for column in INPUT_COLUMNS if column not in table]
    if missing:
        raise InputError(f"build_matrix needs {', '.join(INPUT_COLUMNS)}; {', '.join(missing)} is "
                         "missing. Make the table with account_matrix_inputs or "
                         "line_matrix_inputs.")


def _check_growth(before: pd.Series, total: float) -> None:
    if before.isna().all():
        raise RefusedError(_("Growth needs the same span a year before, and the known history "
                             "does not hold all of it. A later period would lift this."))
    if total <= 0:
        raise RefusedError(_(
            "Net sales of the analysis window are {total}, and a share needs a total above zero. "
            "A period with sales would lift this.", total=fmt_amount(total)))


def _refusal(variant: str, matrix: pd.DataFrame) -> str:
    if variant == "sales_profit" and (matrix["cell"] == "margin_unknown").any():
        return _("Cost is not known for enough sales (rule matrices.margin_known_share), so fewer "
                 "than two can be placed by margin. A cost column in the orders would lift this.")
    n = fmt_count((matrix["cell"] == "").sum())
    if (matrix["cell"] == "unknown").any():
        return _("A matrix needs at least two product lines that can be compared, and there are "
                 "{n}; other sales carry no product line. A product line in the orders or "
                 "products would lift this.", n=n)
    return _("A matrix needs at least two that can be compared, and there are {n}. More of them "
             "with sales, in both years where growth is asked, would lift this.", n=n)


def _known_margin(table: pd.DataFrame, rules: MatrixRules) -> pd.Series:
    margin = table["margin_amount"].astype("float64")
    known = table["margin_known_amount"].astype("float64").abs()
    return margin.where((known > 0) & (known >= rules.margin_known_share * table["amount"].abs()))


def _cuts(placed: pd.DataFrame, table: pd.DataFrame, variant: str,
          rules: MatrixRules) -> dict[str, tuple[str, float]]:
    """Rule and value of the cut by axis, across first."""
    given = {"amount_share": (rules.share_cut, rules.share_threshold),
             "growth_rate": (rules.growth_cut, rules.growth_threshold),
             "amount": (rules.sales_cut, rules.sales_threshold),
             "margin_amount": (rules.margin_cut, rules.margin_threshold)}
    compute: dict[str, Callable[[pd.Series], float]] = {
        "median": lambda values: float(values.median()),
        "mean": lambda values: float(values.mean()),
        "zero": lambda values: 0.0,
        "total_growth": lambda values: _total_growth(table)}
    cuts = {}
    for axis in AXES[variant]:
        name, threshold = given[axis]
        cuts[axis] = (("absolute", threshold) if threshold is not None
                      else (name, compute[name](placed[axis])))
    return cuts


def _total_growth(table: pd.DataFrame) -> float:
    """Growth of the whole portfolio, with what is new and what is gone."""
    before = float(table["amount_before"].astype("float64").sum())
    if before <= 0:
        raise RefusedError(_(
            "Net sales a year before were {total}, so the portfolio has no growth to cut at. The "
            "rule matrices.growth_cut = \"zero\" would lift this.", total=fmt_amount(before)))
    return float(table["amount"].astype("float64").sum()) / before - 1


def _is_high(values: pd.Series, cut: float) -> npt.NDArray[np.bool_]:
    # Equal subjects must not part by the last digit of a quotient.
    return np.asarray(values.to_numpy("float64") >= cut - 1e-9 * max(1e-3, abs(cut)))
