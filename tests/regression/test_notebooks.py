"""The notebooks run from the first cell to the last and show what they are about."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hotmesa.cli import main

nbformat = pytest.importorskip("nbformat")
client = pytest.importorskip("nbclient")
NOTEBOOKS = sorted((Path(__file__).parents[2] / "docs" / "notebooks").glob("nb*.ipynb"))
SAYS = {
    "nb01": r"(?s)mesh_error_V_percent.*19 junctions: hottest place 1\d\d\.\d K",
    "nb02": r"(?s)8 ok.*radius-1\.5_thickness-0\.06_centre .* K; radius-1\.0_thickness-0\.02_corner",
    "nb03": r"(?s)own law: V = .*own law in helium: V = .* hottest [4-9]\.|own law in helium: V = .* hottest 1\d\.",
    "nb04": r"(?s)µm² of 100 µm² are above 77 K.*states; \d+ points",
    "nb05": r"(?s)uniform\.thermal_resistance_K_per_mW +(79|80|81)\.?\d* ±.*SensitivityResult of kurter2010-n19",
    "nb06": r"10 mA: V = \d+ mV, hottest \d+ K, 0 growing",
}
PICTURES = {"nb01": 2, "nb02": 1, "nb05": 1, "nb06": 1}


def told(book: Any) -> str:
    """Return what the cells have printed or returned, as text."""
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return "\n".join(str(output.get("text") or output.get("data", {}).get("text/plain", "")) for output in outputs)


def pictures(book: Any) -> int:
    """Return how many outputs hold a picture."""
    outputs = [output.get("data", {}) for cell in book.cells for output in cell.get("outputs", [])]
    return sum("image/png" in data or "data:image/png" in str(data.get("text/html", "")) for data in outputs)


def test_there_are_six_without_outputs() -> None:
    assert [path.name[:4] for path in NOTEBOOKS] == list(SAYS)
    for path in NOTEBOOKS:
        assert '"output_type"' not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    run = client.NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    run.execute()
    assert re.search(SAYS[path.name[:4]], told(book)), told(book)
    assert pictures(book) >= PICTURES.get(path.name[:4], 0)


def test_the_kernel_is_installed_for_this_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path))
    assert main(["kernel"]) == 0
    told = json.loads((tmp_path / "kernels" / "hotmesa" / "kernel.json").read_text(encoding="utf-8"))
    start, last = told["argv"][0], told["argv"][-3:]
    assert os.access(start, os.X_OK)
    assert last == ["ipykernel_launcher", "-f", "{connection_file}"]


def test_without_ipykernel_a_line_tells_what_brings_it() -> None:
    code = "import sys; sys.modules['ipykernel'] = None\nfrom hotmesa.cli import main; sys.exit(main(['kernel']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "ipykernel is missing" in done.stderr and "pip install 'ipykernel" in done.stderr
