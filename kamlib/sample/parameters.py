"""The true parameters behind the sample company: what an analysis should find again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Segment:
    """A latent kind of account; every account of it draws its own values around these.

    ``share`` of the accounts that buy; ``orders_per_year`` the mean of a gamma distribution with
    shape ``rate_shape``; ``regularity`` the k of the Erlang gaps between orders (1 is pure
    chance); ``line_amount`` the median of a line in CNY; ``lost_per_year`` the drop-out hazard of
    an account of middling satisfaction; ``known_before_share`` bought before the history begins;
    ``return_share`` the chance that a line comes back; ``answer_share`` the chance that a
    questionnaire does; ``late_days`` the mean delay of a payment.
    """

    name: str
    share: float
    orders_per_year: float
    rate_shape: float
    regularity: int
    lines_per_order: float
    line_amount: float
    lost_per_year: float
    known_before_share: float
    return_share: float
    discount_share: float
    answer_share: float
    questionnaires: int
    hours_per_month: float
    payment_terms_days: int
    late_days: float


SEGMENTS = (
    Segment("strategic", 0.045, 40, 10, 3, 6.0, 15_400, 0.016, 0.85,
            0.010, 0.17, 0.76, 3, 14, 90, 9),
    Segment("large", 0.120, 23, 7, 3, 4.3, 15_800, 0.032, 0.78,
            0.018, 0.12, 0.70, 2, 7, 60, 5),
    Segment("regular", 0.315, 13.5, 5, 2, 3.4, 10_000, 0.068, 0.68,
            0.035, 0.07, 0.62, 1, 2.5, 60, 6),
    Segment("small", 0.370, 7.5, 4, 2, 2.6, 8_400, 0.105, 0.58,
            0.065, 0.04, 0.55, 1, 0.8, 30, 8),
    Segment("occasional", 0.150, 2.8, 4, 1, 1.7, 7_000, 0.150, 0.52,
            0.090, 0.02, 0.50, 1, 0.4, 30, 12),
)  # fmt: skip


@dataclass(frozen=True)
class Parameters:
    """Everything the simulation is told; times are in years, amounts in CNY without VAT.

    Satisfaction is a standard score that moves from half-year to half-year. One point less
    multiplies the drop-out hazard by ``exp(satisfaction_on_loss)`` and the chance of a return by
    ``exp(satisfaction_on_returns)``. From 2024H2 the delivery gets worse (``delivery_decline``,
    one value a half-year, in satisfaction points), in full for ``delivery_region`` and by
    ``delivery_elsewhere_share`` for everybody else.
    """

    segments: tuple[Segment, ...] = SEGMENTS
    buyer_share: float = 0.90  # the others are prospects, suppliers and partners
    prospect_share: float = 0.065
    satisfaction_sd: float = 0.80
    satisfaction_persistence: float = 0.60
    satisfaction_noise_sd: float = 0.40
    satisfaction_on_loss: float = 0.90
    satisfaction_on_returns: float = 0.40
    delivery_region: str = "South China"
    delivery_decline: tuple[float, ...] = (0, 0, 0, 0, 0, 0.3, 0.65, 1.0)
    delivery_elsewhere_share: float = 0.30
    first_year_hazard_ratio: float = 1.5  # a young relationship breaks more easily
    n_silenced: int = 3  # large accounts that fall silent in autumn 2025
    season: tuple[float, ...] = (  # January to December; the dip is Chinese New Year
        0.93, 0.64, 1.02, 0.98, 0.97, 1.02, 0.93, 0.96, 1.06, 1.02, 1.16, 1.31,
    )  # fmt: skip
    volume_growth_per_year: float = 0.045
    price_growth_per_year: float = 0.02
    ramp_years: float = 1.0  # a new account starts at ramp_from_share of its rate
    ramp_from_share: float = 0.35
    growing_share: float = 0.12  # accounts whose rate grows by growing_per_year
    growing_per_year: float = 0.18
    declining_share: float = 0.08  # accounts whose rate shrinks from some day on
    declining_per_year: float = -0.55
    fading_share: float = 0.40  # of the lost: order less in their last eight months
    line_amount_sd: float = 0.75  # of the logarithm, within an account
    account_amount_sd: float = 0.40  # of the logarithm, between accounts of a segment
    cancellation_share: float = 0.007
    free_share: float = 0.015
    rebate_share: float = 0.012


DEFAULTS = Parameters()
