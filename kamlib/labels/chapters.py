"""Names of the chapters: one notebook each, by its slug."""

from __future__ import annotations

from kamlib.language import N_

HEADINGS: dict[str, str] = {}
VALUES: dict[str, str] = {
    "00_overview": N_("Overview"),
    "01_sales": N_("Sales"),
    "02_segmentation": N_("Segmentation"),
    "03_selection": N_("Selection"),
    "04_lifecycle": N_("Lifecycle"),
    "05_satisfaction": N_("Satisfaction"),
    "06_loyalty": N_("Loyalty"),
    "07_value": N_("Account value"),
    "08_early_warning": N_("Early warning"),
    "09_account_review": N_("Account review"),
    "10_improvement": N_("What to mend first"),
    "11_complaints": N_("Complaints and their cost"),
    "12_cross_sell": N_("Products held and cross-selling"),
    "13_effort_and_credit": N_("Effort and credit"),
}
