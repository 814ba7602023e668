"""What the accounts say when asked: survey waves, items, invitations and answers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kamlib.sample.life import segment_of
from kamlib.sample.world import Array, World, choose, day_of, half_of, to_date

WAVES = [f"W{year}-{month}" for year in range(2022, 2026) for month in ("03", "09")]
FIRST_LONG_SCALE = 4  # from March 2024 on answers run from 0 to 10, so that NPS can be asked
RIVAL_WAVES = {"W2023-09", "W2024-03", "W2025-03", "W2025-09"}
IMPORTANCE_WAVES = {"W2024-09", "W2025-03", "W2025-09"}
# Item, text, category, weight, kind, level (0 usual, in points of the 5-point scale), slope on
# satisfaction, slope on worse delivery.
ITEMS: tuple[tuple[str, str, str, float, str, float, float, float], ...] = (
    ("Q01", "The products do what we need", "quality", 0.18, "rating", 0.30, 0.42, 0.0),
    ("Q02", "Every batch is as good as the last", "quality", 0.14, "rating", 0.15, 0.40, 0.0),
    ("Q03", "Goods arrive on the promised day", "delivery", 0.18, "rating", 0.15, 0.38, 0.95),
    ("Q04", "Deliveries are complete", "delivery", 0.10, "rating", 0.20, 0.38, 0.55),
    ("Q05", "Questions are answered quickly", "service", 0.14, "rating", 0.10, 0.50, 0.10),
    ("Q06", "Technical support solves our problems", "service", 0.10, "rating", 0.05, 0.48, 0.0),
    ("Q07", "Prices are fair for what we get", "price", 0.10, "rating", -0.40, 0.40, 0.0),
    ("Q08", "Reaching the right person takes too long", "communication", 0.06, "rating",
     0.0, 0.45, 0.0),
    ("Q09", "Overall, how satisfied are you with us?", "overall", 0, "overall", 0.10, 0.55, 0.35),
    ("Q10", "Before you bought, how good did you expect us to be?", "expectation", 0,
     "expectation", 0.25, 0.10, 0.0),
    ("Q11", "How likely are you to go on buying from us?", "intention", 0, "intention",
     0.25, 0.50, 0.20),
    ("Q12", "Worth of the products", "product", 0, "delivered_value", 0.25, 0.40, 0.0),
    ("Q13", "Worth of the service", "service", 0, "delivered_value", 0.05, 0.45, 0.20),
    ("Q14", "Worth of our people", "personnel", 0, "delivered_value", 0.20, 0.40, 0.0),
    ("Q15", "Worth of our name", "image", 0, "delivered_value", 0.10, 0.30, 0.0),
    ("Q16", "Burden of the price", "money", 0, "delivered_cost", -0.60, -0.30, 0.0),
    ("Q17", "Burden in time", "time", 0, "delivered_cost", -1.00, -0.40, -0.45),
    ("Q18", "Burden of worry", "mental", 0, "delivered_cost", -1.20, -0.40, -0.20),
    ("Q19", "Burden of handling", "physical", 0, "delivered_cost", -1.10, -0.30, 0.0),
    ("Q20", "How likely are you to recommend us?", "recommendation", 0, "nps", 0.35, 0.55, 0.25),
)  # fmt: skip
REVERSED = {"Q08"}
ROLES = ("purchasing", "technical", "management")
MODES = {"email": 0.55, "phone": 0.25, "online": 0.15, "post": 0.05}


def _field_days(wave: str) -> tuple[int, int]:
    """First and last day in the field: four weeks in March or September."""
    return day_of(f"{wave[1:]}-01"), day_of(f"{wave[1:]}-28")


def build_waves() -> pd.DataFrame:
    """The table ``survey_waves``: one row a wave; the year before it chose the accounts."""
    rows = []
    for number, wave in enumerate(WAVES):
        start, end = _field_days(wave)
        is_long = number >= FIRST_LONG_SCALE
        season = "Spring" if wave.endswith("03") else "Autumn"
        rows.append({"wave_id": wave, "name": f"{season} {wave[1:5]}",
                     "start_date": to_date(start)[()], "end_date": to_date(end)[()],
                     "reference_from": to_date(max(start - 365, 0))[()],
                     "reference_to": to_date(start - 1)[()],
                     "scale_min": 0 if is_long else 1, "scale_max": 10 if is_long else 5,
                     "validity_rule": "two_thirds" if is_long else "one_missing",
                     # The one map under which the two scales mean the same.
                     "scale_map": "of_range"})  # fmt: skip
    return pd.DataFrame(rows)


def build_items() -> pd.DataFrame:
    """The table ``survey_items``: one row a wave and item; NPS needs the scale from 0 to 10."""
    rows = []
    for number, wave in enumerate(WAVES):
        for item, text, category, weight, kind, *_ in ITEMS:
            if kind == "nps" and number < FIRST_LONG_SCALE:
                continue
            rows.append({"wave_id": wave, "item_id": item, "text": text, "category": category,
                         "weight": weight or np.nan, "is_reversed": item in REVERSED,
                         "kind": kind})  # fmt: skip
    return pd.DataFrame(rows)


def simulate_invitations(world: World, orders: pd.DataFrame) -> pd.DataFrame:
    """The table ``survey_invitations``: one row an account, wave and role that was asked.

    Everybody who bought in the year before is asked; the dissatisfied answer less often.
    """
    rng, lives = world.stream("invitations"), world.accounts
    n_roles = segment_of(world.parameters, lives, "questionnaires")
    chance = segment_of(world.parameters, lives, "answer_share")
    sales = orders[(orders["line_kind"] == "sale")]
    parts = []
    for number, wave in enumerate(WAVES):
        start, end = _field_days(wave)
        bought = sales[(sales["day"] < start) & (sales["day"] >= start - 365)]["place"].unique()
        place = np.repeat(np.sort(bought), n_roles[np.sort(bought)])
        part = pd.DataFrame({"wave_id": wave, "wave": number, "place": place})
        part["role"] = part.groupby("place").cumcount()
        score = world.satisfaction[place, half_of(start)]
        odds = np.log(chance[place] / (1 - chance[place])) + 0.45 * score + 0.1
        returns = rng.random(len(part)) < 1 / (1 + np.exp(-odds))
        sent = start + rng.integers(0, 4, len(part))
        back = np.minimum(sent + 1 + np.rint(rng.gamma(1.5, 6, len(part))), end)
        part["returned_day"] = np.where(returns, back, np.nan)
        is_late = ~(part["returned_day"] - sent < 11)
        part["reminded_date"] = to_date(np.where(is_late, sent + 11, np.nan))
        part["sent_date"] = to_date(sent)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    table["account_id"] = lives["account_id"].to_numpy()[table["place"]]
    table["contact_role"] = np.array(ROLES, dtype=object)[table["role"]]
    table["mode"] = choose(rng, MODES, len(table))
    table["returned_date"] = to_date(table["returned_day"])
    return table


def simulate_answers(world: World, invitations: pd.DataFrame) -> pd.DataFrame:
    """The table ``survey_answers``: one row a questionnaire and item."""
    rng = world.stream("answers")
    back = invitations[invitations["returned_day"].notna()].reset_index(drop=True)
    account = world.accounts["account_id"].to_numpy()[back["place"]]
    ids = [f"{w}-{a}-{r + 1}" for w, a, r in zip(back["wave_id"], account, back["role"],
                                                 strict=True)]  # fmt: skip
    mood = _mood(rng, world, back)
    skips = np.where(rng.random(len(back)) < 0.03, 0.45, 0.015)  # a few leave half of it out
    parts = []
    for item in ITEMS:
        part = pd.DataFrame({"wave_id": back["wave_id"], "questionnaire_id": ids,
                             "account_id": account, "item_id": item[0],
                             "answered_date": back["returned_date"]})  # fmt: skip
        scores = _score_item(rng, back, mood, item)
        scores.loc[rng.random(len(back)) < skips, :] = np.nan
        asked = (item[4] != "nps") | (back["wave"] >= FIRST_LONG_SCALE)
        parts.append(part.join(scores)[asked])
    table = pd.concat(parts)
    return table.sort_values(["wave_id", "questionnaire_id", "item_id"], ignore_index=True)


def _mood(rng: np.random.Generator, world: World, back: pd.DataFrame) -> tuple[Array, Array]:
    """Each questionnaire's satisfaction (account, role, person), and how delivery hurts it."""
    place = back["place"].to_numpy()
    half = half_of([_field_days(wave)[0] for wave in back["wave_id"]])
    decline = np.array(world.parameters.delivery_decline)
    is_hit = (world.accounts["region"] == world.parameters.delivery_region).to_numpy()
    exposure = np.where(is_hit, 1.0, world.parameters.delivery_elsewhere_share)
    personal = rng.normal(0, 0.45, len(back)) + np.array([0.0, 0.1, -0.1])[back["role"]]
    return world.satisfaction[place, half] + personal, exposure[place] * decline[half]


def _score_item(
    rng: np.random.Generator,
    back: pd.DataFrame,
    mood: tuple[Array, Array],
    item: tuple[str, str, str, float, str, float, float, float],
) -> pd.DataFrame:
    """Scores of one item, with importance and the best rival's score where they were asked."""
    name, _, _, weight, kind, level, slope, hurt = item
    n, is_long = len(back), (back["wave"] >= FIRST_LONG_SCALE).to_numpy()
    base = 3.95 + level + slope * mood[0] - hurt * mood[1]
    rival_base = 3.90 + (0.35 if kind == "rating" and item[2] in ("price", "delivery") else 0)
    if name in REVERSED:  # whoever is asked ticks the rival's answer on the same question
        base, rival_base = 6 - base, 6 - rival_base

    def put_on_scale(points: Array) -> Array:
        long = np.clip(np.rint((points - 1) / 4 * 10), 0, 10)
        placed: Array = np.where(is_long, long, np.clip(np.rint(points), 1, 5))
        return placed

    own = put_on_scale(base + rng.normal(0, 0.45, n))
    matters = put_on_scale(3.3 + 6 * weight + rng.normal(0, 0.5, n))
    rival = put_on_scale(rival_base + rng.normal(0, 0.6, n))
    asks_importance = back["wave_id"].isin(IMPORTANCE_WAVES) & (kind == "rating")
    asks_rival = back["wave_id"].isin(RIVAL_WAVES) & (kind in ("rating", "overall"))
    knows_rival = rng.random(n) < 0.7
    return pd.DataFrame({
        "score": own,
        "importance_score": np.where(asks_importance, matters, np.nan),
        "competitor_score": np.where(asks_rival & knows_rival, rival, np.nan),
    })  # fmt: skip
