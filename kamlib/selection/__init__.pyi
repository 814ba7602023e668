from .claims import CLAIMS
from .criteria import Known, list_criteria, measure_criteria
from .handover import hand_on_selection, say_list, say_proof, say_readings
from .portfolio.relations import LEVELS, POTENTIALS, TRENDS
from .portfolio.service import one_owner
from .potential import QUADRANTS
from .result import Selection, select_accounts
from .rules import LOGICS, Entitlement, SelectionRules
from .scorecard import SUB_SCORES, score_criteria

__all__ = ["CLAIMS", "LEVELS", "LOGICS", "POTENTIALS", "QUADRANTS", "SUB_SCORES", "TRENDS",
           "Entitlement", "Known", "Selection", "SelectionRules", "hand_on_selection",
           "list_criteria", "measure_criteria", "one_owner", "say_list", "say_proof",
           "say_readings", "score_criteria", "select_accounts"]
