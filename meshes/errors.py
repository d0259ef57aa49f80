"""Error of the mesh builder; its message says what is wrong, where, and what to try."""

from hotmesa.scenarios.errors import HotmesaError


class MeshError(HotmesaError, ValueError):
    """A mesh could not be made or read, or it does not fit the scenario."""
