"""The overview: order, grouping, recommendations with their evidence, promises, texts."""

from __future__ import annotations

import ast
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path

import pandas as pd
import pytest

from kamlib.figures import overview as figures
from kamlib.handover import Attention, Finding, Handover, Metric, Unanswered
from kamlib.overview import (
    ADVICE,
    NO_ADVICE,
    STEPS,
    OverviewRules,
    advise,
    build_handover,
    build_overview,
    count_promises,
)
from kamlib.period import parse_period

ROOT = Path(__file__).resolve().parents[2]
PERIOD = parse_period("2025Q4")
ACTIONS = pd.DataFrame(
    [["A1", "delivery", "0001", "M1", "2025-08-01", "2025-10-15", "2025-10-10", "done"],
     ["A2", "price", "0002", "M2", "2025-08-01", "2025-11-01", "2025-11-20", ""],
     ["A3", "price", "0003", "", "2025-08-01", "2025-12-01", None, None],
     ["A4", "service", "0003", "M2", "2025-12-01", "2026-02-01", None, None],
     ["A5", "service", "0004", "M2", "2024-01-01", "2024-06-01", None, None],
     ["A6", "service", "0004", "M2", "2024-01-01", "2024-06-01", "2024-05-01", "x"],
     ["A7", "later", "0004", "M2", "2026-01-02", "2026-01-09", None, None]],
    columns=["action_id", "topic", "account_id", "owner_id", "opened_date", "due_date",
             "closed_date", "result"])
TEXTS = pd.DataFrame(
    [["company", None, "vision", "board", "2025-01-15", "Old words."],
     ["company", None, "vision", "board", "2025-06-01", "New words."],
     ["region", "North", "outlook", "M1", "2024-12-31", "Too old."],
     ["account", "0001", "strengths", "M1", "2025-12-01", "On its own page."],
     ["company", None, "plan", "board", "2026-01-05", "Not yet written."]],
    columns=["scope", "scope_id", "topic", "author", "written_date", "text"])
HANDED = {
    "04_lifecycle": Handover(
        metrics=(Metric("net_revenue", 110.0, "amount", year_before=100.0, headline=True),
                 Metric("hidden", 1.0, "count")),
        findings=(Finding("overdue_accounts", "Two are late.", 40.0, anchor="overdue_silence"),
                  Finding("pareto", "Few carry most.", 900.0)),
        attention=(Attention("0001", "late", 40.0, "M1", "overdue_silence"),
                   Attention("0002", "late too.", 30.0, "M1", "overdue_silence"),
                   Attention("0003", "elsewhere", None, "", "other"))),
    "05_satisfaction": Handover(
        findings=(Finding("item_below_target", "Delivery is rated 60.", 70.0, anchor="items"),
                  Finding("telling_signs", "Signs tell.")),
        attention=(Attention("0002", "unhappy", 50.0, "M1", "account_index"),),
        unanswered=(Unanswered("Who pays late?", "no table", "invoices"),
                    Unanswered("Who owes?", "no table", "invoices"))),
    "08_early_warning": Handover(
        findings=(Finding("revenue_at_risk", "Three warn.", 60.0, anchor="calls"),),
        unanswered=(Unanswered("Who pays late?", "no table", "invoices"),))}


def gather(handed=HANDED):
    frames = [{kind: frame.assign(notebook=slug) for kind, frame in handover.to_frames().items()}
              for slug, handover in handed.items()]
    return {kind: pd.concat([frame[kind] for frame in frames], ignore_index=True)
            for kind in ("metrics", "findings", "attention", "unanswered")}


@pytest.fixture
def result():
    return build_overview(gather(), actions=ACTIONS, narratives=TEXTS, period=PERIOD,
                          rules=OverviewRules())


def test_findings_stand_by_money_and_those_without_last(result):
    assert result.findings["stake_amount"].fillna(-1).tolist() == [900.0, 70.0, 60.0, 40.0, -1]
    assert result.findings["finding_rank"].tolist() == [1, 2, 3, 4, 5]
    assert result.findings["cycle_step"].tolist() == [
        "identify", "needs", "execution", "identify", "needs"]


def test_a_recommendation_joins_what_calls_for_the_same_and_names_its_evidence(result):
    table = result.recommendations.set_index("advice_code")
    assert table.index.tolist() == ["mend_first", "call_silent"]  # in the order of the cycle
    called = table.loc["call_silent"]
    # 60 and 40 are of the same accounts: the larger counts, and is what is shown as evidence.
    assert (called["stake_amount"], called["n_findings"]) == (60.0, 2)
    assert (called["evidence"], called["chapter"], called["anchor"]) == (
        "Three warn.", "08_early_warning", "calls")
    assert (called["n_accounts"], called["owners"]) == (2, "M1")
    assert table.loc["mend_first", "n_accounts"] == 0


def test_what_calls_for_nothing_gives_no_recommendation():
    only = {"02_segmentation": Handover(findings=(Finding("pareto", "Few.", 9.0),))}
    result = build_overview(gather(only), actions=ACTIONS.iloc[:0], narratives=TEXTS.iloc[:0],
                            period=PERIOD, rules=OverviewRules())
    assert result.recommendations.empty
    said = build_handover(result, currency="EUR").headline
    assert said == ("Nothing was found that calls for action by these rules.",
                    "No account needs attention by these rules.")
    # Each chart and reading says so, too, instead of drawing nothing.
    assert "No recommendation" in figures.plot_stakes(result).texts[0].get_text()
    assert figures.read_promises(result) == "No promise fell due in the period."
    assert figures.read_narratives(result).startswith("Nobody has written")


def test_an_account_is_named_once_with_all_reasons_and_its_largest_amount(result):
    accounts = result.accounts.set_index("account_id")
    assert accounts.index.tolist() == ["0002", "0001", "0003"]
    assert accounts.loc["0002", ["stake_amount", "n_reasons"]].tolist() == [50.0, 2]
    assert accounts.loc["0002", "reasons"] == "unhappy. late too."
    assert pd.isna(accounts.loc["0003", "stake_amount"])
    assert result.owners[["owner_id", "n_accounts", "stake_amount"]].to_numpy().tolist() == [
        ["M1", 2, 90.0], ["", 1, 0.0]]


def test_promises_are_those_due_in_the_period_and_those_long_overdue(result):
    assert result.promises[["action_id", "promise_status"]].to_numpy().tolist() == [
        ["A5", "overdue"], ["A3", "overdue"], ["A1", "kept"], ["A2", "kept_late"]]
    assert count_promises(result) == {"n": 3, "kept": 1, "kept_late": 1, "overdue": 1,
                                      "pending": 0}
    (metric,) = build_handover(result).metrics
    # Wilson's interval of 1 of 3: Brown, Cai & DasGupta 2001, formula (4), by hand.
    assert metric.n == 3
    assert (metric.value, metric.ci_low, metric.ci_high) == pytest.approx(
        (1 / 3, 0.0615, 0.7923), abs=5e-5)
    assert figures.read_promises(result) == (
        "3 promises fell due in the period: 1 kept in time, 1 late, 1 still open at its end. "
        "1 older promise is still open.")


def test_a_promise_kept_after_the_day_was_open_on_it():
    before = build_overview(gather(), actions=ACTIONS, narratives=TEXTS, rules=OverviewRules(),
                            period=parse_period("2025-10-01..2025-11-10"))
    assert before.promises.set_index("action_id").loc["A2", "promise_status"] == "overdue"


def test_the_latest_text_of_a_topic_is_shown_and_old_ones_are_counted(result):
    assert result.narratives["words"].tolist() == ["New words."]
    assert result.narratives["written_date"].dt.date.tolist() == [date(2025, 6, 1)]
    assert result.n_older_narratives == 1


def test_a_question_is_asked_once_and_its_table_counts_it_once(result):
    assert result.unanswered["question"].tolist() == ["Who pays late?", "Who owes?"]
    assert result.tables.to_numpy().tolist() == [["invoices", 2, "Who pays late? Who owes?"]]


def test_the_answer_speaks_of_money_before_percent(result):
    said = [text.replace("\N{NO-BREAK SPACE}", " ")
            for text in build_handover(result, currency="EUR").headline]
    assert said[0] == "Net sales were 110 EUR, 10 EUR (10.0 %) more than a year before."
    assert said[1].startswith("Most money, 70 EUR, hangs on this: Mend first")
    assert said[2] == ("3 accounts need attention, 1 of them for more than one reason. "
                       "M1 has most of them, 2.")


def test_the_run_index_counts_what_each_chapter_handed_on(result):
    index = result.chapters.set_index("chapter")
    assert index.index.tolist() == ["04_lifecycle", "05_satisfaction", "08_early_warning"]
    assert index.loc["04_lifecycle"].tolist() == ["identify", 2, 2, 3, 0]


def kinds_of_findings() -> set[str]:
    """Kinds written in the code; in one made from a name, the name is `*`."""
    kinds = set()
    for path in (ROOT / "kamlib").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding":
                first = node.args[0] if node.args else next(
                    k.value for k in node.keywords if k.arg == "kind")
                assert isinstance(first, ast.Constant | ast.JoinedStr), (path, node.lineno)
                if isinstance(first, ast.Constant):
                    kinds.add(first.value)
                else:
                    kinds.add("".join(part.value if isinstance(part, ast.Constant) else "*"
                                      for part in first.values))
    return kinds


def test_every_kind_of_finding_has_been_decided():
    kinds = kinds_of_findings()
    assert {"overdue_accounts", "*_fall"} <= kinds
    undecided = [kind for kind in sorted(kinds) if kind not in NO_ADVICE and advise(kind) is None]
    assert undecided == []


def test_no_advice_is_left_over_and_none_is_given_twice():
    kinds = kinds_of_findings()
    patterns = [kind for advice in ADVICE for kind in advice.kinds]
    unused = [p for p in [*patterns, *NO_ADVICE] if not any(
        fnmatchcase(kind, p) or fnmatchcase(p, kind) for kind in kinds)]
    assert unused == []
    assert len(set(patterns)) == len(patterns)
    assert {advice.step for advice in ADVICE} <= set(STEPS)
