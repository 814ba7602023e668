"""The sections of a rules file: each is declared beside its analysis and listed here once."""

from __future__ import annotations

from kamlib.dataset import DataRules
from kamlib.lifecycle import LifecycleRules
from kamlib.loyalty import LoyaltyRules
from kamlib.measures import MeasureRules
from kamlib.period import PeriodRules
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
from kamlib.value import ValueRules
from kamlib.warning import WarningRules

SECTIONS: tuple[type[Section], ...] = (
    PeriodRules, DataRules, MeasureRules, SalesRules, SegmentationRules, ClassRules, MatrixRules,
    ClusterRules, RankRules, LifecycleRules, SatisfactionRules,
    ImprovementRules, ComplaintRules, WorthRules, AuditRules, LoyaltyRules, ValueRules,
    WarningRules)
