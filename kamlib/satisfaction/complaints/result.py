"""All tables about complaints, from the log, the orders and the survey."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import _, fmt_date
from kamlib.period import Period
from kamlib.satisfaction.complaints import accounts as by_account
from kamlib.satisfaction.complaints import counts, times
from kamlib.satisfaction.complaints.log import LOG_COLUMNS, UNASSIGNED, read_log
from kamlib.satisfaction.complaints.rules import ComplaintRules
from kamlib.satisfaction.survey.result import Survey

KIND_COLUMNS = ["complaint_class", "contact_heading", "contact_kind", "is_complaint", "n_entries"]
MATRIX_COLUMNS = ["complaint_class", "product_line", "n_complaints"]
# Quarters on the chart of the rate: three years.
N_QUARTERS = 12
# Every table of the result, and its columns when there is nothing to say.
TABLES: dict[str, list[str]] = {
    "log": LOG_COLUMNS, "counts": counts.SPAN_COLUMNS, "quarters": counts.QUARTER_COLUMNS,
    "changes": counts.CHANGE_COLUMNS,
    "groups": counts.GROUP_COLUMNS, "kinds": KIND_COLUMNS, "matrix": MATRIX_COLUMNS,
    "times": times.TIME_COLUMNS, "curves": times.CURVE_COLUMNS, "waiting": times.OPEN_COLUMNS,
    "ages": times.AGE_COLUMNS, "complainers": by_account.ACCOUNT_COLUMNS,
    "heard": by_account.HEARD_COLUMNS, "links": by_account.LINK_COLUMNS,
    "cross": by_account.CROSS_COLUMNS, "silent": by_account.HEARD_COLUMNS}


@dataclass(frozen=True, eq=False)
class Complaints:
    """What the accounts complain about; a table that was refused is empty, `refused` says why.

    log: see `read_log`; counts, quarters, changes, groups: `count_spans`, `count_quarters`,
    `compare_spans`, `count_groups`;
    kinds: one row a class of the window: its heading and kind by rule, is_complaint, n_entries;
    matrix: one row a class and product line of the window, n_complaints; times, curves:
    `summarise_times`; waiting, ages: `list_open`, `age_open`; complainers: `list_complainers`;
    heard, links, cross, silent: `join_survey`, `link_complaints`, `cross_opinions`, `list_silent`;
    n_left_out: entries of the log from others than customers; satisfied_line: of the survey.
    """

    rules: ComplaintRules
    as_of: date
    period: Period
    log: pd.DataFrame
    counts: pd.DataFrame
    quarters: pd.DataFrame
    changes: pd.DataFrame
    groups: pd.DataFrame
    kinds: pd.DataFrame
    matrix: pd.DataFrame
    times: pd.DataFrame
    curves: pd.DataFrame
    waiting: pd.DataFrame
    ages: pd.DataFrame
    complainers: pd.DataFrame
    heard: pd.DataFrame
    links: pd.DataFrame
    cross: pd.DataFrame
    silent: pd.DataFrame
    refused: Mapping[str, str] = field(default_factory=dict)
    n_left_out: int = 0
    satisfied_line: float = 70.0
    wave_name: str = ""

    def __repr__(self) -> str:
        return (f"Complaints({len(self.log)} entries to {self.as_of}, "
                f"{len(self.refused)} tables refused)")


def build_complaints(complaints: pd.DataFrame | None, *, survey: Survey, facts: pd.DataFrame,
                     months: pd.DataFrame, accounts: pd.DataFrame, period: Period,
                     history_from: date, rules: ComplaintRules, window_months: int = 12,
                     facts_year_before: pd.DataFrame | None = None,
                     products: pd.DataFrame | None = None,
                     groups: Mapping[str, pd.Series] | None = None) -> Complaints:
    """Compute everything the complaints report shows.

    complaints: the table of that name as known at the period's end, None when the company has
    none; survey: from `build_survey`; facts, facts_year_before: account_facts at both days;
    months: account_months; accounts: with owner_id and region; history_from: the day from which
    orders are known; products: product_id and product_line; groups: further groupings of accounts
    by name (such as tiers), series over account_id.
    What cannot be computed is in `refused`, never an exception.
    """
    attempts = Attempts()
    log = attempts.take("log", LOG_COLUMNS, lambda: _read(complaints, facts, period, rules))
    n_all = 0 if complaints is None else len(complaints)
    spans = counts.list_spans(period, window_months=window_months, facts=facts,
                              facts_year_before=facts_year_before)
    recipes = _recipes(log, spans, survey, facts, accounts, period, rules, products, groups or {})
    recipes["quarters"] = lambda: counts.count_quarters(
        log, months, end=period.as_of, history_from=history_from, n_quarters=N_QUARTERS,
        level=rules.confidence_level)
    found = {"log": log} | {name: attempts.take(name, TABLES[name], _only_with(log, build))
                            for name, build in recipes.items()}
    return Complaints(rules, period.as_of, period, **found, refused=attempts.refused,
                      n_left_out=n_all - len(log) if len(log) else 0,
                      satisfied_line=survey.rules.satisfied_line, wave_name=survey.wave_name)


def _read(complaints: pd.DataFrame | None, facts: pd.DataFrame, period: Period,
          rules: ComplaintRules) -> pd.DataFrame:
    if complaints is None or complaints.empty:
        raise RefusedError(_("There is no log of complaints: the table complaints is missing or "
                             "empty. Without it nobody knows who complained."))
    log = read_log(complaints, account_ids=list(facts["account_id"]), as_of=period.as_of,
                   rules=rules)
    if not log["is_complaint"].any():
        raise RefusedError(_("The log holds no complaint of a customer up to {day}. Check the "
                             "account ids of the table complaints, and the rule "
                             "complaints.not_complaints.", day=fmt_date(period.as_of)))
    return log


def _only_with(log: pd.DataFrame, build: Callable[[], pd.DataFrame]
               ) -> Callable[[], pd.DataFrame]:
    def take() -> pd.DataFrame:
        if log.empty:
            raise RefusedError(str(log.attrs.get("reason", "")))
        return build()
    return take


def _recipes(log: pd.DataFrame, spans: tuple[counts.Span, ...], survey: Survey,
             facts: pd.DataFrame, accounts: pd.DataFrame, period: Period, rules: ComplaintRules,
             products: pd.DataFrame | None, groups: Mapping[str, pd.Series]
             ) -> dict[str, Callable[[], pd.DataFrame]]:
    """How each table is made, in an order in which none needs a later one."""
    amounts = facts.set_index("account_id")["net_amount_window"].astype("float64")
    owners = (accounts.set_index("account_id")["owner_id"] if "owner_id" in accounts
              else pd.Series(dtype="str"))
    indexes = survey.accounts.set_index("account_id")["account_index"]
    level, window = rules.confidence_level, next(s for s in spans if s.name == "window")
    lines = _product_lines(log, products)
    of_accounts = {"region": _column(accounts, "region"), **groups}

    @cache
    def waiting() -> pd.DataFrame:
        return times.list_open(log, as_of=period.as_of, amounts=amounts, owners=owners)

    @cache
    def heard() -> pd.DataFrame:
        return by_account.refuse_without(survey, lambda: by_account.join_survey(
            log, window, survey, owners=owners))

    @cache
    def waits() -> tuple[pd.DataFrame, pd.DataFrame]:
        return times.summarise_times(log, spans, rules=rules)

    groupings = {"complaint_class": _of_complaint(log, log.get("complaint_class")), **of_accounts,
                 "product_line": lines, "source": _of_complaint(log, log.get("source"))}
    return {
        "counts": lambda: counts.count_spans(log, spans, level=level),
        "changes": lambda: counts.compare_spans(log, spans, level=level),
        "groups": lambda: counts.count_groups(log, spans, groupings, amounts=amounts,
                                              rules=rules),
        "kinds": lambda: _count_kinds(counts.within(log, window)),
        "matrix": lambda: _count_matrix(counts.within(log, window), lines),
        "times": lambda: waits()[0],
        "curves": lambda: waits()[1],
        "waiting": waiting,
        "ages": lambda: times.age_open(waiting(), ageing_days=rules.ageing_days),
        "complainers": lambda: by_account.list_complainers(
            log, spans, amounts=amounts, owners=owners, indexes=indexes, level=level),
        "heard": heard,
        "links": lambda: by_account.link_complaints(heard(), rules=rules),
        "cross": lambda: by_account.cross_opinions(heard(), level=level),
        "silent": lambda: by_account.list_silent(heard())}


def _product_lines(log: pd.DataFrame, products: pd.DataFrame | None) -> pd.Series:
    if log.empty or products is None or products.empty:
        return _of_complaint(log, None)
    lines = products.drop_duplicates("product_id").set_index("product_id")["product_line"]
    return _of_complaint(log, log["product_id"].map(lines))


def _of_complaint(log: pd.DataFrame, values: pd.Series | None) -> pd.Series:
    texts = pd.Series("", index=log.index, dtype="str") if values is None else values
    return pd.Series(texts.fillna("").astype("str").to_numpy(),
                     index=pd.Index(log["complaint_id"], name="complaint_id"), dtype="str")


def _column(accounts: pd.DataFrame, name: str) -> pd.Series:
    if name not in accounts:
        return pd.Series(dtype="str", index=pd.Index([], name="account_id"))
    return accounts.set_index("account_id")[name]


def _count_kinds(part: pd.DataFrame) -> pd.DataFrame:
    keys = KIND_COLUMNS[:-1]
    table = part.groupby(keys, sort=True).size().reset_index(name="n_entries")
    table = table.assign(is_last=table["contact_kind"] == UNASSIGNED)
    return table.sort_values(["is_last", "contact_heading", "n_entries", "complaint_class"],
                             ascending=[True, True, False, True],
                             ignore_index=True)[KIND_COLUMNS]


def _count_matrix(part: pd.DataFrame, lines: pd.Series) -> pd.DataFrame:
    part = part[part["is_complaint"]]
    part = part.assign(product_line=part["complaint_id"].map(lines))
    part = part[part["product_line"] != ""]
    if part.empty:
        raise RefusedError(_("No complaint of these {window} names a product whose line is known. "
                             "product_id in the table complaints would lift this."))
    table = part.groupby(["complaint_class", "product_line"], sort=True).size()
    return table.reset_index(name="n_complaints")[MATRIX_COLUMNS]
