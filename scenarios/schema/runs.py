"""What is computed and kept: branch, stability, diagram, family, uniform model, output."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hotmesa.scenarios.schema.section import Positive, Section


class Branch(Section):
    """How far and how finely the branch is followed."""

    end_current_mA: Positive = Field(1.6, description="last current, landed on exactly")
    at_mA: tuple[Positive, ...] = Field(
        (), description="currents that the branch lands on exactly wherever it passes them; these states are kept"
    )
    min_points: int = Field(60, ge=4, le=100_000, description="at least this many points")
    max_points: int = Field(2000, ge=5, le=1_000_000, description="give up after this many points")


class Stability(Section):
    """Do small disturbances of the points of a branch grow, under voltage and current bias and [bias]?"""

    points: Literal["none", "counts", "kept", "all"] = Field(
        "counts",
        description="not computed; growing modes counted everywhere; with growth rates where fields are kept "
        "(output.every); with growth rates everywhere",
    )
    count: int = Field(2, ge=1, le=200, description="leading modes that are computed, more where more grow")
    modes: bool = Field(False, description="keep these modes as fields")


class Diagram(Section):
    """The search for all branches of steady states (mode = "diagram")."""

    depth: int = Field(1, ge=0, le=4, description="1: branches that leave the one from rest; 2: those that leave these")
    amplitude_K: Positive = Field(1.0, description="rms distance of the first point of a new branch from its beginning")
    directions: int = Field(16, ge=4, le=360, description="directions tried where two modes grow at once")
    step: Annotated[float, Field(gt=0, le=0.5)] = Field(0.2, description="largest step along a branch")
    max_branches: int = Field(24, ge=1, le=1000, description="no more than so many branches")
    deflation_at_mA: tuple[Positive, ...] = Field(
        (), description="currents at which states without connection are searched by deflation"
    )
    deflation_starts: int = Field(12, ge=1, le=10_000, description="how many guesses such a search starts from")
    seed: int = Field(0, ge=0, description="seed of these guesses")


class Family(Section):
    """The quasiparticle branches of partial stacks (mode = "family"): which numbers n of junctions carry voltage."""

    junctions: tuple[Annotated[int, Field(ge=1)], ...] = Field((), description="these n; default from first to last")
    first: int = Field(1, ge=1, description="first n")
    last: int | None = Field(None, ge=1, description="last n; default all junctions")
    step: int = Field(1, ge=1, description="from n to n")
    logarithmic: bool = Field(False, description="draw the current on a logarithmic scale")


class Uniform(Section):
    """The zero-dimensional model T = T_B + alpha I V, drawn beside the branch."""

    thermal_resistance_K_per_mW: Positive = Field(110.0, description="alpha")
    end_temperature_K: Positive = Field(300.0, description="last temperature of the curve")


class Output(Section):
    """What is kept besides the table."""

    hot_temperature_K: Positive = Field(74.0, description="a place is a hot spot above this temperature (T_c)")
    every: int = Field(
        4,
        ge=1,
        description="fields are kept at every n-th point, at folds, where the hot spot appears or fills, at the end",
    )
