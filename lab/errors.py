"""Every complaint of the lab about its input is one of these: a ValueError that says what was wrong and how to mend
it."""

from __future__ import annotations


class LabError(ValueError):
    """Any complaint of the lab about what it was given."""


class DataError(LabError):
    """A collection, run or set of judgements that cannot be used as it is."""


class ModelError(LabError):
    """A teacher or student that cannot be used as it is."""


class OfflineError(LabError):
    """Something that is not on this machine, and cannot be fetched."""


class CacheError(LabError):
    """A stored file that does not hold what its name promises."""
