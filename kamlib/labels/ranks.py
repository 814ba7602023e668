"""Names of the columns and codes of the ranks with probability and migration against noise."""

from __future__ import annotations

from kamlib.language import N_

HEADINGS: dict[str, str] = {
    "core_probability": N_("Probability of core"),
    "important_probability": N_("Probability of important"),
    "general_probability": N_("Probability of general"),
    "is_undecided": N_("Undecided"),
    "cuts": N_("Thresholds"),
    "adjusted": N_("Common growth"),
    "test": N_("Test"),
    "n_movers": N_("Accounts that moved"),
    "n_movers_expected": N_("Moved by chance alone"),
    "growth_factor": N_("Common growth of sales, times"),
    "orders_growth_factor": N_("Common growth of orders, times"),
    "statistic": N_("Statistic"),
    "dof": N_("Degrees of freedom"),
    "method": N_("Method"),
    "is_alarm": N_("Alarm"),
    "level": N_("Nominal"),
    "coverage_share": N_("Intervals that held the truth"),
    "mc_error": N_("Standard error"),
    "n_replications": N_("Made worlds"),
    "seed": N_("Seed"),
}

VALUES: dict[str, str] = {
    "too_young": N_("too few months of its own"),
    "monthly_amount": N_("Net sales a month"),
    "rank": N_("Rank"),
    "fixed": N_("those of the former window"),
    "re_estimated": N_("each window its own"),
    "plain": N_("left in"),
    "common_growth_removed": N_("removed"),
    "bowker": N_("Symmetry (Bowker)"),
    "stuart_maxwell": N_("Equal sizes (Stuart and Maxwell)"),
    "movers": N_("Number of movers"),
    "chi_square": N_("chi-square law"),
    "permutation": N_("chance drawn anew"),
    "more than noise": N_("More than noise"),
    "within noise": N_("Within noise"),
}
