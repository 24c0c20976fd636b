"""The one exception that a user's mistake raises: a single clear sentence, never a traceback."""


class PeriluneError(Exception):
    """Says in one sentence where something is wrong, what it is, and what would be right; the command line exits with 2."""
