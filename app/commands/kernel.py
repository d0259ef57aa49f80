"""hotmesa kernel: Jupyter, wherever it is installed, finds this hotmesa."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from hotmesa.progress import tell
from hotmesa.solver.errors import RequestError

NAME = "hotmesa"
PACKAGE = "ipykernel>=6,<8"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes: nothing."""
    parser.description = "Install a kernel specification for this user; in Jupyter choose the kernel hotmesa then."


def main() -> int:
    """Install the specification; the exit status.

    Raises:
        RequestError: ipykernel is not installed.
        OSError: it cannot be written.
    """
    try:
        import ipykernel  # noqa: F401  what the specification starts
        from jupyter_client.kernelspec import KernelSpecManager
    except ModuleNotFoundError as error:
        raise RequestError(f"{error.name} is missing, and a kernel needs it: {_install_line()}") from None
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "kernel.json").write_text(json.dumps(specification(), indent=1), encoding="utf-8")
        place = KernelSpecManager().install_kernel_spec(folder, NAME, user=True)
    tell(sys.stdout, f"kernel {NAME} in {place}\n")
    return 0


def specification() -> dict[str, object]:
    """Return what kernel.json says. Interrupts come as messages: a signal would end the launcher and not the kernel."""
    start = [str(launcher), "--python"] if (launcher := _launcher()) else [sys.executable]
    return {
        "argv": [*start, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": NAME,
        "language": "python",
        "interrupt_mode": "message",
        "metadata": {"debugger": True},
    }


def _launcher() -> Path | None:
    """Return the launcher of the clone that this is, which brings its surroundings with it."""
    import hotmesa

    found = Path(hotmesa.__file__).resolve().parents[1] / "hotmesa"
    return found if found.is_file() and os.access(found, os.X_OK) else None


def _install_line() -> str:
    """Return the command that brings ipykernel."""
    launcher = _launcher()
    return f"{f'{launcher} exec ' if launcher else ''}python -m pip install '{PACKAGE}'"
