"""Write the table of docs/materials.md and its picture from the bundled files: `python -m validation.materials`."""

from __future__ import annotations

import sys

import numpy as np
from matplotlib.figure import Figure
from validation.kurter2010.page import DOCS

from hotmesa.postprocess import page, style
from hotmesa.scenarios.material_files import MaterialFile, read_material
from hotmesa.scenarios.materials import from_spec
from hotmesa.scenarios.schema import Curve
from hotmesa.scenarios.schema.material import LIBRARY

PAGE, PICTURE = DOCS / "materials.md", DOCS / "images" / "materials.png"
BEGIN, END = "<!-- materials: python -m validation.materials -->\n", "<!-- end -->"
COLOURS = 7
"""Of the style sheet."""
AT_K = (10.0, 77.0, 300.0)
HEAD = "| file | material | κ across at 10, 77, 300 K (W/(m K)) | c at 77 K (MJ/(m³ K)) | range (K) | source |"


def value(curve: float | Curve | None, T_K: float, scale: float = 1.0) -> str:
    """Return a property at a temperature; "–" where it is not told or not measured."""
    if curve is None or (isinstance(curve, Curve) and not curve.T_K[0] <= T_K <= curve.T_K[-1]):
        return "–"
    return f"{float(from_spec(curve)(T_K)) * scale:.3g}"


def line(material: MaterialFile) -> str:
    """Return the line of one material."""
    across = material.out_of_plane_W_per_mK or material.in_plane_W_per_mK
    kappa = ", ".join(value(across, T) for T in AT_K)
    capacity = value(material.heat_capacity_J_per_m3K, 77.0, 1e-6)
    reach = f"{material.range_K[0]:g} to {material.range_K[1]:g}"
    return f"| `{material.name}` | {material.title} | {kappa} | {capacity} | {reach} | {material.source} |"


def table() -> str:
    """Return the table of all bundled materials."""
    return "\n".join([HEAD, "|---|---|---|---|---|---|", *(line(read_material(name)) for name in LIBRARY)]) + "\n"


def filled(text: str) -> str:
    """Return the page with the table as the files have it."""
    head, _, rest = text.partition(BEGIN)
    return head + BEGIN + table() + END + rest.partition(END)[2]


@style.styled
def draw() -> Figure:
    """Return the figure: conductivity and heat capacity over temperature."""
    figure, left, right = page.pair(11.0, 5.6)
    for k, name in enumerate(LIBRARY):
        material = read_material(name)
        looks = {"color": f"C{k % COLOURS}", "linestyle": ("-", "--", ":")[k // COLOURS], "linewidth": 1.6}
        kappa = material.out_of_plane_W_per_mK or material.in_plane_W_per_mK
        for axes, curve in ((left, kappa), (right, material.heat_capacity_J_per_m3K)):
            if isinstance(curve, Curve):
                T = np.geomspace(curve.T_K[0], curve.T_K[-1], 200)
                axes.loglog(T, from_spec(curve)(T), label=name if axes is left or kappa is None else None, **looks)
    for axes, label in ((left, "conductivity across the layers (W/(m K))"), (right, "heat capacity (J/(m³ K))")):
        axes.set_xlabel("temperature (K)")
        axes.set_ylabel(label)
        style.tidy(axes)
    figure.legend(loc="outside lower center", ncols=page.columns(6))
    return figure


def main() -> None:
    """Write both."""
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    style.save_figure(draw(), PICTURE)
    sys.stdout.write(f"{PAGE}\n{PICTURE}\n")


if __name__ == "__main__":
    main()
