"""What lies between the source and the places of the junctions, where one voltage does not drive all of them."""

from __future__ import annotations

from typing import Protocol

from hotmesa.scenarios.arrays import Array


class Response(Protocol):
    """How a circuit answers to temperatures and voltage: its own potentials eliminated from the derivatives.

    What the local law gives at potentials that are held is not part of it.

    Attributes:
        by_V: derivative of the heat balance by V in the mesa sublayers, shape (L, m) of this rank.
        I_by_T: derivatives of the current by their temperatures, shape (L, m) of this rank.
        I_by_V: that by V.
        couples: whether `apply` is anything: a place acts on others at V held.
    """

    by_V: Array
    I_by_T: Array
    I_by_V: float
    couples: bool

    def apply(self, x: Array) -> Array:
        """Return what the circuit adds to the heat balance (µW) for changes x of temperatures, (n,) or (n, k)."""

    def apply_transposed(self, weights: Array) -> Array:
        """Return the derivative by every temperature of the sum of weights times that."""
