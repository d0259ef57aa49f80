"""What is here to compute with, what is slow, and the line that mends it: ``hotmesa doctor``.

Nothing heavy is imported before a check asks for it, so that the doctor also answers where DOLFINx is missing.
"""

from __future__ import annotations

import ctypes.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Literal

from hotmesa.processes import outside_mpi

OK: Literal["ok"] = "ok"
NOTE: Literal["note"] = "note"
BROKEN: Literal["broken"] = "broken"

SLOW_BLAS_GFLOPS = 10.0
"""Below this the reference BLAS is at work: it reaches 2 to 5 GFLOP/s where OpenBLAS reaches 50 and more."""

_SETUP_AGAIN = "./hotmesa setup    (or see docs/install.md)"
_PACKAGES = (
    "numpy", "scipy", "pydantic", "matplotlib", "meshio", "fenics-dolfinx", "mpi4py", "petsc4py", "gmsh", "pyvista",
)  # fmt: skip
_OPTIONAL = ("pyvista",)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        subject: what was looked at.
        state: "ok", "note" (usable, but slow or poorer) or "broken".
        detail: what was found.
        mend: the line that mends it, empty if there is nothing to mend.
    """

    subject: str
    state: Literal["ok", "note", "broken"]
    detail: str
    mend: str = ""

    def line(self) -> str:
        """The finding as one or two lines of text."""
        text = f"{self.state:6}  {self.subject:14}  {self.detail}"
        return f"{text}\n{'':24}mend: {self.mend}" if self.mend else text


def package_finding(name: str) -> Finding:
    """Version of a Python package, or how to get it."""
    try:
        return Finding(name, OK, version(name))
    except PackageNotFoundError:
        if name in _OPTIONAL:
            return Finding(name, NOTE, "not installed: scene.png is left out", "pip install pyvista")
        return Finding(name, BROKEN, "not installed", _SETUP_AGAIN)


def form_finding() -> Finding:
    """Whether a form can be compiled and assembled: the area of the unit square, which is 1 exactly."""
    import numpy as np
    import ufl
    from mpi4py import MPI

    from hotmesa.meshes.libraries import fem, mesh

    square = mesh.create_rectangle(MPI.COMM_SELF, [np.zeros(2), np.ones(2)], [1, 1])
    started = time.perf_counter()
    area = fem.assemble_scalar(fem.form(fem.Constant(square, np.float64(1.0)) * ufl.dx))
    elapsed = time.perf_counter() - started
    if abs(area - 1.0) > 1e-12:
        return Finding("forms", BROKEN, f"the unit square has area {area!r}", _SETUP_AGAIN)
    return Finding("forms", OK, f"DOLFINx compiles and assembles ({elapsed:.2f} s)")


def solver_finding() -> Finding:
    """Whether PETSc brings the direct solvers that hotmesa uses: MUMPS always, CHOLMOD where it can."""
    from hotmesa.meshes.libraries import PETSc
    from hotmesa.solver.linear.symmetric import is_available

    release = ".".join(str(part) for part in PETSc.Sys.getVersion())
    if not PETSc.Sys.hasExternalPackage("mumps"):
        return Finding("PETSc", BROKEN, f"PETSc {release} without MUMPS", "use a PETSc with MUMPS: docs/install.md")
    if not is_available():
        mend = "use a PETSc built with SuiteSparse"
        return Finding("PETSc", NOTE, f"PETSc {release} with MUMPS, without CHOLMOD: the sparse path is slower", mend)
    return Finding("PETSc", OK, f"PETSc {release} with MUMPS and CHOLMOD")


def blas_finding(size: int = 800) -> Finding:
    """Speed and correctness of PETSc's BLAS on a product of two matrices of small whole numbers.

    Args:
        size: rows of the square matrices.
    """
    import numpy as np

    from hotmesa.meshes.libraries import PETSc

    random = np.random.default_rng(0)
    a, b = (random.integers(-9, 10, (size, size)).astype(float) for _ in range(2))
    left, right = (PETSc.Mat().createDense((size, size), array=x.copy(order="F"), comm=PETSc.COMM_SELF) for x in (a, b))
    product = left.matMult(right)
    started = time.perf_counter()
    left.matMult(right, result=product)
    speed = 2.0 * size**3 / (time.perf_counter() - started) / 1e9
    # Whole numbers of this size are exact in doubles, so the products of a healthy BLAS are too.
    if not np.array_equal(product.getDenseArray()[:8], a[:8].astype(np.int64) @ b.astype(np.int64)):
        return Finding("BLAS", BROKEN, "a matrix product is wrong", "install another OpenBLAS; see OPENBLAS_CORETYPE")
    if speed < SLOW_BLAS_GFLOPS:
        mend = "apt-get install libopenblas0-pthread    (conda: libblas=*=*openblas)"
        return Finding("BLAS", NOTE, f"{speed:.1f} GFLOP/s: slow", mend)
    return Finding("BLAS", OK, f"{speed:.0f} GFLOP/s, {os.environ.get('OMP_NUM_THREADS', 'all')} thread(s) a process")


def egl_finding() -> Finding:
    """Whether pictures can be drawn without a screen (VTK ends the process where EGL is missing)."""
    if ctypes.util.find_library("EGL"):
        return Finding("EGL", OK, "found: pyvista can draw without a screen")
    return Finding("EGL", NOTE, "not found: pyvista cannot draw without a screen", "apt-get install libegl1")


def mpi_finding() -> Finding:
    """Whether mpirun starts two processes that know of each other."""
    mpirun = shutil.which("mpirun") or shutil.which("mpiexec")
    if mpirun is None:
        return Finding("MPI", NOTE, "no mpirun: one process only", "install the MPI that mpi4py was built with")
    environment = outside_mpi(os.environ)
    environment["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
    program = "from mpi4py import MPI; import sys; sys.stdout.write(f'size={MPI.COMM_WORLD.size} ')"
    result = subprocess.run(
        [mpirun, "-n", "2", sys.executable, "-P", "-c", program],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if result.returncode == 0 and result.stdout.split() == ["size=2", "size=2"]:
        return Finding("MPI", OK, f"{mpirun} -n 2 works")
    if result.returncode == 0:
        found = f"{mpirun} belongs to another MPI than mpi4py: its processes stand alone"
        return Finding("MPI", NOTE, found, "put the mpirun of mpi4py's MPI first in PATH")
    words = (result.stderr.strip() or result.stdout.strip() or "no message").splitlines()
    return Finding("MPI", NOTE, f"mpirun -n 2 failed: {words[-1]}", "mpirun -n 2 true    shows the whole message")


def writing_finding() -> Finding:
    """Whether a ParaView file can be written to the folder for temporary files."""
    import numpy as np
    from mpi4py import MPI

    from hotmesa.meshes.libraries import io, mesh

    with tempfile.TemporaryDirectory(prefix="hotmesa-doctor-") as folder:
        square = mesh.create_rectangle(MPI.COMM_SELF, [np.zeros(2), np.ones(2)], [1, 1])
        file = Path(folder) / "square.pvd"
        with io.VTKFile(MPI.COMM_SELF, str(file), "w") as output:
            output.write_mesh(square)
        size = sum(part.stat().st_size for part in Path(folder).iterdir())
    return Finding("files", OK if size else BROKEN, f"ParaView file of {size} bytes written")


def examine() -> Iterator[Finding]:
    """Look at everything in turn; a check that fails in an unforeseen way is itself a finding."""
    for name in _PACKAGES:
        yield package_finding(name)
    checks: tuple[tuple[str, Callable[[], Finding]], ...] = (
        ("forms", form_finding),
        ("PETSc", solver_finding),
        ("BLAS", blas_finding),
        ("EGL", egl_finding),
        ("MPI", mpi_finding),
        ("files", writing_finding),
    )
    for subject, check in checks:
        try:
            yield check()
        except Exception as error:  # reported, whatever it is
            yield Finding(subject, BROKEN, f"{type(error).__name__}: {error}", _SETUP_AGAIN)


def run_doctor(write: Callable[[str], object]) -> int:
    """Examine this installation and write one line a finding.

    Args:
        write: takes one line of text without its end of line.

    Returns:
        Exit status: 0 if hotmesa is usable here, 1 if something is broken.
    """
    write(f"Python {sys.version.split()[0]}  {sys.executable}")
    broken = 0
    for finding in examine():
        write(finding.line())
        broken += finding.state == BROKEN
    write("hotmesa is usable here" if not broken else f"{broken} broken: hotmesa cannot compute here")
    return 1 if broken else 0


def main(json: bool = False) -> int:
    """Run the doctor on standard output, in lines or as JSON; returns its exit status."""
    if not json:
        return run_doctor(lambda line: sys.stdout.write(f"{line}\n"))
    from hotmesa.scenarios.writing import json_text

    findings = [asdict(finding) for finding in examine()]
    sys.stdout.write(json_text({"python": sys.executable, "findings": findings}))
    return int(any(finding["state"] == BROKEN for finding in findings))
