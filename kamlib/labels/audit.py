"""Headings and codes of the audit of quoted numbers."""

from __future__ import annotations

from kamlib.language import N_

HEADINGS: dict[str, str] = {
    "quote_id": N_("Quoted number"),
    "label": N_("Name in the report"),
    "quoted": N_("As printed"),
    "seen": N_("What was seen"),
    "expected": N_("Would be"),
    "beside": N_("Beside"),
    "n_checks": N_("Checks"),
    "n_figures": N_("Quoted numbers"),
}

VALUES: dict[str, str] = {
    # verdicts
    "adds up": N_("Adds up"),
    "does not add up": N_("Does not add up"),
    "different kinds": N_("Different kinds"),
    # kinds of figures
    "index": N_("index"),
    "rate": N_("rate"),
    "share": N_("share"),
    "mean": N_("mean"),
    "sum": N_("sum"),
    "count": N_("plain count"),
    # checks
    "possible": N_("Possible at all"),
    "ratio": N_("Counts divided again"),
    "granularity": N_("Can come from its n"),
    "sum_of_parts": N_("Sum of its parts"),
    "mean_of_parts": N_("Mean of its parts"),
    "sum_to_100": N_("Shares sum to 100 %"),
    "name_and_kind": N_("Name and kind"),
    "same_name": N_("One name, several figures"),
    "against_target": N_("Against its target"),
    "nothing_to_check": N_("Nothing to check"),
}
