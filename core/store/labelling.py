"""Who gave the labels of a dataset version, and how far those people agree, as it was when the version was frozen.

Label events are never changed: with the last event that a version knows, and what its merged classes had become, all
of it can be told again at any time.
"""

from collections.abc import Mapping
from typing import cast

from sqlalchemy.orm import Session

from core.evaluation import Interval, triple
from core.store.agreement import Measured, list_said_twice, measure
from core.store.labels import count_by_annotator
from core.store.versions import VersionRecord
from core.types import ClassId, JsonObject, JsonValue


def labelling_json(session: Session, version: VersionRecord, standing: JsonObject | None = None) -> JsonObject | None:
    """`people` with how they labelled and how many pictures, and their `agreement`; null where no two labelled one.

    `standing` is up to where labels count, if not as the version says: anything that this function has given before.
    None for a version from before that was recorded.
    """
    standing = standing or version.labelling
    if standing is None:
        return None
    until, merged = int(str(standing["until"])), cast(Mapping[str, int], standing["merged"])

    def meant(class_id: ClassId) -> ClassId:
        return ClassId(merged.get(str(class_id), class_id))

    people = count_by_annotator(session, version.id, until=until)
    edition = int(str(standing.get("edition", 1)))
    said = list_said_twice(session, version.project_id, meant, version=version.id, until=until, imports=edition < 2)
    classes = [(ClassId(int(str(item["id"]))), str(item["name"])) for item in version.classes]
    return {
        "until": until,
        "merged": dict(merged),
        **({"edition": edition} if edition > 1 else {}),
        "people": [{"name": name, "how": how, "pictures": pictures} for name, how, pictures in people],
        "agreement": _agreement(measure(version.task, said, classes), edition) if said else None,
    }


def _agreement(found: Measured, edition: int) -> JsonObject:
    def told(index: Interval | None) -> list[JsonValue] | None:
        return [1.0, 1.0, 1.0] if edition < 2 and index is not None and index.value == 1 else triple(index)

    return {
        "people": [*found.people],
        "pictures": found.pictures,
        "alpha": told(found.alpha),
        "classes": [{"name": name, "alpha": told(value)} for name, value in found.classes],
        "pairs": [
            {"people": [*item.people], "pictures": item.pictures, "same": item.same, "kappa": told(item.kappa)}
            for item in found.pairs
        ],
        "differing": found.differing,
        "settled": found.settled,
    }
