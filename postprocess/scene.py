"""scene.png: the stack in three dimensions, cut open through contact and hot spot.

`plot_scene` returns a pyvista plotter, for a window or a notebook (`plot_scene(run).show()`); the figure has its
picture from a process of its own, because VTK ends its process where it cannot draw.
"""

from __future__ import annotations

import ctypes.util
import importlib.util
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hotmesa.postprocess import page, style
from hotmesa.postprocess.map import caption
from hotmesa.postprocess.patches import contact_heights
from hotmesa.postprocess.results import Run, States, load_run
from hotmesa.postprocess.solids import Plan, Stack, build_stack, plan_of, round_number, size_um
from hotmesa.postprocess.stable import stable_states
from hotmesa.postprocess.style import title_of
from hotmesa.postprocess.tables import column
from hotmesa.scenarios.arrays import Array

if TYPE_CHECKING:
    import pyvista
    from matplotlib.figure import Figure

SCENE = "scene.png"
LOG = logging.getLogger(__name__)
SHOWN = 0.5
"""Part of the size of the mesa that is shown of the crystal on each side."""
WINDOW = (1500, 1100)
TIMEOUT_S = 120.0
MEND = "apt-get install libegl1 (`hotmesa doctor` tells more)"
ISOTHERM = "#3fd0ff"


@dataclass(frozen=True)
class Cut:
    """The vertical plane along which the device is cut open: a point on it and the side that is taken away (unit)."""

    point: Array
    normal: Array


def plot_scene(run: Run, state: int | None = None, off_screen: bool = False) -> pyvista.Plotter:
    """Return the stack at a stored state in three dimensions, as a plotter: `.show()` opens it, also in notebooks.

    Film, mesa and crystal lie above each other, film and mesa exaggerated in height by a round factor that is said in
    the picture. Colours are temperatures (between sublayers interpolated), the blue line is the isotherm of the hot
    temperature, black outlines are contacts. The part before the plane through contact and hottest place is taken away.

    Args:
        run: with stored states.
        state: number of the stored state; None for one with a hot spot on a third of the mesa, else the hottest.
        off_screen: whether to draw without a window.

    Raises:
        ValueError: the run holds no states.
    """
    import pyvista

    states, junction = run.states, run.junction_T_K
    if states is None or junction is None or len(states.row) == 0:
        raise ValueError("the run holds no fields to show")
    state = telling_state(run, states) if state is None else state
    plan = plan_of(run, states)
    stack = build_stack(run, states, state, plan)
    cut = cut_of(plan, states, np.nan_to_num(junction[state][plan.node]))
    plotter = pyvista.Plotter(off_screen=off_screen, window_size=list(WINDOW))
    plotter.set_background("white")
    _add_solids(plotter, run, stack, plan, cut)
    _add_contacts(plotter, states, contact_heights(run.scenario, states.contact_xyr, stack.top_um))
    _add_words(plotter, run, states, state, stack, plan, cut)
    _place_camera(plotter, plan, stack, cut)
    return plotter


def telling_state(run: Run, states: States) -> int:
    """Return the stored state whose hot spot covers about a third of the mesa; the hottest one where none is hot.

    States that the source of the run holds come first.
    """
    hot = np.nan_to_num(column(run.rows, "hot_fraction")[states.row])
    partly = np.flatnonzero((hot > 0.0) & (hot < 1.0))
    holdable = partly[stable_states(run, states.row)[partly]]
    partly = holdable if len(holdable) else partly
    if len(partly):
        return int(partly[np.argmin(np.abs(hot[partly] - 1.0 / 3.0))])
    return int(np.argmax(column(run.rows, "T_max_K")[states.row]))


def cut_of(plan: Plan, states: States, T: Array) -> Cut:
    """Return the plane through the first contact and the hottest place; along x where the two are one."""
    mesa = np.unique(plan.triangles[plan.in_mesa])
    hottest = plan.xy[mesa[np.argmax(T[mesa])]]
    contact = states.contact_xyr[0, :2] if len(states.contact_xyr) else plan.mesa_xy.mean(axis=0)
    along = hottest - contact if states.geometry == "plan" else np.array([1.0, 0.0])
    length = float(np.hypot(*along))
    along = along / length if length > 0.05 * size_um(plan) else np.array([1.0, 0.0])
    normal = np.array([along[1], -along[0]])
    # The smaller part of the mesa is taken away.
    if np.mean((plan.mesa_xy - contact) @ normal) > 0:
        normal = -normal
    return Cut(np.array([*contact, 0.0]), np.array([*normal, 0.0]))


def _add_solids(plotter: pyvista.Plotter, run: Run, stack: Stack, plan: Plan, cut: Cut) -> None:
    low, high = plan.mesa_xy.min(axis=0), plan.mesa_xy.max(axis=0)
    margin = SHOWN * size_um(plan)
    box = low - margin, high + margin
    shown = {
        name: _clipped(whole, *box).clip(normal=cut.normal, origin=cut.point) for name, whole in stack.solids.items()
    }
    limits = [float(f(f(solid["T_K"]) for solid in shown.values())) for f in (min, max)]
    bar = {"title": "temperature T (K)", "vertical": True, "color": "black", "fmt": "%.3g", "n_labels": 6}
    bar |= {"position_x": 0.87, "position_y": 0.1, "height": 0.55, "width": 0.06}
    bar |= {"title_font_size": 26, "label_font_size": 24}
    for solid in shown.values():
        surface = solid.extract_surface(algorithm="dataset_surface")
        # No lighting: every colour is that of the scale.
        plotter.add_mesh(surface, scalars="T_K", cmap="inferno", clim=limits, lighting=False, scalar_bar_args=bar)
        if limits[0] < run.hot_temperature_K < limits[1]:
            line = surface.contour([run.hot_temperature_K], scalars="T_K")
            if line.n_points:
                line.points += 0.003 * size_um(plan) * (cut.normal + np.array([0.0, 0.0, 1.0]))  # before its face
                plotter.add_mesh(line, color=ISOTHERM, line_width=5.0, lighting=False)
    _name_solids(plotter, shown, cut)
    for whole, top in zip(stack.solids.values(), stack.tops.values(), strict=True):
        _add_outline(plotter, _clipped(top, *box).clip(normal=cut.normal, origin=cut.point))
        _add_outline(plotter, _clipped(whole, *box).slice(normal=cut.normal, origin=cut.point))


def _clipped(mesh: pyvista.DataSet, low: Array, high: Array) -> pyvista.DataSet:
    """Return what of a mesh stands over a rectangle of the plan."""
    for axis, (least, most) in enumerate(zip(low, high, strict=True)):
        side = np.eye(3)[axis]
        mesh = mesh.clip(normal=side, origin=most * side).clip(normal=-side, origin=least * side)
    return mesh


def _add_outline(plotter: pyvista.Plotter, face: pyvista.PolyData) -> None:
    """Draw the rim of a plane face."""
    rim = face.clean(tolerance=1e-6).extract_feature_edges(
        boundary_edges=True, feature_edges=False, manifold_edges=False, non_manifold_edges=False
    )
    if rim.n_points:
        plotter.add_mesh(rim, color="#303030", line_width=2.0, lighting=False)


def _name_solids(plotter: pyvista.Plotter, solids: Mapping[str, pyvista.UnstructuredGrid], cut: Cut) -> None:
    """Write the names of the layers, each at its height, beside the end of the section."""
    along = np.array([-cut.normal[1], cut.normal[0], 0.0])
    points = np.concatenate([solid.points for solid in solids.values()])
    on_cut = points[np.abs((points - cut.point) @ cut.normal) < 1e-5 * np.ptp(points)]
    end = on_cut[np.argmin(on_cut @ along)]
    heights = [0.5 * (solid.points[:, 2].min() + solid.points[:, 2].max()) for solid in solids.values()]
    plotter.add_point_labels(
        [[*end[:2], z] for z in heights], [f"{name} " for name in solids], font_size=24, text_color="black", shape=None,
        show_points=False, always_visible=True, justification_horizontal="right", justification_vertical="center",
    )  # fmt: skip


def _add_contacts(plotter: pyvista.Plotter, states: States, heights_um: Sequence[float]) -> None:
    import pyvista

    if states.geometry == "strip":
        return
    raised = 0.01 * max(heights_um, default=0.0)
    for corners, height in zip(states.contact_outlines, heights_um, strict=True):
        closed = np.concatenate([corners, corners[:1]])
        line = pyvista.MultipleLines(np.insert(closed, 2, height + raised, axis=1))
        plotter.add_mesh(line, color="white", line_width=7.0, lighting=False)
        plotter.add_mesh(line, color="black", line_width=3.5, lighting=False)


def _add_words(
    plotter: pyvista.Plotter, run: Run, states: States, state: int, stack: Stack, plan: Plan, cut: Cut
) -> None:
    text = [caption(run, states, state, ",  "), f"heights: film and mesa × {stack.mesa_factor:g}"]
    if stack.depth_um:
        text[1] += f", crystal to scale, its upper {stack.depth_um:.3g} of {stack.whole_depth_um:.3g} µm"
    T = states.T_K[state]
    lines = [f"blue line: {run.hot_temperature_K:g} K"] if np.nanmin(T) < run.hot_temperature_K < np.nanmax(T) else []
    if len(states.contact_xyr) and states.geometry != "strip":
        lines.append("black line: contact" if len(states.contact_corners) else "ring: contact")
    words = "\n".join([*text, ",  ".join(lines)])
    plotter.add_text(words, position=(0.02, 0.85), viewport=True, font_size=12, color="black")
    plotter.add_text(title_of(run.scenario), position=(0.02, 0.95), viewport=True, font_size=15, color="black")
    _add_scale(plotter, stack, plan, cut)


def _add_scale(plotter: pyvista.Plotter, stack: Stack, plan: Plan, cut: Cut) -> None:
    """Draw a length along the lower edge of the section."""
    import pyvista

    size = size_um(plan)
    along = np.array([-cut.normal[1], cut.normal[0], 0.0])
    length = round_number(0.5 * size)
    middle = cut.point + ((np.array([*plan.mesa_xy.mean(axis=0), 0.0]) - cut.point) @ along) * along
    middle[2] = -stack.depth_um - 0.08 * size
    start, end = middle - 0.5 * length * along, middle + 0.5 * length * along
    plotter.add_mesh(pyvista.Line(start, end), color="black", line_width=5.0, lighting=False)
    plotter.add_point_labels(
        [middle - [0.0, 0.0, 0.03 * size]], [f"{length:g} µm"], font_size=24, text_color="black", shape=None,
        show_points=False, always_visible=True, justification_horizontal="center", justification_vertical="top",
    )  # fmt: skip


def _place_camera(plotter: pyvista.Plotter, plan: Plan, stack: Stack, cut: Cut) -> None:
    """Look at the section from its open side, from above and somewhat aside."""
    size = size_um(plan)
    along = np.array([-cut.normal[1], cut.normal[0], 0.0])
    focus = np.array([*plan.mesa_xy.mean(axis=0), 0.5 * (stack.top_um - stack.depth_um)])
    eye = focus + 4.0 * size * (cut.normal + 0.35 * along + np.array([0.0, 0.0, 0.75]))
    plotter.camera_position = [tuple(eye), tuple(focus), (0.0, 0.0, 1.0)]
    plotter.reset_camera()
    plotter.camera.zoom(1.15)
    plotter.camera.SetWindowCenter(0.08, 0.1)  # room for the scale and for the words


class Elsewhere:
    """A figure whose picture another process draws; `render` begins it before it draws the others.

    Attributes:
        picture: returns the pixels of a run, shape (height, width, 3), or None where there is nothing to show.
    """

    def __init__(self, picture: Callable[[Run], NDArray[np.uint8] | None]) -> None:
        self.picture = picture
        self.__doc__ = picture.__doc__

    def __call__(self, run: Run) -> Figure | None:
        """Return the figure of a run."""
        return self.figure(self.picture(run))

    def figure(self, pixels: NDArray[np.uint8] | None) -> Figure | None:
        """Return a figure that shows the pixels one by one."""
        if pixels is None:
            return None
        figure = page.new_figure(pixels.shape[1] / page.DPI, pixels.shape[0] / page.DPI, layout=None)
        axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
        axes.imshow(pixels, interpolation="none", aspect="auto")
        axes.set_axis_off()
        return figure


def scene_picture(run: Run) -> NDArray[np.uint8] | None:
    """Return a figure of the stack in three dimensions, cut open through contact and hottest place.

    As pixels (height, width, 3), drawn in a process of its own. None, with a warning why, where that was not possible;
    None where the run holds no fields, or where the environment variable HOTMESA_SCENE is "no".
    """
    if os.environ.get("HOTMESA_SCENE") == "no" or run.states is None:
        return None
    with TemporaryDirectory() as place:
        pixels = Path(place) / "scene.npy"
        folder = run.folder or Path(place)
        if run.folder is None:
            run.save(folder)
        missing = importlib.util.find_spec("pyvista") is None
        if reason := "pyvista is missing; pip install pyvista" if missing else _draw(folder, pixels):
            LOG.warning("%s is left out: %s", SCENE, reason)
            return None
        return np.asarray(np.load(pixels), dtype=np.uint8)


def _draw(folder: Path, path: Path) -> str:
    """Draw in another process; the reason why that was not possible, or an empty text."""
    environment = {**os.environ, "MPLBACKEND": "agg", "MATPLOTLIBRC": str(style.SHEET)}  # pyvista imports matplotlib
    if ctypes.util.find_library("EGL"):
        environment.pop("DISPLAY", None)  # EGL needs no screen; a screen that does not answer costs time
    command = [sys.executable, "-P", "-m", "hotmesa.postprocess.scene", str(folder), str(path)]
    try:
        done = subprocess.run(
            command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"drawing took longer than {TIMEOUT_S:g} s; {MEND}"
    except OSError as error:
        return f"no process could be started: {error.strerror}"
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        return f"VTK cannot draw without a screen here (it ended by {name}); {MEND}"
    if done.returncode or not path.exists():
        words = done.stderr.strip().splitlines() or ["no message"]
        return f"it could not be drawn: {words[-1]}"
    return ""


def main(folder: str, path: str) -> None:
    """Draw the scene of a run folder and save its pixels."""
    plotter = plot_scene(load_run(folder), off_screen=True)
    np.save(path, np.asarray(plotter.screenshot(None, return_img=True), dtype=np.uint8))
    plotter.close()


FIGURE = {SCENE: Elsewhere(scene_picture)}
"""The figure of every kind of run with fields."""

if __name__ == "__main__":
    main(*sys.argv[1:3])
