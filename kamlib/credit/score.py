"""From factors and weights to a score, and from the score to a grade."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from kamlib.credit.rules import NOT_RATED, CreditRules
from kamlib.errors import InputError, RefusedError, did_you_mean
from kamlib.language import _
from kamlib.rule_table import apply_rules

MEASURED = "paid_on_time"
FACTOR_COLUMNS = ["credit_factor", "weight", "factor_weight_share", "n_accounts", "mean_rating",
                  "is_measured"]
SCORE_COLUMNS = ["account_id", "tier", "credit_score", "n_factors", "known_weight_share",
                 "weakest_factor", "weakest_rating", "long_overdue_share", "credit_grade",
                 "best_grade", "worst_grade", "rule", "why"]


def rate_factors(credit_factors: pd.DataFrame, payers: pd.DataFrame, *, as_of: date,
                 rules: CreditRules) -> pd.DataFrame:
    """The latest rating of each account on each factor, the measured one among them.

    credit_factors: table of the dictionary; payers: from `score_payers`, or empty.
    Returns one row an account and factor, sorted: account_id, credit_factor, rating (0-100,
    higher is safer). paid_on_time is measured: the share, by amount, of what fell due in the
    window and was paid on time, where rules.min_invoices fell due. Ratings of after `as_of` and
    those older than rules.rating_valid_days are left out. Source: CRD-01.
    """
    parts = []
    if len(credit_factors):
        dated = pd.to_datetime(credit_factors["rated_date"])
        age = (pd.Timestamp(as_of) - dated).dt.days
        rows = credit_factors[(age >= 0) & (age <= rules.rating_valid_days)].sort_values(
            ["account_id", "factor", "rated_date"])
        last = rows.groupby(["account_id", "factor"], sort=True)["rating"].last()
        parts.append(last.astype("float64").rename_axis(
            index={"factor": "credit_factor"}).reset_index())
    if len(payers) and rules.measured_weight > 0:
        known = payers[payers["n_invoices"] >= rules.min_invoices]
        parts.append(pd.DataFrame({"account_id": known["account_id"], "credit_factor": MEASURED,
                                   "rating": 100 * known["on_time_amount_share"]}))
    if not parts or not sum(map(len, parts)):
        raise RefusedError(_("No account is rated on a credit factor, and too few invoices fell "
                             "due to measure one. The table of credit factors, or of invoices "
                             "and payments, would lift this."))
    table = pd.concat(parts, ignore_index=True).astype({"account_id": "str",
                                                        "credit_factor": "str"})
    return table.sort_values(["account_id", "credit_factor"], ignore_index=True)


def weigh_factors(ratings: pd.DataFrame, *, rules: CreditRules) -> pd.DataFrame:
    """The factors with their weights.

    Returns one row a factor, the heaviest first: credit_factor, weight, factor_weight_share (of
    all weights, 0-1), n_accounts and mean_rating (0-100, of the accounts rated on it), is_measured.
    A factor of the data that rules.factor_weights does not name weighs 0. Raises InputError for
    a name in the rules that no account is rated on.
    """
    grouped = ratings.groupby("credit_factor", sort=True)["rating"]
    table = grouped.agg(n_accounts="size", mean_rating="mean").reset_index()
    table["is_measured"] = table["credit_factor"] == MEASURED
    given = rules.factor_weights
    there = table.loc[~table["is_measured"], "credit_factor"].tolist()
    unknown = sorted(set(given) - set(there))
    if unknown:
        raise InputError(f"The rule credit.factor_weights names {unknown[0]!r}, on which no "
                         f"account is rated.{did_you_mean(unknown[0], there)} Factors: "
                         f"{', '.join(there) or 'none'}.")
    if any(not np.isfinite(w) or w < 0 for w in given.values()):
        raise InputError("A weight in credit.factor_weights lies below 0. Give 0 or more.")
    weights = table["credit_factor"].map(given).fillna(0.0) if given else 1.0
    table["weight"] = np.where(table["is_measured"], rules.measured_weight, weights)
    if table["weight"].sum() <= 0:
        raise InputError("No credit factor weighs anything. Give one of credit.factor_weights, "
                         "or credit.measured_weight, more than 0.")
    table["factor_weight_share"] = table["weight"] / table["weight"].sum()
    return table.sort_values(["weight", "credit_factor"], ascending=[False, True],
                             ignore_index=True)[FACTOR_COLUMNS]


def score_accounts(ratings: pd.DataFrame, factors: pd.DataFrame, *, tiers: pd.DataFrame,
                   owing: pd.DataFrame, rules: CreditRules) -> pd.DataFrame:
    """Score and grade of each account.

    ratings, factors: from `rate_factors` and `weigh_factors`; tiers: account_id and tier; owing:
    account_id, invoiced_amount and long_overdue_amount, where known.
    Returns one row an account of `tiers`, sorted: account_id, tier, credit_score (weighted mean
    of the ratings known, 0-100; a gap where factors of less than rules.min_weight_share of the
    weights are known), n_factors, known_weight_share, weakest_factor, weakest_rating,
    long_overdue_share (of what it was billed in the window), credit_grade (the first of
    rules.grades whose condition holds, not_rated where none does), best_grade and worst_grade
    (what it could be if any one factor were left out), rule, why. Source: CRD-01.
    """
    wide = ratings.pivot(index="account_id", columns="credit_factor", values="rating")
    weights = factors.set_index("credit_factor")["weight"].reindex(wide.columns).astype("float64")
    wide = wide.reindex(tiers["account_id"].astype("str").sort_values())
    table = pd.DataFrame({"account_id": wide.index.astype("str")})
    tier = tiers.set_index(tiers["account_id"].astype("str"))["tier"]
    table["tier"] = table["account_id"].map(tier).astype("str")
    counted = wide.loc[:, weights > 0]
    table["n_factors"] = counted.notna().sum(axis=1).to_numpy("int64")
    table["credit_score"], table["known_weight_share"] = _weighted(wide, weights, rules)
    has = counted.notna().any(axis=1).to_numpy()
    table["weakest_factor"], table["weakest_rating"] = "", np.nan
    if has.any():
        table.loc[has, "weakest_factor"] = counted[has].idxmin(axis=1).to_numpy()
        table.loc[has, "weakest_rating"] = counted[has].min(axis=1).to_numpy()
    owed = owing.set_index("account_id").reindex(table["account_id"])
    billed = owed["invoiced_amount"].astype("float64")
    share = owed["long_overdue_amount"].astype("float64") / billed.where(billed > 0)
    table["long_overdue_share"] = share.clip(upper=1.0).to_numpy()
    fired = _grade(table, rules)
    table["credit_grade"], table["rule"], table["why"] = (
        fired[c].to_numpy() for c in ("gives", "rule", "why"))
    table["best_grade"], table["worst_grade"] = _leave_one_out(table, wide, weights, rules)
    return table[SCORE_COLUMNS]


def list_grades(rules: CreditRules) -> list[str]:
    """Grades from the best to the worst, as rules.terms has them; not_rated last.

    >>> list_grades(CreditRules())
    ['A', 'B', 'C', 'D', 'not_rated']
    """
    named = [one.grade for one in rules.terms]
    missing = sorted({*(rule.gives for rule in rules.grades), NOT_RATED} - set(named))
    if missing:
        raise InputError(f"The rule credit.terms says nothing of the grade {missing[0]!r}, which "
                         "credit.grades gives. Add its terms.")
    return named


def _weighted(wide: pd.DataFrame, weights: pd.Series,
              rules: CreditRules) -> tuple[np.ndarray, np.ndarray]:
    known = wide.notna().to_numpy("float64") * weights.to_numpy()
    share = known.sum(axis=1) / max(float(weights.sum()), 1e-300)
    total = np.nansum(wide.to_numpy("float64") * weights.to_numpy(), axis=1)
    score = np.divide(total, known.sum(axis=1), out=np.full(len(wide), np.nan),
                      where=known.sum(axis=1) > 0)
    # The last bits of a mean must not decide whether a band is reached.
    return np.where(share >= rules.min_weight_share, score.round(10), np.nan), share


def _grade(table: pd.DataFrame, rules: CreditRules) -> pd.DataFrame:
    return apply_rules(table, rules.grades, otherwise=NOT_RATED, origin="credit.grades")


def _leave_one_out(table: pd.DataFrame, wide: pd.DataFrame, weights: pd.Series,
                   rules: CreditRules) -> tuple[pd.Series, pd.Series]:
    places = {grade: place for place, grade in enumerate(list_grades(rules))}
    own = table["credit_grade"].map(places)
    counted = [f for f in weights.index[weights > 0] if (weights.drop(f) > 0).any()]
    parts = [table.assign(
        case=[f"{n} {place}" for place in range(len(table))],
        credit_score=_weighted(wide.drop(columns=f), weights.drop(f), rules)[0])
        for n, f in enumerate(counted)]
    found = [own]
    if parts:
        graded = apply_rules(pd.concat(parts, ignore_index=True), rules.grades, key="case",
                             otherwise=NOT_RATED, origin="credit.grades").set_index("case")["gives"]
        for part in parts:
            other = graded.reindex(part["case"]).map(places).set_axis(own.index)
            # Where too little is known, with the factor or without it, nothing is said.
            found.append(other.where((other != places[NOT_RATED])
                                     & (own != places[NOT_RATED]), own))
    every = pd.concat(found, axis=1)
    names = {place: grade for grade, place in places.items()}
    return every.min(axis=1).map(names), every.max(axis=1).map(names)
