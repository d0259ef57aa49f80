"""A run in ParaView, in three dimensions: `pvpython view.py`, or Tools > Python Shell > Run Script in its window.

Shown are T on a clip through contact and hot spot with the line of T_c, the mesa enlarged, and the curve with a point
that moves with the time. `pvpython view.py --picture FILE.png [--time VALUE]` saves a picture instead of a window.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from paraview import simple

SETTINGS: dict[str, Any] = {}  # `hotmesa paraview` fills it in
POINT = """
block = self.GetInputDataObject(0, 0)
if block.IsA("vtkCompositeDataSet"):
    leaves = block.NewIterator()
    leaves.InitTraversal()
    block = leaves.GetCurrentDataObject()
from vtkmodules.vtkCommonCore import vtkDoubleArray
for name in {names!r}:
    column = vtkDoubleArray()
    column.SetName(name)
    for _ in range(2):  # charts complain of lines with one point
        column.InsertNextValue(block.GetFieldData().GetArray(name).GetTuple1(0))
    self.GetOutput().AddColumn(column)
"""
COLOURS, ISOTHERM = "Inferno (matplotlib)", [0.25, 0.82, 1.0]
LABELS = {"V_mV": "voltage V (mV)", "I_mA": "current I (mA)", "t_us": "time t (us)", "T_max_K": "largest T (K)"}


def here() -> str:
    """Return the folder of the run: that of this file, or where it was written if ParaView does not tell."""
    file = globals().get("__file__", "")
    folder = os.path.dirname(os.path.abspath(file)) if file else ""
    return folder if os.path.exists(os.path.join(folder, "volume.pvd")) else str(SETTINGS["folder"])


def read(folder: str) -> tuple[Any, Any]:
    """Return the readers of the layers, and of contacts and wires or None."""
    layers = simple.PVDReader(registrationName="layers", FileName=os.path.join(folder, "volume.pvd"))
    if not SETTINGS["contacts"]:
        return layers, None
    return layers, simple.PVDReader(registrationName="contacts", FileName=os.path.join(folder, "contacts.pvd"))


def cut(layers: Any) -> tuple[Any, Any]:
    """Return the part behind the plane through contact and hot spot, and the line of the hot temperature on it."""
    clip = simple.Clip(registrationName="clip", Input=layers, ClipType="Plane")
    clip.ClipType.Origin = SETTINGS["cut_point"]
    clip.ClipType.Normal = SETTINGS["cut_normal"]
    clip.Invert = 1
    skin = simple.ExtractSurface(registrationName="skin", Input=clip)
    isotherm = simple.Contour(registrationName="isotherm", Input=skin, ContourBy=["POINTS", "T_K"])
    isotherm.Isosurfaces = [SETTINGS["hot_temperature_K"]]
    return clip, isotherm


def show(view: Any, clip: Any, isotherm: Any, contacts: Any) -> None:
    """Show T on the clip with the isotherm and the wires, all in one scale of colours."""
    view.Background = [1.0, 1.0, 1.0]
    view.UseColorPaletteForBackground = 0
    view.OrientationAxesLabelColor = [0.0, 0.0, 0.0]
    shown = simple.Show(clip, view)
    simple.ColorBy(shown, ("POINTS", "T_K"))
    colours = simple.GetColorTransferFunction("T_K")
    colours.ApplyPreset(COLOURS, True)
    colours.RescaleTransferFunction(*SETTINGS["T_range_K"])
    colours.AutomaticRescaleRangeMode = "Never"
    shown.Ambient, shown.Diffuse = 1.0, 0.0  # every colour is that of the scale
    line = simple.Show(isotherm, view)
    line.ColorArrayName = [None, ""]
    line.DiffuseColor = line.AmbientColor = ISOTHERM
    line.Ambient, line.Diffuse, line.LineWidth, line.RenderLinesAsTubes = 1.0, 0.0, 5.0, 1
    if contacts is not None:
        wires = simple.Show(contacts, view)
        wires.ColorArrayName = [None, ""]
        wires.DiffuseColor = wires.AmbientColor = [0.55, 0.55, 0.55]
        wires.Opacity = 0.35


def add_words(view: Any, layers: Any) -> None:
    """Write title, heights, isotherm and the value of the time, and draw the scale of colours."""
    words = f"{SETTINGS['title']}\nfilm and mesa x {SETTINGS['z_scale']:g} in height, crystal to scale"
    low, high = SETTINGS["T_range_K"]
    if low < SETTINGS["hot_temperature_K"] < high:
        words += f"; blue: {SETTINGS['hot_temperature_K']:g} K"
    if SETTINGS["stability"]:
        words += f"\n{SETTINGS['stability']}"
    text = simple.Text(registrationName="title", Text=words)
    shown = simple.Show(text, view)
    shown.Color, shown.FontSize, shown.WindowLocation = [0.0, 0.0, 0.0], 15, "Upper Left Corner"
    shown.Justification = "Left"
    time = simple.AnnotateTimeFilter(registrationName="time", Input=layers)
    time.Format = f"{SETTINGS['time_name']}: {{time:.4g}}"
    shown = simple.Show(time, view)
    shown.Color, shown.FontSize, shown.WindowLocation = [0.0, 0.0, 0.0], 16, "Lower Left Corner"
    bar = simple.GetScalarBar(simple.GetColorTransferFunction("T_K"), view)
    bar.Title, bar.ComponentTitle, bar.Visibility = "T (K)", "", 1
    if simple.GetParaViewVersion() < 6:  # formats of the C language, later those of Python
        bar.LabelFormat = bar.RangeLabelFormat = "%.3g"
    bar.TitleFontSize = bar.LabelFontSize = 16
    bar.TitleColor = bar.LabelColor = [0.0, 0.0, 0.0]


def look(view: Any, least: list[float], most: list[float], distance: float) -> None:
    """Look at a box from the open side of the cut, from above and somewhat aside.

    The distance is in diagonals of the box.
    """
    n = SETTINGS["cut_normal"]
    middle = [0.5 * (a + b) for a, b in zip(least, most, strict=True)]
    reach = sum((b - a) ** 2 for a, b in zip(least, most, strict=True)) ** 0.5
    eye = [n[0] - 0.35 * n[1], n[1] + 0.35 * n[0], 0.75]
    length = sum(x * x for x in eye) ** 0.5
    view.CameraFocalPoint = middle
    view.CameraPosition = [m + distance * reach * x / length for m, x in zip(middle, eye, strict=True)]
    view.CameraViewUp = [0.0, 0.0, 1.0]
    view.CenterOfRotation = middle


def chart(view: Any, folder: str, layers: Any) -> None:
    """Draw the curve of the run, and on it the point of the time that is shown."""
    x, y = SETTINGS["x"], SETTINGS["y"]
    curve = simple.CSVReader(registrationName="curve", FileName=[os.path.join(folder, SETTINGS["table"])])
    point = simple.ProgrammableFilter(registrationName="point", Input=layers)
    point.OutputDataSetType, point.Script = "vtkTable", POINT.format(names=(x, y))
    for source, mark in ((curve, False), (point, True)):
        shown = simple.Show(source, view, "XYChartRepresentation")
        shown.UseIndexForXAxis, shown.XArrayName, shown.SeriesVisibility = 0, x, [y]
        shown.SeriesColor = [y, "0.8", "0.2", "0.0"] if mark else [y, "0.0", "0.447", "0.698"]
        shown.SeriesLabel = [y, "this time" if mark else "the run"]
        shown.SeriesMarkerStyle, shown.SeriesMarkerSize = [y, "4" if mark else "0"], [y, "14"]
        shown.SeriesLineStyle, shown.SeriesLineThickness = [y, "0" if mark else "1"], [y, "2"]
    view.LegendLocation = "TopLeft"
    view.BottomAxisTitle, view.LeftAxisTitle = LABELS[x], LABELS[y]


def picture_wanted() -> tuple[str, str]:
    """Return the values of --picture and --time, empty where they are not given."""
    given = dict(zip(sys.argv, sys.argv[1:], strict=False))
    return given.get("--picture", ""), given.get("--time", "")


def alone() -> bool:
    """Return whether pvpython runs this file: the window of ParaView stays open by itself."""
    file = globals().get("__file__", "")
    return bool(file and sys.argv and os.path.abspath(sys.argv[0]) == os.path.abspath(file))


def main() -> None:
    """Build the three views, and save a picture or stay open."""
    folder = here()
    simple._DisableFirstRenderCameraReset()
    layers, contacts = read(folder)
    layers.UpdatePipeline()
    file, time = picture_wanted()
    scene = simple.GetAnimationScene()
    scene.UpdateAnimationUsingDataTimeSteps()
    scene.AnimationTime = float(time or SETTINGS["first_time"])
    layout = simple.CreateLayout(name="hotmesa")
    whole, near = simple.CreateView("RenderView"), simple.CreateView("RenderView")
    curve = simple.CreateView("XYChartView")
    simple.AssignViewToLayout(view=whole, layout=layout, hint=0)
    right = layout.SplitHorizontal(0, 0.55) + 1  # it returns the left cell
    upper = layout.SplitVertical(right, 0.5)
    layout.AssignView(upper, near)
    layout.AssignView(upper + 1, curve)
    layout.SetSize(1600, 900)
    clip, isotherm = cut(layers)
    for view in (whole, near):
        show(view, clip, isotherm, contacts)
    add_words(whole, layers)
    low_x, low_y, high_x, high_y, top = SETTINGS["mesa_box_um"]
    bounds = layers.GetDataInformation().GetBounds()
    look(whole, list(bounds[0::2]), list(bounds[1::2]), 2.1)
    look(near, [low_x, low_y, 0.0], [high_x, high_y, top], 1.5)
    chart(curve, folder, layers)
    for view in (whole, near, curve):
        view.ViewTime = scene.AnimationTime
        simple.Render(view)
    if file:
        simple.SaveScreenshot(file, layout)
    elif alone():
        simple.Interact(whole)


main()
