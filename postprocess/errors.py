"""The error of the reading side."""

from hotmesa.scenarios.errors import HotmesaError


class ResultError(HotmesaError, ValueError):
    """A result folder is missing, incomplete or damaged; the message names the file, the place and what to do."""
