"""Everything about payments and credit for one report, and what had to be refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.credit import ageing, behaviour, dso, loss, score, scorecard, terms
from kamlib.credit.history import describe_payers, follow_payers
from kamlib.credit.rules import CreditRules
from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_, _
from kamlib.measures import settle_invoices
from kamlib.period import Period

TABLES = ("invoices", "payments", "credit_factors")
QUESTIONS = {
    "receivables": N_("How many days of sales are waiting to be paid?"),
    "behaviour": N_("How much of what fell due was paid, and how late?"),
    "scores": N_("Which accounts are creditworthy?"),
    "losses": N_("What is lost if an account leaves or does not pay?"),
    "scorecard": N_("Which account will pay badly?"),
}
ANSWERED_BY = {"receivables": "invoices", "behaviour": "payments", "scores": "credit_factors",
               "losses": "invoices", "scorecard": "invoices"}
OWED_COLUMNS = [*ageing.OWING_COLUMNS, "invoiced_amount"]


@dataclass(frozen=True, repr=False)
class Credit:
    """The tables of payments and credit; a refused one is empty and `refused` says why.

    receivables, series: see `build_dso`, `follow_receivables`; earlier: receivables at the end of
    the previous period and a year before, by name, where known; ages, owing: `age_receivables`,
    `list_owing`; behaviour, payers, disputes, checks: see `kamlib.credit.behaviour`; factors,
    scores: `weigh_factors`, `score_accounts`; terms, conflicts, grades: see
    `kamlib.credit.terms`; losses, largest: `weigh_losses`, `sum_largest`; bins, test, points: the
    scorecard; n_months: of the window.
    """

    receivables: pd.DataFrame
    series: pd.DataFrame
    earlier: Mapping[str, pd.DataFrame]
    ages: pd.DataFrame
    owing: pd.DataFrame
    behaviour: pd.DataFrame
    payers: pd.DataFrame
    disputes: pd.DataFrame
    checks: pd.DataFrame
    factors: pd.DataFrame
    scores: pd.DataFrame
    terms: pd.DataFrame
    conflicts: pd.DataFrame
    grades: pd.DataFrame
    losses: pd.DataFrame
    largest: pd.DataFrame
    bins: pd.DataFrame
    test: pd.DataFrame
    points: pd.DataFrame
    refused: Mapping[str, str]
    rules: CreditRules

    def __repr__(self) -> str:
        return f"Credit({len(self.owing)} accounts billed, {len(self.refused)} refused)"


def review_credit(facts: pd.DataFrame, *, tables: Mapping[str, pd.DataFrame],
                  accounts: pd.DataFrame, tiers: pd.DataFrame, profit: pd.DataFrame,
                  period: Period, window_start: date, history_from: date,
                  rules: CreditRules) -> Credit:
    """Compute every table of payments and credit.

    facts: account_facts; tables: invoices, payments, credit_factors of the dictionary, without
    rows where not given; accounts: with payment_terms_days, credit_limit_amount and owner_id
    where given; tiers: account_id and tier; profit: from `build_profit`; window_start: first day
    of the analysis window, cut to the history here.
    """
    take, given = Attempts(), _Given(tables, tiers, period, max(window_start, history_from),
                                     history_from, rules)
    settled = take.take("receivables", behaviour.CHECK_COLUMNS, given.settle)
    is_known = "receivables" not in take.refused
    receivables = take.take("receivables", dso.DSO_COLUMNS, lambda: given.outstanding(
        period.as_of))
    owing = given.owing(settled) if is_known else pd.DataFrame(columns=OWED_COLUMNS)
    paid = given.paid(take)
    graded = _grade(take, given, paid["payers"], owing, accounts, facts)
    months = max(1.0, ((period.as_of - given.start).days + 1) / 365.25 * 12)
    losses = take.take("losses", loss.LOSS_COLUMNS, lambda: _losses(
        graded["scores"], profit, owing, _net(facts), months, tiers))
    return Credit(
        receivables=receivables,
        series=given.series() if is_known else pd.DataFrame(columns=dso.SERIES_COLUMNS),
        earlier=given.earlier() if is_known else {},
        ages=ageing.age_receivables(settled) if is_known
        else _like(take, "receivables", ageing.AGEING_COLUMNS),
        owing=owing, checks=behaviour.check_payments(settled, tables["payments"]) if is_known
        else pd.DataFrame(columns=behaviour.CHECK_COLUMNS), **paid, **graded, losses=losses,
        largest=loss.sum_largest(losses, weak_grades=rules.weak_grades),
        **_scorecard(take, given), refused=take.refused, rules=rules)


@dataclass(frozen=True)
class _Given:
    """What every table is made of."""

    tables: Mapping[str, pd.DataFrame]
    tiers: pd.DataFrame
    period: Period
    start: date
    history_from: date
    rules: CreditRules

    def require(self) -> None:
        """Refuse where invoices, or payments, are not given at all."""
        if self.tables["invoices"].empty:
            raise RefusedError(_("No invoice is given, so nothing is known of what is open. The "
                                 "table of invoices would lift this."))
        if self.tables["payments"].empty:
            raise RefusedError(_("No payment is given: whether invoices are unpaid or payments "
                                 "are not written down cannot be told. The table of payments "
                                 "would lift this."))

    def settle(self) -> pd.DataFrame:
        self.require()
        return settle_invoices(self.tables["invoices"], self.tables["payments"],
                               as_of=self.period.as_of)

    def outstanding(self, day: date) -> pd.DataFrame:
        self.require()
        spans = {"period": self.period.start, "window": self.start}
        if day != self.period.as_of:
            back = self.period.as_of - day
            spans = {name: start - back for name, start in spans.items()}
        return dso.build_dso(self.tables["invoices"], self.tables["payments"], as_of=day,
                             spans=spans, history_from=self.history_from)

    def earlier(self) -> dict[str, pd.DataFrame]:
        days = {"previous": self.period.previous_end, "year_before": self.period.year_before_end}
        found = {}
        for name, day in days.items():
            try:
                found[name] = self.outstanding(day)
            except RefusedError:  # nothing was billed by then
                continue
        return found

    def series(self) -> pd.DataFrame:
        return dso.follow_receivables(self.tables["invoices"], self.tables["payments"],
                                      as_of=self.period.as_of, history_from=self.history_from)

    def owing(self, settled: pd.DataFrame) -> pd.DataFrame:
        rows = settled
        if self.rules.dispute_in_overdue == "left_out":
            rows = settled.assign(late_days=settled["late_days"].where(
                ~settled["is_disputed"], settled["late_days"].clip(
                    upper=self.rules.long_overdue_days)))
        table = ageing.list_owing(settled, long_days=self.rules.long_overdue_days)
        table["long_overdue_amount"] = ageing.list_owing(
            rows, long_days=self.rules.long_overdue_days)["long_overdue_amount"]
        billed = settled.loc[settled["invoice_date"] >= pd.Timestamp(self.start)].groupby(
            "account_id")["amount"].sum()
        table["invoiced_amount"] = table["account_id"].map(billed).fillna(0.0)
        return table

    def paid(self, take: Attempts) -> dict[str, pd.DataFrame]:
        invoices, payments = self.tables["invoices"], self.tables["payments"]
        span = {"start": self.start, "end": self.period.as_of, "rules": self.rules}

        def build(make: Callable[..., pd.DataFrame]) -> Callable[[], pd.DataFrame]:
            def made() -> pd.DataFrame:
                self.require()
                return make(invoices, payments, tiers=self.tiers, **span)
            return made

        def disputes() -> pd.DataFrame:
            self.require()
            due = behaviour.select_due(invoices, payments, **span)  # type: ignore[arg-type]
            return behaviour.compare_disputes(due, rules=self.rules)

        columns = {"behaviour": (behaviour.BEHAVIOUR_COLUMNS, build(
            behaviour.summarise_behaviour)), "payers": (behaviour.PAYER_COLUMNS, build(
                behaviour.score_payers)), "disputes": (behaviour.DISPUTE_COLUMNS, disputes)}
        return {name: take.take("behaviour", kept, made)
                for name, (kept, made) in columns.items()}


def _grade(take: Attempts, given: _Given, payers: pd.DataFrame, owing: pd.DataFrame,
           accounts: pd.DataFrame, facts: pd.DataFrame) -> dict[str, pd.DataFrame]:
    rules, as_of = given.rules, given.period.as_of
    ratings = take.take("scores", ["account_id", "credit_factor", "rating"], lambda:
                        score.rate_factors(given.tables["credit_factors"], payers, as_of=as_of,
                                           rules=rules))
    if ratings.empty:
        columns = {"factors": score.FACTOR_COLUMNS, "scores": score.SCORE_COLUMNS,
                   "terms": terms.TERM_COLUMNS, "conflicts": terms.CONFLICT_COLUMNS,
                   "grades": terms.GRADE_COLUMNS}
        return {name: _like(take, "scores", kept) for name, kept in columns.items()}
    factors = score.weigh_factors(ratings, rules=rules)
    scores = score.score_accounts(ratings, factors, tiers=given.tiers, owing=owing, rules=rules)
    months = ((as_of - given.start).days + 1) / 365.25 * 12
    proposed = terms.propose_terms(scores, accounts, owing, months=months, rules=rules)
    net, owners = _net(facts), accounts.set_index("account_id")["owner_id"] \
        if "owner_id" in accounts else pd.Series(dtype="str")
    return {"factors": factors, "scores": scores, "terms": proposed,
            "conflicts": terms.find_conflicts(
                proposed, owing, net_amounts=net, owners=owners,
                whys=scores.set_index("account_id")["why"], rules=rules),
            "grades": terms.summarise_grades(proposed, owing, net_amounts=net, rules=rules)}


def _losses(scores: pd.DataFrame, profit: pd.DataFrame, owing: pd.DataFrame, net: pd.Series,
            months: float, tiers: pd.DataFrame) -> pd.DataFrame:
    if net.isna().any():
        raise RefusedError(_("The analysis window begins before the known history, so sales of "
                             "the accounts cannot be compared. A later period would lift this."))
    if scores.empty:  # nobody is graded; who leaves is lost all the same
        scores = tiers[["account_id", "tier"]].assign(credit_grade="not_rated").sort_values(
            "account_id", ignore_index=True)
    return loss.weigh_losses(scores, profit, owing, net_amounts=net, months=months)


def _scorecard(take: Attempts, given: _Given) -> dict[str, pd.DataFrame]:
    names = {"bins": scorecard.BIN_COLUMNS, "test": scorecard.TEST_COLUMNS,
             "points": scorecard.POINT_COLUMNS}
    tables = [given.tables[name] for name in TABLES]
    try:
        given.require()
        rows = follow_payers(*tables, as_of=given.period.as_of, history_from=given.history_from,
                             rules=given.rules)
        card = scorecard.fit_scorecard(rows, rules=given.rules)
    except RefusedError as error:
        take.refused["scorecard"] = str(error)
        return {name: _like(take, "scorecard", kept) for name, kept in names.items()}
    test = take.take("scorecard", names["test"], lambda: scorecard.backtest_scorecard(
        rows, _scores_then(given, rows), rules=given.rules))
    today = describe_payers(*tables, day=given.period.as_of, rules=given.rules)
    return {"bins": card.bins, "test": test, "points": scorecard.score_points(card, today)}


def _scores_then(given: _Given, rows: pd.DataFrame) -> pd.Series:
    """The credit score that the ratings of the last day of the past gave."""
    last = rows[rows["cut_date"] == rows["cut_date"].max()]
    factors = [c for c in last.columns if c not in (
        "cut_date", "account_id", "is_bad", "paid_on_time", "mean_late_days", "overdue_share")]
    wide = last.set_index("account_id")
    ratings = wide[factors].assign(paid_on_time=100 * wide["paid_on_time"]).rename_axis(
        columns="credit_factor").stack().rename("rating").reset_index()
    ratings = ratings.dropna(subset="rating")
    if ratings.empty:
        return pd.Series(dtype="float64")
    who = pd.DataFrame({"account_id": wide.index, "tier": ""})
    nothing = pd.DataFrame({"account_id": [], "invoiced_amount": [], "long_overdue_amount": []})
    weights = score.weigh_factors(ratings, rules=_named_only(given.rules, factors))
    found = score.score_accounts(ratings, weights, tiers=who, owing=nothing, rules=given.rules)
    return found.set_index("account_id")["credit_score"]


def _named_only(rules: CreditRules, factors: list[str]) -> CreditRules:
    """The rules without weights of factors on which nobody was rated by then."""
    kept = {name: w for name, w in rules.factor_weights.items() if name in factors}
    return rules.model_copy(update={"factor_weights": kept})


def _net(facts: pd.DataFrame) -> pd.Series:
    return facts.set_index(facts["account_id"].astype("str"))["net_amount_window"].astype("float64")


def _like(take: Attempts, name: str, columns: list[str]) -> pd.DataFrame:
    empty = pd.DataFrame(columns=columns)
    empty.attrs["reason"] = take.refused.get(name, "")
    return empty
