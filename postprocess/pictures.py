"""Figures to files: a picture that cannot be drawn is told, and never ends what computed its numbers."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from hotmesa.postprocess.style import save_figure
from hotmesa.scenarios.errors import HotmesaError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOG = logging.getLogger(__name__)


def save_picture(plot: Callable[[], Figure | None], path: Path) -> Path | None:
    """Save the figure that a function returns as PNG and return its path; None where there is nothing to draw.

    A fault while drawing (a fault of matplotlib, of its installation or of this package) is logged as a warning, and an
    older picture is removed, so that it does not pass for one of these results.

    Raises:
        HotmesaError: the results that are drawn are missing or damaged.
        OSError: the file cannot be written.
    """
    try:
        figure = plot()
        if figure is not None:
            return save_figure(figure, path)
    except (HotmesaError, OSError):
        raise
    except Exception as error:
        LOG.warning("%s could not be drawn: %s: %s", path.name, type(error).__name__, error)
    path.unlink(missing_ok=True)
    return None
