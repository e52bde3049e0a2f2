"""The map of a project's pictures: where each lies when what a network sees alike lies together."""

import hashlib

import numpy as np

from core.errors import BadInput, NotEnoughImages
from core.evaluation.layout import FEWEST, directions, neighbours
from core.jobs.context import JobContext
from core.jobs.payloads import MapPayload
from core.media.layouts import write_layouts
from core.store import checks
from core.store.db import reading
from core.store.snapshot import LAYOUTS_HASH, sealed
from core.tasks.seen import learnt_features, unlearnt_features
from core.types import JsonObject, RunId

MOST_PICTURES = 20_000


def run(context: JobContext) -> JsonObject:
    """Draw; the map's file gets the layouts "directions" and, of enough pictures, "umap"."""
    payload = MapPayload.from_json(context.run.payload)
    if context.run.project_id is None:
        raise BadInput("A map needs a project.")
    with reading(context.engine) as session:
        images = checks.list_blobs(session, context.run.project_id)
    if len(images) < FEWEST:
        raise NotEnoughImages(f"Not enough pictures: at least {FEWEST} are needed for a map.", hint="Bring some in.")
    order = np.random.default_rng(0).permutation(len(images))[:MOST_PICTURES]
    shown = [images[index] for index in sorted(order)]
    blobs = [blob for _, blob in shown]
    if payload.model is None:
        features, words = unlearnt_features(context, blobs)
    else:
        features, words = learnt_features(context, RunId(payload.model), blobs)
    context.progress("Laying the pictures out", now=True)
    plane, share = directions(features)
    layouts = {"directions": plane}
    context.check_cancelled()
    near = neighbours(features)
    if near is not None:
        layouts["umap"] = near
    path = context.settings.map_file(context.run.id)
    write_layouts(path, [image for image, _ in shown], layouts)
    drawn = {LAYOUTS_HASH: hashlib.sha256(path.read_bytes()).hexdigest()}
    return sealed({"pictures": len(images), "shown": len(shown), "features": words, "share": share, **drawn})
