"""Going on with a run that was cut short: when it may, and from where."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotmesa.folder import COMPLETE, FolderError, cut_short, exclusive, remove_drafts
from hotmesa.postprocess import render
from hotmesa.postprocess.checkpoint import FILE as CHECKPOINT
from hotmesa.postprocess.checkpoint import Checkpoint, read_checkpoint
from hotmesa.postprocess.provenance import input_hashes, read_json, read_scenario
from hotmesa.postprocess.results import Run, load_run
from hotmesa.scenarios import Scenario, to_toml, toml
from hotmesa.solver.errors import RequestError

_SHOWN = 5
SCENARIO = "scenario.toml"
SIZES = ("size_um", "edge_size_um", "contact_size_um", "rim_size_um", "growth")
"""Of the elements: what mesh.accuracy_percent chooses."""


@dataclass
class Place:
    """Where a run is to be computed, and whether it goes on there.

    Attributes:
        folder: of the run; None: in memory.
        scenario: what is to be computed.
        no_resume: why this kind of run cannot go on; "" if it can.
        resume, overwrite: what was asked for.
        run, checkpoint: what there is of it and where it goes on, once `goes_on` has looked.
    """

    folder: Path | None
    scenario: Scenario
    no_resume: str
    resume: bool
    overwrite: bool
    run: Run | None = None
    checkpoint: Checkpoint | None = None

    def complete(self) -> bool:
        """Whether it is to go on and is done already.

        Raises:
            FolderError: the folder holds the run of another scenario.
            RequestError: it shall go on, and be replaced, or is nowhere.
        """
        if not self.resume:
            return False
        if self.overwrite or self.folder is None:
            raise RequestError("resume goes on with the run of a folder: it needs one, and no overwrite")
        self._refuse_another(self.folder)
        return bool(read_json(self.folder / "provenance.json").get("status") == COMPLETE)

    def requested(self) -> Scenario:
        """Return what is computed: with the elements and sublayers that the run there has chosen, if it goes on."""
        if not self.resume or self.folder is None or not (self.folder / SCENARIO).exists():
            return self.scenario
        there = read_scenario(self.folder / SCENARIO)
        return there if there.mesh.chosen else self.scenario

    def finish(self) -> None:
        """Make summary and figures of a complete run, should it have been ended or the disk been full meanwhile.

        Raises:
            ResultError: a table is missing or damaged.
            FolderError: another command is at work there.
            OSError: a file cannot be written.
        """
        if self.folder is None:
            return
        with exclusive(self.folder):  # whose figures may be at work
            remove_drafts(self.folder)
            checkpoint = self.folder / CHECKPOINT
            if checkpoint.exists() or not (self.folder / "summary.json").exists():
                render(self.folder, pictures=checkpoint.exists())
                checkpoint.unlink(missing_ok=True)

    @property
    def replaces(self) -> bool:
        """Whether what is in the folder may be replaced: asked for, or the beginning of a run that begins anew."""
        return self.overwrite or (self.resume and self.folder is not None and (self.folder / SCENARIO).exists())

    def goes_on(self) -> bool:
        """Look, once nobody else computes there, whether the run goes on.

        Raises:
            FolderError: the folder holds the run of another scenario.
            RequestError: a run is there that cannot go on.
            ResultError: a file of it is damaged.
        """
        if not self.resume or self.folder is None or not (self.folder / SCENARIO).exists():
            return False
        if self.no_resume and cut_short(self.folder):
            text = f"no run of the kind {self.scenario.mode} can be resumed ({self.no_resume}): --overwrite it"
            raise RequestError(f"{self.folder}: {text}")
        checkpoint = read_checkpoint(self.folder)
        if checkpoint is None:
            return False
        self.run = load_run(self.folder)
        self.checkpoint = self.run.back_to(checkpoint, self.folder)
        return True

    def _refuse_another(self, folder: Path) -> None:
        if not (folder / SCENARIO).exists():
            return
        there, here = (
            dict(_flat(s.model_dump(mode="json")))
            for s in (without_choice(read_scenario(folder / SCENARIO), self.scenario), self.scenario)
        )
        differing = [key for key in {**there, **here} if there.get(key) != here.get(key)]
        if differing:
            words = [f"{key} is {there.get(key)} there and {here.get(key)} here" for key in differing[:_SHOWN]]
            more = f"; and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
            raise FolderError(
                f"{folder} holds the run of another scenario, which cannot be resumed with this one: "
                f"{'; '.join(words)}{more}; replace it with --overwrite, or choose another folder with --out"
            )
        self._refuse_changed(folder)

    def _refuse_changed(self, folder: Path) -> None:
        before = read_json(folder / "provenance.json").get("inputs", {})
        now = input_hashes(toml.parse(to_toml(self.scenario)))
        changed = [name for name, known in before.items() if now.get(name) != known]
        if changed:
            raise FolderError(
                f"{', '.join(changed)}: not what the run in {folder} began with, which cannot be resumed with it; "
                "bring back the file as it was, replace the run with --overwrite, or choose another folder with --out"
            )


def without_choice(there: Scenario, requested: Scenario) -> Scenario:
    """Return the scenario of a run with the elements and sublayers asked for in place of those that it has chosen."""
    if not there.mesh.chosen or requested.mesh.chosen or len(there.layers) != len(requested.layers):
        return there
    keys = ("sublayers", "first_sublayer_um")
    layers = tuple(
        layer.model_copy(update={key: getattr(other, key) for key in keys})
        for layer, other in zip(there.layers, requested.layers, strict=True)
    )
    sizes = {key: getattr(requested.mesh, key) for key in (*SIZES, "chosen")}
    return there.model_copy(update={"layers": layers, "mesh": there.mesh.model_copy(update=sizes)})


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield the values of nested tables and lists with their dotted keys."""
    if isinstance(value, Mapping):
        items = list(value.items())
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        items = list(enumerate(value))
    else:
        yield path, value
        return
    for key, item in items:
        yield from _flat(item, f"{path}.{key}" if path else str(key))
