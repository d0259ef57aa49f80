"""Laser-scanning images with a chopped beam: the voltage at constant current follows the heat with a lag."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hotmesa.postprocess.runs.chopped import ChoppedImages
from hotmesa.postprocess.runs.image import LaserImage
from hotmesa.scenarios.arrays import Array
from hotmesa.solver.device.capacity import heat_capacity, require_heat_capacities
from hotmesa.solver.errors import RequestError
from hotmesa.solver.linear.bordered import Update
from hotmesa.solver.linear.periodic import PeriodicSolver
from hotmesa.solver.model import State
from hotmesa.solver.runs.image import MV_PER_MW, beam_mean, crystal_surface
from hotmesa.solver.states.fields import carried_over, gather_to_root
from hotmesa.solver.states.problem import ThermalBranch

SOLVE_RTOL = 1e-11
PER_US_OF_KHZ = 2.0 * np.pi * 1e-3
"""Angular frequency (1/µs) of 1 kHz."""


class ModulatedState:
    """A steady state of the device with all its heat capacities, ready to answer modulated heat.

    Attributes:
        model: the device, its crystal not condensed: a condensed one has no heat capacity.
        capacity: heat capacity of every unknown (pJ/K).
    """

    def __init__(self, problem: ThermalBranch, state: State) -> None:
        """Take a state of a problem, whose bias says what is held. Collective.

        Raises:
            RequestError: a layer has no heat capacity.
        """
        require_heat_capacities(problem.model.layout)
        self.model = problem.model.variant(path="sparse", own_factors=True)
        full = ThermalBranch(self.model, problem.bias)
        self._state = full.evaluate(carried_over(problem.model, self.model, state))
        self._constraint = full.control(self._state)[1].constraint
        self.capacity = heat_capacity(self.model.layout, self._state.T)
        layout = self.model.layout
        self._solver = PeriodicSolver(self.model.comm, self.model.conduction, layout.size, len(self.model.wired))

    def response(self, frequency_kHz: float) -> Array:
        """Return dV/dP (mV/mW) by heat P cos(omega t) in each unknown of this rank, complex. Collective.

        C dT/dt + A (T, wires, V) = P cos(omega t) answers with V = Re[P y exp(i omega t)], (A + i omega C)^T y = e_V:
        one solution for all places. Wires have no heat capacity; the source holds its value at every moment.

        Raises:
            SolveError: the linear solver did not converge.
        """
        unit = Update(np.zeros(self.model.layout.size), np.zeros(len(self.model.wired)), 1.0)
        omega = PER_US_OF_KHZ * frequency_kHz
        real, imaginary = self._solver.solve_transposed(
            self._state.jacobian, self._constraint, self.capacity, omega, unit, SOLVE_RTOL
        )
        return np.asarray(MV_PER_MW * (real.T + 1j * imaginary.T))

    def surface(self, frequency_kHz: float) -> tuple[Array, Array]:
        """Return the response in the top layer of the mesa and of the crystal, shape (owned,), NaN where there is none.

        Raises:
            SolveError: the linear solver did not converge.
        """
        y, layout = self.response(frequency_kHz), self.model.layout
        mesa = np.full(self.model.operators.owned, np.nan, dtype=complex)
        mesa[layout.mesa_nodes] = y[layout.rows(0)]
        return mesa, crystal_surface(self.model, y.real) + 1j * crystal_surface(self.model, y.imag)


def chopped_images(
    problem: ThermalBranch, state: State, frequencies_kHz: Sequence[float], still: LaserImage | None
) -> ChoppedImages | None:
    """Return the images of a state with a beam chopped at several frequencies, on the first rank. Collective.

    Args:
        problem: the device; its bias says what is held constant while the beam heats.
        state: a steady state of it.
        frequencies_kHz: of the beam, above 0.
        still: its image with a slow beam of the same width, on the first rank.

    Raises:
        RequestError: a frequency is out of range, or a layer has no heat capacity.
        SolveError: a linear system was not solved.
    """
    require_frequencies(frequencies_kHz)
    modulated = ModulatedState(problem, state)
    gather, operators = gather_to_root(modulated.model.operators), modulated.model.operators
    areas = gather(np.vstack([operators.mesa_mass, operators.mass - operators.mesa_mass]))
    images = []
    for frequency in frequencies_kHz:
        parts = [(field.real, field.imag) for field in modulated.surface(frequency)]
        fields = gather(np.vstack([part for pair in parts for part in pair]))
        if fields is not None and areas is not None and still is not None:
            mesa, crystal = fields[0] + 1j * fields[1], fields[2] + 1j * fields[3]
            images.append(beam_mean(still.node_xy, (mesa, crystal), (areas[0], areas[1]), still.beam_um))
    if still is None:
        return None
    return ChoppedImages(still, np.asarray(frequencies_kHz, dtype=float), np.array(images))


def require_frequencies(frequencies_kHz: Sequence[float]) -> None:
    """Do nothing where all frequencies (kHz) can be those of a chopper.

    Raises:
        RequestError: one is not above 0, not finite, or given twice; or there is none.
    """
    bad = [f"{F:g}" for F in frequencies_kHz if not 0.0 < F < np.inf]
    if bad or not frequencies_kHz:
        raise RequestError(
            f"--frequency-kHz {','.join(bad)}: frequencies of the chopped beam are finite and above 0 kHz, as in 1,10; "
            "the slow beam is always computed"
        )
    if len(set(frequencies_kHz)) < len(frequencies_kHz):
        raise RequestError("--frequency-kHz: a frequency is given twice; leave one out")
