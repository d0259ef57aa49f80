"""Questions to a Python that may serve as the base of the environment; run by that Python itself.

``probe``        status 0 if it has a usable DOLFINx, else 1 and the reason on standard output
``constraints``  pins for pip, so that nothing replaces what came with DOLFINx
``parents``      folders of packages that a new virtual environment would not see by itself
"""

import sys

MINIMUM_PYTHON = (3, 11)
MINIMUM_DOLFINX = (0, 9)
# Compiled against one another by whoever built DOLFINx: a newer one from PyPI would not fit.
PINNED = (
    "numpy", "scipy", "mpi4py", "petsc4py", "slepc4py", "h5py", "fenics-dolfinx", "fenics-ufl", "fenics-basix",
    "fenics-ffcx", "matplotlib", "pydantic", "pydantic-core", "meshio",
)  # fmt: skip


def probe() -> str:
    """Return why this Python cannot serve, or an empty string."""
    if sys.version_info < MINIMUM_PYTHON:
        return f"Python {sys.version_info[0]}.{sys.version_info[1]} is too old"
    try:
        import dolfinx
        from petsc4py import PETSc
    except Exception as error:
        return f"no usable DOLFINx: {error}"
    version = tuple(int(part) for part in dolfinx.__version__.split(".")[:2])
    if version < MINIMUM_DOLFINX:
        return f"DOLFINx {dolfinx.__version__} is too old"
    if PETSc.ScalarType(0).dtype.kind != "f":
        return "its PETSc is built for complex numbers"
    return ""


def constraints() -> str:
    """Return one ``name==version`` line for every pinned package that is here."""
    from importlib.metadata import PackageNotFoundError, version

    lines = []
    for name in PINNED:
        try:
            lines.append(f"{name}=={version(name)}\n")
        except PackageNotFoundError:
            continue
    return "".join(lines)


def parents() -> str:
    """Return the package folders of the virtual environment that this Python is, if it is one."""
    import sysconfig

    if sys.prefix == sys.base_prefix:
        return ""
    return "".join(f"{path}\n" for path in sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))


def main() -> int:
    """Answer the question named on the command line."""
    answer = {"probe": probe, "constraints": constraints, "parents": parents}[sys.argv[1]]()
    sys.stdout.write(answer)
    return 1 if sys.argv[1] == "probe" and answer else 0


if __name__ == "__main__":
    raise SystemExit(main())
