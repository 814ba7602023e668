"""Colours that mean different things stay apart for colour-blind eyes, and in a grey print."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from kamlib.figures.theme import CATEGORY, STAGE_COLOURS, TIER_COLOURS, VERDICT_COLOURS

# Machado, Oliveira & Fernandes (2009), IEEE TVCG 15(6), table 1, severity 1.0; linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "tritanopia": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                            [0.004733, 0.691367, 0.303900]])}
# sRGB to CIE XYZ (IEC 61966-2-1), white point D65.
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
# A difference of 2.3 is just seen side by side (Mahy et al. 1994); charts need some times that.
APART = 8.0


def lab(colour: str, blindness: str) -> np.ndarray:
    """CIELAB of a colour as such eyes see it."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(BLINDNESS[blindness] @ linear, 0, 1)
    ratio = XYZ @ seen / XYZ.sum(axis=1)
    f = np.where(ratio > 0.008856, np.cbrt(ratio), 7.787 * ratio + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_measure_is_that_of_the_book():
    # CIELAB of pure sRGB red, as Lindbloom's calculator prints it: 53.24, 80.09, 67.20.
    assert lab("#ff0000", "none") == pytest.approx([53.24, 80.09, 67.20], abs=0.05)


@pytest.mark.parametrize("blindness", list(BLINDNESS))
@pytest.mark.parametrize("palette", ["category", "tiers", "stages", "verdicts"])
def test_colours_stay_apart(palette, blindness):
    colours = {"category": CATEGORY, "tiers": TIER_COLOURS.values(),
               "stages": STAGE_COLOURS.values(),
               "verdicts": set(VERDICT_COLOURS.values())}[palette]
    near = {(one, other): float(np.linalg.norm(lab(one, blindness) - lab(other, blindness)))
            for one, other in combinations(sorted(colours), 2)}
    assert {pair: round(d, 1) for pair, d in near.items() if d < APART} == {}
