"""The satisfaction notebook's hand-over: headline, metrics, findings, attention, unanswered."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.handover import Attention, Handover, Metric, Unanswered
from kamlib.labels import label
from kamlib.language import _, _n, fmt_number, fmt_range, fmt_share, join_items
from kamlib.satisfaction.findings import list_findings, points
from kamlib.satisfaction.survey.items import name_item
from kamlib.satisfaction.survey.result import Survey


def build_handover(survey: Survey, *, accounts: pd.DataFrame, currency: str) -> Handover:
    """Gather what the overview needs from the satisfaction survey.

    accounts: the accounts table with owner_id as of as_of; currency: of the data set.
    A refused index leaves its metrics, findings and rows out and stands under `unanswered`.
    """
    unanswered = (*survey.unanswered, *_open_questions(survey))
    if survey.measures.empty:
        reason = survey.unanswered[0].reason if survey.unanswered else ""
        return Handover(headline=(reason,) if reason else (), metrics=_response_metrics(survey),
                        unanswered=unanswered)
    return Handover(headline=_headline(survey),
                    metrics=(*_measure_metrics(survey), *_other_metrics(survey),
                             *_response_metrics(survey)),
                    findings=list_findings(survey, currency=currency),
                    attention=list_attention(survey, accounts=accounts), unanswered=unanswered)


def list_attention(survey: Survey, *, accounts: pd.DataFrame) -> tuple[Attention, ...]:
    """Accounts of the frame below the satisfied line, the silent, and the hidden dissatisfied.

    Of each kind at most rules.n_attention, largest sales first; the tables hold all of them.
    """
    owners = (accounts.set_index("account_id")["owner_id"] if "owner_id" in accounts
              else pd.Series(dtype="str"))
    table = survey.accounts
    low = table[table["in_survey_frame"].astype("bool") & ~table["is_satisfied"].astype("bool")]
    low = low.sort_values(["net_amount_window", "account_id"], ascending=[False, True])
    hearing = survey.hearing
    silent = hearing[hearing["in_survey_frame"].astype("bool")
                     & ~hearing["is_heard"].astype("bool")]
    n = survey.rules.n_attention
    rows = [_attention(row, _low_reason(survey, row), row["net_amount_window"], owners,
                       "account_index") for row in low.head(n).to_dict("records")]
    # An account that stands below the line is on the list already.
    hidden = survey.hidden[~survey.hidden["account_id"].isin(low["account_id"].head(n))]
    rows += [_attention(row, _("Rates “{item}” low and the whole high: hidden dissatisfaction.",
                               item=row["lowest_item"]), row["net_amount_window"], owners,
                        "hidden_dissatisfied") for row in hidden.head(n).to_dict("records")]
    rows += [_attention(row, _silent_reason(survey, row), row["reference_amount"], owners,
                        "hearing") for row in silent.head(n).to_dict("records")]
    return tuple(rows)


def _attention(row: dict[Any, Any], reason: str, amount: float, owners: pd.Series,
               anchor: str) -> Attention:
    owner = owners.get(row["account_id"], "")
    return Attention(str(row["account_id"]), reason, None if pd.isna(amount) else float(amount),
                     "" if pd.isna(owner) else str(owner), anchor)


def _low_reason(survey: Survey, row: dict[Any, Any]) -> str:
    return _("Index {index}, below the satisfied line of {line}; lowest on “{item}”.",
             index=points(row["account_index"]), item=row["lowest_item"],
             line=fmt_number(survey.rules.satisfied_line, 0))


def _silent_reason(survey: Survey, row: dict[Any, Any]) -> str:
    if pd.isna(row["n_sent"]):
        return _("No valid answer in {wave}.", wave=survey.wave_name)
    if row["n_sent"] == 0:
        return _("Was not asked in {wave}.", wave=survey.wave_name)
    if row["n_returned"] > 0:
        return _("Answered in {wave}, but with too many gaps to count.", wave=survey.wave_name)
    return _("Asked in {wave}, has not answered.", wave=survey.wave_name)


def _headline(survey: Survey) -> tuple[str, ...]:
    by_name = survey.measures.set_index("measure")
    index, rate = by_name.loc["satisfaction_index"], by_name.loc["satisfied_rate"]
    within = fmt_range(index["measured_index_ci_low"], index["measured_index_ci_high"], points)
    if not survey.is_in_period:
        within = join_items([within, say_age(survey)])
    first = _("Accounts rate us {index} of 100 ({range}); {change}", index=points(
        index["measured_index"]), change=_describe_change(survey), range=within)
    satisfied = {"share": fmt_share(rate["measured_share"]),
                 "range": fmt_range(rate["measured_share_ci_low"], rate["measured_share_ci_high"],
                                    fmt_share)}
    if rate["verdict"]:
        second = _("{share} of them are satisfied ({range}); target of {target}: {verdict}.",
                   **satisfied, target=fmt_share(rate["target_share"]),
                   verdict=label(rate["verdict"]).lower())
    else:
        second = _("{share} of them are satisfied ({range}).", **satisfied)
    lowest = survey.items.iloc[0]
    heard = survey.response.set_index("measure")["response_share"]["frame_revenue"]
    third = _("They rate “{item}” lowest, at {index}.", item=name_item(lowest),
              index=points(lowest["item_index"]))
    if pd.notna(heard):
        third = _("They rate “{item}” lowest, at {index}; {share} of the sales we meant to hear "
                  "is behind these answers.", item=name_item(lowest), share=fmt_share(heard),
                  index=points(lowest["item_index"]))
    return first, second, third


def say_age(survey: Survey) -> str:
    """The report's wave by the month it ended in, and its age."""
    return _n("wave of {month}, {n} month old", "wave of {month}, {n} months old",
              survey.age_months, month=f"{survey.basis['end_date'].iloc[0]:%Y-%m}")


def _describe_change(survey: Survey) -> str:
    last = survey.trend.iloc[-1]
    change, wave = points(abs(float(last["change_index"]))), survey.previous_name
    if not wave:
        return _("there is no earlier wave to compare with.")
    if last["movement"] == "fell":
        return _("the same accounts are {points} points lower than in {wave}.", points=change,
                 wave=wave)
    if last["movement"] == "rose":
        return _("the same accounts are {points} points higher than in {wave}.", points=change,
                 wave=wave)
    if last["movement"] == "cannot tell":
        return _("too few accounts also answered in {wave} to tell a change.", wave=wave)
    return _("no clear change since {wave}.", wave=wave)


def _measure_metrics(survey: Survey) -> tuple[Metric, ...]:
    previous, year_before = (_figures_of(wave) for wave in _earlier_waves(survey.trend))
    metrics = []
    for row in survey.measures.to_dict("records"):
        kind = "index" if row["measure"] == "satisfaction_index" else "share"
        name = str(row["measure"])
        metrics.append(Metric(
            name, row[f"measured_{kind}"], kind, n=int(row["n"]),
            ci_low=row[f"measured_{kind}_ci_low"], ci_high=row[f"measured_{kind}_ci_high"],
            previous=previous.get(name), year_before=year_before.get(name),
            target=_number(row[f"target_{kind}"]), verdict=row["verdict"], better="up",
            anchor="three_figures", headline=name == "satisfaction_index"))
    return tuple(metrics)


def _other_metrics(survey: Survey) -> tuple[Metric, ...]:
    """The index by revenue, and the net promoter score, where there are such figures."""
    money = survey.estimates[survey.estimates["weighting"] == "by_revenue"]
    nps = survey.scores[survey.scores["measure"] == "nps"]
    metrics = [Metric("index_by_revenue", row["overall_index"], "index", n=int(row["n_accounts"]),
                      ci_low=_number(row["overall_index_ci_low"]),
                      ci_high=_number(row["overall_index_ci_high"]), better="up",
                      anchor="index_estimates") for row in money.to_dict("records")]
    metrics += [Metric("nps", row["score_value_index"], "index", n=int(row["n_answers"]),
                       ci_low=_number(row["score_value_index_ci_low"]),
                       ci_high=_number(row["score_value_index_ci_high"]),
                       previous=_number(row["previous_index"]), better="up",
                       anchor="customary_scores") for row in nps.to_dict("records")]
    return tuple(metrics)


def _earlier_waves(trend: pd.DataFrame) -> tuple[pd.Series | None, pd.Series | None]:
    """The wave before, and the one that ended about a year (9 to 15 months) before the last."""
    if len(trend) < 2:
        return None, None
    earlier, last = trend.iloc[:-1], trend.iloc[-1]
    distance = (earlier["end_date"] - (last["end_date"] - pd.DateOffset(years=1))).abs()
    nearest = distance.idxmin()
    near = bool(distance[nearest] <= pd.Timedelta(days=92))
    return earlier.iloc[-1], earlier.loc[nearest] if near else None


def _figures_of(wave: pd.Series | None) -> dict[str, float | None]:
    if wave is None:
        return {}
    return {"satisfaction_index": _number(wave["overall_index"]),
            "satisfied_rate": _number(wave["satisfied_share"])}


def _response_metrics(survey: Survey) -> tuple[Metric, ...]:
    names = {"questionnaires_returned": "survey_response_share",
             "frame_revenue": "survey_revenue_heard_share"}
    rows = survey.response[survey.response["measure"].isin(names)
                           & survey.response["response_share"].notna()].to_dict("records")
    return tuple(Metric(
        names[row["measure"]], row["response_share"], "share", n=int(row["n_of"]),
        ci_low=_number(row["response_share_ci_low"]),
        ci_high=_number(row["response_share_ci_high"]), better="up", anchor="response")
        for row in rows)


def _open_questions(survey: Survey) -> tuple[Unanswered, ...]:
    if not survey.wave_id:
        return ()
    open_ones = []
    if survey.hearing["n_sent"].isna().all():
        open_ones.append(Unanswered(
            _("How many of those asked have answered?"),
            _("There is no list of invitations to this wave."), "survey_invitations"))
    if not survey.hearing["in_survey_frame"].any():
        open_ones.append(Unanswered(
            _("How much of our sales do the answers stand for?"),
            _("No account has known sales in the wave's reference window or in the last 12 "
              "months."), "orders"))
    if survey.trend["n_accounts"].iloc[-1] and len(survey.trend) < 2:
        open_ones.append(Unanswered(
            _("Has satisfaction changed?"), _("Only one wave had ended by then."),
            "survey_waves"))
    return tuple(open_ones)


def _number(value: Any) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
