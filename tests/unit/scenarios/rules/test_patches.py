"""Contacts of any outline: what is refused, at which key, and what passes."""

from __future__ import annotations

import pytest

R = "contact_K_per_mW=1.0"
SQUARE = "[[-1,-1],[1,-1],[1,1],[-1,1]]"


def one(keys: str, more: str = "") -> str:
    """Return the list of one contact, or of two."""
    return f'contacts=[{{name="a",{keys},{R}}}{more}]'


def with_second(first: str, second: str) -> str:
    return one(first, f',{{name="b",{second},{R}}}')


WRONG = [
    ([one('shape="rectangle",depth_um=2')], "contacts.0", "width_um: is missing"),
    ([one('shape="rectangle",width_um=2')], "contacts.0", "depth_um: is missing"),
    ([one('shape="polygon"')], "contacts.0", "vertices_um: is missing"),
    ([one('shape="rectangle",width_um=0,depth_um=2')], "contacts.0", "must be greater than 0"),
    ([one('shape="rectangle",width_um=2,depth_um=2,radius_um=1')], "contacts.0", 'set shape = "disc" or leave it out'),
    ([one('width_um=2')], "contacts.0", 'set shape = "rectangle" or leave it out'),
    ([one('angle_deg=10')], "contacts.0", 'set shape = "rectangle" or "polygon"'),
    ([one('shape="star"')], "contacts.0", 'one of "disc", "rectangle", "polygon"'),
    ([one('shape="polygon",vertices_um=[[-1,-1],[1,1],[1,-1],[-1,1]]')], "contacts.0", "crosses or touches itself"),
    ([one('shape="polygon",vertices_um=[[-1,-1],[1,1],[3,3]]')], "contacts.0", "no area|crosses"),
    ([one(f'shape="polygon",vertices_um={SQUARE},x_um=4.5')], "contacts.0", "reaches outside the mesa"),
    ([one('shape="rectangle",width_um=12,depth_um=2')], "contacts.0", "reaches outside the mesa"),
    ([one('shape="rectangle",width_um=9.9,depth_um=2,angle_deg=10')], "contacts.0", "reaches outside the mesa"),
    # a bar whose ends lie on both legs of a mesa like a U, and whose middle does not
    (
        ["mesa.shape=polygon", "mesa.vertices_um=[[-5,-5],[5,-5],[5,5],[2,5],[2,-3],[-2,-3],[-2,5],[-5,5]]",
         one('shape="rectangle",width_um=8,depth_um=1')],
        "contacts.0", "reaches outside the mesa",
    ),
    ([with_second('shape="rectangle",width_um=2,depth_um=4,x_um=-2', 'shape="rectangle",width_um=2,depth_um=4')],
     "contacts.1", "touch or overlap"),
    ([with_second(f'shape="polygon",vertices_um={SQUARE}', "radius_um=1.0,x_um=1.9")], "contacts.1", "touch or"),
    ([with_second('shape="rectangle",width_um=6,depth_um=6', "radius_um=1.0")], "contacts.1", "touch or overlap"),
    ([with_second('shape="rectangle",width_um=6,depth_um=6', 'shape="rectangle",width_um=2,depth_um=2')],
     "contacts.1", "touch or overlap"),
    (["geometry=strip", one(f'shape="polygon",vertices_um={SQUARE}')], "contacts.0", "no meaning on a strip"),
    (["geometry=strip", one('shape="rectangle",width_um=2,angle_deg=20')], "contacts.0", "20 ° has no meaning"),
    (["geometry=strip", one('shape="rectangle",width_um=2,depth_um=2')], "contacts.0", "2 µm has no meaning"),
    (["geometry=strip", one('shape="rectangle",width_um=2,x_um=4.5')], "contacts.0", "reaches outside"),
    (["geometry=disc", "mesa.shape=disc", "mesa.radius_um=5", "crystal.shape=disc", "crystal.radius_um=20",
      one('shape="rectangle",width_um=2,depth_um=2')], "contacts.0", "breaks the symmetry"),
]  # fmt: skip


@pytest.mark.parametrize(("overrides", "key", "text"), WRONG)
def test_what_cannot_be_is_refused_at_its_key(problems, overrides: list[str], key: str, text: str) -> None:
    found = problems(*overrides)
    assert len(found) == 1, found
    assert key in found[0]
    assert any(part in found[0] for part in text.split("|")), found[0]


RIGHT = [
    [one('shape="rectangle",width_um=10,depth_um=2,y_um=4')],  # along the edge, from side to side
    [one('shape="rectangle",width_um=10,depth_um=10')],  # all of the mesa
    [one('shape="rectangle",width_um=2,depth_um=10,angle_deg=90')],
    [one(f'shape="polygon",vertices_um={SQUARE},x_um=4')],
    [one(f'shape="polygon",vertices_um={SQUARE},angle_deg=30')],
    [with_second('shape="rectangle",width_um=2,depth_um=4,x_um=-2.01', 'shape="rectangle",width_um=2,depth_um=4')],
    [with_second(f'shape="polygon",vertices_um={SQUARE}', "radius_um=1.0,x_um=2.1")],
    # a disc in the bay of a contact like a U
    [with_second('shape="polygon",vertices_um=[[-4,-4],[4,-4],[4,4],[2,4],[2,-2],[-2,-2],[-2,4],[-4,4]]',
                 "radius_um=1.5,y_um=1")],
    ["geometry=strip", one('shape="rectangle",width_um=2,x_um=4')],
    ["mesa.shape=polygon", "mesa.vertices_um=[[-5,-5],[5,-5],[5,5],[2,5],[2,-3],[-2,-3],[-2,5],[-5,5]]",
     one('shape="rectangle",width_um=10,depth_um=2,y_um=-4')],
]  # fmt: skip


@pytest.mark.parametrize("overrides", RIGHT)
def test_what_is_close_to_it_but_right_passes(problems, overrides: list[str]) -> None:
    assert problems(*overrides) == ()
