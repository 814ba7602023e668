"""What is odd about a wave's answers, and what was done with each kind of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from kamlib.satisfaction.survey.scoring import WaveScores

ODDITY_COLUMNS = ["oddity", "n", "counted", "examples", "treatment"]
N_EXAMPLES = 5
# Fewer items answered alike are no sign of a careless pen.
LEAST_ALIKE = 4


def list_oddities(wave: WaveScores, *, answers: pd.DataFrame, accounts: pd.DataFrame,
                  invitations: pd.DataFrame | None, unheard_waves: pd.DataFrame) -> pd.DataFrame:
    """Everything odd that was met in a wave, one row a kind; kinds that were not met are left out.

    answers, invitations: the wave's rows of survey_answers and of survey_invitations, or None;
    accounts: from `score_accounts`; unheard_waves: later waves that ended without an answer.
    Returns: oddity (its kind), n, counted (what n counts: answers, questionnaires, accounts, items
    or waves), examples (the first five ids), treatment (what was done).
    """
    papers = wave.questionnaires
    found = [
        _row("wave_unheard", unheard_waves["name"], "waves", "earlier_wave_shown"),
        _row("item_unanswered", pd.Series(wave.silent_items, dtype="str"), "items", "left_out"),
        _row("item_on_two_scales", pd.Series(wave.off_scale_items, dtype="str"), "items",
             "left_out"),
        *(_count(papers, column, oddity, treatment) for column, oddity, treatment in (
            ("n_out_of_scale", "rating_off_scale", "as_missing"),
            ("n_contradictory", "two_ratings", "as_missing"),
            ("n_not_applicable", "not_applicable", "no_gap"))),
        _row("nothing_answered", papers.loc[papers["n_answered"] == 0, "questionnaire_id"],
             "questionnaires", "set_aside"),
        _row("all_answers_alike", _straight_lines(wave), "questionnaires", "as_it_is"),
        _row("same_paper_twice", _copies(answers), "questionnaires", "as_it_is"),
        _row("answered_several_times", accounts.loc[accounts["n_questionnaires"] > 1,
                                                    "account_id"], "accounts", "averaged"),
        _row("answered_uninvited", _uninvited(papers, invitations), "accounts", "as_it_is"),
        _row("more_papers_than_invitations", _surplus(papers, invitations), "accounts", "as_it_is")]
    if len(accounts) > 1 and accounts["account_index"].max() - accounts["account_index"].min() < (
            1e-9):
        found.append(_row("all_accounts_alike", accounts["account_id"], "accounts",
                          "no_interval"))
    table = pd.DataFrame([row for row in found if row["n"]], columns=ODDITY_COLUMNS)
    return table.astype({"n": "Int64"})


def _row(oddity: str, ids: pd.Series, counted: str, treatment: str,
         n: int | None = None) -> dict[str, Any]:
    shown = [str(name) for name in ids.head(N_EXAMPLES)]
    return {"oddity": oddity, "n": len(ids) if n is None else n, "counted": counted,
            "examples": ", ".join(shown) + (" …" if len(ids) > N_EXAMPLES else ""),
            "treatment": treatment}


def _count(papers: pd.DataFrame, column: str, oddity: str, treatment: str) -> dict[str, Any]:
    return _row(oddity, papers.loc[papers[column] > 0, "questionnaire_id"], "answers", treatment,
                n=int(papers[column].sum()))


def _straight_lines(wave: WaveScores) -> pd.Series:
    """Valid questionnaires with the same tick at every item."""
    given = wave.scores[wave.scores["rating"].notna() & ~wave.scores["is_imputed"]]
    is_reversed = given["item_id"].map(wave.items.set_index("item_id")["is_reversed"])
    ticked = given["rating"].mask(is_reversed.astype("bool"),
                                  wave.scale_min + wave.scale_max - given["rating"])
    by_paper = ticked.groupby(given["questionnaire_id"]).agg(["min", "max", "size"])
    alike = by_paper[(by_paper["min"] == by_paper["max"]) & (by_paper["size"] >= LEAST_ALIKE)]
    return pd.Series(alike.index, dtype="str")


def _copies(answers: pd.DataFrame) -> pd.Series:
    """Questionnaires of an account that repeat, answer by answer and day, an earlier one of it."""
    dates = answers.get("answered_date", pd.Series(pd.NaT, index=answers.index))
    lines = answers["item_id"].astype("str") + "=" + answers["score"].astype("str")
    ordered = pd.DataFrame({"questionnaire_id": answers["questionnaire_id"],
                            "account_id": answers["account_id"], "day": dates,
                            "line": lines}).sort_values(["questionnaire_id", "line"])
    # Sums of hashes tell papers apart without putting long texts together.
    ordered["mark"] = pd.util.hash_pandas_object(ordered["line"], index=False)
    papers = ordered.groupby("questionnaire_id", sort=True).agg(
        account_id=("account_id", "first"), day=("day", "min"), mark=("mark", "sum"),
        n=("mark", "size")).reset_index()
    again = papers.duplicated(["account_id", "day", "mark", "n"])
    names: pd.Series = papers.loc[again, "questionnaire_id"]
    return names


def _uninvited(papers: pd.DataFrame, invitations: pd.DataFrame | None) -> pd.Series:
    if invitations is None:
        return pd.Series(dtype="str")
    names: pd.Series = papers.loc[~papers["account_id"].isin(invitations["account_id"]),
                                  "account_id"].drop_duplicates()
    return names.sort_values()


def _surplus(papers: pd.DataFrame, invitations: pd.DataFrame | None) -> pd.Series:
    """Invited accounts with more questionnaires than invitations."""
    if invitations is None:
        return pd.Series(dtype="str")
    sent = invitations.groupby("account_id").size()
    counts = papers.groupby("account_id").size()
    more = counts[(counts > sent.reindex(counts.index).fillna(0)) & counts.index.isin(sent.index)]
    return pd.Series(more.index, dtype="str")
