"""Fixtures for all tests."""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from hotmesa.processes import outside_mpi

GRACE_S = 20.0
"""What mpiexec gets to end its ranks."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Random tests take their sizes from this: a minute in all by default, hours at night."""
    parser.addoption("--nightly", action="store_true", default=False, help="random tests at their full size")


def pytest_configure(config: pytest.Config) -> None:
    """Let DOLFINx be imported where numba is not installed: it tells so by a warning, and warnings are errors here."""
    os.environ.setdefault("HOTMESA_SCENE", "no")  # seconds a run; the tests of the scene ask for it
    config.addinivalue_line("filterwarnings", "ignore:Could not import numba:ImportWarning")
    # Under nohup a process does not hear that its terminal is gone: no test is about that.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.fixture(scope="session")
def nightly(request: pytest.FixtureRequest) -> bool:
    """Return whether random tests run at their full size."""
    return bool(request.config.getoption("--nightly"))


@pytest.fixture
def run_mpi() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function (ranks, *arguments of python) that runs under mpiexec and gives the completed process."""

    def run(ranks: int, *arguments: str, timeout: float = 400) -> subprocess.CompletedProcess[str]:
        mpiexec = shutil.which("mpiexec")
        if mpiexec is None:
            pytest.skip("there is no mpiexec")
        extra = {
            "OMPI_ALLOW_RUN_AS_ROOT": "1",
            "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_btl": "self,sm",
            # More processes than free cores: a waiting one must not keep the others from working.
            "OMPI_MCA_mpi_yield_when_idle": "1",
            "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
            "OMP_NUM_THREADS": "1",
        }
        command = [mpiexec, "-n", str(ranks), sys.executable, *arguments]
        kept = outside_mpi(os.environ)
        # One at a time, also of several workers: ranks that wait for each other on taken cores take minutes.
        # A folder each: what a killed mpiexec has left in that of all has the name of a process number.
        lock = Path(tempfile.gettempdir()) / f"hotmesa-tests-{os.getuid()}.lock"
        with lock.open("w") as stream, tempfile.TemporaryDirectory(prefix="mpi", ignore_cleanup_errors=True) as own:
            fcntl.flock(stream, fcntl.LOCK_EX)
            environment = kept | extra | {"TMPDIR": own}
            return _completed(command, environment, timeout)

    return run


def _completed(command: list[str], environment: dict[str, str], timeout: float) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; after its time it is asked to end, for a killed mpiexec leaves its ranks computing.

    Raises:
        subprocess.TimeoutExpired: it took too long.
    """
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.terminate()
            try:
                process.communicate(timeout=GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, out, err)
