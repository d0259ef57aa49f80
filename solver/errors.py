"""Errors of the solver: each says what happened, where, and what to try."""

from __future__ import annotations

from typing import ClassVar

from hotmesa.scenarios.errors import NO_CONVERGENCE, HotmesaError


class SolveError(HotmesaError, RuntimeError):
    """A steady state, a branch or a time integration could not be continued; what was reached is kept."""

    status: ClassVar[int] = NO_CONVERGENCE


class RequestError(HotmesaError, ValueError):
    """What was asked for does not fit the run or the device; the message says why and what is possible."""
