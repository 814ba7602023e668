"""All tables of the satisfaction notebook, and what each of them holds when there is nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from kamlib.handover import Unanswered
from kamlib.satisfaction.rules import SatisfactionRules
from kamlib.satisfaction.survey.bounds import BOUND_COLUMNS
from kamlib.satisfaction.survey.direction import DIRECTION_COLUMNS
from kamlib.satisfaction.survey.estimates import ESTIMATE_COLUMNS
from kamlib.satisfaction.survey.hidden import HIDDEN_COLUMNS
from kamlib.satisfaction.survey.index import MEASURE_COLUMNS
from kamlib.satisfaction.survey.items import COLUMNS as ITEM_COLUMNS
from kamlib.satisfaction.survey.oddities import ODDITY_COLUMNS
from kamlib.satisfaction.survey.readings import COLUMNS as READING_COLUMNS
from kamlib.satisfaction.survey.recommend import SCORE_COLUMNS
from kamlib.satisfaction.survey.response import HEARING_COLUMNS, RESPONSE_COLUMNS
from kamlib.satisfaction.survey.scoring import WaveScores
from kamlib.satisfaction.survey.standings import CATEGORY_COLUMNS
from kamlib.satisfaction.survey.tracker import CHASE_COLUMNS, COVERAGE_COLUMNS
from kamlib.satisfaction.survey.validity import IMPUTATION_COLUMNS, VALIDITY_COLUMNS
from kamlib.satisfaction.survey.waves import TREND_COLUMNS

TABLES = ("survey_waves", "survey_items", "survey_answers", "survey_invitations", "targets")
NEEDED = TABLES[:3]
ACCOUNT_COLUMNS = ["account_id", "n_questionnaires", "n_imputed", "account_index",
                   "account_index_se", "is_satisfied", "is_near_line", "previous_index",
                   "lowest_item", "in_survey_frame", "net_amount_window"]
BASIS_COLUMNS = ["wave_name", "field_start_date", "end_date", "wave_age_months", "is_in_period",
                 "reference", "reference_end_date", "n_frame", "frame_amount", "scale_map",
                 "validity_rule"]


def _empty(columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(columns=columns)


@dataclass(frozen=True)
class Survey:
    """What the report's wave says; every table keeps its columns when there is nothing to say.

    measures: three rows, see `build_measures`; trend: one row a wave; items: one row an item;
    accounts: one row an account heard, lowest index first: the columns of `score_accounts`,
    previous_index, lowest_item (its text), in_survey_frame, net_amount_window (money);
    estimates, bounds, categories, directions, scores, hidden, oddities: see `estimate_index`,
    `bound_silence`, `rank_categories`, `correlate_items`, `build_scores`, `list_hidden` and
    `list_oddities`; hearing: one row an account of the frame or asked; response, validity,
    imputations, readings: see the functions of those names; basis: one row, how the wave was read;
    coverage, chase: of the wave in the field, or else of the report's (tracked_name), see
    `track_coverage` and `list_chase`; refused: why a table is empty, by its name.
    age_months: whole months from the wave's end to as_of; is_in_period: it ended in the period.
    unanswered: what had to be refused, and why; now, before: the wave's scores and those of the
    wave before on the same map (None without one).
    """

    rules: SatisfactionRules
    wave_id: str = ""
    wave_name: str = ""
    previous_name: str = ""
    measures: pd.DataFrame = field(default_factory=lambda: _empty(MEASURE_COLUMNS))
    estimates: pd.DataFrame = field(default_factory=lambda: _empty(ESTIMATE_COLUMNS))
    bounds: pd.DataFrame = field(default_factory=lambda: _empty(BOUND_COLUMNS))
    trend: pd.DataFrame = field(default_factory=lambda: _empty(TREND_COLUMNS))
    items: pd.DataFrame = field(default_factory=lambda: _empty(ITEM_COLUMNS))
    accounts: pd.DataFrame = field(default_factory=lambda: _empty(ACCOUNT_COLUMNS))
    categories: pd.DataFrame = field(default_factory=lambda: _empty(CATEGORY_COLUMNS))
    directions: pd.DataFrame = field(default_factory=lambda: _empty(DIRECTION_COLUMNS))
    scores: pd.DataFrame = field(default_factory=lambda: _empty(SCORE_COLUMNS))
    hidden: pd.DataFrame = field(default_factory=lambda: _empty(HIDDEN_COLUMNS))
    oddities: pd.DataFrame = field(default_factory=lambda: _empty(ODDITY_COLUMNS))
    hearing: pd.DataFrame = field(default_factory=lambda: _empty(HEARING_COLUMNS))
    response: pd.DataFrame = field(default_factory=lambda: _empty(RESPONSE_COLUMNS))
    coverage: pd.DataFrame = field(default_factory=lambda: _empty(COVERAGE_COLUMNS))
    chase: pd.DataFrame = field(default_factory=lambda: _empty(CHASE_COLUMNS))
    validity: pd.DataFrame = field(default_factory=lambda: _empty(VALIDITY_COLUMNS))
    imputations: pd.DataFrame = field(default_factory=lambda: _empty(IMPUTATION_COLUMNS))
    readings: pd.DataFrame = field(default_factory=lambda: _empty(READING_COLUMNS))
    basis: pd.DataFrame = field(default_factory=lambda: _empty(BASIS_COLUMNS))
    refused: dict[str, str] = field(default_factory=dict)
    unanswered: tuple[Unanswered, ...] = ()
    tracked_name: str = ""
    age_months: int = 0
    is_in_period: bool = True
    now: WaveScores | None = None
    before: WaveScores | None = None

    def __repr__(self) -> str:
        return (f"Survey({self.wave_name or 'no wave'}, {len(self.accounts)} accounts heard, "
                f"{len(self.unanswered)} questions unanswered)")
