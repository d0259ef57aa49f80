"""Schema of a scenario: every key with its type, unit, range and default (units are part of the key names)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Point = tuple[float, float]
# Names end up in file names, column headers and mesh regions.
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]


class Section(BaseModel):
    """Base of all sections: frozen, and a key that is not in the schema is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Mesa(Section):
    """The stack of intrinsic junctions; its centre is the origin of coordinates."""

    shape: Literal["rectangle", "disc", "polygon"] = Field("rectangle", description="outline in the plane")
    width_um: Positive = Field(10.0, description="extent along x (rectangle, strip)")
    depth_um: Positive = Field(10.0, description="extent along y (rectangle); out-of-plane depth of a strip")
    radius_um: Positive | None = Field(None, description="radius (disc)")
    vertices_um: tuple[Point, ...] | None = Field(None, description="corners of a polygon, in order")
    junctions: int = Field(19, ge=1, le=100_000, description="number N of junctions in the stack")
    resistive_junctions: int | None = Field(None, ge=1, description="how many carry voltage, n <= N; default all")
    spacing_nm: Positive = Field(2.151, description="height of one junction")
    specific_resistance_ohm_um2: Positive = Field(2421.0, description="normal resistance of one junction times area")


class Crystal(Section):
    """Outline of the crystal around the mesa; without this section the plan is the mesa alone."""

    shape: Literal["rectangle", "disc"] = Field("rectangle", description="outline in the plane")
    width_um: Positive = Field(60.0, description="extent along x")
    depth_um: Positive = Field(60.0, description="extent along y (rectangle in plan)")
    radius_um: Positive | None = Field(None, description="radius (disc)")


class Curve(Section):
    """A property tabulated against temperature (log-log interpolation, constant outside)."""

    T_K: tuple[Positive, ...] = Field(description="temperatures, increasing", min_length=2)
    values: tuple[Positive, ...] = Field(description="values in the unit of the key that holds the curve", min_length=2)
    source: str = Field("", description="where the numbers come from")


class Material(Section):
    """Thermal properties; anything not given is taken from `base`."""

    base: Literal["bi2212", "gold-film", "gold-wire", "none"] = Field("none", description="material of the library")
    divide_conductivity_by: Positive = Field(1.0, description="divides both conductivities of the base material")
    in_plane_W_per_mK: Positive | Curve | None = Field(None, description="thermal conductivity along the layers")
    out_of_plane_W_per_mK: Positive | Curve | None = Field(None, description="thermal conductivity across the layers")
    anisotropy: Positive | None = Field(
        None, description="in-plane over out-of-plane conductivity; sets in_plane from out_of_plane"
    )
    heat_capacity_J_per_m3K: Positive | Curve | None = Field(None, description="volumetric heat capacity")
    residual_resistivity_ohm_m: Positive = Field(1e-8, description="gold-film: rho_0 of the Wiedemann-Franz law")
    lorenz_factor: Positive = Field(1.0, description="gold-film: xi, Lorenz number over its free-electron value")
    source: str = Field("", description="source and confidence tag of the values")


class Layer(Section):
    """One layer of the stack, listed from top to bottom."""

    name: Name = Field(description="unique name, used in result files")
    material: str = Field(description="key of [materials]")
    region: Literal["mesa", "crystal"] = Field("crystal", description="part of the plan that the layer covers")
    thickness_um: Positive | None = Field(None, description="thickness; for the junction layer it is N times spacing")
    junctions: bool = Field(False, description="true for the one layer that holds the junctions")
    sublayers: int = Field(1, ge=1, le=200, description="finite volumes through the thickness")
    first_sublayer_um: Positive | None = Field(None, description="thickness of the top sublayer (geometric grading)")
    boundary_W_per_m2K: Positive | None = Field(None, description="boundary conductance to the layer below")


class Contact(Section):
    """A heat sink that touches the top layer in a disc: contact, then a lumped wire to the bath."""

    name: Name = Field("wire", description="unique name, used in result files")
    x_um: float = Field(0.0, description="centre of the patch")
    y_um: float = Field(0.0, description="centre of the patch (plan)")
    radius_um: Positive = Field(2.5, description="radius of the patch")
    contact_K_per_mW: NonNegative | None = Field(None, description="constant thermal resistance of the contact")
    contact_resistance_ohm: Positive | None = Field(None, description="electrical resistance; Wiedemann-Franz contact")
    wire_K_per_mW: NonNegative | None = Field(
        None, description="constant thermal resistance of the wire; without any wire its end is at bath temperature"
    )
    wire_length_mm: Positive | None = Field(None, description="length of a gold wire with kappa(T)")
    wire_diameter_um: Positive = Field(100.0, description="diameter of that wire")


class Bath(Section):
    """Temperature and coupling of the surroundings."""

    temperature_K: Annotated[float, Field(ge=1.5, le=290.0)] = Field(4.2, description="bath temperature T_B")
    bottom: Literal["half-layer", "insulated", "conductance"] = Field("half-layer", description="below the last layer")
    bottom_W_per_m2K: Positive | None = Field(None, description="used with bottom = 'conductance'")
    top_W_per_m2K: NonNegative = Field(0.0, description="conductance from the top layer to the bath")
    rim: Literal["insulated", "bath"] = Field("insulated", description="outer rim of the crystal layers")


class Law(Section):
    """The current-voltage law i(v, T) of one junction."""

    kind: Literal["d-wave", "ohmic", "table"] = Field("d-wave", description="which law")
    set: Literal[1, 2, 3] | None = Field(None, description="gap set of the paper: 22, 23 or 25 meV")
    gaps_meV: tuple[Positive, ...] = Field((25.0,), description="low-temperature gaps Delta_0")
    gap_weights: tuple[Positive, ...] | None = Field(None, description="their weights; default equal")
    gap_ratio: Positive = Field(7.8, description="2 Delta_0 / k_B T_p")
    gap_tail: Positive = Field(0.10, description="w, smoothness of the gap closing")
    gap_closing: Literal["local", "bcs"] = Field("local", description="shape of Delta(T)")
    gap_table: str | None = Field(None, description="CSV file T_K,Delta_meV that replaces the formula")
    gamma0_meV: Positive = Field(0.6, description="scattering rate at low temperature")
    gamma_c_meV: Positive = Field(10.0, description="scattering rate at gamma_temperature_K")
    gamma_temperature_K: Positive = Field(74.0, description="T_Gamma")
    gamma_exponent: Positive = Field(5.0, description="exponent of the growth of Gamma")
    gamma_scale: Positive = Field(1.0, description="multiplies Gamma(T)")
    gamma_table: str | None = Field(None, description="CSV file T_K,Gamma_meV that replaces the formula")
    momentum_weight: Annotated[float, Field(gt=-1, lt=1)] = Field(0.0, description="a in the weight 1 + a cos 4phi")
    sin_contact_ohm: NonNegative = Field(
        0.0, description="normal resistance of an SIN contact in series with the stack"
    )
    table: str | None = Field(None, description="CSV file T_K,v_mV,i_mV (kind = 'table')")
    resistivity_ohm_cm: Positive | Curve | None = Field(None, description="rho_c(T) (kind = 'ohmic')")


class Josephson(Section):
    """Critical current of the junctions: marks on families of partial stacks, no part of the heat."""

    critical_voltage_mV: Positive | None = Field(
        None, description="I_c R_N of one junction at low temperature; without it nothing is marked"
    )
    temperature_dependence: Literal["two-fluid", "constant"] = Field(
        "two-fluid", description="I_c(T)/I_c(0): 1 - (T/T_c)^4, or 1 up to T_c"
    )
    critical_temperature_K: Positive | None = Field(
        None, description="T_c, where I_c vanishes; default output.hot_temperature_K"
    )
    mccumber_parameter: Annotated[float, Field(ge=4)] | None = Field(
        None, description="beta_c at low temperature, marks retrapping at 4 I_c/(pi sqrt(beta_c)); none: no mark"
    )


class Branch(Section):
    """How far and how finely the branch is followed."""

    end_current_mA: Positive = Field(1.6, description="last current, landed on exactly")
    min_points: int = Field(60, ge=4, le=100_000, description="at least this many points")
    max_points: int = Field(2000, ge=5, le=1_000_000, description="give up after this many points")


class Mesh(Section):
    """Element sizes; defaults follow from the thermal healing length."""

    file: str | None = Field(None, description="a mesh file with named regions instead of a generated one")
    unit: Literal["um", "nm", "mm", "m"] = Field("um", description="unit of the lengths in that file")
    origin_um: Point = Field((0.0, 0.0), description="place in that file that is the origin, the centre of the mesa")
    regions: dict[str, Annotated[int, Field(strict=True)] | str] = Field(
        default_factory=dict, description="region to the number or name of its group in that file: { mesa = 2 }"
    )
    size_um: Positive | None = Field(None, description="element size in the mesa")
    contact_size_um: Positive | None = Field(None, description="element size in the contact patches")
    rim_size_um: Positive | None = Field(None, description="element size at the rim of the crystal")
    refine: Positive = Field(1.0, description="divides every element size")


class Numerics(Section):
    """Tolerances and choice of the linear algebra."""

    path: Literal["auto", "condensed", "sparse"] = Field(
        "auto", description="condensed needs one rank and a linear crystal"
    )
    tolerance: Annotated[float, Field(ge=1e-11, le=1e-4)] = Field(1e-10, description="heat imbalance over Joule power")
    table_max_mV: Positive = Field(120.0, description="largest voltage per junction of the law table")


class Bias(Section):
    """The source that drives the device, and the sweep that an experiment makes with it."""

    kind: Literal["current", "voltage", "load-line"] = Field(
        "current", description="what the source holds: I, V, or V_s = V + R_L I behind a resistor"
    )
    load_resistance_ohm: Positive | None = Field(None, description="R_L of the load line")
    capacitance_nF: NonNegative = Field(0.0, description="capacitance parallel to the mesa, in time only")
    legs_mA: tuple[float, ...] | None = Field(
        None, description="turning values of a sweep of the current, in order: [0, 4, 0] goes up and down"
    )
    legs_mV: tuple[float, ...] | None = Field(
        None, description="turning values of a sweep of the voltage, or of V_s behind a load"
    )
    points_per_leg: int = Field(30, ge=2, le=10_000, description="at least this many points on each leg")


class Stability(Section):
    """Growth rates of small disturbances at the points of a branch, under voltage and current bias and [bias]."""

    points: Literal["none", "kept", "all"] = Field(
        "none", description="at no point, where fields are kept (output.every), or everywhere"
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


class Uniform(Section):
    """The zero-dimensional model T = T_B + alpha I V, drawn beside the branch."""

    thermal_resistance_K_per_mW: Positive = Field(110.0, description="alpha")
    end_temperature_K: Positive = Field(300.0, description="last temperature of the curve")


class Transient(Section):
    """The source in time, the start, and how finely time is resolved (mode = "transient")."""

    end_us: Positive = Field(10.0, description="last time")
    waveform: Literal["step", "ramp", "pulses", "table"] = Field("step", description="shape of the source in time")
    before_mA: NonNegative | None = Field(None, description="source before and between (current bias); default 0")
    before_mV: NonNegative | None = Field(None, description="source before and between (other bias); default 0")
    level_mA: NonNegative | None = Field(None, description="source after step or ramp, at the top of pulses (current)")
    level_mV: NonNegative | None = Field(None, description="source after step or ramp, at the top of pulses (others)")
    at_us: NonNegative = Field(0.0, description="when the step, the ramp or the first pulse begins")
    rise_us: NonNegative = Field(0.0, description="duration of the ramp, or of each edge of a pulse")
    width_us: Positive | None = Field(None, description="time that a pulse stays at its top")
    period_us: Positive | None = Field(None, description="from pulse to pulse, beginning to beginning")
    pulses: int = Field(1, ge=1, le=10_000, description="number of pulses")
    table_us: tuple[NonNegative, ...] | None = Field(None, description="times of a table, increasing; linear between")
    table_mA: tuple[NonNegative, ...] | None = Field(None, description="source at these times (current bias)")
    table_mV: tuple[NonNegative, ...] | None = Field(None, description="source at these times (other bias)")
    table: str | None = Field(None, description="CSV file t_us,source_mA or t_us,source_mV in place of the lists")
    start: str = Field(
        "rest", description="rest, steady (state of the source at the first time), or the folder of another run"
    )
    start_at_us: NonNegative | None = Field(None, description="take its state nearest to this time; default the last")
    start_at_mA: NonNegative | None = Field(None, description="take its state nearest to this current")
    begin_us: NonNegative | None = Field(None, description="first time; default 0, or that of the state taken over")
    noise_K: NonNegative = Field(0.0, description="standard deviation of a random temperature added to the mesa")
    noise_length_um: Positive | None = Field(
        None, description="correlation length of that noise; default 1/20 of the root of the mesa area"
    )
    seed: int = Field(0, ge=0, description="seed of that noise")
    save_at_us: tuple[NonNegative, ...] = Field((), description="times at which fields are kept")
    saves: int = Field(20, ge=1, le=100_000, description="how many fields are kept where save_at_us is empty")
    spread: Literal["even", "decades"] = Field("even", description="how these are spread over the time of the run")
    rtol: Annotated[float, Field(ge=1e-9, le=1e-2)] = Field(1e-4, description="local error over temperature")
    atol_K: Annotated[float, Field(ge=1e-8, le=1.0)] = Field(1e-3, description="local error that is always allowed")
    first_step_us: Positive = Field(1e-4, description="first time step, after each jump of the source too")
    max_step_us: Positive | None = Field(None, description="largest time step")


class Output(Section):
    """What is kept besides the table."""

    hot_temperature_K: Positive = Field(74.0, description="a place is a hot spot above this temperature (T_c)")
    every: int = Field(
        4,
        ge=1,
        description="fields are kept at every n-th point, at folds, where the hot spot appears or fills, at the end",
    )


class Scenario(Section):
    """A device, its cooling and what is computed."""

    name: Name = Field(description="short name; results go to out/NAME by default")
    title: str = Field("", description="one line in words")
    source: str = Field("", description="publication, DOI or tag")
    mode: Literal["branch", "uniform", "sweep", "transient", "diagram"] = Field(
        "branch",
        description="the branch of steady states from rest, the uniform model alone, a sweep as in an experiment, "
        "in time, or all branches that can be found",
    )
    geometry: Literal["plan", "strip", "disc"] = Field("plan", description="plan x, y; strip x; disc radius")
    mesa: Mesa = Mesa()
    crystal: Crystal | None = None
    layers: tuple[Layer, ...] = ()
    materials: dict[str, Material] = Field(default_factory=dict)
    contacts: tuple[Contact, ...] = ()
    bath: Bath = Bath()
    law: Law = Law()
    josephson: Josephson = Josephson()
    branch: Branch = Branch()
    bias: Bias = Bias()
    stability: Stability = Stability()
    diagram: Diagram = Diagram()
    mesh: Mesh = Mesh()
    numerics: Numerics = Numerics()
    uniform: Uniform = Uniform()
    transient: Transient = Transient()
    output: Output = Output()
