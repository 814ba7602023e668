from .claims import CLAIMS
from .criteria import Known, list_criteria, measure_criteria
from .handover import hand_on_selection, say_list, say_proof, say_readings
from .keylist import name_key_accounts
from .portfolio.relations import LEVELS, POTENTIALS, TRENDS
from .portfolio.service import one_owner
from .potential import QUADRANTS
from .result import TABLES, Selection, select_accounts
from .rules import LOGICS, Entitlement, SelectionRules
from .scorecard import SUB_SCORES, score_criteria
from .screens.funnel import ASKED

__all__ = ["ASKED", "CLAIMS", "LEVELS", "LOGICS", "POTENTIALS", "QUADRANTS", "SUB_SCORES", "TABLES",
           "TRENDS", "Entitlement", "Known", "Selection", "SelectionRules", "hand_on_selection",
           "list_criteria", "measure_criteria", "name_key_accounts", "one_owner", "say_list",
           "say_proof", "say_readings", "score_criteria", "select_accounts"]
