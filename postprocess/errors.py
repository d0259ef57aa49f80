"""The error of the reading side."""


class ResultError(ValueError):
    """A result folder is missing, incomplete or damaged; the message names the file, the place and what to do."""
