"""Errors of the solver, each says what happened, where, and what to try; and how commands end."""

DONE, NO_CONVERGENCE, INTERRUPTED = 0, 3, 130
"""Exit statuses; bad input is 2."""


class SolveError(RuntimeError):
    """A steady state, a branch or a time integration could not be continued; what was reached is kept."""


class RequestError(ValueError):
    """What was asked for does not fit the run or the device; the message says why and what is possible."""
