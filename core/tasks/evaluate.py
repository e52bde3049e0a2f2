"""A trained model on pictures that its project never held: what it says of each, beside the truth.

Beside folds, as Faizal 2022 tests a model of barks, Automated Identification of Tree Species by Bark Texture
Classification (https://arxiv.org/abs/2210.09290).
"""

from collections.abc import Sequence

from core.errors import BadInput
from core.features import PixelCache
from core.inference import answers, compute_features, device_words, head_logits, picture_traits, pictures_at_once
from core.jobs.context import JobContext
from core.jobs.payloads import NOT_THERE, EvaluatePayload
from core.store import predictions, versions
from core.store.db import reading, writing
from core.store.merged import as_merged
from core.store.predictions import PredictionRecord
from core.store.versions import VersionRecord
from core.tasks.provenance import code_version, keep_figures, libraries
from core.tasks.train import BATCH, prediction
from core.tasks.warm import warm_model
from core.types import JsonObject


def run(context: JobContext) -> JsonObject:
    """Look at every picture of the version; the result counts them."""
    if context.run.version_id is None:
        raise BadInput("An external test needs a dataset version.")
    payload = EvaluatePayload.from_json(context.run.payload)
    with reading(context.engine) as session:
        version = versions.read_version(session, context.run.version_id)
    model = warm_model(context, payload.model)
    device = model.network.head.weight.device
    context.facts(device=device_words(device), code_version=code_version(), libraries=libraries())
    pixels = PixelCache(context.settings, model.card.image_size, model.card.framing)
    blobs = [item.blob for item in version.items]

    def decoding(done: int, total: int) -> None:
        context.check_cancelled()
        if total:
            context.progress(f"Reading the pictures: {done:,} of {total:,}", fraction=done / total / 2)

    def looking(done: int) -> None:
        context.check_cancelled()
        context.progress("Looking at the pictures", fraction=0.5 + done / len(blobs) / 2)

    pixels.fill(blobs, decoding)
    features = compute_features(model.network, pixels.batches(blobs, pictures_at_once(device)), looking)
    traits: list[JsonObject] = []
    for start, squares in zip(range(0, len(blobs), BATCH), pixels.batches(blobs, BATCH), strict=True):
        context.check_cancelled()
        traits += picture_traits(squares, features[start : start + BATCH], model.likeness)
    told = answers(model.card, head_logits(model.network, features))
    records = [
        as_merged(prediction(*parts), payload.counted_as) for parts in zip(version.items, told, traits, strict=True)
    ]
    with writing(context.engine) as session:
        predictions.replace_predictions(session, context.run.id, records)
    return {"pictures": len(blobs), NOT_THERE: _not_there(version, records), **keep_figures(context, version)}


def _not_there(version: VersionRecord, records: Sequence[PredictionRecord]) -> JsonObject:
    """Classes that the model said although the project has none of that name, and of how many pictures."""
    none = {index for index, item in enumerate(version.classes) if not item["id"]}
    said = [none.intersection(_said(record)) for record in records]
    names = [version.class_names[index] for index in sorted(set().union(*said))]
    return {"classes": [*names], "pictures": sum(map(bool, said))}


def _said(record: PredictionRecord) -> Sequence[int]:
    if record.predicted_set is not None:
        return record.predicted_set
    return [] if record.predicted_index is None else [record.predicted_index]
