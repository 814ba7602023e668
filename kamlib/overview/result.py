"""What all chapters found, brought together: one period on one page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kamlib.handover import group_attention
from kamlib.language import _, join_sentences, translate
from kamlib.measures import follow_actions
from kamlib.overview.advice import STEP_OF_CHAPTER, STEPS, advise
from kamlib.overview.rules import OverviewRules
from kamlib.period import Period

FINDING_COLUMNS = ["finding_rank", "cycle_step", "chapter", "sentence", "stake_amount", "evidence",
                   "kind", "anchor"]
ADVICE_COLUMNS = ["cycle_step", "advice_code", "recommendation", "stake_amount", "n_findings",
                  "evidence", "chapter", "anchor", "n_accounts", "owners"]
ACCOUNT_COLUMNS = ["account_id", "owner_id", "stake_amount", "n_reasons", "reasons",
                   "main_chapter"]
OWNER_COLUMNS = ["owner_id", "n_accounts", "n_reasons", "stake_amount"]
PROMISE_COLUMNS = ["action_id", "topic", "account_id", "owner_id", "opened_date", "due_date",
                   "closed_date", "promise_status", "overdue_days", "result"]
TABLE_COLUMNS = ["missing_table", "n_questions", "questions"]
NARRATIVE_COLUMNS = ["about", "about_id", "topic", "words", "author", "written_date"]
CHAPTER_COLUMNS = ["cycle_step", "chapter", "n_metrics", "n_findings", "n_attention",
                   "n_open_questions"]
MAX_OWNERS = 3


@dataclass(frozen=True)
class Overview:
    """The tables of the overview; see `build_overview` for their rows."""

    metrics: pd.DataFrame
    findings: pd.DataFrame
    recommendations: pd.DataFrame
    accounts: pd.DataFrame
    owners: pd.DataFrame
    promises: pd.DataFrame
    unanswered: pd.DataFrame
    tables: pd.DataFrame
    narratives: pd.DataFrame
    chapters: pd.DataFrame
    period: Period
    rules: OverviewRules
    n_older_narratives: int = 0


def build_overview(handed_on: Mapping[str, pd.DataFrame], *, actions: pd.DataFrame,
                   narratives: pd.DataFrame, period: Period, rules: OverviewRules) -> Overview:
    """Bring together what the chapters handed on, the promises and the texts.

    handed_on: by kind (metrics, findings, attention, unanswered), columns of the classes in
    `kamlib.handover` and ``notebook``; actions, narratives: the tables of these names.

    Returns tables: metrics (one row a headline number); findings (most money first, those without
    an amount last, each with its step of the cycle); recommendations (one row a recommendation,
    by step and money; stake_amount is the largest of its findings', since they overlap); accounts
    (one row an account that needs attention; the largest amount of its reasons); owners (one row
    an owner of such accounts; stake_amount sums its accounts); promises (due in the period, or
    open and overdue at its end); unanswered (distinct questions) and tables (one row a table that
    would answer some); narratives (the latest text of each scope and topic); chapters (the index
    of the run, by step). Source: catalogue PROC-01, PROC-04, SAL-06.
    """
    findings = _rank_findings(handed_on["findings"])
    accounts = _list_accounts(handed_on["attention"])
    unanswered = handed_on["unanswered"].drop_duplicates(
        ["question", "reason", "table"], ignore_index=True).rename(columns={"notebook": "chapter"})
    texts, n_older = _choose_texts(narratives, as_of=period.as_of, months=rules.narrative_months)
    headline = handed_on["metrics"]
    return Overview(
        metrics=headline[headline["headline"]].reset_index(drop=True),
        findings=findings, recommendations=_recommend(findings, handed_on["attention"]),
        accounts=accounts, owners=_by_owner(accounts),
        promises=_follow(actions, period), unanswered=unanswered,
        tables=_missing_tables(unanswered), narratives=texts,
        chapters=_index_chapters(handed_on), period=period, rules=rules,
        n_older_narratives=n_older)


def step_of(chapter: str) -> str:
    """Return the step of the cycle that a chapter belongs to; an unknown one is evaluation."""
    return STEP_OF_CHAPTER.get(chapter, STEPS[-1])


def _rank_findings(found: pd.DataFrame) -> pd.DataFrame:
    """Most money first; among equals in the order of chapters and of what each says."""
    table = found.rename(columns={"notebook": "chapter", "amount": "stake_amount"})
    table = table.sort_values("stake_amount", ascending=False, kind="stable", na_position="last",
                              ignore_index=True)
    table["finding_rank"] = range(1, len(table) + 1)
    table["cycle_step"] = [step_of(chapter) for chapter in table["chapter"]]
    return table.reindex(columns=FINDING_COLUMNS)


def _recommend(findings: pd.DataFrame, attention: pd.DataFrame) -> pd.DataFrame:
    advised = [advise(kind) for kind in findings["kind"]]
    places: dict[str, list[int]] = {}
    for place, advice in enumerate(advised):
        if advice is not None:
            places.setdefault(advice.code, []).append(place)
    rows = []
    for found in places.values():
        advice, first = advised[found[0]], findings.iloc[found[0]]
        assert advice is not None
        named = attention[attention["anchor"].isin(advice.anchors)]
        rows.append({
            "cycle_step": advice.step, "advice_code": advice.code,
            "recommendation": translate(advice.text),
            "stake_amount": first["stake_amount"] or None, "n_findings": len(found),
            "evidence": first["sentence"], "chapter": first["chapter"], "anchor": first["anchor"],
            "n_accounts": named["account_id"].nunique(), "owners": _main_owners(named)})
    table = pd.DataFrame(rows, columns=ADVICE_COLUMNS)
    table["order"] = table["cycle_step"].map(STEPS.index)
    return table.sort_values(["order", "stake_amount"], ascending=[True, False], kind="stable",
                             na_position="last", ignore_index=True)[ADVICE_COLUMNS].astype(
        {"stake_amount": "float64", "n_findings": "Int64", "n_accounts": "Int64"})


def _main_owners(named: pd.DataFrame) -> str:
    """The owners of most of these accounts, at most three."""
    known = named[named["owner_id"] != ""]
    counts = known.groupby("owner_id")["account_id"].nunique().sort_index()
    return ", ".join(counts.sort_values(ascending=False, kind="stable").index[:MAX_OWNERS])


def _list_accounts(attention: pd.DataFrame) -> pd.DataFrame:
    grouped = group_attention(attention)
    rows = [{"account_id": entry.account_id, "owner_id": entry.owner_id,
             "stake_amount": entry.amount, "n_reasons": len(entry.reasons),
             "reasons": join_sentences(_whole(reason["reason"]) for reason in entry.reasons),
             "main_chapter": entry.reasons[0]["notebook"]}
            for entry in grouped]
    return pd.DataFrame(rows, columns=ACCOUNT_COLUMNS).astype(
        {"stake_amount": "float64", "n_reasons": "Int64"})


def _whole(sentence: str) -> str:
    return sentence if sentence.endswith((".", "。")) else _("{sentence}.", sentence=sentence)


def _by_owner(accounts: pd.DataFrame) -> pd.DataFrame:
    grouped = accounts.groupby("owner_id", sort=True).agg(
        n_accounts=("account_id", "size"), n_reasons=("n_reasons", "sum"),
        stake_amount=("stake_amount", "sum")).reset_index()
    return grouped.sort_values(["stake_amount", "owner_id"], ascending=[False, True],
                               ignore_index=True)[OWNER_COLUMNS]


def _follow(actions: pd.DataFrame, period: Period) -> pd.DataFrame:
    """Promises due in the period, however they ended, and those still overdue at its end."""
    known = follow_actions(actions, as_of=period.as_of)
    start, end = pd.Timestamp(period.start), pd.Timestamp(period.end)
    is_due = known["due_date"].between(start, end)
    rows = known[is_due | (known["promise_status"] == "overdue")]
    return rows.sort_values(["overdue_days", "due_date", "action_id"],
                            ascending=[False, True, True], na_position="last",
                            ignore_index=True).reindex(columns=PROMISE_COLUMNS)


def _missing_tables(unanswered: pd.DataFrame) -> pd.DataFrame:
    known = unanswered[unanswered["table"] != ""]
    grouped = known.groupby("table", sort=True)["question"].agg(
        lambda asked: list(dict.fromkeys(asked)))
    table = pd.DataFrame({"missing_table": grouped.index,
                          "questions": [" ".join(asked) for asked in grouped],
                          "n_questions": [len(asked) for asked in grouped]})
    return table.sort_values(["n_questions", "missing_table"], ascending=[False, True],
                             ignore_index=True)[TABLE_COLUMNS]


def _choose_texts(narratives: pd.DataFrame, *, as_of: date,
                  months: int) -> tuple[pd.DataFrame, int]:
    """The latest text of each scope and topic by then; those too old are counted."""
    texts = narratives.assign(written_date=pd.to_datetime(narratives["written_date"]))
    texts = texts[(texts["written_date"] <= pd.Timestamp(as_of)) & (texts["scope"] != "account")]
    texts = texts.sort_values(["scope", "scope_id", "topic", "written_date"], kind="stable")
    texts = texts.drop_duplicates(["scope", "scope_id", "topic"], keep="last")
    is_old = texts["written_date"] <= pd.Timestamp(as_of) - pd.DateOffset(months=months)
    shown = texts[~is_old].sort_values(
        ["scope", "written_date", "scope_id", "topic"], ascending=[True, False, True, True],
        ignore_index=True)
    shown = shown.rename(columns={"scope": "about", "scope_id": "about_id", "text": "words"})
    return shown.reindex(columns=NARRATIVE_COLUMNS), int(is_old.sum())


def _index_chapters(handed_on: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    counts = pd.DataFrame({f"n_{kind}": frame["notebook"].value_counts()
                           for kind, frame in handed_on.items()}).fillna(0).astype("Int64")
    counts = counts.rename(columns={"n_unanswered": "n_open_questions"})
    table = counts.sort_index().rename_axis("chapter").reset_index()
    table["cycle_step"] = [step_of(chapter) for chapter in table["chapter"]]
    table["order"] = table["cycle_step"].map(STEPS.index)
    return table.sort_values(["order", "chapter"], ignore_index=True)[CHAPTER_COLUMNS]
