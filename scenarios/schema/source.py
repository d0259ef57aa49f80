"""The source: what it holds, the sweep that an experiment makes with it, and its course in time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import FILE, File, Length, NonNegative, Number, Positive
from hotmesa.scenarios.schema.union import Kinds

CapacitanceNF = Annotated[NonNegative, Field(description="capacitance parallel to the mesa, in time only")]
LegsMV = Annotated[
    tuple[Number, ...] | None,
    Field(description="turning values of a sweep of the voltage, or of V_s behind a load", max_length=1000),
]


class Bias(Kinds):
    """The source that drives the device, and the sweep that an experiment makes with it."""

    usual: ClassVar[str] = "current"
    unit: ClassVar[Literal["mA", "mV"]] = "mV"

    kind: str
    points_per_leg: int = Field(30, ge=2, le=10_000, description="at least this many points on each leg")
    max_steps: int = Field(
        2000, ge=10, le=10_000_000, description="give up a leg of a sweep after this many points and steps in time"
    )

    @property
    def legs_key(self) -> str:
        """The key that holds the legs of a sweep."""
        return f"legs_{self.unit}"

    @property
    def legs(self) -> tuple[Number, ...]:
        """The turning values of the sweep in the unit of the source; empty where none are given."""
        return getattr(self, self.legs_key) or ()

    @property
    def series_ohm(self) -> float:
        """Resistance (Ω) between source and mesa, 0 without one."""
        return 0.0

    @property
    def parallel_nF(self) -> float:
        """Capacitance (nF) parallel to the mesa, 0 without one."""
        return 0.0


class CurrentBias(Bias):
    """The source holds the current."""

    unit: ClassVar[Literal["mA", "mV"]] = "mA"
    foreign: ClassVar[dict[str, str]] = {
        "legs_mV": 'is in the wrong unit: kind = "current" sweeps a current; give legs_mA'
    }

    words: ClassVar[str] = "current"
    kind: Literal["current"] = "current"
    capacitance_nF: CapacitanceNF = 0.0
    legs_mA: tuple[Number, ...] | None = Field(
        None, description="turning values of a sweep of the current, in order: [0, 4, 0] goes up and down",
        max_length=1000,
    )

    @property
    def parallel_nF(self) -> float:
        """Capacitance (nF) parallel to the mesa, 0 without one."""
        return self.capacitance_nF


class VoltageBias(Bias):
    """The source holds the voltage."""

    foreign: ClassVar[dict[str, str]] = {
        "legs_mA": 'is in the wrong unit: kind = "voltage" sweeps a voltage; give legs_mV',
        "capacitance_nF": 'has no effect with kind = "voltage": an ideal source charges it at once; leave it out',
    }

    words: ClassVar[str] = "voltage"
    kind: Literal["voltage"] = "voltage"
    legs_mV: LegsMV = None


class LoadLine(Bias):
    """The source holds V_s = V + R_L I, a voltage behind a resistor."""

    foreign: ClassVar[dict[str, str]] = {
        "legs_mA": 'is in the wrong unit: kind = "load-line" sweeps the voltage V_s of the source; give legs_mV'
    }

    words: ClassVar[str] = "voltage of a source behind {load_resistance_ohm:g} Ω"
    kind: Literal["load-line"] = "load-line"
    load_resistance_ohm: Positive = Field(description="R_L of the load line V + R_L I = V_s")
    capacitance_nF: CapacitanceNF = 0.0
    legs_mV: LegsMV = None

    @property
    def series_ohm(self) -> float:
        """Resistance (Ω) between source and mesa."""
        return self.load_resistance_ohm

    @property
    def parallel_nF(self) -> float:
        """Capacitance (nF) parallel to the mesa, 0 without one."""
        return self.capacitance_nF


class SourceTable(NamedTuple):
    """Points of the source, linear between them: times in µs and values in mA or mV; equal times are a jump."""

    t_us: tuple[Number, ...]
    values: tuple[Number, ...]


class Transient(Kinds):
    """The source in time, the start, and how finely time is resolved (mode = "transient")."""

    tag: ClassVar[str] = "waveform"
    usual: ClassVar[str] = "step"

    waveform: str
    end_us: Positive = Field(10.0, description="last time")
    start: str = Field(
        "rest",
        description="rest, steady (state of the source at the first time), or the folder of another run",
        json_schema_extra={**FILE, "words": ["rest", "steady"]},
    )
    start_at_us: NonNegative | None = Field(None, description="take its state nearest to this time; default the last")
    start_at_mA: NonNegative | None = Field(None, description="take its state nearest to this current")
    begin_us: NonNegative | None = Field(None, description="first time; default 0, or that of the state taken over")
    noise_K: NonNegative = Field(0.0, description="standard deviation of a random temperature added to the mesa")
    noise_length_um: Length | None = Field(
        None, description="correlation length of that noise; default 1/20 of the root of the mesa area"
    )
    seed: int = Field(0, ge=0, le=2**32 - 1, description="seed of that noise")
    save_at_us: tuple[NonNegative, ...] = Field((), max_length=10_000, description="times at which fields are kept")
    saves: int = Field(20, ge=1, le=100_000, description="how many fields are kept where save_at_us is empty")
    spread: Literal["even", "decades"] = Field("even", description="how these are spread over the time of the run")
    rtol: Annotated[float, Field(ge=1e-9, le=1e-2)] = Field(1e-4, description="local error over temperature")
    atol_K: Annotated[float, Field(ge=1e-8, le=1.0)] = Field(1e-3, description="local error that is always allowed")
    first_step_us: Positive = Field(1e-4, description="first time step, after each jump of the source too")
    max_step_us: Positive | None = Field(None, description="largest time step")

    @property
    def change_us(self) -> float:
        """Time at which the source begins to change."""
        return 0.0


class Levels(Transient):
    """Waveforms that go from one level to another."""

    before_mA: NonNegative | None = Field(None, description="source before and between (current bias); default 0")
    before_mV: NonNegative | None = Field(None, description="source before and between (other bias); default 0")
    level_mA: NonNegative | None = Field(None, description="source after step or ramp, at the top of pulses (current)")
    level_mV: NonNegative | None = Field(None, description="source after step or ramp, at the top of pulses (others)")
    at_us: NonNegative = Field(0.0, description="when the step, the ramp or the first pulse begins")
    last_corner: ClassVar[str]

    @property
    def change_us(self) -> float:
        """Time at which the source begins to change."""
        return self.at_us

    def level(self, unit: str) -> float:
        """The level in mA or mV, 0 where none is given."""
        return getattr(self, f"level_{unit}") or 0.0

    def before(self, unit: str) -> float:
        """The source before and between, in mA or mV."""
        return getattr(self, f"before_{unit}") or 0.0

    def points(self, unit: str) -> SourceTable:
        """The source as points, in mA or mV as the unit says."""
        raise NotImplementedError


class Step(Levels):
    """A jump of the source."""

    last_corner: ClassVar[str] = "the step"
    waveform: Literal["step"] = "step"

    def points(self, unit: str) -> SourceTable:
        """The source as points, in mA or mV as the unit says."""
        return SourceTable((self.at_us, self.at_us), (self.before(unit), self.level(unit)))


class Ramp(Levels):
    """A ramp from one level to the other."""

    last_corner: ClassVar[str] = "the end of the ramp"
    waveform: Literal["ramp"] = "ramp"
    rise_us: Positive = Field(description="duration of the ramp")

    def points(self, unit: str) -> SourceTable:
        """The source as points, in mA or mV as the unit says."""
        return SourceTable((self.at_us, self.at_us + self.rise_us), (self.before(unit), self.level(unit)))


class Pulses(Levels):
    """Pulses with edges."""

    last_corner: ClassVar[str] = "the end of the last pulse"
    waveform: Literal["pulses"] = "pulses"
    rise_us: NonNegative = Field(0.0, description="duration of each edge of a pulse")
    width_us: Positive = Field(description="time that a pulse stays at its top")
    period_us: Positive | None = Field(None, description="from pulse to pulse, beginning to beginning")
    pulses: int = Field(1, ge=1, le=10_000, description="number of pulses")

    def points(self, unit: str) -> SourceTable:
        """The source as points, in mA or mV as the unit says."""
        times: list[float] = []
        for number in range(self.pulses):
            begin = self.at_us + number * (self.period_us or 0.0)
            top = begin + self.rise_us
            times += [begin, top, top + self.width_us, begin + self.width_us + 2 * self.rise_us]
        before, level = self.before(unit), self.level(unit)
        return SourceTable(tuple(times), (before, level, level, before) * self.pulses)


class TimeTable(Transient):
    """A table of times and values, linear between."""

    waveform: Literal["table"] = "table"
    table_us: tuple[NonNegative, ...] | None = Field(
        None, max_length=100_000, description="times of a table, increasing; linear between"
    )
    table_mA: tuple[NonNegative, ...] | None = Field(
        None, max_length=100_000, description="source at these times (current bias)"
    )
    table_mV: tuple[NonNegative, ...] | None = Field(
        None, max_length=100_000, description="source at these times (other bias)"
    )
    table: File | None = Field(None, description="CSV file t_us,source_mA or t_us,source_mV in place of the lists")

    def contradictions(self) -> Iterator[Finding]:
        """A file or lists."""
        lists = [key for key in ("table_us", "table_mA", "table_mV") if getattr(self, key) is not None]
        if self.table is not None and lists:
            text = f"given together with {' and '.join(lists)}; the table is either a file or lists, keep one"
            yield Finding(("table",), text)
