"""Rules of further mesas: they stand apart on one crystal, without what knows one mesa only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from hotmesa.scenarios.geometry import crystal_holds
from hotmesa.scenarios.mesas import OneMesa, mesas_of, names_of
from hotmesa.scenarios.problems import Finding, Where
from hotmesa.scenarios.schema import Scenario
from hotmesa.scenarios.schema.mesas import FIRST

SLACK_UM = 1e-9
"""Rounding in the distance of mesas."""
RIM = 1e-6
"""Share of its size that the crystal must be wider where its rim is cold."""
MODES = ("branch", "sweep")
"""Kinds of runs that know several mesas."""
MOST = 100
"""Mesas of a device: each has three columns."""


def further_mesa_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions between further mesas and the rest of the device, places apart."""
    if not scenario.mesas:
        return
    where: Where = ("mesas",)
    if scenario.mode not in MODES:
        known = " or ".join(f'"{mode}"' for mode in MODES)
        text = f'mode = "{scenario.mode}" knows one mesa; take mode = {known}, or leave the others out'
        yield Finding(where, text, (("mode",),))
    if scenario.geometry != "plan":
        text = f'geometry = "{scenario.geometry}" has room for one mesa; use geometry = "plan"'
        yield Finding(where, text, (("geometry",),))
    if scenario.crystal is None:
        text = "mesas stand on one crystal, and there is none; add [crystal] and a layer of it"
        yield Finding(where, text, (("crystal",),))
    if scenario.mesh.file is not None:
        text = "a mesh from a file has one mesa; leave mesh.file out, or the other mesas"
        yield Finding(where, text, (("mesh", "file"),))
    if scenario.electrode is not None:
        text = "the electrode lies on one mesa; leave [electrode] or the other mesas out"
        yield Finding(where, text, (("electrode",),))
    if scenario.maps:
        yield Finding(where, "maps cover one mesa; leave the maps or the other mesas out", (("maps",),))
    if scenario.law.series_ohm > 0.0:
        text = "a contact in series is that of one mesa; leave law.sin_contact_ohm or the other mesas out"
        yield Finding(where, text, (("law", "sin_contact_ohm"),))
    if scenario.mesa.differs("wall_angle_deg"):
        text = "leaning walls are those of one mesa; leave mesa.wall_angle_deg or the other mesas out"
        yield Finding(where, text, (("mesa", "wall_angle_deg"),))
    yield from _names(scenario)
    yield from _sources(scenario)


def _names(scenario: Scenario) -> Iterator[Finding]:
    count = 1 + sum(section.count for section in scenario.mesas)
    if count > MOST:
        yield Finding(("mesas",), f"{count} mesas are more than {MOST}; take smaller arrays")
        return
    names = Counter([FIRST, *(name for section in scenario.mesas for name in names_of(section))])
    for number, section in enumerate(scenario.mesas):
        taken = next((name for name in names_of(section) if names[name] > 1), None)
        if taken == FIRST:
            text = f'"{FIRST}" is the name of the first mesa, that of [mesa]; take another'
            yield Finding(("mesas", number, "name"), text)
        elif taken is not None:
            text = f'"{taken}" is used by {names[taken]} mesas; names are unique'
            yield Finding(("mesas", number, "name"), text, (("mesas",),) if section.count > 1 else ())


def _sources(scenario: Scenario) -> Iterator[Finding]:
    """One circuit: all parallel, or all in series, or one mesa that the run follows."""
    words = [(number, section.word) for number, section in enumerate(scenario.mesas)]
    joined = [(number, word) for number, word in words if word in ("parallel", "series", "leading")]
    if not joined:
        return
    first, kind = joined[0]
    for number, word in joined[1:]:
        where: Where = ("mesas", number, "source")
        uses: tuple[Where, ...] = (("mesas", first, "source"),)
        if word == "leading" == kind:
            yield Finding(where, "the run can follow one mesa only, and another one is leading already", uses)
        elif word != kind:
            text = f'"{word}" beside "{kind}": the run follows one circuit: all parallel, all in series or one alone'
            yield Finding(where, text, uses)
    for number, section in enumerate(scenario.mesas):
        if section.word == "leading" and section.count > 1:
            text = f"the run follows one mesa, and this is an array of {section.count}; take one of them out of it"
            yield Finding(("mesas", number, "source"), text, (("mesas", number, "columns"), ("mesas", number, "rows")))


def further_mesa_places(scenario: Scenario) -> Iterator[Finding]:
    """Mesas that leave the crystal, or touch each other."""
    if not scenario.mesas or scenario.crystal is None or sum(section.count for section in scenario.mesas) >= MOST:
        return
    cold = scenario.bath.rim == "bath"
    off: set[int] = set()
    for mesa in mesas_of(scenario)[1:]:
        if mesa.number in off or crystal_holds(scenario.crystal, mesa.patch, False, RIM if cold else 0.0):
            continue
        off.add(mesa.number)
        how = "reaches to the rim of" if crystal_holds(scenario.crystal, mesa.patch, False) else "leaves"
        cold_rim = ", which is held at the bath temperature" if how != "leaves" else ""
        text = f'"{mesa.name}", {mesa.patch.describe()}, {how} the crystal ({scenario.crystal.describe()}){cold_rim}; '
        yield Finding(("mesas", mesa.number, "x_um"), f"{text}move it or widen the crystal", _uses(mesa))
    pairs: set[tuple[int, int]] = set()
    for one, other in combinations(mesas_of(scenario), 2):
        gap = one.patch.gap_um(other.patch)
        if gap > SLACK_UM or (one.number, other.number) in pairs:
            continue
        pairs.add((one.number, other.number))
        text = f'"{other.name}" overlaps or touches "{one.name}"; mesas stand apart, move one of them'
        keys = (("mesa",),) if one.number < 0 else _uses(one)
        yield Finding(("mesas", other.number, "x_um"), text, (*_uses(other), *keys))


def _uses(mesa: OneMesa) -> tuple[Where, ...]:
    """Return the keys that place a mesa."""
    assert mesa.section is not None  # noqa: S101 - none of the first mesa is asked for
    keys = ("y_um", "pitch_x_um", "pitch_y_um", *mesa.section.shape_keys)
    return tuple(("mesas", mesa.number, key) for key in keys)
