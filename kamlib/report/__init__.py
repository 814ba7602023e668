"""Period runs and what is read of them: versions, pages, comparisons; runs are whole or nothing."""

import sys

# Notebook formats import a parser for a format check that nobody asks for; it takes seconds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
