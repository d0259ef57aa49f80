"""Questions to a Python that may serve as the base of the environment; run by that Python itself.

``probe``        status 0 if it has a usable DOLFINx, else 1 and the reason on standard output
``constraints``  pins for pip, so that nothing replaces what came with DOLFINx
``parents``      folders of packages that a new virtual environment would not see by itself
``unmet``        PYPROJECT EXTRAS LOCK: lines of the lock file for what this Python lacks of the project's requirements;
                 status 1 and the requirements on standard error if one of them has no such line
``base``         names and versions of the packages below a virtual environment, for making the lock file
"""

import re
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


def base() -> str:
    """Return ``name==version`` for every package of the Python below this environment, as its distribution built it."""
    from importlib.metadata import distributions

    folders = [path for path in sys.path if not path.startswith(sys.prefix) or sys.prefix == sys.base_prefix]
    known = {plain(package.metadata["Name"]): package.version for package in distributions(path=folders)}
    # Versions with additions of the distribution are on no index, and builds from between two versions neither.
    fit = {name: version.partition("+")[0] for name, version in known.items() if ".dev" not in version}
    return "".join(f"{name}=={version}\n" for name, version in sorted(fit.items()))


def plain(name: str) -> str:
    """Return the name of a package as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def unmet(pyproject: str, extras: str, lock: str) -> str:
    """Return the lines of a lock file for what is missing here, once something is."""
    lines = locked(lock)
    names = lacking(pyproject, extras)
    unknown = sorted(names.keys() - lines.keys())
    if unknown:
        raise LookupError(", ".join(names[name] for name in unknown))
    wanted = names.keys() | {name for name in lines if installed(name) is None} if names else ()
    return "".join(lines[name] for name in sorted(wanted))


def locked(lock: str) -> dict[str, str]:
    """Return the lines of each package in a lock file."""
    with open(lock, encoding="utf-8") as file:
        blocks = re.split(r"\n(?=[a-z])", "\n" + file.read())[1:]
    return {plain(block.partition("==")[0].strip()): block.rstrip("\n") + "\n" for block in blocks}


def lacking(pyproject: str, extras: str) -> dict[str, str]:
    """Return by name the requirements of the project, and of what it requires, that are not met here."""
    import tomllib

    with open(pyproject, "rb") as file:
        told = tomllib.load(file)
    project = told["project"]
    groups = [project["optional-dependencies"][name] for name in extras.split(",") if name]
    every = (told["build-system"]["requires"], project["dependencies"], *groups)
    waiting = [(line, "") for group in every for line in group]
    seen, missing = set(), {}
    while waiting:
        line, extra = waiting.pop()
        wanted = requirement(line)
        name = plain(wanted.name)
        if (line, extra) in seen or (wanted.marker and not wanted.marker.evaluate({"extra": extra})):
            continue
        seen.add((line, extra))
        package = installed(name)
        if package is None or not wanted.specifier.contains(package.version, prereleases=True):
            missing[name] = line
        else:
            waiting += [(text, own) for own in (*wanted.extras, "") for text in package.requires or ()]
    return missing


def requirement(line: str):
    """Return a requirement line in its parts."""
    try:
        from packaging.requirements import Requirement
    except ModuleNotFoundError:
        from pip._vendor.packaging.requirements import Requirement
    return Requirement(line)


def installed(name: str):
    """Return what is known of an installed package, or None."""
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def main() -> int:
    """Answer the question named on the command line."""
    questions = {"probe": probe, "constraints": constraints, "parents": parents, "unmet": unmet, "base": base}
    try:
        answer = questions[sys.argv[1]](*sys.argv[2:])
    except LookupError as error:
        sys.stderr.write(f"{error.args[0]}\n")
        return 1
    sys.stdout.write(answer)
    return 1 if sys.argv[1] == "probe" and answer else 0


if __name__ == "__main__":
    raise SystemExit(main())
