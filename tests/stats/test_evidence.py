"""Weight of evidence against numbers made elsewhere."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer

from kamlib.errors import InputError
from kamlib.stats.evidence import scale_points, weigh_evidence


def test_by_hand():
    table = weigh_evidence([400, 350, 200], [20, 50, 130])
    assert table["woe"].tolist() == pytest.approx([1.437588, 0.387766, -1.127362], abs=5e-7)
    assert table["information"].sum() == pytest.approx(1.002907, abs=5e-7)


# optbinning, tests/test_binning.py: breast cancer, "mean radius", the event is a benign tumour.
@pytest.mark.parametrize(("splits", "information"), [
    ([11.42500019, 12.32999992, 13.09499979, 13.70499992, 15.04500008, 16.92500019], 5.04392547),
    ([13, 15, 17], 4.819661314733627)])
def test_information_value_of_optbinning(splits, information):
    data = load_breast_cancer()
    place = np.digitize(data.data[:, 0], splits)
    counts = [np.bincount(place[data.target == kind], minlength=len(splits) + 1)
              for kind in (0, 1)]
    assert weigh_evidence(*counts)["information"].sum() == pytest.approx(information, abs=5e-9)


def test_points():
    # 20 points double the odds, 600 at 50:1.
    factor, offset = scale_points(points=600, odds=50, double_points=20)
    assert factor == pytest.approx(28.853901, abs=5e-7)
    assert offset == pytest.approx(487.122876, abs=5e-7)
    assert offset + factor * np.log(100) == pytest.approx(620)


def test_an_empty_cell_counts_half_a_case():
    table = weigh_evidence([10, 10], [0, 10])
    assert table["woe"].iloc[0] == pytest.approx(np.log(0.5 / 0.05))


def test_one_kind_alone_is_refused():
    with pytest.raises(InputError, match="There are 20 good and 0 bad cases"):
        weigh_evidence([10, 10], [0, 0])
