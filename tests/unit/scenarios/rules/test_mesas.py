"""What is said about further mesas that the device cannot have."""

from __future__ import annotations

import pytest

SMALL = ("width_um = 2", "depth_um = 2", "x_um = 8")
LEFT = ("width_um = 8", "depth_um = 8", "x_um = -12")
PLACE = ("width_um = 8", "depth_um = 8", "x_um = 12")


def mesa(*keys: str, name: str = "b") -> str:
    return "{" + ", ".join((f'name = "{name}"', *keys)) + "}"


def beside(*mesas: str) -> str:
    return "mesas=[" + ", ".join(mesas) + "]"


GOOD = beside(mesa(*PLACE))


@pytest.mark.parametrize(
    "mesas",
    [
        (GOOD,),
        (beside(mesa('shape = "disc"', "radius_um = 3", "x_um = -12", 'source = "current"', "current_mA = 0.1")),),
        (beside(mesa(*PLACE, 'source = "voltage"', "voltage_mV = -5")),),
        (beside(mesa(*PLACE, 'source = "series"'), mesa(*LEFT, 'source = "series"', name="c")),),
        (beside(mesa(*PLACE, 'source = "leading"', "mesa_current_mA = 0.1")),),
        (beside(mesa(*SMALL, "y_um = -8", "columns = 3", "rows = 4", "pitch_x_um = 4", "pitch_y_um = 4")),),
    ],
)
def test_mesas_that_a_device_can_have(problems, mesas):
    assert problems(*mesas) == ()


@pytest.mark.parametrize(
    ("mesas", "key", "words"),
    [
        ((beside(mesa("width_um = 8", "depth_um = 8", "x_um = 8")),), "mesas.0", '"b" overlaps or touches "first"'),
        ((beside(mesa("width_um = 8", "depth_um = 8", "x_um = 17")),), "x_um", "leaves the crystal (40 µm × 30 µm)"),
        (
            (beside(mesa("width_um = 8", "depth_um = 8", "x_um = 16")), "bath.rim=bath"),
            "x_um",
            "reaches to the rim of the crystal (40 µm × 30 µm), which is held at the bath temperature",
        ),
        ((beside(mesa("depth_um = 8", "x_um = 12")),), "width_um", "is missing"),
        ((beside(mesa("width_um = 8", "x_um = 12")),), "depth_um", "is missing"),
        ((beside(mesa(*PLACE, name="first")),), "name", "the name of the first mesa"),
        ((beside(mesa(*PLACE), mesa(*LEFT)),), "name", '"b" is used by 2 mesas'),
        ((beside(mesa(*PLACE, 'source = "paralel"')),), "source", "parallel"),
        ((beside(mesa(*PLACE, 'source = "current"')),), "current_mA", "is missing"),
        ((beside(mesa(*PLACE, "current_mA = 1")),), "current_mA", "source"),
        ((beside(mesa(*PLACE, "columns = 2")),), "pitch_x_um", "columns = 2 needs the distance"),
        ((beside(mesa(*PLACE, "pitch_y_um = 2")),), "pitch_y_um", "has no effect with rows = 1"),
        (
            (beside(mesa(*SMALL, "columns = 2", "pitch_x_um = 1")),),
            "mesas.0",
            '"b_2" overlaps or touches "b_1"',
        ),
        (
            (beside(mesa(*PLACE, 'source = "series"'), mesa(*LEFT, 'source = "parallel"', name="c")),),
            "mesas.1",
            '"parallel" beside "series"',
        ),
        (
            (beside(mesa(*PLACE, 'source = "leading"'), mesa(*LEFT, 'source = "leading"', name="c")),),
            "mesas.1",
            "can follow one mesa only",
        ),
        ((GOOD, "mode=transient", "transient.level_mA=1"), "mesas", 'mode = "transient" knows one mesa'),
        ((GOOD, "mesa.wall_angle_deg=80"), "mesas", "leave mesa.wall_angle_deg"),
        ((GOOD, "geometry=strip"), "mesas", 'geometry = "strip" has room for one mesa'),
        ((GOOD, "law.sin_contact_ohm=1"), "mesas", "leave law.sin_contact_ohm"),
        ((GOOD, 'electrode.inject=["wire"]', "electrode.kind=sheet", "electrode.sheet_ohm=1"), "mesas", "[electrode]"),
        ((GOOD, "contacts.wire.x_um=12", "contacts.wire.radius_um=6"), "contacts.0", "lies on none of the mesas"),
    ],
)
def test_bad_mesas_are_refused_with_key_and_reason(problems, mesas, key, words):
    found = problems(*mesas)
    assert len(found) == 1 + ("is used by 2" in words), found
    assert key in found[0]
    assert words in found[0]
