"""Rules of the electrode: its contacts, the layer that it is, and the runs that know places on it."""

from __future__ import annotations

from collections.abc import Iterator

from hotmesa.scenarios.kinds import KINDS
from hotmesa.scenarios.problems import Finding, Where, did_you_mean
from hotmesa.scenarios.schema import Electrode, FilmElectrode, GoldFilm, Scenario


def electrode_findings(scenario: Scenario) -> Iterator[Finding]:
    """Contradictions between the electrode and the rest of the device."""
    electrode = scenario.electrode
    if electrode is None:
        return
    if not KINDS[scenario.mode].spatial:
        text = f'mode = "{scenario.mode}" knows no places and thus no electrode; remove the section'
        yield Finding(("electrode",), text, (("mode",),))
    yield from _contacts(scenario, electrode)
    yield from _layer(scenario, electrode)


def _contacts(scenario: Scenario, electrode: Electrode) -> Iterator[Finding]:
    known = [contact.name for contact in scenario.contacts]
    uses: tuple[Where, ...] = (("contacts",),)
    if not known:
        text = "the current enters through contacts, and the device has none; add [[contacts]] where it enters"
        yield Finding(("electrode", "inject"), text, uses)
        return
    named: list[tuple[Where, str]] = [(("electrode", "inject", i), name) for i, name in enumerate(electrode.inject)]
    if electrode.voltmeter is not None:
        named.append((("electrode", "voltmeter"), electrode.voltmeter))
    for where, name in named:
        if name not in known:
            choices = ", ".join(f'"{other}"' for other in known)
            question = did_you_mean(name, known)
            yield Finding(where, f'there is no contact "{name}"; contacts of this device: {choices}{question}', uses)
        elif scenario.contacts[known.index(name)].on == "crystal":
            beside: tuple[Where, ...] = (("contacts", known.index(name), "on"),)
            yield Finding(where, f'the contact "{name}" is on the crystal; the current enters on the mesa', beside)


def _layer(scenario: Scenario, electrode: Electrode) -> Iterator[Finding]:
    if not scenario.layers:
        return
    names = [layer.name for layer in scenario.layers]
    where: Where = ("electrode", "layer")
    if electrode.layer is not None and electrode.layer not in names:
        choices, question = ", ".join(f'"{name}"' for name in names), did_you_mean(electrode.layer, names)
        text = f'there is no layer "{electrode.layer}"; layers of this device: {choices}{question}'
        yield Finding(where, text, (("layers",),))
        return
    layer = scenario.electrode_layer
    i = names.index(layer.name)
    if layer.region != "mesa":
        text = f'layer "{layer.name}" covers the whole crystal; an electrode lies on the mesa (region = "mesa")'
        yield Finding(where, text, (("layers", i, "region"),))
    material = scenario.materials.get(layer.material)
    if isinstance(electrode, FilmElectrode) and material is not None and not isinstance(material, GoldFilm):
        text = (
            f'"film" takes the resistivity of base = "gold-film", and layer "{layer.name}" is of {layer.material} '
            f'(base = "{material.word}"); name the layer of the film, or take kind = "sheet" with sheet_ohm'
        )
        uses = (("layers", i, "material"), ("materials", layer.material), ("electrode", "layer"))
        yield Finding(("electrode", "kind"), text, uses)
