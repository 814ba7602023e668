"""Tables of conditions: the readings of who is a key account, and the lists of signs."""

from __future__ import annotations

from kamlib.language import N_
from kamlib.rule_table import ClassRule

Checklist = tuple[ClassRule, ...]

# SEL-01: each of the four is "only then", so that all of them are needed.
ALL_CONDITIONS = (
    ClassRule(name="buying_power", gives="met", when="amount_rank_share < 0.2",
              why=N_("Is among the largest fifth by net sales.")),
    ClassRule(name="loyal_and_stable", gives="met", when="tenure_years >= 3 AND n_orders >= 6",
              why=N_("A customer for three years that ordered six times in the window.")),
    ClassRule(name="market_name", gives="met", when="influence_score >= 60",
              why=N_("Its name counts in its market.")),
    ClassRule(name="profit_to_come", gives="met", when="growth_rate > 0 OR potential_amount > 0",
              why=N_("Grows, or is estimated to spend more than it buys.")),
)
# SEL-04: orders, turnover, profit contribution "or" strategic importance.
ANY_CONDITION = (
    ClassRule(name="by_orders", gives="met", when="orders_rank_share < 0.05",
              why=N_("Is among the twentieth that orders most often.")),
    ClassRule(name="by_sales", gives="met", when="amount_rank_share < 0.05",
              why=N_("Is among the largest twentieth by net sales.")),
    ClassRule(name="by_profit", gives="met", when="profit_share >= 0.02",
              why=N_("Brings two percent of all profit or more.")),
    ClassRule(name="by_strategy", gives="met", when="influence_score >= 80",
              why=N_("Is important by its name alone.")),
)
# SEL-07: large in sales, profit, strength and potential.
FOUR_BIGS = (
    ClassRule(name="big_sales", gives="met", when="amount_rank_share < 0.1"),
    ClassRule(name="big_profit", gives="met", when="profit_rank_share < 0.1"),
    ClassRule(name="big_strength", gives="met",
              when="employees >= 1000 OR lower(size_class) IN ('listed', 'multinational')"),
    ClassRule(name="big_potential", gives="met", when="potential_rank_share < 0.1"),
)
# SEL-05: what a key account is said to look like.
TRAITS = (
    ClassRule(name="buys_much", gives="met", when="amount_rank_share < 0.2"),
    ClassRule(name="needs_much", gives="met", when="potential_rank_share < 0.2"),
    ClassRule(name="stays_long", gives="met", when="tenure_years >= 5"),
    ClassRule(name="pays_well", gives="met", when="collection_rate >= 0.95"),
    ClassRule(name="leads_market", gives="met", when="influence_score >= 60"),
    ClassRule(name="pays_premium", gives="met", when="accepts_premium"),
)
# PRT-02: four signs of being a preferred supplier.
PREFERRED_SIGNS = (
    ClassRule(name="key_people", gives="met", when="n_key_people >= 3"),
    ClassRule(name="exclusive_information", gives="met", when="has_exclusive_information"),
    ClassRule(name="pays_for_added_value", gives="met", when="accepts_premium"),
    ClassRule(name="well_known", gives="met", when="visibility >= 4"),
)
# PRT-01: the highest whose conditions hold; who is rated and meets none is a vendor's customer.
RELATIONSHIP_TYPES = (
    ClassRule(name="joint_management", gives="strategic_alliance",
              when="preferred_score >= 3 AND relationship_level >= 4 AND management_strength >= 4"),
    ClassRule(name="firm_and_long", gives="partner_relationship",
              when="preferred_score >= 3 AND relationship_level >= 3 AND tenure_years >= 3"),
    ClassRule(name="three_signs", gives="preferred_supplier", when="preferred_score >= 3"),
    ClassRule(name="rated", gives="vendor", when="relationship_level IS NOT NULL"),
)
# PRT-05: three steps to build, five to develop, four to maintain; the source names three of them.
PROGRAMME = (
    ClassRule(name="relationship_judged", gives="phase_build", when="is_rated"),
    ClassRule(name="needs_noted", gives="phase_build", when="n_needs > 0"),
    ClassRule(name="people_known", gives="phase_build", when="n_stakeholders >= 3"),
    ClassRule(name="opportunity_open", gives="phase_develop", when="n_open_opportunities > 0"),
    ClassRule(name="needs_fitted", gives="phase_develop", when="mean_fit >= 3"),
    ClassRule(name="opinion_heard", gives="phase_develop", when="is_heard"),
    ClassRule(name="promises_kept", gives="phase_develop", when="n_overdue_actions = 0"),
    ClassRule(name="defection_watched", gives="phase_develop",
              when="relationship_trend NOT IN ('defending', 'regressing')"),
    ClassRule(name="manager_named", gives="phase_maintain", when="owner_id <> ''"),
    ClassRule(name="visits_made", gives="phase_maintain", when="n_visits >= 4"),
    ClassRule(name="complaints_closed", gives="phase_maintain", when="n_open_complaints = 0"),
    ClassRule(name="contract_runs", gives="phase_maintain", when="n_running_contracts > 0"),
)
