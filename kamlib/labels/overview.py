"""Headings and codes of the overview."""

from __future__ import annotations

from kamlib.language import N_

HEADINGS: dict[str, str] = {
    "finding_rank": N_("No."),
    "cycle_step": N_("Step"),
    "chapter": N_("Chapter"),
    "main_chapter": N_("Most of it in"),
    "stake_amount": N_("At stake"),
    "recommendation": N_("What to do"),
    "n_findings": N_("Findings"),
    "owners": N_("Owners of most of it"),
    "n_reasons": N_("Reasons"),
    "reasons": N_("Why"),
    "missing_table": N_("Table"),
    "questions": N_("What it would answer"),
    "n_questions": N_("Questions"),
    "about": N_("About"),
    "about_id": N_("Which"),
    "words": N_("In their words"),
    "written_date": N_("Written on"),
    "author": N_("Author"),
    "n_metrics": N_("Numbers"),
    "n_attention": N_("Accounts named"),
    "n_open_questions": N_("Questions left open"),
    "value_text": N_("Value"),
    "previous_text": N_("On the previous period"),
    "year_before_text": N_("On the year before"),
    "target_text": N_("Target"),
}
VALUES: dict[str, str] = {
    "identify": N_("identify"),
    "needs": N_("needs"),
    "strategy": N_("strategy"),
    "execution": N_("execution"),
    "evaluation": N_("evaluation"),
}
