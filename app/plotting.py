"""Pictures of results on request: which, in which format, for a page of which width."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hotmesa.folder import exclusive
from hotmesa.postprocess.animation import animate
from hotmesa.postprocess.compare import STUDY
from hotmesa.postprocess.cuts import ON_REQUEST
from hotmesa.postprocess.page import ANIMATION, FORMATS, on_page
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.runs import results_of
from hotmesa.postprocess.runs.branch import Voltage
from hotmesa.postprocess.scene import Elsewhere
from hotmesa.postprocess.spot import plot_places
from hotmesa.postprocess.style import save_picture
from hotmesa.postprocess.surface import surface_of
from hotmesa.postprocess.tables import ResultError
from hotmesa.postprocess.together import plot_together
from hotmesa.postprocess.volume import write_volume
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.problems import did_you_mean
from hotmesa.solver.errors import RequestError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NARROWEST_MM, WIDEST_MM = 60.0, 400.0
TOGETHER = Path("out/plot")
"""Where pictures of several results go."""

Draw = Callable[[], "Figure | None"]


@dataclass(frozen=True)
class Look:
    """How pictures are drawn.

    Attributes:
        kind: their format, one of `FORMATS`.
        width_mm: width of the page; None for the natural size, whose texts are 10 points high.
        voltage: whether I(V) is drawn over the voltage per junction or that of the stack.
    """

    kind: str = "png"
    width_mm: float | None = None
    voltage: Voltage = "junction"

    def __post_init__(self) -> None:
        """Check what a user asks for."""
        if self.kind not in FORMATS:
            raise RequestError(f"--format {self.kind}: must be one of {', '.join(FORMATS)}")
        if self.width_mm is not None and not NARROWEST_MM <= self.width_mm <= WIDEST_MM:
            raise RequestError(
                f"--width {self.width_mm:g}mm: must be {NARROWEST_MM:g} to {WIDEST_MM:g} mm "
                "(a column of a journal is 86 mm wide, a page 178 mm)"
            )

    def file_name(self, stem: str) -> str:
        """Return the name of the file of a picture: iv.pdf, or iv-86mm.pdf on a page."""
        return f"{stem}{'' if self.width_mm is None else f'-{self.width_mm:g}mm'}.{self.kind}"


def width_in_mm(text: str) -> float:
    """Return the millimetres of a width as a user types it: 86mm, 8.6cm, 3.4in or a number of millimetres.

    Raises:
        RequestError: it is none of these.
    """
    units = {"mm": 1.0, "cm": 10.0, "in": 25.4}
    unit = next((unit for unit in units if text.endswith(unit)), "mm")
    try:
        return float(text.removesuffix(unit)) * units[unit]
    except ValueError:
        raise RequestError(f"--width {text}: is no width; write for example 86mm, 8.6cm or 3.4in") from None


def plot(
    results: Sequence[Path], what: Sequence[str] = (), look: Look | None = None, out: Path | None = None
) -> tuple[Path, ...]:
    """Draw pictures of results and return their files.

    One result is drawn into its own folder, with all of its figures where none is named. Of several the I(V) curves
    come into one figure, the places of their hot spots into one, and every other figure that is named is drawn of each.

    Args:
        results: folders of runs.
        what: names of figures, as those of their files without ending.
        look: how they are drawn.
        out: folder for the pictures.

    Raises:
        RequestError: a figure that a result does not have, or that shows nothing.
        ResultError: a folder holds no results, or damaged ones.
        OSError: a file cannot be written.
    """
    look = look or Look()
    runs = [_run_in(path) for path in results]
    tasks: dict[str, Draw] = {}
    if len(runs) > 1:
        named = dict(zip(apart(results), runs, strict=True))
        both: dict[str, Draw] = {
            "iv": partial(plot_together, named, voltage=look.voltage),
            "spot": partial(plot_places, named),
        }
        for wish in what or ("iv",):
            if wish in both:
                tasks[wish] = both[wish]
                continue
            tasks |= {f"{name}-{wish}": _chosen(run, (wish,), look)[wish] for name, run in named.items()}
    else:
        tasks = _chosen(runs[0], what, look)
    folder = out or (TOGETHER if len(runs) > 1 else results[0])
    with exclusive(folder):
        return _save(tasks, folder, look, told=bool(what))


FASTEST = 60.0


def move(result: Path, out: Path | None = None, states_per_s: float = 10.0) -> Path:
    """Write the stored states of a run as a moving picture and return its file.

    Args:
        result: folder of a run with fields.
        out: file, .gif or .mp4; None for animation.gif in the folder.
        states_per_s: how fast they follow each other.

    Raises:
        RequestError: an unknown ending, a speed outside 0 to 60, or no ffmpeg for an .mp4.
        ResultError: the folder holds no results, or nothing moves.
        OSError: the file cannot be written.
    """
    if not 0.0 < states_per_s <= FASTEST:
        raise RequestError(f"--speed {states_per_s:g}: must be above 0 and at most {FASTEST:g} states a second")
    file = out or result / ANIMATION
    run = _run_in(result)
    with exclusive(file.parent):
        try:
            return animate(run, file, states_per_s)
        except (ValueError, FileNotFoundError) as error:
            if isinstance(error, HotmesaError):
                raise
            raise RequestError(f"--out {error}") from None


LOWEST, HIGHEST = 0.01, 10_000.0


def surface(
    result: Path, current_mA: float | None = None, row: int | None = None,
    line_um: tuple[float, float, float, float] | None = None, blur_um: float = 0.0, out: Path | None = None,
) -> tuple[Path, ...]:  # fmt: skip
    """Write the surface of a stored state of a run along a line, draw it, and return the files.

    Args:
        result: folder of a run with fields.
        current_mA: the stored state nearest to this current is taken, in the order of the run the first of them.
        row: that nearest to this row of the table; None, without a current: the last one.
        line_um: ends x1, y1, x2, y2 of the line (µm); None along x through the hottest place of the mesa.
        blur_um: full width at half maximum of the image of a point.
        out: folder for the files.

    Raises:
        RequestError: current and row are both given, a line without length, or a width below 0.
        ResultError: the folder holds no results, or no fields.
        OSError: a file cannot be written.
    """
    if current_mA is not None and row is not None:
        raise RequestError("--current and --row both choose a state; give one of them")
    if not 0.0 <= blur_um < np.inf:
        raise RequestError(f"--blur-um {blur_um:g}: the width of a point as seen is 0 (sharp) or more, in µm")
    if line_um is not None and not (np.all(np.isfinite(line_um)) and line_um[:2] != line_um[2:]):
        raise RequestError(f"--line {','.join(map('{:g}'.format, line_um))}: two different places X1,Y1,X2,Y2 in µm")
    run = _run_in(result)
    if run.states is None or not len(run.states):
        raise ResultError(f"{result}: holds no states.npz; a run without fields has no surface")
    rows, currents = run.states.row, run.states.I_mA
    away = np.abs(rows - (rows[-1] if row is None else row)) if current_mA is None else np.abs(currents - current_mA)
    state = int(np.argmin(away))
    found = surface_of(run, state, line_um, blur_um)
    if not np.isfinite(found.line["T_K"]).any():
        x, y = np.abs(run.states.node_xy).max(axis=0)
        raise RequestError(f"--line: lies outside the device (|x| <= {x:g} µm, |y| <= {y:g} µm)")
    folder = out or result / f"surface-row{rows[state]}"
    with exclusive(folder):
        return found.save(folder)


def to_paraview(result: Path, z_scale: float | None = None) -> tuple[Path, ...]:
    """Write a run in three dimensions for ParaView and return what is opened: view.py and the .pvd files.

    Args:
        result: folder of a run with fields.
        z_scale: by which film and mesa are higher than they are; None for the round number with which they are seen.

    Raises:
        RequestError: a scale outside 0.01 to 10000, or pyvista is missing.
        ResultError: the folder holds no results, or no fields.
        OSError: a file cannot be written.
    """
    if z_scale is not None and not LOWEST <= z_scale <= HIGHEST:
        raise RequestError(f"--z-scale {z_scale:g}: must be {LOWEST:g} to {HIGHEST:g}; 1 draws true heights")
    run = _run_in(result)
    with exclusive(result):
        try:
            files = write_volume(run, z_scale)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("pyvista", "vtkmodules"):
                raise
            raise RequestError(
                "hotmesa paraview needs pyvista, which is missing: pip install pyvista (fields.pvd, in the plane, is "
                "there without it)"
            ) from None
    return tuple(file for file in files if file.parent == result)


def _run_in(path: Path) -> Run:
    if (path / STUDY).is_file():
        raise RequestError(
            f"{path}: is the folder of a study; `hotmesa compare` draws its ranking, and its cases are in {path}/cases"
        )
    run = load_run(path)
    if not len(run):
        raise ResultError(f"{path / run.kind.table}: holds no point, there is nothing to draw")
    return run


def _chosen(run: Run, what: Sequence[str], look: Look) -> dict[str, Draw]:
    """Return what draws the figures of a run that are asked for, by name."""
    own = results_of(run.kind.name).figures
    further: Mapping[str, Callable[[Run], Figure | None]] = ON_REQUEST if run.kind.spatial else {}
    known = {Path(name).stem: draw for name, draw in {**own, **further}.items()}
    unknown = [name for name in what if name not in known]
    if unknown:
        hints = [f"{name}: unknown figure{did_you_mean(name, known)}" for name in unknown]
        raise RequestError(f"--what {'; '.join(hints)}; {run.folder} has {', '.join(known)}")
    names = what or [Path(name).stem for name in own]
    return {name: partial(_draw, known[name], run, look.voltage) for name in names}


def _draw(plot: Callable[[Run], Figure | None], run: Run, voltage: str) -> Figure | None:
    if isinstance(plot, Elsewhere):  # pixels of another process
        return plot.figure(plot.picture(run))
    if "voltage" in inspect.signature(plot).parameters:
        return plot(run, voltage=voltage)  # type: ignore[call-arg]
    return plot(run)


def _save(tasks: Mapping[str, Draw], folder: Path, look: Look, told: bool) -> tuple[Path, ...]:
    files = []
    for stem, draw in tasks.items():
        with on_page(look.width_mm):
            file = save_picture(draw, folder / look.file_name(stem))
        if file is None and told:
            reason = "a run without fields has no map, one without a hot spot no place of it"
            raise RequestError(f"--what {stem}: there is nothing to draw; {reason}")
        files += [file] if file is not None else []
    return tuple(files)


def apart(results: Sequence[Path]) -> list[str]:
    """Return the shortest ends of the paths that tell results apart."""
    parts = [path.resolve().parts for path in results]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["-".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return names
    raise RequestError(f"{', '.join(map(str, results))}: the same result twice")
