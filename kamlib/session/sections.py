"""The sections of a rules file: each is declared beside its analysis and listed here once."""

from __future__ import annotations

from kamlib.credit import CreditRules
from kamlib.dataset import DataRules
from kamlib.effort import EffortRules
from kamlib.lifecycle import LifecycleRules
from kamlib.loyalty import CrossSellRules, LoyaltyRules
from kamlib.measures import LikeRules, MeasureRules
from kamlib.overview import OverviewRules
from kamlib.period import PeriodRules
from kamlib.review import ReviewRules
from kamlib.rules import Section
from kamlib.sales import SalesRules
from kamlib.satisfaction import (
    AuditRules,
    ComplaintRules,
    ImprovementRules,
    SatisfactionRules,
    WorthRules,
)
from kamlib.segmentation import (
    ClassRules,
    ClusterRules,
    MatrixRules,
    RankRules,
    SegmentationRules,
)
from kamlib.selection import SelectionRules
from kamlib.value import ValueRules
from kamlib.warning import WarningRules

SECTIONS: tuple[type[Section], ...] = (
    PeriodRules, DataRules, MeasureRules, LikeRules, SalesRules, SegmentationRules, ClassRules,
    MatrixRules, ClusterRules, RankRules, LifecycleRules, SatisfactionRules,
    ImprovementRules, ComplaintRules, WorthRules, AuditRules, LoyaltyRules, CrossSellRules,
    ValueRules, WarningRules, SelectionRules, ReviewRules, EffortRules, CreditRules,
    OverviewRules)
