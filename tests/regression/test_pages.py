"""The pages: they build into a site without a warning, and every command, scenario and line of Python on them works."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.studies import TWO
from PIL import Image

import hotmesa as hm
from hotmesa.cli import _parser
from hotmesa.scenarios.files import PLANS, command_of
from hotmesa.scenarios.load import load_scenario
from hotmesa.scenarios.material_files import read_material
from hotmesa.scenarios.plans.fit import load_fit
from hotmesa.scenarios.plans.folds import load_folds
from hotmesa.scenarios.plans.identify import load_identify
from hotmesa.scenarios.plans.optimise import load_optimisation
from hotmesa.scenarios.plans.study import load_study
from hotmesa.scenarios.plans.uncertainty import load_uncertainty

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OF_A_SCENARIO = ("check", "folds", "identify", "run", "sensitivity")


def blocks(page: Path, *languages: str) -> list[str]:
    """Return the code blocks of a page."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return [text for language, text in found if language in languages]


def commands(page: Path) -> list[list[str]]:
    """Return the words of every hotmesa command of a page, without the launcher's ways to start it."""
    found = []
    for line in "\n".join(blocks(page, "", "sh")).replace("\\\n", " ").splitlines():
        start = re.match(r"(?:mpirun .*-m hotmesa|srun hotmesa|\./hotmesa mpirun -n \d|(?:\./)?hotmesa) (.*)", line)
        if start:
            words = shlex.split(start[1].partition(">")[0], comments=True)
            found.append(words)
    return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site as `make site` builds it; a warning is an error."""
    out = tmp_path_factory.mktemp("site") / "pages"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", ROOT / "docs", out]
    # The notebooks are run by a test of their own.
    given = {**os.environ, "HOTMESA_NOTEBOOKS": "off"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=out.parent, env=given)
    assert done.returncode == 0, done.stderr
    return out


def test_the_site_has_every_page_and_finds_words(site: Path) -> None:
    assert {path.stem for path in PAGES if path.stem != "README"} < {path.stem for path in site.glob("*.html")}
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    terms = json.loads(index[index.index("(") + 1 : index.rindex(")")])["terms"]
    assert {"backbend", "sublay", "heal"} <= {
        word[: len(stem)] for word in terms for stem in ("backbend", "sublay", "heal")
    }


def test_the_site_needs_no_network(site: Path) -> None:
    for page in site.glob("*.html"):
        loaded = re.findall(r'<(?:script|link|img)[^>]*(?:src|href)="(https?:[^"]*)"', page.read_text(encoding="utf-8"))
        assert loaded == [], page.name


def test_the_notebooks_are_pages(site: Path) -> None:
    books = sorted(path.stem for path in (ROOT / "docs" / "notebooks").glob("*.ipynb"))
    assert sorted(path.stem for path in (site / "notebooks").glob("*.html")) == books
    assert "hm.run" in re.sub(r"<[^>]+>", "", (site / "notebooks" / f"{books[0]}.html").read_text(encoding="utf-8"))


def test_equations_are_mathematics(site: Path) -> None:
    text = (site / "model.html").read_text(encoding="utf-8")
    assert text.count("<math") >= 6 and "<mfrac>" in text
    assert re.findall(r'class="eqno">\((\d)\)', text) == list("123456")
    for page in PAGES:
        formulas = re.findall(r"^    \S.*[∂∫].*$", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert formulas == [], page.name


def test_the_front_door_is_documented_name_by_name(site: Path) -> None:
    text = (site / "api.html").read_text(encoding="utf-8")
    assert [name for name in hm.__all__ if name != "__version__" and f"hm.{name}</span>" not in text] == []


def test_the_gallery_shows_every_picture_with_its_command(site: Path) -> None:
    text = (site / "gallery.html").read_text(encoding="utf-8")
    shown = {path.name for page in PAGES for path in map(Path, re.findall(r"\]\((images/[^)]+)\)", page.read_text()))}
    assert len(shown) > 40
    assert [name for name in sorted(shown) if f"_images/{name}" not in text] == []
    assert "hotmesa study study-heat-sinks" in re.sub(r"<[^>]+>", "", text)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_is_one(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (own,) = (text for text in blocks(ROOT / "docs/start.md", "toml"))
    for name in ("my-mesa", "my-device"):
        Path(f"{name}.toml").write_text(own, encoding="utf-8")
    for words in commands(page):
        options = vars(_parser(words).parse_args(words))
        given = options.get("scenario")
        if words[0] in OF_A_SCENARIO and given and not str(given).startswith("out/"):
            # A run that starts from the results of another one: those are not here.
            overrides = [text for text in options.get("overrides") or () if "=out/" not in text]
            load_scenario(given, overrides)
        elif words[0] in ("study", "fit") and not words[1].endswith(".toml"):
            (load_study if words[0] == "study" else load_fit)(words[1])


READERS: dict[str, Callable[[Path], object]] = {
    "fit": load_fit,
    "folds": load_folds,
    "identify": load_identify,
    "material": lambda file: read_material(str(file)),
    "optimise": load_optimisation,
    "study": load_study,
    "uncertainty": load_uncertainty,
}


def of_what(text: str) -> str:
    """Return what a TOML block of a page is: a file of its own, told by what only it has, or a part of a scenario."""
    data = tomllib.loads(text)
    command = command_of(data)
    if command in PLANS:
        return str(command)
    if "scenario" in data:
        return "study"
    if "range_K" in data:
        return "material"
    return "scenario" if data.keys() & {"name", "base"} else "part"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_toml_block_of_a_page_is_valid(page: Path, tmp_path: Path) -> None:
    (tmp_path / "iv.csv").write_text("V_mV,I_mA\n1.0,0.1\n2.0,0.2\n3.0,0.4\n", encoding="utf-8")
    (tmp_path / "camera.csv").write_text("x_um,T_K\n-2.0,20.0\n0.0,25.0\n2.0,22.0\n", encoding="utf-8")
    Image.new("L", (2, 2), 255).save(tmp_path / "voids.png")
    (tmp_path / "devices.csv").write_text("case,mesa.junctions\na,12\nb,19\n", encoding="utf-8")
    plain = next(
        text for text in blocks(ROOT / "docs/writing-a-scenario.md", "toml") if text.startswith('name = "plain')
    )
    (tmp_path / "plain.toml").write_text(plain, encoding="utf-8")
    for text in blocks(page, "toml"):
        file = tmp_path / "block.toml"
        kind = of_what(text)
        if kind == "part":
            # What a part stands in: a device that has what it names, a run of the kind that has its keys.
            text = 'name = "block"\nbase = "plain.toml"\n' + text
        file.write_text(text, encoding="utf-8")
        READERS.get(kind, load_scenario)(file)


def test_the_python_of_the_pages_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    coarse = {"mesh.refine": 0.4, "branch.min_points": 12, "stability.points": "none"}
    hm.run("kurter2010-n19", coarse, out="out/n19")
    for page in ("meshes", "results"):
        names: dict[str, object] = {}
        for text in blocks(ROOT / f"docs/{page}.md", "python"):
            if "gmsh.model" not in text:
                exec(compile(text, page, "exec"), names)


def test_the_job_of_the_cluster_page_runs(
    tmp_path: Path, run_mpi: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """A scheduler of our own notes what the job starts, and starts it on two processes."""
    (job,) = (text for text in blocks(ROOT / "docs/install.md", "sh") if "#SBATCH" in text)
    (tmp_path / "my-study.toml").write_text(TWO, encoding="utf-8")
    scheduler = tmp_path / "srun"
    scheduler.write_text('#!/bin/sh\nprintf "%s\\n" "$@" > started\n', encoding="utf-8")
    scheduler.chmod(0o755)
    surroundings = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "SLURM_SUBMIT_DIR": str(tmp_path)}
    subprocess.run(["sh", "-c", job], cwd=tmp_path, env=surroundings, timeout=60, check=True)
    program, command, study, *words = (tmp_path / "started").read_text(encoding="utf-8").split("\n")[:-1]
    assert program == "hotmesa"
    done = run_mpi(2, "-m", "mpi4py", "-m", "hotmesa", command, str(tmp_path / study), *words, timeout=120)
    assert done.returncode == 0, done.stderr
    assert len((tmp_path / "out/heat-sinks/table.csv").read_text(encoding="utf-8").splitlines()) == 3


def test_pages_have_commands() -> None:
    assert sum(len(commands(page)) for page in PAGES) > 60
