"""All tables of the early-warning notebook, made in one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.errors import RefusedError
from kamlib.language import _, fmt_count, fmt_date
from kamlib.warning.features import build_features, find_missing
from kamlib.warning.flags import add_flags, find_flags
from kamlib.warning.forecast import (
    COEFFICIENT_COLUMNS,
    NOW_COLUMNS,
    REASON_COLUMNS,
    forecast_now,
    forecast_past,
    select_judged,
)
from kamlib.warning.judge import check_calibration, judge_scores, judge_signs, line_up_scores
from kamlib.warning.lessons import compare_warnings, count_fates, draw_lessons, name_fates
from kamlib.warning.outcome import count_outcomes, mark_outcome
from kamlib.warning.rules import WarningRules
from kamlib.warning.signals import Read
from kamlib.warning.watch import list_calls, watch_accounts


@dataclass(frozen=True, eq=False)
class Warnings:
    """Who should be called now, why, and how good such warnings were in the past.

    watch: one row an active account (`watch_accounts`); calls: those to call; flags: signs shown
    on every cut (`find_flags`); reasons, coefficients: of the model (`Forecast`); outcomes: one
    row a past cut (`count_outcomes`); backtest: `judge_scores`; signs: `judge_signs`; calibration:
    `check_calibration`; fates, lessons: `count_fates`, `draw_lessons`; changes:
    `compare_warnings`; missing: tables of the dictionary that the data set does not have; refused:
    reason by name (past, model, backtest); last_cut: the cut before as_of, None without one.
    """

    as_of: date
    last_cut: date | None
    horizon_days: int
    watch: pd.DataFrame
    calls: pd.DataFrame
    flags: pd.DataFrame
    reasons: pd.DataFrame
    coefficients: pd.DataFrame
    outcomes: pd.DataFrame
    scores: pd.DataFrame
    backtest: pd.DataFrame
    signs: pd.DataFrame
    calibration: pd.DataFrame
    fates: pd.DataFrame
    lessons: pd.DataFrame
    changes: pd.DataFrame
    missing: tuple[str, ...]
    refused: Mapping[str, str]
    rules: WarningRules

    @property
    def warned(self) -> pd.DataFrame:
        """Accounts whose signs add up to a warning, most money at stake first."""
        return self.watch[self.watch["is_warned"]]

    @property
    def chances(self) -> pd.DataFrame:
        """Accounts that the model gives a chance of leaving, the highest first."""
        known = self.watch[self.watch["leave_probability"].notna()]
        return known.sort_values("probability_rank", ignore_index=True)

    def to_frame(self) -> pd.DataFrame:
        """Return the list of accounts to call."""
        return self.calls

    def __repr__(self) -> str:
        return f"Warnings({self.as_of}, {len(self.calls)} of {len(self.watch)} accounts to call)"

    def _repr_html_(self) -> str:
        title = _("Early warning on {day}: {n} accounts to call", day=fmt_date(self.as_of),
                  n=fmt_count(len(self.calls)))
        return f"<p>{title}</p>{self.calls.to_html(index=False, na_rep='')}"


def build_warnings(past: pd.DataFrame, *, read: Read, as_of: date, horizon_days: int,
                   rules: WarningRules, accounts: pd.DataFrame | None = None,
                   facts: pd.DataFrame | None = None) -> Warnings:
    """Find the signs, fit and test the model, and list the accounts to call.

    past: past_facts, the last cut being as_of; read: gives a table of the dictionary as it was
    known on a day (report.read_known); accounts: with owner_id, for the list; facts: account_facts
    at as_of, which stand in where the history is too short for past_facts.
    """
    refused: dict[str, str] = {}
    if past.empty:
        past = _only_now(facts, as_of)
    features = build_features(past, read=read, horizon_days=horizon_days, rules=rules)
    outcome = mark_outcome(features, past, horizon_days=horizon_days, rules=rules)
    flags = find_flags(features, rules=rules)
    flagged = add_flags(features, flags, rules=rules)
    judged = select_judged(features, outcome)
    forecasts = forecast_past(judged, horizon_days=horizon_days, rules=rules)
    scores = line_up_scores(judged, flagged, forecasts)
    model = _forecast(judged, forecasts, rules, refused)
    watch = watch_accounts(flagged, flags, outcome, now=model["now"],
                           reasons=model["reasons"], accounts=accounts, rules=rules)
    fates = name_fates(flagged, flags, outcome)
    backtest = judge_scores(scores, horizon_days=horizon_days, rules=rules)
    _say_refusals(refused, past, scores, backtest, rules)
    cuts = sorted(past["cut_date"].unique())
    return Warnings(
        as_of=as_of, last_cut=pd.Timestamp(str(cuts[-2])).date() if len(cuts) > 1 else None,
        horizon_days=horizon_days, watch=watch, calls=list_calls(watch), flags=flags,
        reasons=model["reasons"], coefficients=model["coefficients"],
        outcomes=count_outcomes(outcome, features, rules=rules), scores=scores, backtest=backtest,
        signs=judge_signs(scores, flags, rules=rules),
        calibration=check_calibration(scores, rules=rules),
        fates=count_fates(fates, past.loc[past["cut_date"] < cuts[-1], "cut_date"] if cuts
                          else pd.Series(dtype="datetime64[s]")),
        lessons=draw_lessons(fates, watch, forecasts),
        changes=compare_warnings(flagged, flags),
        missing=tuple(find_missing(read, day=as_of)), refused=refused, rules=rules)


def _only_now(facts: pd.DataFrame | None, as_of: date) -> pd.DataFrame:
    """Facts as a past of one day: signs can be found, nothing can be tested."""
    if facts is None:
        raise RefusedError(_("The known history is too short for any day of the past. Pass "
                             "report.facts, so that at least the signs of today are found."))
    known = facts[facts["first_sale_date"].notna()]
    # The period of the facts is the report's, not a horizon: its sums are not comparable.
    spans = [c for c in known.columns if c.endswith(("_period", "_previous"))]
    return known.assign(cut_date=pd.Timestamp(as_of).as_unit("s"),
                        **dict.fromkeys(spans, float("nan")))


def _forecast(judged: pd.DataFrame, forecasts: pd.DataFrame, rules: WarningRules,
              refused: dict[str, str]) -> dict[str, pd.DataFrame]:
    try:
        found = forecast_now(judged, forecasts, rules=rules)
    except RefusedError as error:
        refused["model"] = str(error)
        return {"now": _empty(NOW_COLUMNS, error), "reasons": _empty(REASON_COLUMNS, error),
                "coefficients": _empty(COEFFICIENT_COLUMNS, error)}
    return {"now": found.now, "reasons": found.reasons, "coefficients": found.coefficients}


def _empty(columns: list[str], error: Exception) -> pd.DataFrame:
    table = pd.DataFrame(columns=columns)
    table.attrs["reason"] = str(error)
    return table


def _say_refusals(refused: dict[str, str], past: pd.DataFrame, scores: pd.DataFrame,
                  backtest: pd.DataFrame, rules: WarningRules) -> None:
    if past["cut_date"].nunique() < 2:
        refused["past"] = _("The known history holds no day of the past with a whole horizon "
                            "before and after it, so no warning can be tested. A longer history, "
                            "or a shorter measures.backtest_horizon_days, would lift this.")
    elif backtest.empty:
        refused["backtest"] = _(
            "Of {n} accounts on past days whose rhythm is known, all or none left, so warnings "
            "cannot be told from chance. A longer history would lift this.",
            n=fmt_count(len(scores)))
    if "model" not in refused and scores["model"].isna().all():
        refused["model_test"] = _(
            "The model learned from all of the past, so nothing is left to test it on: no earlier "
            "day had enough accounts that had left by then. A longer history would lift this.")


