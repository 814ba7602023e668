"""How many draws an interval gets: as many as are asked for, fewer for very many rows."""

from __future__ import annotations

FEWEST_DRAWS = 200


def affordable_draws(wanted: int, n_rows: int, *, cells: int, fewest: int = FEWEST_DRAWS) -> int:
    """Return how many draws of so many rows are made.

    wanted: what the rules ask for; cells: draws times rows that are worth their time; fewest: so
    many even where they cost more. The more rows, the narrower the interval, so that the noise of
    fewer draws stays small beside what is measured.

    >>> affordable_draws(2000, 500, cells=20_000_000)
    2000
    >>> affordable_draws(2000, 40_000, cells=20_000_000)
    500
    >>> affordable_draws(2000, 1_000_000, cells=20_000_000)
    200
    """
    return min(wanted, max(fewest, cells // max(1, n_rows)))
