"""The junction law i(v, T), one class a kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from hotmesa.scenarios.problems import Finding
from hotmesa.scenarios.schema.section import Curve, Energy, File, NonNegative, Positive
from hotmesa.scenarios.schema.union import Kinds


class Law(Kinds):
    """The current-voltage law i(v, T) of one junction.

    A kind `NewLaw` is made into a law of the solver by `build` in solver/law/newlaw.py.
    """

    usual: ClassVar[str] = "d-wave"
    leaves_behind: ClassVar[bool] = True

    @property
    def series_ohm(self) -> float:
        """Normal resistance (Ω) of an SIN contact in series with the stack, 0 without one."""
        return 0.0

    @property
    def ends_with_table(self) -> bool:
        """Whether numerics.table_max_mV is the largest voltage of a junction that the law knows."""
        return False


class DWave(Law):
    """Tunnelling of quasiparticles between d-wave superconductors."""

    kind: Literal["d-wave"] = "d-wave"
    set: Literal[1, 2, 3] | None = Field(None, description="gap set of the paper: 22, 23 or 25 meV")
    gaps_meV: tuple[Energy, ...] = Field(
        (25.0,), description="low-temperature gaps Delta_0", min_length=1, max_length=20
    )
    gap_weights: tuple[Positive, ...] | None = Field(None, description="their weights; default equal", max_length=20)
    gap_ratio: Positive = Field(7.8, description="2 Delta_0 / k_B T_p")
    gap_tail: Positive = Field(0.10, description="w, smoothness of the gap closing")
    gap_closing: Literal["local", "bcs"] = Field("local", description="shape of Delta(T)")
    gap_table: File | None = Field(None, description="CSV file T_K,Delta_meV that replaces the formula")
    gamma0_meV: Energy = Field(0.6, description="scattering rate at low temperature")
    gamma_c_meV: Energy = Field(10.0, description="scattering rate at gamma_temperature_K")
    gamma_temperature_K: Annotated[float, Field(ge=1e-3, le=1e15)] = Field(74.0, description="T_Gamma")
    gamma_exponent: Annotated[float, Field(ge=1e-15, le=50)] = Field(5.0, description="exponent of the growth of Gamma")
    gamma_scale: Positive = Field(1.0, description="multiplies Gamma(T)")
    gamma_table: File | None = Field(None, description="CSV file T_K,Gamma_meV that replaces the formula")
    momentum_weight: Annotated[float, Field(gt=-1, lt=1)] = Field(0.0, description="a in the weight 1 + a cos 4phi")
    coherent_fraction: Annotated[float, Field(ge=0, le=1)] = Field(
        0.0, description="share of the current that tunnels at conserved momentum, with the weight cos^4 2phi"
    )
    sin_contact_ohm: NonNegative = Field(
        0.0, description="normal resistance of an SIN contact in series with the stack"
    )
    pseudogap_K: Annotated[float, Field(ge=1, le=1000)] | None = Field(
        None, description="D of the normal resistance r(T)/r(T_c) = 1 - s + s (T_c/T) exp(D/T - D/T_c) above T_c"
    )
    pseudogap_share: Annotated[float, Field(gt=0, le=1)] | None = Field(
        None, description="s, share of the activated part at T_c"
    )
    resistance_above_Tc: Curve | None = Field(
        None, description="curve r(T) in any unit in place of that formula; its value at T_c stands for r"
    )

    @property
    def series_ohm(self) -> float:
        """Normal resistance (Ω) of an SIN contact in series with the stack, 0 without one."""
        return self.sin_contact_ohm

    @property
    def ends_with_table(self) -> bool:
        """Whether numerics.table_max_mV is the largest voltage of a junction that the law knows."""
        return True

    def describe(self) -> str:
        """The law in a few words."""
        if self.gap_table is not None:
            gaps = f"gap from {self.gap_table}"
        elif self.set is not None:
            gaps = f"set {self.set} of the paper"
        else:
            gaps = "gap " + ", ".join(f"{gap:g}" for gap in self.gaps_meV) + " meV"
        normal = "" if self.pseudogap_K is None else f", pseudogap {self.pseudogap_K:g} K above T_c"
        normal = normal if self.resistance_above_Tc is None else ", r(T) by a curve above T_c"
        return f"d-wave tunnelling, {gaps}, scattering rate × {self.gamma_scale:g}{normal}"

    def contradictions(self) -> Iterator[Finding]:
        """One source of the gap, a weight for each gap, and one normal resistance."""
        yield from self._gap_findings()
        yield from self._normal_findings()

    def _normal_findings(self) -> Iterator[Finding]:
        pair = {"pseudogap_K": self.pseudogap_K, "pseudogap_share": self.pseudogap_share}
        given = [key for key, value in pair.items() if value is not None]
        for key in given:
            other = next(name for name in pair if name != key)
            if len(given) == 1:
                text = f"is missing; the formula that {key} belongs to needs both"
                yield Finding((other,), text, ((key,),))
            if self.resistance_above_Tc is not None:
                text = "given together with resistance_above_Tc, a curve in place of the formula; keep one"
                yield Finding((key,), text, (("resistance_above_Tc",),))
        if (given or self.resistance_above_Tc is not None) and self.sin_contact_ohm > 0.0:
            key = given[0] if given else "resistance_above_Tc"
            text = "given together with sin_contact_ohm, whose table is that of one normal resistance; keep one"
            yield Finding((key,), text, (("sin_contact_ohm",),))

    def _gap_findings(self) -> Iterator[Finding]:
        if self.gap_table is not None and len(self.gaps_meV) > 1:
            text = f"replaces the one gap of the junctions, but there are {len(self.gaps_meV)} gaps_meV"
            yield Finding(("gap_table",), text, (("gaps_meV",),))
        if self.set is not None:
            if self.differs("gaps_meV"):
                text = f"given together with set = {self.set}, which fixes the gap; keep one"
                yield Finding(("gaps_meV",), text, (("set",),))
            if self.gap_weights is not None:
                text = f"has no effect with set = {self.set}, which is one gap; give gaps_meV instead of set"
                yield Finding(("gap_weights",), text, (("set",),))
        elif self.gap_weights is not None and len(self.gap_weights) != len(self.gaps_meV):
            text = f"{len(self.gap_weights)} weights for {len(self.gaps_meV)} gaps; there must be as many"
            yield Finding(("gap_weights",), text, (("gaps_meV",),))


class Ohmic(Law):
    """A resistance that depends on temperature only."""

    kind: Literal["ohmic"] = "ohmic"
    resistivity_ohm_cm: Positive | Curve = Field(description="rho_c(T)")

    def describe(self) -> str:
        """The law in a few words."""
        if isinstance(self.resistivity_ohm_cm, Curve):
            return "ohmic, rho_c(T)"
        return f"ohmic, {self.resistivity_ohm_cm:g} Ω cm"


class Tabulated(Law):
    """A table of currents at voltages and temperatures."""

    words: ClassVar[str] = "table {table}"
    kind: Literal["table"] = "table"
    table: File = Field(description="CSV file T_K,v_mV,i_mV")
