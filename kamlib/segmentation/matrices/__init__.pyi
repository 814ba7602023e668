from .inputs import account_matrix_inputs, line_matrix_inputs
from .matrix import (
    MATRIX_COLUMNS,
    MATRIX_CUT_COLUMNS,
    build_matrix,
    find_matrix_cuts,
)
from .rules import MatrixRules
from .switchboard import (
    CHANGE_COLUMNS,
    SWITCHBOARD_COLUMNS,
    build_switchboard,
)

__all__ = ["CHANGE_COLUMNS", "MATRIX_COLUMNS", "MATRIX_CUT_COLUMNS", "SWITCHBOARD_COLUMNS",
           "MatrixRules", "account_matrix_inputs", "build_matrix", "build_switchboard",
           "find_matrix_cuts", "line_matrix_inputs"]
