"""Write docs/code-map.md: the modules of the four packages by what they are for, from the ground up.

python docs/make_code_map.py
"""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "code-map.md"
INTRODUCTION = """# Code map

Written by `python docs/make_code_map.py` from the first lines of the modules. Each group uses the groups above it;
`scenarios` knows nothing of the others, `meshes` knows `scenarios`, `solver` knows both, `postprocess` reads result
folders. To add an observable, write a function in `solver/observables.py`; a material, one in `solver/materials.py`; a
law, a class like those of `solver/laws.py`; a device, one TOML file in `scenarios/`; a picture, one in `postprocess/`.
"""
# Group: folder and modules.
GROUPS: dict[str, tuple[str, str]] = {
    "What a user writes": (
        "scenarios",
        "schema load files overrides keys emit reference summary value_rules rules plan_rules shapes bias_rules "
        "source_table stability_rules transient_rules findings errors messages",
    ),
    "Studies and fits as a user writes them": (
        "scenarios",
        "study study_axes study_values study_observables study_load study_errors fit fit_data fit_load",
    ),
    "Geometry to mesh": ("meshes", "build sizes grading outlines plan line user raw tagged quality compat errors"),
    "Ground": ("solver", "constants errors curves parallel interrupts run_folder processes"),
    "Junction law": ("solver", "device gap dos tunnelling law_table law_build law_cache law_files laws"),
    "Uniform heating": ("solver", "uniform_states uniform_features uniform"),
    "Device: from layers to the heat balance": (
        "solver",
        "materials stack operators layout vertical couplings sinks heating linearisation nearly_symmetric conduction "
        "condensed model variants",
    ),
    "States and branches": (
        "solver",
        "bordered_vector bordered bias branch_problem continuation steady fields observables",
    ),
    "Stability and bifurcations": (
        "solver",
        "eigen ritz tracking stability branch_stability trace patterns bifurcation deflation diagram",
    ),
    "Time": ("solver", "waveforms time_stepper stored_heat transient settling sweep stored_states restart"),
    "What other measurements see": ("solver", "ltslm josephson family spectrum_fit"),
    "Figures of merit and pictures": (
        "postprocess",
        "errors tables run curve summary sweep_summary transient_summary stability_lines figure_style figure_iv "
        "figure_map figure_sweep figure_transient figure_diagram figure_family figure_ltslm paraview render report "
        "compare compare_figure compare_fit",
    ),
    "Runs and their files": (
        "solver",
        "provenance progress run_record branch job_tools job_transient job_sweep job_diagram job",
    ),
    "Studies and fits": (
        "solver",
        "study_case study_pool study_values study_table study_job fit_curves fit_model fit_result fit_job",
    ),
    "Commands": (
        "solver",
        "ltslm_job family_job spectrum_job spectrum_arguments study_arguments doctor cli __main__",
    ),
}


def page() -> str:
    """Return the text of the page.

    Raises:
        ValueError: a module is in no group, in two, or does not exist.
    """
    named = [f"{folder}/{name}.py" for folder, names in GROUPS.values() for name in names.split()]
    folders = ("scenarios", "meshes", "solver", "postprocess")
    there = {f"{f}/{file.name}" for f in folders for file in (ROOT / f).glob("*.py") if file.name != "__init__.py"}
    wrong = sorted(there.symmetric_difference(named)) + sorted({name for name in named if named.count(name) > 1})
    if wrong:
        raise ValueError(f"docs/make_code_map.py: each module belongs into one group: {', '.join(wrong)}")
    parts = [INTRODUCTION]
    for title, (folder, names) in GROUPS.items():
        rows = [f"| [{name}](../{folder}/{name}.py) | {_first_line(folder, name)} |" for name in names.split()]
        parts.append("\n".join([f"## {title} (`{folder}`)", "", "| module | |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def _first_line(folder: str, name: str) -> str:
    text = ast.get_docstring(ast.parse((ROOT / folder / f"{name}.py").read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0].replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
