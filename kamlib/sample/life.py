"""Who the accounts are, how satisfied they are, and when they come and go."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.parameters import Parameters, Segment
from kamlib.sample.world import (
    MONTH_DAYS,
    N_DAYS,
    YEAR_DAYS,
    Array,
    choose,
    day_of,
    open_stream,
)

NEVER = 99_999
REGIONS = {
    "East China": 0.30, "South China": 0.24, "North China": 0.17, "Central China": 0.10,
    "Southwest China": 0.09, "Overseas": 0.10,
}  # fmt: skip
TYPES = {
    "strategic": {"institution": 0.6, "ka_store": 0.3, "intermediary": 0.1},
    "large": {"institution": 0.45, "ka_store": 0.25, "intermediary": 0.3},
    "regular": {"institution": 0.4, "intermediary": 0.5, "key_consumer": 0.1},
    "small": {"institution": 0.1, "intermediary": 0.7, "key_consumer": 0.2},
    "occasional": {"institution": 0.2, "intermediary": 0.3, "key_consumer": 0.5},
}
HALF_DAYS = MONTH_DAYS[::6].astype(float)


def build_lives(seed: int, n_accounts: int, parameters: Parameters) -> tuple[pd.DataFrame, Array]:
    """The truth about every account, and its satisfaction in each half-year.

    Returns one row an account (``kind`` buyer, prospect, supplier or partner; ``segment``,
    ``account_type``, ``region``, ``rate`` orders a year, ``regularity``, ``line_amount``,
    ``start_day``, ``dropout_day``, ``shape`` and the day it turns, ``punctuality``) and the
    accounts x half-years array of satisfaction scores.
    """
    rng = open_stream(seed, "lives")
    lives = _draw_kinds(rng, n_accounts, parameters)
    lives = _draw_habits(rng, lives, parameters)
    satisfaction = _draw_satisfaction(open_stream(seed, "satisfaction"), lives, parameters)
    rng = open_stream(seed, "dropout")
    lives["dropout_day"] = _draw_dropout(rng, lives, satisfaction, parameters)
    _silence(rng, lives, satisfaction, parameters)
    lives["is_fading"] = rng.random(n_accounts) < parameters.fading_share
    return lives, satisfaction


def _draw_kinds(rng: np.random.Generator, n: int, parameters: Parameters) -> pd.DataFrame:
    n_buyers, n_prospects = round(n * parameters.buyer_share), round(n * parameters.prospect_share)
    others = ["supplier", "partner"] * n
    kinds = (["buyer"] * n_buyers + ["prospect"] * n_prospects + others)[:n]
    ends = np.round(np.cumsum([s.share for s in parameters.segments]) * n_buyers).astype(int)
    names = np.array([s.name for s in parameters.segments], dtype=object)
    segment = np.full(n, "regular", dtype=object)
    segment[:n_buyers] = names[np.searchsorted(ends, np.arange(n_buyers), side="right")]
    # Shuffled, so that an account's number tells nothing about it.
    order = rng.permutation(n)
    lives = pd.DataFrame({"kind": np.array(kinds, dtype=object)[order], "segment": segment[order]})
    lives.insert(0, "account_id", [f"{i + 1:04d}" for i in range(n)])
    lives["region"] = choose(rng, REGIONS, n)
    lives["account_type"] = [choose(rng, TYPES[s], 1)[0] for s in lives["segment"]]
    return lives


def _draw_habits(
    rng: np.random.Generator, lives: pd.DataFrame, parameters: Parameters
) -> pd.DataFrame:
    n = len(lives)
    segments = {s.name: s for s in parameters.segments}

    def look(field: str) -> Array:
        return np.array([getattr(segments[name], field) for name in lives["segment"]])

    shape = look("rate_shape")
    lives["rate"] = look("orders_per_year") * rng.gamma(shape) / shape
    lives["regularity"] = look("regularity")
    spread = rng.normal(0, parameters.account_amount_sd, n)
    lives["line_amount"] = look("line_amount") * np.exp(spread)
    lives["lines_per_order"] = np.maximum(look("lines_per_order") * rng.uniform(0.7, 1.3, n), 1.05)
    is_known = rng.random(n) < look("known_before_share")
    before = -YEAR_DAYS * (0.3 + rng.gamma(2.2, 2.4, n))
    arrived = rng.uniform(5, N_DAYS - 20, n)
    lives["start_day"] = np.where(is_known, np.maximum(before, -16 * YEAR_DAYS), arrived).round()
    stable = 1 - parameters.growing_share - parameters.declining_share
    mix = {"stable": stable, "growing": parameters.growing_share,
           "declining": parameters.declining_share}  # fmt: skip
    lives["shape"] = choose(rng, mix, n)
    lives["turn_day"] = rng.uniform(day_of("2023-01-01"), day_of("2025-03-01"), n).round()
    lives["punctuality"] = np.clip(rng.normal(0, 1, n), -2.5, 2.5)
    return lives


def _draw_satisfaction(
    rng: np.random.Generator, lives: pd.DataFrame, parameters: Parameters
) -> Array:
    n, keep = len(lives), parameters.satisfaction_persistence
    level = rng.normal(0, parameters.satisfaction_sd, n)
    noise = np.zeros((n, 8))
    for half in range(8):
        shock = rng.normal(0, parameters.satisfaction_noise_sd, n)
        noise[:, half] = shock + (keep * noise[:, half - 1] if half else 0)
    is_hit = (lives["region"] == parameters.delivery_region).to_numpy()
    exposure = np.where(is_hit, 1.0, parameters.delivery_elsewhere_share)
    # Half of the worse delivery reaches the general satisfaction.
    hurt = 0.5 * np.outer(exposure, np.array(parameters.delivery_decline))
    path: Array = level[:, None] + noise - hurt
    return path


def _draw_dropout(
    rng: np.random.Generator, lives: pd.DataFrame, satisfaction: Array, parameters: Parameters
) -> Array:
    """The day on which each account stops, by a hazard that changes every half-year."""
    hazard_of = {s.name: s.lost_per_year for s in parameters.segments}
    base = lives["segment"].map(hazard_of).to_numpy(dtype=float)
    start = np.maximum(lives["start_day"].to_numpy(dtype=float), 0)
    left = rng.exponential(1.0, len(lives))
    dropout = np.full(len(lives), float(NEVER))
    for half in range(8):
        begin = np.maximum(HALF_DAYS[half], start)
        years = np.maximum(HALF_DAYS[half + 1] - begin, 0) / YEAR_DAYS
        young = np.where(begin - lives["start_day"] < 300, parameters.first_year_hazard_ratio, 1.0)
        hazard = base * young * np.exp(-parameters.satisfaction_on_loss * satisfaction[:, half])
        stops = (dropout == NEVER) & (left < hazard * years)
        day = begin + left / hazard * YEAR_DAYS
        dropout = np.where(stops, np.minimum(day, HALF_DAYS[half + 1]), dropout)
        left = left - hazard * years
    # Who comes, buys at least for a season.
    return np.where(dropout < NEVER, np.maximum(dropout, start + 45), dropout).round()


def _silence(
    rng: np.random.Generator, lives: pd.DataFrame, satisfaction: Array, parameters: Parameters
) -> None:
    """A few large accounts fall silent in autumn 2025: what an early warning should see."""
    is_large = (lives["segment"] == "large") & (lives["kind"] == "buyer")
    is_old = (lives["dropout_day"] == NEVER) & (lives["start_day"] < day_of("2024-01-01"))
    is_hit = lives["region"] == parameters.delivery_region
    places = [np.flatnonzero(is_large & is_old & part) for part in (is_hit, ~is_hit)]
    # First those whom the delivery hurts most, then others.
    chosen = np.concatenate([rng.permutation(p) for p in places])[: parameters.n_silenced]
    days = rng.integers(day_of("2025-09-15"), day_of("2025-10-20"), len(chosen))
    lives.loc[chosen, "dropout_day"] = days.astype(float)
    satisfaction[chosen, 6:] -= 0.8


def segment_of(parameters: Parameters, lives: pd.DataFrame, field: str) -> Array:
    """One parameter of each account's segment."""
    values: dict[str, Segment] = {s.name: s for s in parameters.segments}
    return np.array([getattr(values[name], field) for name in lives["segment"]])

