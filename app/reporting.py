"""Reports of results: one HTML file of a run, of several, or of the folder of a study, fit or search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hotmesa.folder import FolderError
from hotmesa.plotting import apart
from hotmesa.postprocess.compare import STUDY, TABLE
from hotmesa.postprocess.report import fit, run, several, study, written
from hotmesa.postprocess.report.document import MARK, NEEDED, as_document
from hotmesa.postprocess.report.parts import Page
from hotmesa.postprocess.results import Run, load_run
from hotmesa.postprocess.tables import ResultError
from hotmesa.scenarios.writing import write_text
from hotmesa.solver.errors import RequestError

FILE = "report.html"
TOGETHER = Path("out") / FILE
"""Where the report of several results goes."""
ENDINGS = (".html", ".htm")
LOOKED_AT = 1000
"""Characters at the beginning of a file by which a report is known."""


def report(
    results: str | Path | Sequence[str | Path], out: str | Path | None = None, overwrite: bool = False
) -> Path:  # fmt: skip
    """Write the report of results as one HTML file, which needs no other and no network, and return it.

    Args:
        results: folder of a run, study, fit, optimisation, uncertainty or sensitivity, or folders of several runs.
        out: file; None for report.html in the folder, of several out/report.html.
        overwrite: whether a file may be replaced that is no report.

    Raises:
        RequestError: plotly or jinja2 is missing, a name that is no .html, or the same folder twice.
        ResultError: a folder holds no results, or damaged ones.
        FolderError: the file is there and is no report.
        OSError: it cannot be written.
    """
    folders = [Path(results)] if isinstance(results, str | Path) else [Path(path) for path in results]
    file = Path(out) if out is not None else folders[0] / FILE if len(folders) == 1 else TOGETHER
    _refuse(file, overwrite)
    page = page_of(folders)
    try:
        text = as_document(page)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in NEEDED:
            raise
        raise RequestError(
            f"{package} is missing, and hotmesa report needs it: pip install 'hotmesa[report]'"
        ) from None
    file.parent.mkdir(parents=True, exist_ok=True)
    return write_text(file, text)


def _refuse(file: Path, overwrite: bool) -> None:
    """Refuse a name that is no page, and to replace what is no report.

    Raises:
        RequestError, FolderError: as said.
    """
    if file.suffix.lower() not in ENDINGS:
        raise RequestError(f"--out {file}: a report is a file that ends with {' or '.join(ENDINGS)}")
    if file.is_dir():
        raise FolderError(f"{file}: is a folder; name a file with --out")
    if file.is_file() and not overwrite:
        with file.open(encoding="utf-8", errors="replace") as stream:
            if MARK not in stream.read(LOOKED_AT):
                raise FolderError(
                    f"{file} is there and is no report; add --overwrite to replace it, or choose another --out"
                )


def page_of(folders: Sequence[Path]) -> Page:
    """Return the sections of the report of some folders.

    Raises:
        RequestError: the same folder twice.
        ResultError: a folder holds no results, or damaged ones, or not a run where there are several.
    """
    if len(folders) > 1:
        return several.page_of(dict(zip(apart(folders), map(_run_in, folders), strict=True)))
    (folder,) = folders
    if not folder.is_dir():
        load_run(folder)  # tells that there is none
    if (folder / STUDY).is_file():
        return _of_study(folder)
    if (folder / "fit.toml").is_file() or (folder / fit.FIT).is_file():
        return fit.page_of(folder)
    sort = written.sort_of(folder)
    if sort is not None:
        return written.page_of(folder, sort)
    return run.page_of(_run_in(folder))


def _of_study(folder: Path) -> Page:
    if not (folder / TABLE).is_file():
        raise ResultError(
            f"{folder}: the study has no {TABLE} yet; `hotmesa study … --collect --out {folder}` makes it of the cases "
            "that are there"
        )
    return study.page_of(folder)


def _run_in(folder: Path) -> Run:
    if (folder / STUDY).is_file():
        raise RequestError(f"{folder}: is the folder of a study; give it alone, or its cases in {folder}/cases")
    found = load_run(folder)
    if not len(found):
        raise ResultError(f"{folder / found.kind.table}: holds no point, there is nothing to report")
    return found
