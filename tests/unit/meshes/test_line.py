"""Line meshes of strips and discs."""

import numpy as np
import pytest
from helpers.parts import small

from hotmesa.meshes.build import make_raw_mesh
from hotmesa.meshes.raw import MeshError
from hotmesa.scenarios.schema import Scenario

ROUND = {"geometry": "disc", "mesa": {"shape": "disc", "radius_um": 5}, "crystal": {"shape": "disc", "radius_um": 30}}


def scenario(**parts: object) -> Scenario:
    return small(parts, geometry="strip")


@pytest.mark.parametrize("radius", [2.5, 1.0, 0.37])
def test_strip_has_nodes_at_all_borders(radius: float):
    raw = make_raw_mesh(scenario(crystal={}, contacts=[{"x_um": 1.3, "radius_um": radius}]))
    x = raw.points[:, 0]
    for border in (-30, -5, 1.3 - radius, 1.3 + radius, 5, 30):
        assert border in x
    length = np.diff(x)
    assert (length > 0).all()
    assert length[raw.member[:, 0]].sum() == pytest.approx(10, rel=1e-13)  # rounding
    assert length[raw.member[:, 1]].sum() == pytest.approx(2 * radius, rel=1e-13)
    assert sorted(raw.rim.ravel()) == [0, len(x) - 1]


def test_strip_grows_smoothly_outwards():
    raw = make_raw_mesh(scenario(crystal={}, contacts=[{"x_um": 1.3, "radius_um": 0.5}]))
    length = np.diff(raw.points[:, 0])
    middle = (raw.points[1:, 0] + raw.points[:-1, 0]) / 2
    outwards = length[middle > 5]
    # the size grows by 0.1 per µm, so neighbours differ by 10 %; the last element before a border may round
    assert (outwards[1:] / outwards[:-1]).min() > 0.99
    assert (outwards[1:] / outwards[:-1]).max() < 1.2
    assert outwards[-1] > 5 * outwards[0]
    assert length[raw.member[:, 1]].max() < 0.5 * length[raw.member[:, 0]].max()


def test_symmetric_strip_is_symmetric_to_the_last_bit():
    x = make_raw_mesh(scenario(crystal={}, contacts=[{}])).points[:, 0]
    assert np.array_equal(x, -x[::-1])


def test_refine_divides_the_elements():
    coarse, fine = (make_raw_mesh(scenario(crystal={}, mesh={"refine": r})) for r in (1, 2))
    # whole elements between borders: rounding up costs at most one on each of the four intervals
    assert 0 <= 2 * len(coarse.cells) - len(fine.cells) <= 4


def test_disc_runs_from_the_centre_and_its_rim_is_the_outer_end():
    raw = make_raw_mesh(scenario(**ROUND, contacts=[{}]))
    r = raw.points[:, 0]
    assert r[0] == 0.0
    assert r[-1] == 30.0
    assert {2.5, 5.0} <= set(r)
    assert raw.rim.tolist() == [[len(r) - 1]]
    assert np.diff(r)[raw.member[:, 1]].sum() == pytest.approx(2.5, rel=1e-13)  # rounding


def test_without_crystal_the_line_is_the_mesa():
    raw = make_raw_mesh(scenario())
    assert raw.member.all()
    assert (raw.points[0, 0], raw.points[-1, 0]) == (-5.0, 5.0)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"contacts": [{"x_um": 4}]}, "contact 'wire' reaches beyond the mesa, which ends at 5 µm"),
        ({"crystal": {"width_um": 8}}, "the crystal ends at 4 µm, inside the mesa"),
        (ROUND | {"contacts": [{"x_um": 1}]}, "on a disc a contact can only sit in the centre"),
        (ROUND | {"mesa": {}}, "a disc needs mesa and crystal of shape \"disc\""),
        ({"mesh": {"size_um": 1e-6}}, "at most 2e"),
    ],
)
def test_contradictions_are_refused_in_words(parts: dict[str, object], words: str):
    with pytest.raises(MeshError, match=words):
        make_raw_mesh(scenario(**parts))
