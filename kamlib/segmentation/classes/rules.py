"""The rule tables behind the classes of accounts; each may be rewritten in a rules file."""

from __future__ import annotations

from typing import ClassVar, Literal

from kamlib.language import N_
from kamlib.rule_table import ClassRule
from kamlib.rules import Section, rule

RuleTable = tuple[ClassRule, ...]

CATEGORIES = (
    ClassRule(name="long_partnership", gives="strategic_partner",
              when="tenure_years >= 5 AND relationship_level >= 3",
              why=N_("Has been a customer for years and is rated close to us.")),
    ClassRule(name="high_contribution", gives="large_customer",
              when="amount_rank_share < 0.2 AND influence_score >= 60",
              why=N_("Is among the largest by net sales and counts in its market.")),
    ClassRule(name="steady_orders", gives="key_customer",
              when="tenure_years >= 3 AND n_orders >= 6 AND gap_cv <= 0.7",
              why=N_("Has ordered for years, often and at steady intervals.")),
    ClassRule(name="market_influence", gives="important_by_influence",
              when="influence_score >= 80",
              why=N_("Its name counts in the market, whatever it buys.")),
)
VALUE_CLASS = (
    ClassRule(name="top_profit", gives="vip", when="has_ordered AND profit_rank_share < 0.2",
              why=N_("Is among the accounts that leave the highest profit.")),
    ClassRule(name="fast_growth", gives="mgc",
              when="has_ordered AND profit_amount >= 0 AND growth_rate >= 0.2 "
                   "AND growth_rank_share < 0.2",
              why=N_("Costs nothing and is among those whose sales grow most.")),
    ClassRule(name="large_potential", gives="mgc",
              when="has_ordered AND profit_amount >= 0 AND potential_rank_share < 0.2",
              why=N_("Costs nothing and is among those with most still to be won.")),
    ClassRule(name="unprofitable", gives="bz", when="has_ordered AND profit_amount < 0",
              why=N_("Its margin does not pay for the work that goes into it.")),
    ClassRule(name="profit_unknown", gives="cannot_tell",
              when="has_ordered AND profit_amount IS NULL",
              why=N_("No cost of goods is known for what it buys.")),
    ClassRule(name="other_profit", gives="ordinary", when="has_ordered",
              why=N_("Pays for itself and does not stand out.")),
)
BUSINESS_CLASS = (
    ClassRule(name="top_sales", gives="major_account", when="amount_rank_share < 0.2",
              why=N_("Is among the largest by net sales.")),
    ClassRule(name="smaller_sales", gives="ordinary", when="has_ordered",
              why=N_("Has bought, and is not among the largest.")),
    ClassRule(name="something_to_win", gives="prospect", when="potential_amount > 0",
              why=N_("Has not ordered yet, and there is something to win.")),
    ClassRule(name="little_to_win", gives="unattractive", when="potential_amount <= 0",
              why=N_("Has not ordered, and nothing is known that could be won.")),
    ClassRule(name="potential_unknown", gives="cannot_tell", when="potential_amount IS NULL",
              why=N_("Has not ordered, and nobody has estimated what it could buy.")),
)
# Words that companies use for the four types, in small letters.
ACCOUNT_TYPE = (
    ClassRule(name="is_organisation", gives="organisation",
              when="lower(account_type) IN ('organisation', 'organization', 'institution', "
                   "'public', 'government', '机构组织', '机构', '政府', '学校', '医院')",
              why=N_("Buys for its own use, in large lots, by a long decision.")),
    ClassRule(name="is_hypermarket", gives="hypermarket",
              when="lower(account_type) IN ('hypermarket', 'ka_store', 'ka', 'supermarket', "
                   "'chain', 'ka大卖场', '大卖场', '商超', '连锁')",
              why=N_("Sells to consumers from large shops.")),
    ClassRule(name="is_intermediary", gives="intermediary",
              when="lower(account_type) IN ('intermediary', 'wholesaler', 'dealer', "
                   "'distributor', 'reseller', 'agent', '中间商', '批发商', '经销商', '代理商')",
              why=N_("Buys in order to sell on.")),
    ClassRule(name="is_key_consumer", gives="key_consumer",
              when="lower(account_type) IN ('key_consumer', 'consumer', 'end_user', "
                   "'重点消费者', '消费者', '个人')",
              why=N_("Consumes what it buys.")),
    ClassRule(name="type_missing", gives="not_given", when="account_type IS NULL",
              why=N_("Nobody has written down its type.")),
)
COLLECTS = ("lower(transport) IN ('pickup', 'collects', 'self_pickup', 'own truck', '自提', "
            "'自运')")
SERVICE_LEVEL = (
    ClassRule(name="not_intermediary", gives="not_intermediary",
              when="canonical_type IN ('organisation', 'hypermarket', 'key_consumer')",
              why=N_("The level of service is asked of intermediaries only.")),
    ClassRule(name="collects_and_pays", gives="limited_service",
              when=f"canonical_type = 'intermediary' AND {COLLECTS} AND payment_terms_days = 0",
              why=N_("Collects the goods itself and pays at once.")),
    ClassRule(name="delivered_or_credit", gives="full_service",
              when=f"canonical_type = 'intermediary' "
                   f"AND NOT ({COLLECTS} AND payment_terms_days = 0)",
              why=N_("Has the goods delivered or is given time to pay.")),
)
SERVICE_LINE = (
    ClassRule(name="dedicated_internet", gives="is_large",
              when="service_line IN ('dedicated_internet', '互联网专线')",
              why=N_("Rents a dedicated internet line, whatever it spends.")),
    ClassRule(name="ip_gateway", gives="is_large",
              when="service_line IN ('ip_gateway', 'IP网关') "
                   "AND (ip_scope = 'callers' OR monthly_amount >= 2000)",
              why=N_("Runs an IP gateway.")),
    ClassRule(name="ip_caller", gives="is_large",
              when="service_line IN ('ip_caller', 'ip_dialler', 'IP主叫', 'IP拨号器') "
                   "AND monthly_amount >= 2000",
              why=N_("Calls over IP, for 2,000 a month or more.")),
    ClassRule(name="vpdn", gives="is_large", when="lower(service_line) = 'vpdn'",
              why=N_("Has a VPDN, whatever it spends.")),
    ClassRule(name="agent", gives="is_large",
              when="service_line IN ('agent', '代理商') OR account_type IN ('agent', '代理商')",
              why=N_("Sells our services as an agent.")),
    ClassRule(name="any_other_line", gives="is_large", when="monthly_amount >= 2000",
              why=N_("Spends 2,000 a month or more.")),
    ClassRule(name="line_missing", gives="cannot_tell", when="service_line IS NULL",
              why=N_("Spends less than 2,000 a month, and its line is not known.")),
)
STRATEGIC_KEY_ORDINARY = (
    ClassRule(name="highest_sales", gives="strategic_large", when="amount_rank_share < 0.05"),
    ClassRule(name="high_sales", gives="key_large", when="amount_rank_share < 0.2"),
    ClassRule(name="fair_sales", gives="ordinary_large", when="amount_rank_share < 0.4"),
    ClassRule(name="lower_sales", gives="not_large", when="n_orders > 0"),
)
CORE_IMPORTANT_ORDINARY = (
    ClassRule(name="tier_core", gives="core", when="tier = 'core'"),
    ClassRule(name="tier_important", gives="important", when="tier = 'important'"),
    ClassRule(name="tier_general", gives="ordinary", when="tier = 'general'"),
    ClassRule(name="tier_missing", gives="cannot_tell", when="tier IS NULL"),
)
KEY_ORDINARY_POTENTIAL = (
    ClassRule(name="top_sales", gives="major_account", when="amount_rank_share < 0.2"),
    ClassRule(name="smaller_sales", gives="ordinary", when="n_orders > 0"),
)

# In the order in which they are shown; the last three are vocabularies for one and the same
# thing, an account's weight (SEG-04), and one of them is chosen by the rule `scheme`.
SCHEMES = ("strategic_key_ordinary", "core_important_ordinary", "key_ordinary_potential")
MULTI_LABEL = "categories"
# The class of whoever no rule of the table catches.
OTHERWISE = {
    "categories": "no_category", "value_class": "no_sales", "business_class": "cannot_tell",
    "account_type": "other_type", "service_level": "service_unknown",
    "service_line": "not_large", "strategic_key_ordinary": "no_sales",
    "core_important_ordinary": "no_sales", "key_ordinary_potential": "potential_account"}
TABLES = tuple(OTHERWISE)
# What to do about a class; the words are in the labels. Nothing is dropped by a rule.
ACTIONS = {
    ("value_class", "vip"): "action_vip", ("value_class", "mgc"): "action_mgc",
    ("value_class", "bz"): "action_bz", ("value_class", "ordinary"): "action_ordinary_value",
    ("value_class", "cannot_tell"): "action_find_cost",
    ("business_class", "major_account"): "action_major_account",
    ("business_class", "ordinary"): "action_ordinary_account",
    ("business_class", "prospect"): "action_prospect",
    ("business_class", "unattractive"): "action_unattractive",
    ("business_class", "cannot_tell"): "action_find_potential"}


class ClassRules(Section):
    """Rules of the classes: tables of conditions, and the readings of ambiguous sources.

    >>> ClassRules().business_class[0]
    top_sales: amount_rank_share < 0.2 → major_account
    """

    name: ClassVar[str] = "classes"
    scheme: Literal["strategic_key_ordinary", "core_important_ordinary",
                    "key_ordinary_potential"] = rule(
        "core_important_ordinary", unit="choice", source="SEG-04",
        help="The vocabulary of value tiers that the others are compared with.")
    ip_scope: Literal["callers", "all_ip"] = rule(
        "callers", unit="choice", source="SEG-09: the source can be read both ways",
        help="Whether the monthly amount is asked of IP callers and diallers only, or of IP "
             "gateways as well.")
    potential: Literal["sum", "larger"] = rule(
        "sum", unit="choice", source="SEG-07; convention",
        help="Open opportunities and the part of the estimated spend we do not have are added, "
             "or, where the estimate is taken to hold the opportunities, the larger counts.")
    categories: RuleTable = rule(
        CATEGORIES, unit="rules", source="SEG-03; thresholds are a convention",
        help="Categories of accounts that matter; an account gets every one whose condition is "
             "true.")
    value_class: RuleTable = rule(
        VALUE_CLASS, unit="rules", source="SEG-05, E20; thresholds are a convention",
        help="Most valuable, most growable and below zero, by profit, growth and potential.")
    business_class: RuleTable = rule(
        BUSINESS_CLASS, unit="rules", source="SEG-07; thresholds are a convention",
        help="Major, ordinary, prospect and unattractive, each with what to do next. Who is a key "
             "account is said by the section selection.")
    account_type: RuleTable = rule(
        ACCOUNT_TYPE, unit="rules", source="SEG-08",
        help="Which of the four types the company's own word for the account means.")
    service_level: RuleTable = rule(
        SERVICE_LEVEL, unit="rules", source="SEG-08",
        help="Full or limited service of intermediaries, as far as transport and payment terms "
             "tell.")
    service_line: RuleTable = rule(
        SERVICE_LINE, unit="rules", source="SEG-09",
        help="Large accounts of a telecommunications company, by service line and amount a "
             "month, the amount included.")
    strategic_key_ordinary: RuleTable = rule(
        STRATEGIC_KEY_ORDINARY, unit="rules", source="SEG-04 (S4 L23); cuts are a convention",
        help="Large accounts in three grades by their place in net sales.")
    core_important_ordinary: RuleTable = rule(
        CORE_IMPORTANT_ORDINARY, unit="rules", source="SEG-04 (S4 L5)",
        help="The three tiers of the segmentation under their other name.")
    key_ordinary_potential: RuleTable = rule(
        KEY_ORDINARY_POTENTIAL, unit="rules", source="SEG-04 (S2 L67); cuts are a convention",
        help="Value tiers with one state of life among them: potential has no sales at all.")

    def table(self, scheme: str) -> RuleTable:
        """Return the rule table of a scheme by its name."""
        found: RuleTable = getattr(self, scheme)
        return found

    def classes(self, scheme: str) -> list[str]:
        """Return the classes of a scheme in the order of its rules, the caught-by-none last."""
        return list(dict.fromkeys([*(one.gives for one in self.table(scheme)),
                                   OTHERWISE[scheme]]))
