"""The uniform model alone: the figures of merit of its curve, and iv.png."""

from hotmesa.postprocess.runs.branch import NUMBERS, plot_iv, summarise

FIGURES = {"iv.png": plot_iv}

__all__ = ["FIGURES", "NUMBERS", "summarise"]
