"""Two matrices of accounts and product lines, and what other readings of a rule would change."""

from __future__ import annotations

from kamlib.segmentation.matrices.inputs import account_matrix_inputs, line_matrix_inputs
from kamlib.segmentation.matrices.matrix import (
    MATRIX_COLUMNS,
    MATRIX_CUT_COLUMNS,
    build_matrix,
    find_matrix_cuts,
)
from kamlib.segmentation.matrices.rules import MatrixRules
from kamlib.segmentation.matrices.switchboard import (
    CHANGE_COLUMNS,
    SWITCHBOARD_COLUMNS,
    build_switchboard,
)

__all__ = ["CHANGE_COLUMNS", "MATRIX_COLUMNS", "MATRIX_CUT_COLUMNS", "SWITCHBOARD_COLUMNS",
           "MatrixRules", "account_matrix_inputs", "build_matrix", "build_switchboard",
           "find_matrix_cuts", "line_matrix_inputs"]
