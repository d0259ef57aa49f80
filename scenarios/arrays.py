"""The type of numerical arrays that all folders share."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
"""Numbers in double precision; NumPy types too many results as "some floating type" for a narrower name."""
