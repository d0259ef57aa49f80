"""What is said about an electrode that the device cannot have."""

from __future__ import annotations

import pytest

GOOD = ("electrode.kind=sheet", "electrode.sheet_ohm=2.0", 'electrode.inject=["wire"]')


@pytest.mark.parametrize(
    "electrode",
    [GOOD, ('electrode.inject=["wire"]',), (*GOOD, "electrode.planes_ohm=50", "electrode.contact_ohm=0.1")],
)
def test_electrodes_that_a_device_can_have(problems, electrode):
    assert problems(*electrode) == ()


@pytest.mark.parametrize(
    ("electrode", "key", "words"),
    [
        (("electrode.kind=film",), "electrode.inject", "missing"),
        (("electrode.inject=[]",), "electrode.inject", "1 or more"),
        (('electrode.inject=["wir"]',), "electrode.inject", 'no contact "wir"; contacts of this device: "wire"'),
        ((*GOOD, "electrode.voltmeter=pad"), "electrode.voltmeter", 'there is no contact "pad"'),
        ((*GOOD, "contacts=[]"), "electrode.inject", "add [[contacts]] where it enters"),
        ((*GOOD, "electrode.shares=[0.7]"), "electrode.shares", "add up to 0.7"),
        ((*GOOD, "electrode.shares=[0.5, 0.5]"), "electrode.shares", "2 shares for 1 contacts"),
        ((*GOOD[:2], 'electrode.inject=["wire", "wire"]'), "electrode.inject", "named 2 times"),
        ((GOOD[0], "electrode.sheet_ohm=0", GOOD[2]), "electrode.sheet_ohm", "must be greater than 0"),
        ((*GOOD, "electrode.planes_ohm=-1"), "electrode.planes_ohm", "-1"),
        ((*GOOD, "electrode.layer=films"), "electrode.layer", "did you mean film?"),
        ((*GOOD, "electrode.layer=base"), "electrode.layer", "an electrode lies on the mesa"),
        ((GOOD[2], "electrode.layer=mesa"), "electrode", 'take kind = "sheet" with sheet_ohm'),
        ((*GOOD, "mode=uniform"), "electrode", 'mode = "uniform" knows no places'),
        ((*GOOD, "contacts.wire.x_um=9.0"), "contacts.0", "reaches outside the mesa"),
    ],
)
def test_bad_electrodes_are_refused_with_key_and_reason(problems, electrode, key, words):
    found = problems(*electrode)
    assert len(found) == 1, found
    assert key in found[0]
    assert words in found[0]
