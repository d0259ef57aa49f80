"""What is computed and kept: branch, stability, diagram, family, uniform model, output."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import File, Point, Positive, Section


class Branch(Section):
    """How far and how finely the branch is followed."""

    end_current_mA: Positive = Field(1.6, description="last current, landed on exactly")
    at_mA: tuple[Positive, ...] = Field(
        (), description="currents that the branch lands on exactly wherever it passes them; these states are kept",
        max_length=1000,
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
    step: Annotated[float, Field(ge=1e-4, le=0.5)] = Field(0.2, description="largest step along a branch")
    max_branches: int = Field(24, ge=1, le=1000, description="no more than so many branches")
    deflation_at_mA: tuple[Positive, ...] = Field(
        (), description="currents at which states without connection are searched by deflation", max_length=100
    )
    deflation_starts: int = Field(12, ge=1, le=10_000, description="how many guesses such a search starts from")
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of these guesses")


class Family(Section):
    """The quasiparticle branches of partial stacks (mode = "family"): which numbers n of junctions carry voltage."""

    junctions: tuple[Annotated[int, Field(ge=1, le=100_000)], ...] = Field(
        (), max_length=1000, description="these n; default from first to last"
    )
    first: int = Field(1, ge=1, le=100_000, description="first n")
    last: int | None = Field(None, ge=1, le=100_000, description="last n; default all junctions")
    step: int = Field(1, ge=1, le=100_000, description="from n to n")
    logarithmic: bool = Field(False, description="draw the current on a logarithmic scale")


class Josephson(Section):
    """Supercurrent of the junctions: marks on families of partial stacks, resonances; no part of the heat."""

    critical_voltage_mV: Positive | None = Field(
        None, description="I_c R_N of one junction at low temperature; without it nothing is marked"
    )
    temperature_dependence: Literal["two-fluid", "constant"] = Field(
        "two-fluid", description="I_c(T)/I_c(0): 1 - (T/T_c)^4, or 1 up to T_c"
    )
    critical_temperature_K: Positive | None = Field(
        None, description="T_c, where I_c vanishes and the cold part ends; default output.hot_temperature_K"
    )
    refractive_index: Annotated[float, Field(ge=1, le=1000)] = Field(
        4.2, description="refractive index n of the stack for waves along the layers, of its resonances"
    )
    mccumber_parameter: Annotated[float, Field(ge=4, le=1e15)] | None = Field(
        None, description="beta_c at low temperature, marks retrapping at 4 I_c/(pi sqrt(beta_c)); none: no mark"
    )

    def contradictions(self) -> Iterator[Finding]:
        """Nothing is marked without a critical current."""
        if self.critical_voltage_mV is not None:
            return
        for key in ("temperature_dependence", "mccumber_parameter"):
            if self.differs(key):
                text = "has no effect without critical_voltage_mV, the I_c R_N of one junction"
                yield Finding((key,), text, (("critical_voltage_mV",),))


ALONE_K_PER_MW = 110.0
"""Best value of Kurter et al., Phys. Rev. B 81, 224518 (2010), Sec. III.A."""


class Uniform(Section):
    """The zero-dimensional model I V = C(T), T = T_B + alpha I V if nothing else is said, drawn beside the branch."""

    thermal_resistance_K_per_mW: Positive | None = Field(
        None, description='alpha; default that of the device at the end of its branch, or 110 with mode = "uniform"'
    )
    cooling_exponent: Annotated[float, Field(ge=0.1, le=20)] = Field(
        1.0, description="n of the cooling C(T) in proportion to T^n - T_B^n"
    )
    cooling_reference_K: Positive = Field(
        74.0, description="where that cooling is (T - T_B)/alpha; has no effect for n = 1"
    )
    cooling_table: File | None = Field(
        None, description="CSV file T_K,P_mW, both increasing, from T_B on: the cooling, in place of alpha"
    )
    end_temperature_K: Positive = Field(300.0, description="last temperature of the curve")

    def contradictions(self) -> Iterator[Finding]:
        """One source of the cooling."""
        if self.cooling_table is not None:
            common = self.thermal_resistance_K_per_mW == ALONE_K_PER_MW  # that of the bundled uniform scenario
            for key in ("thermal_resistance_K_per_mW", "cooling_exponent", "cooling_reference_K"):
                if self.differs(key) and not (key == "thermal_resistance_K_per_mW" and common):
                    text = "has no effect with cooling_table, which is the whole cooling; keep one"
                    yield Finding((key,), text, (("cooling_table",),))
        elif self.differs("cooling_reference_K") and not self.differs("cooling_exponent"):
            text = "has no effect with cooling_exponent = 1, which is (T - T_B)/alpha everywhere"
            yield Finding(("cooling_reference_K",), text, (("cooling_exponent",),))

    @property
    def given(self) -> bool:
        """Whether a thermal resistance or a table of the cooling is given; else it is that of the device."""
        return self.thermal_resistance_K_per_mW is not None or self.cooling_table is not None

    def alone(self) -> Uniform:
        """The section as it is read where there is no device whose thermal resistance it could take."""
        return self if self.given else self.model_copy(update={"thermal_resistance_K_per_mW": ALONE_K_PER_MW})

    def describe(self) -> str:
        """The cooling in a few words."""
        if self.cooling_table is not None:
            return f"cooling of {self.cooling_table}"
        given = self.thermal_resistance_K_per_mW
        alpha = "the mean thermal resistance of the device" if given is None else f"{given:g} K/mW"
        if self.cooling_exponent == 1.0:
            return alpha
        return f"cooling like T^{self.cooling_exponent:g}, {alpha} at {self.cooling_reference_K:g} K"


class Output(Section):
    """What is kept besides the table."""

    hot_temperature_K: Positive = Field(74.0, description="a place is a hot spot above this temperature (T_c)")
    every: int = Field(
        4,
        ge=1, le=1_000_000,
        description="fields are kept at every n-th point, at folds, where the hot spot appears or fills, at the end",
    )
    probes_um: tuple[Point, ...] = Field(
        (), max_length=500, description="places x, y on the mesa whose temperature becomes the columns T_probe_<n>_K"
    )
