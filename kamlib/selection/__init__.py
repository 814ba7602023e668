"""Selection: which accounts should be key accounts, and what each of them is owed."""

from kamlib.selection.claims import CLAIMS
from kamlib.selection.criteria import Known, list_criteria, measure_criteria
from kamlib.selection.handover import hand_on_selection, say_list, say_proof, say_readings
from kamlib.selection.keylist import name_key_accounts
from kamlib.selection.portfolio.relations import LEVELS, POTENTIALS, TRENDS
from kamlib.selection.portfolio.service import one_owner
from kamlib.selection.potential import QUADRANTS
from kamlib.selection.result import TABLES, Selection, select_accounts
from kamlib.selection.rules import LOGICS, Entitlement, SelectionRules
from kamlib.selection.scorecard import SUB_SCORES, score_criteria
from kamlib.selection.screens.funnel import ASKED

__all__ = ["ASKED", "CLAIMS", "LEVELS", "LOGICS", "POTENTIALS", "QUADRANTS", "SUB_SCORES", "TABLES",
           "TRENDS", "Entitlement", "Known", "Selection", "SelectionRules", "hand_on_selection",
           "list_criteria", "measure_criteria", "name_key_accounts", "one_owner", "say_list",
           "say_proof", "say_readings", "score_criteria", "select_accounts"]
