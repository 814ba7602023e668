"""Everything the value notebook shows, made in one call, and what had to be refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import N_, _, fmt_count, fmt_date
from kamlib.measures import build_profit
from kamlib.period import DAYS_A_YEAR, Period, add_months
from kamlib.rules import Rules
from kamlib.value.backtest import (
    CALIBRATION_COLUMNS,
    CUT_COLUMNS,
    SCORE_COLUMNS,
    TRACK_COLUMNS,
    Backtest,
    backtest_orders,
)
from kamlib.value.bridge import CHANGE_COLUMNS, STEP_COLUMNS, bridge_equity
from kamlib.value.clv import CLV_COLUMNS, Book, value_accounts
from kamlib.value.components import COMPONENT_COLUMNS, split_components
from kamlib.value.contribution import measure_contribution
from kamlib.value.conventions import CONVENTION_COLUMNS, compare_conventions
from kamlib.value.equity import (
    EQUITY_COLUMNS,
    GROUP_COLUMNS,
    find_main_channel,
    group_equity,
    measure_concentration,
    measure_equity,
)
from kamlib.value.fit import fit_forecast
from kamlib.value.levers import LEVER_COLUMNS, measure_levers
from kamlib.value.profit import PROFIT_COLUMNS, compare_profit
from kamlib.value.renewals import RENEWAL_COLUMNS, measure_renewals
from kamlib.value.rules import ValueRules
from kamlib.value.summary import select_accounts

Read = Callable[[str], pd.DataFrame]
QUESTIONS = {
    "clv": N_("What are the accounts worth?"),
    "profit": N_("Who is worth less than it earned lately?"),
    "renewals": N_("How long do contracts last?"),
    "bridge": N_("Why did customer equity change since the previous period?"),
    "backtest": N_("May the forecast of orders be believed?"),
    "conventions": N_("What would the simple retention formula give?"),
}
TABLES = {"clv": "orders", "renewals": "contracts"}
CANDIDATE_COLUMNS = ["model", "regularity", "n", "n_repeaters", "log_likelihood", "n_parameters",
                     "aic", "model_verdict", "reason", "is_chosen"]
# Of the back-test's tables, also where there is none.
TESTED_COLUMNS = {"cuts": CUT_COLUMNS, "scores": SCORE_COLUMNS, "calibration": CALIBRATION_COLUMNS,
                  "tracking": TRACK_COLUMNS}
# Accounts are told apart by the first of each that is known.
DIMENSIONS = (("region", "country"), ("industry",))


@dataclass(frozen=True, eq=False, repr=False)
class Value:
    """What the accounts are worth, what moves that, and how far it may be believed.

    book, previous, year_before: values today, at the previous period's end and a year before; None
    when refused or not known. The tables are those of the functions that make them; a refused one
    is empty and carries its reason.
    concentration: see `measure_concentration`; backtest: None when refused; refused: reason by
    table; known_years: length of the known history; n_excluded: accounts that never bought.
    """

    as_of: date
    previous_as_of: date
    rules: ValueRules
    book: Book | None
    previous: Book | None
    year_before: Book | None
    equity: pd.DataFrame
    groups: pd.DataFrame
    concentration: Mapping[str, float]
    conventions: pd.DataFrame
    levers: pd.DataFrame
    profit: pd.DataFrame
    components: pd.DataFrame
    renewals: pd.DataFrame
    steps: pd.DataFrame
    changes: pd.DataFrame
    backtest: Backtest | None
    refused: Mapping[str, str]
    known_years: float
    n_excluded: int

    @property
    def clv(self) -> pd.DataFrame:
        """Value of each account; see `value_accounts`."""
        return pd.DataFrame(columns=CLV_COLUMNS) if self.book is None else self.book.table

    @property
    def candidates(self) -> pd.DataFrame:
        """The counting models that were tried, best first; empty without accounts."""
        if self.book is None:
            return pd.DataFrame(columns=CANDIDATE_COLUMNS)
        tried = self.book.forecast.choice.candidates
        return tried.rename(columns={"k": "regularity", "verdict": "model_verdict"})[
            CANDIDATE_COLUMNS]

    @property
    def cuts(self) -> pd.DataFrame:
        """One row a test of the past; empty without a back-test."""
        return self._tested("cuts")

    @property
    def scores(self) -> pd.DataFrame:
        """One row a test and method; empty without a back-test."""
        return self._tested("scores")

    @property
    def calibration(self) -> pd.DataFrame:
        """One row a number of past repeat days; empty without a back-test."""
        return self._tested("calibration")

    @property
    def tracking(self) -> pd.DataFrame:
        """One row a week; empty without a back-test."""
        return self._tested("tracking")

    def _tested(self, name: str) -> pd.DataFrame:
        if self.backtest is not None:
            table: pd.DataFrame = getattr(self.backtest, name)
            return table
        return pd.DataFrame(columns=TESTED_COLUMNS[name])

    def __repr__(self) -> str:
        return f"Value({self.as_of}, {self.book}, {len(self.refused)} refused)"

    def _repr_html_(self) -> str:
        title = _("Value of {n} accounts on {day}", n=fmt_count(len(self.clv)),
                  day=fmt_date(self.as_of))
        return f"<p>{title}</p>{self.equity.to_html(index=False, na_rep='')}"


def build_value(facts: pd.DataFrame, *, profit: pd.DataFrame, period: Period, rules: Rules,
                history_from: date, accounts: pd.DataFrame, products: pd.DataFrame, read: Read,
                past: pd.DataFrame, purchase_days: pd.DataFrame,
                facts_previous: pd.DataFrame | None = None,
                facts_year_before: pd.DataFrame | None = None) -> Value:
    """Value the accounts at the period's end, and make every table about that.

    facts, facts_previous, facts_year_before: account_facts at the three days; profit: from
    measures.build_profit; accounts, products, past, purchase_days: as the report has them; read:
    returns a table of the dictionary by name, empty when not given.
    """
    attempts, own = Attempts(), rules.value
    start = max(period.window_start(rules.measures.window_months), history_from)
    backtest = _try_backtest(past, purchase_days, rules, attempts)
    spread = backtest.spread if backtest is not None and own.widen_by_backtest else 0.0
    book = _try_book(facts, profit, own, spread, attempts)
    effort = read("effort")
    previous, year_before = (
        _earlier_book(earlier, effort, end=end, rules=rules, history_from=history_from)
        for earlier, end in ((facts_previous, period.previous_end),
                             (facts_year_before, period.year_before_end)))
    channels = find_main_channel(products)
    groups = _name_groups(accounts) | {"channel": channels}

    def take(name: str, columns: list[str], build: Callable[[Book], pd.DataFrame]
             ) -> pd.DataFrame:
        if book is None:
            empty = pd.DataFrame(columns=columns)
            empty.attrs["reason"] = attempts.refused["clv"]
            return empty
        return attempts.take(name, columns, lambda: build(book))

    steps = take("bridge", STEP_COLUMNS,
                 lambda b: bridge_equity(b, before=previous, rules=own)[0])
    return Value(
        as_of=period.as_of, previous_as_of=period.previous_end, rules=own, book=book,
        previous=previous, year_before=year_before, steps=steps,
        changes=pd.DataFrame(columns=CHANGE_COLUMNS) if steps.empty or book is None else
        bridge_equity(book, before=previous, rules=own)[1],
        equity=take("equity", EQUITY_COLUMNS, lambda b: measure_equity(b, rules=own)),
        groups=take("groups", GROUP_COLUMNS, lambda b: group_equity(b, groups=groups, rules=own)),
        concentration={} if book is None else measure_concentration(book, rules=own),
        conventions=take("conventions", CONVENTION_COLUMNS,
                         lambda b: compare_conventions(b, rules=own)),
        levers=take("levers", LEVER_COLUMNS,
                    lambda b: measure_levers(b, rules=own, channels=channels)),
        profit=take("profit", PROFIT_COLUMNS, lambda b: compare_profit(
            b, facts=facts, profit=profit, window_days=(period.end - start).days + 1, rules=own)),
        components=take("components", COMPONENT_COLUMNS, lambda b: split_components(
            b, facts=facts, facts_year_before=facts_year_before, accounts=accounts,
            relationships=read("relationships"), survey_answers=read("survey_answers"),
            as_of=period.as_of, rules=own)),
        renewals=attempts.take("renewals", RENEWAL_COLUMNS, lambda: measure_renewals(
            read("contracts"), as_of=period.as_of, rules=own)),
        backtest=backtest, refused=attempts.refused,
        known_years=((period.as_of - history_from).days + 1) / DAYS_A_YEAR,
        n_excluded=len(facts) - (0 if book is None else len(book.table)))


def _name_groups(accounts: pd.DataFrame) -> dict[str, pd.Series]:
    named = accounts.set_index("account_id")
    known = [next((name for name in names if name in named and named[name].notna().any()), None)
             for names in DIMENSIONS]
    return {name: named[name] for name in known if name is not None}


def _try_backtest(past: pd.DataFrame, purchase_days: pd.DataFrame, rules: Rules,
                  attempts: Attempts) -> Backtest | None:
    try:
        return backtest_orders(past, purchase_days=purchase_days, rules=rules.value,
                               horizon_days=rules.measures.backtest_horizon_days)
    except RefusedError as error:
        attempts.refused["backtest"] = str(error)
        return None


def _try_book(facts: pd.DataFrame, profit: pd.DataFrame, rules: ValueRules, spread: float,
              attempts: Attempts) -> Book | None:
    try:
        return _value(facts, profit, rules, spread=spread)
    except RefusedError as error:
        attempts.refused["clv"] = str(error)
        return None


def _earlier_book(facts: pd.DataFrame | None, effort: pd.DataFrame, *, end: date, rules: Rules,
                  history_from: date) -> Book | None:
    """Value the accounts as they were at the end of an earlier day, by what was known then."""
    if facts is None or not (facts["n_repeat_days"] > 0).any():
        return None
    start = add_months(end + timedelta(days=1), -rules.measures.window_months)
    profit = build_profit(facts, effort, start=max(start, history_from), end=end)
    return _value(facts, profit, rules.value, is_drawn=False)


def _value(facts: pd.DataFrame, profit: pd.DataFrame, rules: ValueRules, *, spread: float = 0.0,
           is_drawn: bool = True) -> Book:
    accounts = select_accounts(facts)
    if not (accounts["n_repeat_days"] > 0).any():
        raise RefusedError(_("No account has bought on a second day, so how often accounts buy "
                             "cannot be told, nor what they are worth. Dated orders of a longer "
                             "time would lift this."))
    return value_accounts(
        accounts, forecast=fit_forecast(accounts, rules=rules), rules=rules, spread=spread,
        contribution=measure_contribution(facts, profit=profit, rules=rules), is_drawn=is_drawn)
