"""Make the pictures of README and guide: `make pictures`.

Each picture is a file that one hotmesa command writes; the commands are those that the pages show. README tells the
errors that the run of its pictures has estimated.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from validation import pages

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ROOT / "docs" / "images"
README = ROOT / "README.md"
OF_README = ("run", "kurter2010-n19")
"""The command whose pictures README shows."""
OUT = Path("out/pictures")
WRITING = ROOT / "docs" / "writing-a-scenario.md"
BATHS_K = "bath.temperature_K=4.2:80"

# (arguments of hotmesa without --out, an image needs the run before it; {file in the results: picture})
COMMANDS: tuple[tuple[tuple[str, ...], dict[str, str]], ...] = (
    (("run", "hao2015"), {"sweep.png": "hao2015-sweep.png", "map.png": "hao2015-map.png"}),
    (("run", "hao2015", "--set", "bath.temperature_K=55"), {"map.png": "hao2015-55K-map.png"}),
    (("run", "minami2013"), {"sweep.png": "minami2013-sweep.png", "map.png": "minami2013-map.png"}),
    (("run", "minami2013", "--set", "bath.temperature_K=35", "--set", "bias.legs_mA=[0, 45]"), {}),
    (
        ("run", "minami2013", "--set", "bath.temperature_K=50", "--set", "bias.legs_mA=[0, 45]"),
        {"sweep.png": "minami2013-50K-sweep.png", "map.png": "minami2013-50K-map.png"},
    ),
    (("run", "kurter2010-n19"), {"iv.png": "kurter2010-n19-iv.png", "map.png": "kurter2010-n19-map.png"}),
    (("check", "kurter2010-n19"), {"device.png": "device.png"}),
    (
        (
            *("check", "thz-300x60", "--set", "mesa.width_um=20"),
            *("--set", "mesa.wall_angle_deg=70", "--set", "layers.mesa.sublayers=8"),
        ),
        {"device.png": "walls.png"},
    ),
    (("run", "bars"), {"map.png": "contacts.png"}),
    (("run", "defect"), {"map.png": "map-defect.png"}),
    (
        (
            *("check", "kurter2010-n19", "--set"),
            'contacts=[{name="wire", x_um=-2.5, y_um=-2.5, radius_um=2.0, contact_K_per_mW=3.0}, '
            '{name="bar", on="crystal", shape="rectangle", x_um=-20.0, width_um=10.0, depth_um=40.0, '
            "contact_K_per_mW=1.0}]",
        ),
        {"device.png": "beside.png"},
    ),
    (("ltslm", "out/pictures/kurter2010-n19", "--current", "1.2", "--beam-um", "1.5"), {"ltslm.png": "ltslm.png"}),
    (
        (
            *("ltslm", "out/pictures/kurter2010-n19", "--current", "1.2", "--beam-um", "1.5"),
            *("--frequency-kHz", "10,100,1000,10000"),
        ),
        {"chopped.png": "ltslm-chopped.png", "chopped-100kHz.png": "ltslm-chopped-100kHz.png"},
    ),
    (
        (
            *("run", "kurter2010-n19", "--set", "mode=transient"),
            *("--set", 'transient={start="steady", before_mA=1.2, level_mA=1.2, end_us=60}'),
            *("--set", 'heaters=[{name="laser", x_um=-3, y_um=-3, radius_um=0.75, power_uW=50, from_us=10, to_us=30}]'),
        ),
        {"transient.png": "laser-transient.png"},
    ),
    (("run", "thz-300x60", "--set", "geometry=strip", "--set", "branch.end_current_mA=25"), {}),
    (
        (
            *("ltslm", "out/pictures/thz-300x60-set-geometry=strip-set-branch.end_current_mA=25"),
            *("--current", "25", "--frequency-kHz", "0.1,1,10"),
        ),
        {"chopped.png": "ltslm-chopped-strip.png"},
    ),
    (
        ("plot", "out/pictures/kurter2010-n19", "--what", "profile,section"),
        {"profile.png": "kurter2010-n19-profile.png", "section.png": "kurter2010-n19-section.png"},
    ),
    (
        ("surface", "out/pictures/kurter2010-n19", "--current", "1.15", "--line=-5,-5,5,5", "--blur-um", "3"),
        {"surface.png": "surface.png"},
    ),
    (("run", "thz-injection", "--out", "out/pictures/film"), {}),
    (("run", "thz-injection", "--set", "electrode.planes_ohm=50", "--out", "out/pictures/film-and-planes"), {}),
    (("run", "thz-injection", "--set", "electrode=none", "--out", "out/pictures/one-voltage"), {}),
    (
        ("plot", *(f"out/pictures/{name}" for name in ("film", "film-and-planes", "one-voltage")), "--what", "spot"),
        {"spot.png": "thz-injection-spot.png"},
    ),
    (("run", "kapitza-strip"), {}),
    (("plot", "out/pictures/kapitza-strip", "--what", "section"), {"section.png": "kapitza-strip.png"}),
    (("sensitivity", "out/pictures/kurter2010-n19"), {"tornado.png": "sensitivity.png"}),
    (("run", "kurter2010-uniform", "--set", "mesa.junctions=30"), {"cooling.png": "uniform-cooling.png"}),
    (
        (
            *("run", "thz-300x60", "--set", "mode=uniform"),
            *("--set", "law.pseudogap_K=64", "--set", "law.pseudogap_share=0.63"),
        ),
        {"iv.png": "pseudogap-iv.png"},
    ),
    (("run", "sweep-pristine-n28"), {"sweep.png": "sweep-pristine-n28.png"}),
    (("run", "sweep-poor-film"), {"sweep.png": "sweep-poor-film.png"}),
    (("run", "sweep-poor-film-current"), {"sweep.png": "sweep-poor-film-current.png"}),
    (("run", "transient-step"), {"transient.png": "transient-step.png"}),
    (("run", "transient-pulse"), {"transient.png": "transient-pulse.png"}),
    (("run", "transient-dc"), {"transient.png": "transient-dc.png"}),
    (("run", "transient-nucleation"), {"transient.png": "transient-nucleation.png", "map.png": "transient-spots.png"}),
    (("family", "kurter2010-partial"), {"family.png": "family.png"}),
    (
        ("run", "diagram-square", "--set", 'mode="branch"', "--set", 'stability.points="all"'),
        {"iv.png": "stability-iv.png"},
    ),
    (("run", "diagram-square"), {"diagram.png": "diagram-square.png"}),
    (("run", "diagram-strip"), {"diagram.png": "diagram-strip.png"}),
    (("study", "study-heat-sinks"), {"compare.png": "study-heat-sinks.png"}),
    (("study", "study-thz-phases"), {"phases.png": "phases-thz.png"}),
    (("study", "study-thz-mountings"), {"compare.png": "thz-mountings.png"}),
    (("study", "study-thz-crystal"), {"phases.png": "phases-thz-crystal.png"}),
    (("fit", "fit-cooling"), {"fit.png": "fit-cooling.png"}),
    (("optimise", "optimise-cold-wire"), {"optimise.png": "optimise-cold-wire.png"}),
    (("optimise", "optimise-thz-mounting"), {"optimise.png": "optimise-thz-mounting.png"}),
    (("optimise", "optimise-small-contact"), {"optimise.png": "optimise-small-contact.png"}),
    (("uncertainty", "uncertainty-kurter2010-n19"), {"uncertainty.png": "uncertainty.png"}),
    (("folds", "kurter2010-uniform", "--over", BATHS_K), {"folds.png": "folds.png"}),
    (
        ("folds", "pristine-n28", "--over", BATHS_K, "--set", "mesh.refine=0.5", "--set", "branch.min_points=60"),
        {"folds.png": "folds-pristine.png"},
    ),
    (
        (
            "identify",
            "kurter2010-n19",
            "--parameters",
            "law.gamma_c_meV",
            "materials.intercalated.divide_conductivity_by",
            "contacts.0.contact_resistance_ohm",
            "--vary",
            "bath.temperature_K=4.2,20,40,60",
            "--sigma-mV",
            "1",
            "--readings",
            "20",
        ),
        {"identify.png": "identify.png"},
    ),
)


def folder_of(arguments: tuple[str, ...]) -> str:
    """Return the folder of a command: the one it names, or its name, and the bath temperature where that is changed."""
    if "--out" in arguments:
        return Path(arguments[arguments.index("--out") + 1]).name
    if arguments[0] in ("folds", "identify"):
        return "-".join(arguments[:2])
    baths = [word.partition("bath.temperature_K=")[2] for word in arguments if word.startswith("bath.temperature_K=")]
    if baths:
        return f"{arguments[1]}-{baths[0]}K"
    return "-".join(word.lstrip("-") for word in arguments[1:]).replace("/", "-")


def as_shown(name: str) -> str:
    """Return the name of a bundled scenario, or a file with the one of this name that a page of the guide shows."""
    blocks = re.findall(r"```toml\n(.*?)```", WRITING.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [block for block in blocks if f'\nname = "{name}"\n' in block]
    if not found:
        return name
    file = OUT / f"{name}.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(found[0], encoding="utf-8")
    return str(file)


def processor_s() -> float:
    """Return the processor time (s) of all commands so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def errors_sentence(summary: Mapping[str, float]) -> str:
    """Return what README says of the errors of a run, from its summary.json."""
    V, T = ([summary[f"{what}_error_{name}"] for what in ("mesh", "layer")] for name in ("V_percent", "T_K"))
    text = (
        f"The run estimates its own errors where I(V) is steepest: {V[0]:+.2f} % of V by the mesh and {V[1]:+.2f} % by "
        f"the sublayers, {T[0]:+.2f} K and {T[1]:+.2f} K of the highest temperature (`mesh_error_V_percent`, "
        "`layer_error_V_percent` … in `summary.json`)."
    )
    return text.replace("-", "−")


def told(readme: str, sentence: str) -> str:
    """Return the text of README with another sentence between its marks."""
    return re.sub(r"(<!-- errors: make pictures -->\n).*?(\n<!-- end -->)", rf"\1{sentence}\2", readme, flags=re.DOTALL)


def main(only: str = "") -> None:
    """Run the commands (those that contain `only`) and copy their pictures."""
    IMAGES.mkdir(exist_ok=True)
    for arguments, pictures in COMMANDS:
        if only not in " ".join(arguments):
            continue
        folder = OUT / folder_of(arguments)
        behind = {name: ["--out", str(folder), "--quiet"] for name in ("plot", "surface")}
        behind |= {"check": ["--draw", str(folder / "device.png")]}
        usual = ["--out", str(folder), "--overwrite", "--quiet"]
        verb, name, *rest = arguments
        command = [sys.executable, "-m", "hotmesa", verb, as_shown(name), *rest, *behind.get(arguments[0], usual)]
        before = processor_s()
        subprocess.run(command, check=True)
        sys.stdout.write(f"{' '.join(arguments)}: {processor_s() - before:.0f} s of processor time\n")
        for source, picture in pictures.items():
            shutil.copyfile(folder / source, IMAGES / picture)
            sys.stdout.write(f"docs/images/{picture}\n")
        if arguments == OF_README:
            summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
            README.write_text(told(README.read_text(encoding="utf-8"), errors_sentence(summary)), encoding="utf-8")
    pages.draw(IMAGES, OUT, only)


if __name__ == "__main__":
    main(*sys.argv[1:2])
