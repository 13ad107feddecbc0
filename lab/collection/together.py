"""Several collections as one corpus, for a student that is to serve all of them."""

from __future__ import annotations

from collections.abc import Sequence

from lab.collection.core import Collection
from lab.errors import DataError


def together(parts: Sequence[Collection]) -> Collection:
    """All documents in order, under ids "name/id"; fields that a part lacks are empty there.

    It has no splits: a student is measured on each part, whose queries were asked of that part alone.

    Raises:
        DataError: fewer than two parts, or two of one name.
    """
    names = [part.name for part in parts]
    if len(names) < 2 or len(set(names)) < len(names):
        raise DataError(f"collections to join: {', '.join(names) or 'none'}; name two or more different ones")
    fields = sorted({field for part in parts for field in part.fields})
    return Collection(
        name="+".join(names),
        doc_ids=tuple(f"{part.name}/{doc_id}" for part in parts for doc_id in part.doc_ids),
        titles=tuple(title for part in parts for title in part.titles),
        bodies=tuple(body for part in parts for body in part.bodies),
        fields={
            field: tuple(value for part in parts for value in part.fields.get(field, ("",) * len(part)))
            for field in fields
        },
    )
