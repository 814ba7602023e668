"""What complaints and dissatisfaction cost: the hand-over of both rooms in one."""

from __future__ import annotations

from kamlib.handover import Handover
from kamlib.satisfaction.complaints.handover import hand_on_complaints
from kamlib.satisfaction.complaints.result import Complaints
from kamlib.satisfaction.worth.handover import hand_on_worth
from kamlib.satisfaction.worth.result import Worth

HEADLINES = 3


def build_cost_handover(complaints: Complaints, worth: Worth, *, currency: str) -> Handover:
    """Put what complaints and what satisfaction's worth hand on into one hand-over.

    The headline takes money first: what dissatisfied accounts buy for, then who keeps silent, then
    who complains. Findings come most money first; of attention, complaints come first.
    """
    own, other = (hand_on_complaints(complaints, currency=currency),
                  hand_on_worth(worth, currency=currency))
    findings = sorted((*own.findings, *other.findings),
                      key=lambda f: (-(f.amount or 0.0), f.kind, f.sentence))
    return Handover(headline=(*other.headline, *own.headline)[:HEADLINES],
                    metrics=(*own.metrics, *other.metrics), findings=tuple(findings),
                    attention=(*own.attention, *other.attention),
                    unanswered=(*own.unanswered, *other.unanswered))
