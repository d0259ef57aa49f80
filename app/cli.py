"""The command line: hotmesa list | check | run | doctor."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from hotmesa.processes import leave_together
from hotmesa.scenarios import available_scenarios, load_scenario
from hotmesa.scenarios.describe import summary
from hotmesa.scenarios.errors import BAD_INPUT, INTERRUPTED, HotmesaError
from hotmesa.scenarios.files import bundled_plans, title_of
from hotmesa.scenarios.reference import schema_markdown, schema_text
from hotmesa.spectrum_arguments import add_spectrum, add_subtract
from hotmesa.study_arguments import add_compare, add_fit, add_study

_EPILOG = """\
examples:
  hotmesa run kurter2010-n19
  hotmesa run kurter2010-n19 --set bath.temperature_K=20 --out out/n19-20K
  hotmesa check my-mesa.toml
  hotmesa study study-heat-sinks && hotmesa compare out/heat-sinks
  mpirun -n 2 python -m mpi4py -m hotmesa run kurter2010-n19

exit status: 0 done, 2 bad input, 3 no convergence (what was reached is kept), 130 interrupted
"""
_SET_HELP = "change a key, for example mesa.junctions=12 or contacts.0.x_um=-3 (may be repeated; none leaves it out)"
_SOLVER_PACKAGES = ("dolfinx", "ufl", "basix", "petsc4py", "mpi4py", "gmsh")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (default: that of the process); the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = _parser().parse_args(arguments)
    options.command = shlex.join(["hotmesa", *arguments])
    try:
        return int(options.action(options))
    except BrokenPipeError:  # the reader, `head` for example, has seen enough
        sys.stderr.close()  # or the interpreter complains about the same at its end
        return 0
    except KeyboardInterrupt:
        return leave_together("interrupted", INTERRUPTED)
    except HotmesaError as error:
        return leave_together(str(error), error.status)
    except OSError as error:
        return leave_together(str(error), BAD_INPUT)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _SOLVER_PACKAGES:
            raise
        text = f"{error.name} is missing, and the spatial model needs it; `hotmesa doctor` tells how to get it"
        return leave_together(text, BAD_INPUT)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="hotmesa",
        description="Self-heating, hot spots and I(V) curves of intrinsic-Josephson-junction mesas.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    listing = commands.add_parser("list", help="names and titles of the bundled scenarios")
    listing.set_defaults(action=_list)
    _add_check(commands.add_parser("check", help="read a scenario, report all problems, say what it describes"))
    _add_run(commands.add_parser("run", help="compute a scenario and write its results to a folder"))
    _add_ltslm(commands.add_parser("ltslm", help="laser-scanning image of a finished run at one current"))
    _add_family(commands.add_parser("family", help="branches with n = 1, 2, ... of the junctions carrying voltage"))
    study = commands.add_parser("study", help="compute many cases of a scenario, resumable and side by side")
    add_study(study)
    study.set_defaults(action=_study)
    compare = commands.add_parser("compare", help="rank the cases of a study, or runs, by any number")
    add_compare(compare)
    compare.set_defaults(action=_compare)
    fit = commands.add_parser("fit", help="find values of scenario keys from measured data")
    add_fit(fit)
    fit.set_defaults(action=_fit)
    spectrum = commands.add_parser("spectrum", help="fit gap and scattering rate to a measured SIN or SIS conductance")
    add_spectrum(spectrum)
    spectrum.set_defaults(action=_spectrum)
    subtract = commands.add_parser("subtract", help="take the voltage of a contact in series out of a measured I(V)")
    add_subtract(subtract)
    subtract.set_defaults(action=_subtract)
    doctor = commands.add_parser("doctor", help="look at the installation and say what is missing or slow")
    doctor.set_defaults(action=_doctor)
    return parser


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", nargs="?", metavar="NAME-or-FILE", help="bundled scenario or TOML file")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help=_SET_HELP)
    parser.add_argument("--schema", action="store_true", help="show every key with type, range, unit and default")
    parser.add_argument("--markdown", action="store_true", help="with --schema: as Markdown tables")
    parser.set_defaults(action=_check)


def _add_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", metavar="NAME-or-FILE", help="bundled scenario or TOML file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the results (default: out/NAME)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help=_SET_HELP)
    parser.add_argument("--overwrite", action="store_true", help="replace results of an earlier run in the folder")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(action=_run)


def _add_ltslm(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("result", type=Path, metavar="RESULT", help="folder of a finished run")
    parser.add_argument("--current", type=float, required=True, metavar="I_mA", help="current in mA, held constant")
    parser.add_argument("--row", type=int, metavar="N", help="row of iv.csv (from 0) near the state that is meant")
    parser.add_argument("--beam-um", type=float, default=0.0, metavar="W", help="width of the beam (FWHM); 0: a point")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the files (default: RESULT/ltslm-ImA)")
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier image in the folder")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.set_defaults(action=_ltslm)


def _add_family(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("scenario", metavar="NAME-or-FILE", help="bundled scenario or TOML file")
    parser.add_argument("--junctions", metavar="N", help="which n: FIRST:LAST[:STEP], or a list 1,5,19 (default: all)")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the files (default: out/NAME-family)")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides", help=_SET_HELP)
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier family in the folder")
    parser.add_argument("--quiet", action="store_true", help="print errors only")
    parser.add_argument("--log", action="store_true", help="draw the current on a logarithmic scale")
    parser.set_defaults(action=_family)


def _list(options: argparse.Namespace) -> int:
    names = available_scenarios()
    width = max(len(name) for name in names)
    for name in names:
        sys.stdout.write(f"{name:<{width}}  {load_scenario(name).title}\n")
    for kind in ("study", "fit"):
        for index, name in enumerate(bundled_plans(kind)):
            head = f"\nfor hotmesa {kind}:\n" if index == 0 else ""
            sys.stdout.write(f"{head}{name:<{width}}  {title_of(name)}\n")
    return 0


def _check(options: argparse.Namespace) -> int:
    if options.schema:
        sys.stdout.write(schema_markdown() if options.markdown else schema_text())
        return 0
    if options.scenario is None:
        return leave_together("check needs the name of a scenario or a file, or --schema", BAD_INPUT)
    scenario = load_scenario(options.scenario, options.overrides)
    sys.stdout.write(f"{summary(scenario)}\nno problems found\n")
    return 0


def _run(options: argparse.Namespace) -> int:
    from hotmesa.runner import Request, run

    overrides = tuple(options.overrides)
    return run(Request(options.scenario, overrides, options.out, options.overwrite, options.quiet, options.command))


def _ltslm(options: argparse.Namespace) -> int:
    from hotmesa.image import ImageRequest, image_of_run
    from hotmesa.postprocess import load_run
    from hotmesa.postprocess.runs.image import render_image

    run = load_run(options.result)
    folder = options.out or options.result / f"ltslm-{options.current:g}mA"
    request = ImageRequest(
        options.current, options.row, options.beam_um, folder, options.overwrite, options.quiet, options.command
    )
    path = image_of_run(run.scenario, run.states, request)
    if path is not None:
        _say(options, folder, (path, *render_image(path)))
    return 0


def _family(options: argparse.Namespace) -> int:
    from hotmesa.family import FamilyRequest, family_of_scenario
    from hotmesa.postprocess.runs.family import draw_family

    overrides, counts = tuple(options.overrides), options.junctions
    request = FamilyRequest(
        options.scenario, overrides, counts, options.out, options.overwrite, options.quiet, options.command
    )
    outcome = family_of_scenario(request)
    if outcome.folder is not None:
        _say(options, outcome.folder, (outcome.folder / "family.csv", draw_family(outcome.folder, options.log)))
    return outcome.status


def _study(options: argparse.Namespace) -> int:
    from hotmesa.studies import StudyRequest, study, study_cases

    if options.list:
        sys.stdout.write("".join(f"{name}\n" for name in study_cases(options.study)))
        return 0
    outcome = study(
        StudyRequest(
            options.study, options.out, options.workers, options.mpi, tuple(options.case), options.collect,
            options.retry, options.overwrite, options.quiet, options.command,
        )
    )  # fmt: skip
    if outcome.folder is not None and outcome.files:
        _say(options, outcome.folder, outcome.files)
        if outcome.plan.study.rank_by:
            _rank(options, outcome.folder)
    return outcome.status


def _rank(options: argparse.Namespace, folder: Path) -> None:
    """Rank the cases of a study as its file says; one without any number to rank by is none the worse for it."""
    from hotmesa.postprocess import ResultError
    from hotmesa.postprocess.compare import Order, compare

    try:
        ranking = compare((folder,), Order())
    except ResultError as error:
        sys.stderr.write(f"hotmesa: no ranking: {error}\n")
        return
    if not options.quiet:
        sys.stdout.write(ranking.text(5) + "\n")
    _say(options, folder, ranking.files)


def _fit(options: argparse.Namespace) -> int:
    from hotmesa.fitting import FitRequest, fit
    from hotmesa.postprocess.compare_fit import draw_fit

    outcome = fit(
        FitRequest(
            options.fit, options.out, options.workers, options.mpi, options.overwrite, options.quiet, options.command
        )
    )
    if outcome.folder is not None and outcome.files:
        _say(options, outcome.folder, (*outcome.files, draw_fit(outcome.folder)))
    return outcome.status


def _compare(options: argparse.Namespace) -> int:
    from hotmesa.postprocess.compare import Order, compare

    order = Order(options.by, options.largest, options.smallest, options.target)
    ranking = compare(tuple(options.results), order, options.out)
    sys.stdout.write(ranking.text(options.top) + "\n")
    options.quiet = False
    _say(options, ranking.folder, ranking.files)
    return 0


def _say(options: argparse.Namespace, folder: Path, files: Sequence[Path]) -> None:
    """Tell where results are."""
    if not options.quiet:
        sys.stdout.write(f"results in {folder}: {', '.join(file.name for file in files)}\n")


def _spectrum(options: argparse.Namespace) -> int:
    from hotmesa.spectrum import SpectrumRequest, fit_file, fit_words

    window = (options.first, options.last)
    request = SpectrumRequest(
        options.data, options.kind, options.temperature, window, tuple(options.hold), options.out
    )  # fmt: skip
    sys.stdout.write(f"{fit_words(fit_file(request))}\n")
    return 0


def _subtract(options: argparse.Namespace) -> int:
    from hotmesa.spectrum import subtract_files

    rows = subtract_files(options.data, options.contact, options.out)
    sys.stdout.write(f"{rows} rows in {options.out}\n")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    from hotmesa.doctor import main as doctor

    return int(doctor() or 0)
