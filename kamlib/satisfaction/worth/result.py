"""All tables about delivered value and about what satisfaction is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.handover import Attempts
from kamlib.language import _, fmt_date
from kamlib.satisfaction.survey.result import Survey
from kamlib.satisfaction.survey.waves import choose_waves, score_waves
from kamlib.satisfaction.worth import bands, claims, delivered
from kamlib.satisfaction.worth.follow import FOLLOW_COLUMNS, choose_followed, follow_accounts
from kamlib.satisfaction.worth.foretell import FORETELL_COLUMNS, foretell_leaving
from kamlib.satisfaction.worth.rules import WorthRules

SURVEY_TABLES = ("survey_waves", "survey_items", "survey_answers")
FOLLOWED_COLUMNS = ["wave_id", "name", "end_date", "before_start", "before_end", "after_start",
                    "after_end", "n_accounts"]
# Every table of the result, and its columns when there is nothing to say.
TABLES: dict[str, list[str]] = {
    "delivered": delivered.WORTH_COLUMNS, "parts": delivered.PART_COLUMNS,
    "waves": delivered.SUM_COLUMNS, "cross": claims.CROSS_COLUMNS, "claims": claims.CLAIM_COLUMNS,
    "followed": FOLLOWED_COLUMNS, "rows": FOLLOW_COLUMNS, "bands": bands.BAND_COLUMNS,
    "present": bands.NOW_COLUMNS, "gaps": bands.GAP_COLUMNS, "foretold": FORETELL_COLUMNS}


@dataclass(frozen=True, eq=False)
class Worth:
    """Delivered value, and satisfaction joined to money; `refused` says why a table is empty.

    delivered: one row an account of the last wave that asked, lowest first: the columns of
    `value_accounts`, owner_id, account_index and is_satisfied (gaps where it has none),
    net_amount_window; parts: `decompose`; waves: `sum_up`; cross, claims: `cross_delivered`,
    `judge_claims`; followed: one row a past wave that was followed, its months before and after
    and n_accounts; rows: `follow_accounts`; bands: `describe_bands`; present: `describe_present`;
    gaps: `compare_bands`; foretold: `foretell_leaving`; wave_name: of the report's wave.
    """

    rules: WorthRules
    satisfied_line: float
    wave_name: str
    delivered: pd.DataFrame
    parts: pd.DataFrame
    waves: pd.DataFrame
    cross: pd.DataFrame
    claims: pd.DataFrame
    followed: pd.DataFrame
    rows: pd.DataFrame
    bands: pd.DataFrame
    present: pd.DataFrame
    gaps: pd.DataFrame
    foretold: pd.DataFrame
    refused: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (f"Worth({len(self.delivered)} accounts with a delivered value, "
                f"{len(self.bands)} bands, {len(self.refused)} tables refused)")


def build_worth(tables: Mapping[str, pd.DataFrame], *, survey: Survey, facts: pd.DataFrame,
                months: pd.DataFrame, accounts: pd.DataFrame, as_of: date, history_from: date,
                rules: WorthRules, complaints: pd.DataFrame | None = None,
                values: pd.DataFrame | None = None) -> Worth:
    """Compute delivered value, and what accounts of each satisfaction band did and are worth.

    tables: survey_waves, survey_items and survey_answers where the company has them; survey: from
    `build_survey`; facts: account_facts; months: account_months; accounts: with owner_id;
    complaints: account_id and opened_date of each complaint, None or empty without a log; values:
    account_id and clv_amount, None where nobody valued the accounts.
    What cannot be computed is in `refused`, never an exception.
    """
    attempts = Attempts()
    log = complaints if complaints is not None and len(complaints) else None
    recipes = {**_delivered_recipes(tables, survey, accounts, facts, as_of, rules),
               **_band_recipes(tables, survey, facts, months, as_of, history_from, rules, log,
                               values)}
    found = {name: attempts.take(name, TABLES[name], build) for name, build in recipes.items()}
    return Worth(rules, survey.rules.satisfied_line, survey.wave_name, **found,
                 refused=attempts.refused)


def _require(tables: Mapping[str, pd.DataFrame]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    missing = next((n for n in SURVEY_TABLES if n not in tables or tables[n].empty), "")
    if missing:
        raise RefusedError(_("There is no survey: the table {table} is missing or empty.",
                             table=missing))
    waves, items, answers = (tables[name] for name in SURVEY_TABLES)
    return waves, items, answers


def _delivered_recipes(tables: Mapping[str, pd.DataFrame], survey: Survey, accounts: pd.DataFrame,
                       facts: pd.DataFrame, as_of: date, rules: WorthRules
                       ) -> dict[str, Callable[[], pd.DataFrame]]:
    day = pd.Timestamp(as_of)

    @cache
    def waves() -> pd.DataFrame:
        all_waves, items, answers = _require(tables)
        ended = all_waves[pd.to_datetime(all_waves["end_date"]) <= day]
        if ended.empty:
            raise RefusedError(_("No wave had ended by {day}.", day=fmt_date(as_of)))
        ended = ended.sort_values(["end_date", "wave_id"], ignore_index=True)
        known = answers[pd.to_datetime(answers["answered_date"]) <= day]
        return delivered.sum_up(ended, items=items, answers=known, rules=rules)

    @cache
    def scores() -> pd.DataFrame:
        all_waves, items, answers = _require(tables)
        last = str(waves()["wave_id"].iloc[-1])
        wave = all_waves[all_waves["wave_id"] == last].iloc[0].to_dict()
        known = answers[pd.to_datetime(answers["answered_date"]) <= day]
        found = delivered.score_delivered(wave, items=items, answers=known,
                                          answered_share=rules.answered_share)
        delivered.refuse_if_few(found.drop_duplicates("account_id"), minimum=rules.min_accounts)
        return found

    @cache
    def by_account() -> pd.DataFrame:
        is_same = str(waves()["wave_id"].iloc[-1]) == survey.wave_id
        return _describe(delivered.value_accounts(scores()), survey if is_same else None,
                         accounts, facts)

    def cross() -> pd.DataFrame:
        if by_account()["account_index"].isna().all():
            raise RefusedError(_("No account has both a delivered value and a satisfaction index "
                                 "of the same wave, so the two cannot be compared."))
        return claims.cross_delivered(by_account(), level=rules.confidence_level)

    return {"waves": waves, "parts": lambda: delivered.decompose(scores(), rules=rules),
            "delivered": by_account, "cross": cross,
            "claims": lambda: claims.judge_claims(by_account(), cross(), rules=rules)}


def _describe(table: pd.DataFrame, survey: Survey | None, accounts: pd.DataFrame,
              facts: pd.DataFrame) -> pd.DataFrame:
    ids = table["account_id"]
    heard = (pd.DataFrame(columns=["account_index", "is_satisfied"]) if survey is None
             else survey.accounts.set_index("account_id"))
    owners = (accounts.set_index("account_id")["owner_id"] if "owner_id" in accounts
              else pd.Series(dtype="str"))
    amounts = facts.set_index("account_id")["net_amount_window"]
    table = table.assign(
        owner_id=ids.map(owners).fillna("").astype("str"),
        account_index=ids.map(heard["account_index"]).astype("float64"),
        is_satisfied=ids.map(heard["is_satisfied"]).astype("boolean"),
        net_amount_window=ids.map(amounts).astype("float64"))
    return table.sort_values(["delivered_index", "account_id"],
                             ignore_index=True)[delivered.WORTH_COLUMNS]


def _band_recipes(tables: Mapping[str, pd.DataFrame], survey: Survey, facts: pd.DataFrame,
                  months: pd.DataFrame, as_of: date, history_from: date, rules: WorthRules,
                  complaints: pd.DataFrame | None, values: pd.DataFrame | None
                  ) -> dict[str, Callable[[], pd.DataFrame]]:
    line = survey.rules.satisfied_line
    edges = bands.read_edges(rules, line)

    @cache
    def chosen() -> pd.DataFrame:
        return _choose(tables, as_of, history_from, rules)

    @cache
    def rows() -> pd.DataFrame:
        return _follow(tables, chosen(), survey, facts, months, as_of, complaints)

    @cache
    def present() -> pd.DataFrame:
        if survey.accounts.empty:
            raise RefusedError(_("No account has a satisfaction index today. Answers to a survey "
                                 "would lift this."))
        table = survey.accounts[["account_id", "account_index", "net_amount_window"]].astype(
            {"account_index": "float64"})
        known = (pd.Series(dtype="float64") if values is None or values.empty
                 else values.set_index("account_id")["clv_amount"])
        return table.assign(clv_amount=table["account_id"].map(known).astype("float64"))

    def followed() -> pd.DataFrame:
        counts = rows().groupby("wave_id").size()
        return chosen().assign(n_accounts=chosen()["wave_id"].astype("str").map(counts).fillna(
            0).astype("Int64"))[FOLLOWED_COLUMNS].reset_index(drop=True)

    return {"followed": followed, "rows": rows,
            "bands": lambda: bands.describe_bands(rows(), edges, rules=rules),
            "present": lambda: bands.describe_present(present(), edges, rules=rules),
            "gaps": lambda: bands.compare_bands(rows(), present(), edges, rules=rules),
            "foretold": lambda: foretell_leaving(rows(), rules=rules)}


def follow_waves(tables: Mapping[str, pd.DataFrame], *, survey: Survey, facts: pd.DataFrame,
                 months: pd.DataFrame, as_of: date, history_from: date, rules: WorthRules
                 ) -> pd.DataFrame:
    """What the accounts of past waves bought before and after; see `follow_accounts`.

    All as `build_worth` takes them. Empty where no wave can be followed.
    """
    try:
        chosen = _choose(tables, as_of, history_from, rules)
        return _follow(tables, chosen, survey, facts, months, as_of, None)
    except RefusedError:
        return pd.DataFrame(columns=FOLLOW_COLUMNS)


def _choose(tables: Mapping[str, pd.DataFrame], as_of: date, history_from: date,
            rules: WorthRules) -> pd.DataFrame:
    waves, items, answers = _require(tables)
    answered = choose_waves(waves, items, answers, as_of=as_of)
    return choose_followed(answered, as_of=as_of, history_from=history_from, rules=rules)


def _follow(tables: Mapping[str, pd.DataFrame], chosen: pd.DataFrame, survey: Survey,
            facts: pd.DataFrame, months: pd.DataFrame, as_of: date,
            complaints: pd.DataFrame | None) -> pd.DataFrame:
    waves, items, answers = _require(tables)
    known = answers[pd.to_datetime(answers["answered_date"]) <= pd.Timestamp(as_of)]
    # The report's wave comes last, so that its scale map is used for all.
    last = waves[waves["wave_id"] == survey.wave_id]
    wanted = pd.concat([chosen[list(waves.columns)], last]).drop_duplicates(
        "wave_id", keep="last")
    found = follow_accounts(
        chosen, score_waves(wanted, items, known, rules=survey.rules), months=months,
        first_sales=facts.set_index("account_id")["first_sale_date"],
        satisfied_line=survey.rules.satisfied_line, complaints=complaints)
    if found.empty:
        raise RefusedError(_("No account that answered had bought in the months before, so "
                             "there is nobody to follow."))
    return found
