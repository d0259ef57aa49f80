"""The figures that are drawn here: those of matplotlib, which a notebook shows without pyplot."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Picture(Figure):
    """A figure outside of pyplot, whose global state would keep it alive and may want a screen."""

    def _repr_png_(self) -> bytes:
        """Return how a notebook shows it."""
        stream = io.BytesIO()
        self.savefig(stream, format="png")
        return stream.getvalue()
