"""Who gave the labels of a dataset version, and how far those people agree, as it was when the version was frozen.

Label events are never changed: with the last event that a version knows, and what its merged classes had become, all
of it can be told again at any time.
"""

from collections.abc import Mapping
from typing import cast

from sqlalchemy.orm import Session

from core.evaluation import triple
from core.store.agreement import Measured, list_said_twice, measure
from core.store.labels import count_by_annotator
from core.store.versions import VersionRecord
from core.types import ClassId, JsonObject


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
    imports = standing.get("imports") is not False  # of versions from before imports were left out
    said = list_said_twice(session, version.project_id, meant, version=version.id, until=until, imports=imports)
    classes = [(ClassId(int(str(item["id"]))), str(item["name"])) for item in version.classes]
    return {
        "until": until,
        "merged": dict(merged),
        **({} if imports else {"imports": False}),
        "people": [{"name": name, "how": how, "pictures": pictures} for name, how, pictures in people],
        "agreement": _agreement(measure(version.task, said, classes)) if said else None,
    }


def _agreement(found: Measured) -> JsonObject:
    return {
        "people": [*found.people],
        "pictures": found.pictures,
        "alpha": triple(found.alpha),
        "classes": [{"name": name, "alpha": triple(value)} for name, value in found.classes],
        "pairs": [
            {"people": [*item.people], "pictures": item.pictures, "same": item.same, "kappa": triple(item.kappa)}
            for item in found.pairs
        ],
        "differing": found.differing,
        "settled": found.settled,
    }
