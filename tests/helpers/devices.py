"""Small devices that several solver tests share; coarse on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hotmesa.scenarios.schema import Branch, Contact, Crystal, Law, Layer, Material, Mesa, Mesh, Numerics, Scenario

FILM = Layer(name="film", material="gold", thickness_um=0.04, region="mesa")
CRYSTAL = Layer(name="crystal", material="crystal", thickness_um=20.0, sublayers=6, first_sublayer_um=0.3)
WIRE = Contact(name="wire", x_um=-2.0, y_um=-2.0, radius_um=1.5, contact_K_per_mW=3.0, wire_K_per_mW=2.0)
MATERIALS = {
    "gold": Material(base="gold-film"),
    "crystal": Material(in_plane_W_per_mK=0.2, out_of_plane_W_per_mK=0.02, heat_capacity_of="bi2212"),
}


def normal_law(resistance_ohm_um2: float = 2421.0, spacing_nm: float = 2.151) -> Law:
    """The ohmic law of normal junctions, i = v, for a specific resistance and a spacing; those of a Mesa() by default.

    1 Ω cm nm = 10 Ω µm².
    """
    return Law(kind="ohmic", resistivity_ohm_cm=resistance_ohm_um2 / (10 * spacing_nm))


def junction_layer(sublayers: int = 1) -> Layer:
    """The layer of the junctions."""
    return Layer(name="mesa", material="crystal", region="mesa", junctions=True, sublayers=sublayers)


def on_crystal(sublayers: int = 1, path: str = "auto", end_mA: float = 1.0, **parts: object) -> Scenario:
    """A 10 x 10 µm² mesa with a wire on a small crystal."""
    values = {
        "name": "device",
        "mesa": Mesa(junctions=19),
        "crystal": Crystal(width_um=30.0, depth_um=30.0),
        "layers": (FILM, junction_layer(sublayers), CRYSTAL),
        "materials": MATERIALS,
        "contacts": (WIRE,),
        "law": Law(set=1),
        "branch": Branch(end_current_mA=end_mA, min_points=10),
        "mesh": Mesh(refine=0.5),
        "numerics": Numerics(path=path),
    }
    return Scenario(**(values | parts))


@dataclass(frozen=True)
class Helium:
    """A liquid that takes q = a (T^4 - T_B^4) from a face of a device; a in µW/(µm² K⁴)."""

    a: float = 1e-6
    bath: float = 4.2
    name: str = "helium"
    face: Literal["top", "crystal", "bottom"] = "top"

    def flux(self, T: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return q (µW/µm²) and dq/dT."""
        return self.a * (T**4 - self.bath**4), 4.0 * self.a * T**3
