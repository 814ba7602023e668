"""The features that accounts are clustered by: gathered, put on one scale, and accounted for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count
from kamlib.measures import require_window
from kamlib.period import Period
from kamlib.segmentation.clusters.rules import PRODUCT_LINES, SOURCES, ClusterRules
from kamlib.stats.clustering import Floats, standardise

FEATURE_COLUMNS = ["feature", "transform", "n_with_feature", "n_without_feature", "is_used",
                   "why_not", "pc1_loading", "pc2_loading"]
TRANSFORMS = {"log": "as_log", "rank": "as_rank", "none": "as_is"}


@dataclass(frozen=True)
class FeatureTable:
    """Accounts ready to be clustered.

    values: one row an account without a gap, sorted, indexed by account_id; one column a used
    feature, in its own unit; net_amount: net sales of the same accounts; scaled: the same cells
    transformed and standardised; features: one row a feature asked for, used or not;
    n_accounts, n_no_sales, n_with_gap: of the facts, without an order in the window, with a gap.
    """

    values: pd.DataFrame
    net_amount: pd.Series
    scaled: Floats
    features: pd.DataFrame
    n_accounts: int
    n_no_sales: int
    n_with_gap: int


def build_features(facts: pd.DataFrame, *, products: pd.DataFrame | None, period: Period,
                   window_months: int, rules: ClusterRules) -> FeatureTable:
    """Gather the features of the accounts with an order in the analysis window.

    facts: account_facts; products: account_products (quarters that begin in the window count;
    sales without a product line belong to no feature), or None.
    A feature known for less than rules.min_known_share of the accounts, or the same for all, is
    not used; accounts with a gap in a used one are left out and counted. Nothing is filled in.
    Raises RefusedError when the window begins before the known history, or when too few accounts
    or no feature remain.
    """
    bought, n_no_sales = _bought(facts)
    gathered = _gather(bought, products, period, window_months, rules)
    names = [str(name) for name in gathered]
    known = [int(gathered[name].notna().sum()) for name in names]
    least = rules.min_known_share * max(1, len(gathered))
    enough = [name for name, n in zip(names, known, strict=True)
              if n >= least and _varies(gathered[name])]
    complete = gathered[enough].dropna()
    _refuse_few(len(complete), len(gathered), rules)
    used = [name for name in enough if _varies(complete[name])]
    if not used:
        raise RefusedError(_("No feature tells the accounts apart: each is the same for all, or "
                             "known for too few. Other features under clusters.features would "
                             "lift this."))
    features = pd.DataFrame({
        "feature": names,
        "transform": [TRANSFORMS[_transform(name, rules)] for name in names],
        "n_with_feature": known, "n_without_feature": [len(gathered) - n for n in known],
        "is_used": [name in used for name in names],
        "why_not": ["" if name in used else _why_not(n, least)
                    for name, n in zip(names, known, strict=True)]})
    scaled = standardise(np.column_stack(
        [_scale(complete[name], _transform(name, rules)) for name in used]))
    return FeatureTable(
        values=complete[used], net_amount=bought.loc[complete.index, "net_amount_window"],
        scaled=scaled, features=features, n_accounts=len(facts), n_no_sales=n_no_sales,
        n_with_gap=len(gathered) - len(complete))


def _bought(facts: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    require_window(facts, ("account_id", "n_orders_window", "net_amount_window"),
                   name="cluster_accounts")
    table = facts.set_index(facts["account_id"].astype("str")).sort_index()
    bought = table[table["n_orders_window"] > 0]
    return bought, len(table) - len(bought)


def _gather(bought: pd.DataFrame, products: pd.DataFrame | None, period: Period,
            window_months: int, rules: ClusterRules) -> pd.DataFrame:
    """One column a feature asked for, gaps where it is not known."""
    lines = _lines(products, period, window_months).reindex(bought.index)
    columns: dict[str, pd.Series] = {}
    for name in rules.features:
        if name == PRODUCT_LINES:
            # Without any line the account's products are unknown; a line not bought is 0.
            filled = lines.mask(lines.isna() & lines.notna().any(axis=1).to_numpy()[:, None], 0.0)
            columns |= {str(line): filled[line] for line in filled} or \
                {name: pd.Series(np.nan, index=bought.index)}
        elif name == "n_product_lines":
            columns[name] = (lines > 0).sum(axis=1).astype("float64").where(
                lines.notna().any(axis=1))
        else:
            columns[name] = _read(bought, name)
    return pd.DataFrame(columns, index=bought.index)


def _read(bought: pd.DataFrame, name: str) -> pd.Series:
    source = SOURCES[name]
    if not {source.column, source.over or source.column} <= set(bought.columns):
        return pd.Series(np.nan, index=bought.index)
    values = bought[source.column].astype("float64")
    if not source.over:
        return values
    whole = bought[source.over].astype("float64")
    return values / whole.where(whole > 0)


def _lines(products: pd.DataFrame | None, period: Period, window_months: int) -> pd.DataFrame:
    """Net sales of the window: one row an account, one column a product line, sorted."""
    if products is None or products.empty:
        return pd.DataFrame()
    quarters = pd.to_datetime(products["quarter"])
    start = pd.Timestamp(period.window_start(window_months))
    rows = products[(quarters >= start) & (quarters <= pd.Timestamp(period.as_of))
                    & (products["product_line"].fillna("") != "")]
    return rows.assign(account_id=rows["account_id"].astype("str")).pivot_table(
        index="account_id", columns="product_line", values="net_amount", aggfunc="sum",
        observed=True).astype("float64")


def _transform(name: str, rules: ClusterRules) -> str:
    source = SOURCES.get(name)  # product lines and their number are amounts and counts
    return rules.transform if source is None or source.is_skewed else "none"


def _scale(values: pd.Series, transform: str) -> Floats:
    x: Floats = np.asarray(values.rank() if transform == "rank" else values, dtype="float64")
    # Returns make some amounts negative, so the sign is kept outside of the logarithm.
    return np.sign(x) * np.log1p(np.abs(x)) if transform == "log" else x


def _varies(values: pd.Series) -> bool:
    # A share that is the same for all may still differ in the last digit of the division.
    return bool(values.max() - values.min() > 1e-9 * max(1.0, values.abs().max()))


def _why_not(n_known: int, least: float) -> str:
    if not n_known:
        return "feature_unknown"
    return "feature_gaps" if n_known < least else "feature_constant"


def _refuse_few(n_complete: int, n_bought: int, rules: ClusterRules) -> None:
    if n_complete < rules.min_accounts:
        raise RefusedError(_(
            "Clusters need {least} accounts with an order in {window} and every feature known; "
            "{n_complete} of {n_bought} are so. More accounts, or fewer features under "
            "clusters.features, would lift this.", least=fmt_count(rules.min_accounts),
            n_complete=fmt_count(n_complete), n_bought=fmt_count(n_bought)))
