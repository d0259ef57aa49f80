"""What a run writes about itself: run.log, scenario.toml, provenance.json."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from hotmesa.folder import COMPLETE, CUT, exclusive, prepare, refuse_foreign, remove_drafts
from hotmesa.postprocess import provenance
from hotmesa.postprocess.journal import FILE as JOURNAL
from hotmesa.processes import on_first
from hotmesa.progress import Progress, ProgressHandler
from hotmesa.scenarios.writing import write_json, write_text


class RunRecord:
    """The record of one run in its folder; on other processes than the first it writes nothing.

    Attributes:
        folder: where results go, None where nothing is written.
        wall_s: seconds from the start to `finish`.
        provenance: what provenance.json holds.
        lock: keeps other runs out of the folder until `logging` is left.
    """

    def __init__(
        self, folder: Path | None, resolved_toml: str, command: str, mpi_size: int, goes_on: bool = False
    ) -> None:
        """Write scenario.toml and the first provenance.json.

        Raises:
            OSError: the folder cannot be written to.
        """
        self.folder = folder
        self.wall_s = 0.0
        self._mode = "a" if goes_on else "w"
        self.lock = ExitStack()
        self.log = logging.getLogger("hotmesa.run")
        self._started = time.perf_counter()
        self.provenance: dict[str, provenance.Value] = {}
        if folder is not None:
            self.provenance = provenance.collect(resolved_toml, command, mpi_size)
            write_text(folder / "scenario.toml", resolved_toml)
            write_json(folder / "provenance.json", self.provenance)

    @contextmanager
    def logging(self, progress: Progress) -> Iterator[None]:
        """While inside, messages of the package and warnings go to run.log, warnings to the terminal too."""
        handlers: list[logging.Handler] = [ProgressHandler(progress)]
        if self.folder is not None:
            handlers.append(logging.FileHandler(self.folder / "run.log", mode=self._mode, encoding="utf-8"))
        handlers[-1].setFormatter(logging.Formatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
        loggers = [logging.getLogger("hotmesa"), logging.getLogger("py.warnings")]
        before = [(logger.level, logger.propagate) for logger in loggers]
        logging.captureWarnings(True)
        for logger in loggers:
            logger.setLevel(logging.INFO)
            logger.propagate = False
            for handler in handlers:
                logger.addHandler(handler)
        try:
            self.log.info("%s", self.provenance.get("command", ""))
            yield
        except BaseException as error:
            # Not as an error: those are shown on the terminal, where the caller says it in its own words.
            self.log.info("%s: %s", type(error).__name__, error)
            if self.provenance.get("status") != COMPLETE:  # else its points are, and it is a picture that is not
                with suppress(OSError):  # the disk may be full, and that be the error
                    self.finish(CUT if isinstance(error, KeyboardInterrupt) else "failed")
            raise
        finally:
            self.lock.close()
            logging.captureWarnings(False)
            for logger, (level, propagate) in zip(loggers, before, strict=True):
                logger.setLevel(level)
                logger.propagate = propagate
                for handler in handlers:
                    logger.removeHandler(handler)
            for handler in handlers:
                handler.close()

    def resolve(self, resolved_toml: str, error_percent: float | None) -> None:
        """Put down the scenario whose elements and sublayers the run has chosen, and the error of V it expects."""
        if self.folder is None:
            return
        requested = self.provenance["scenario_sha256"]
        self.provenance |= {"asked_sha256": requested, "scenario_sha256": provenance.sha256(resolved_toml)}
        self.provenance |= {"chosen_error_V_percent": error_percent}
        write_text(self.folder / "scenario.toml", resolved_toml)
        write_json(self.folder / "provenance.json", self.provenance)

    def point(self, row: Mapping[str, Any]) -> None:
        """Log a point of the branch."""
        self.log.info(
            "%sV %.6g mV, I %.6g mA, T_max %.5g K, %s Newton steps, heat balance %s %s",
            f"t {row['t_us']:.6g} µs, " if "t_us" in row else "",
            row["V_mV"],
            row["I_mA"],
            row["T_max_K"],
            row.get("newton_steps", "?"),
            row.get("heat_balance_error", "?"),
            f"fold in {row['fold']}" if row.get("fold") else "",
        )

    def discard(self) -> None:
        """Remove what the record has written, and the folder if nothing else is there: no run has taken place."""
        if self.folder is None:
            return
        for name in ("scenario.toml", "provenance.json", "run.log", JOURNAL):
            (self.folder / name).unlink(missing_ok=True)
        with suppress(OSError):  # it holds files of somebody else
            self.folder.rmdir()

    def finish(self, status: str) -> None:
        """Write the final provenance.json: how the run ended and how long it took.

        Raises:
            OSError: the file cannot be written.
        """
        self.wall_s = time.perf_counter() - self._started
        if self.folder is not None:
            self.provenance |= {"status": status, "wall_s": round(self.wall_s, 3)}
            write_json(self.folder / "provenance.json", self.provenance)
        self.log.info("%s after %.2f s", status, self.wall_s)


@contextmanager
def claimed(comm: Any, folder: Path | None, overwrite: bool, own: Sequence[str]) -> Iterator[None]:
    """Make room in a folder for files of the patterns `own`, and keep other commands out while inside. Collective.

    Without a folder there is nothing to do.

    Raises:
        FolderError: such files exist and may not be overwritten, another command writes there, or it cannot be used.
    """
    with ExitStack() as lock:

        def make_room() -> None:
            if folder is not None:
                lock.enter_context(exclusive(folder))
                prepare(folder, overwrite, own)

        on_first(comm, make_room)
        yield


def begin_record(
    comm: Any, folder: Path, resolved_toml: str, command: str, overwrite: bool, own: Sequence[str] | None = None,
    goes_on: Callable[[], bool] | None = None,
) -> RunRecord:  # fmt: skip
    """Make room in a folder and begin the record of a run there; on other processes than the first an empty one.

    Args:
        comm: communicator of all processes.
        folder: of the results.
        resolved_toml: text of scenario.toml.
        command: the command line.
        overwrite: whether results there may be replaced.
        own: patterns of what counts as results; None: those of a run.
        goes_on: asked by the first process once the folder is locked: whether what is there is to be continued.

    Raises:
        FolderError: results exist and may not be overwritten, or the folder cannot be used.
        OSError: the folder cannot be written to.
    """
    continued = False

    def make_room() -> None:
        nonlocal continued
        lock.enter_context(exclusive(folder))
        refuse_foreign(folder, "scenario.toml")
        continued = goes_on is not None and goes_on()
        if continued:
            remove_drafts(folder)
        else:
            prepare(folder, overwrite, own)

    lock = ExitStack()
    try:
        on_first(comm, make_room)
        first = comm is None or comm.rank == 0
        size = 1 if comm is None else comm.size
        record = RunRecord(folder if first else None, resolved_toml, command, size, continued)
    except BaseException:
        lock.close()
        raise
    record.lock = lock
    return record
