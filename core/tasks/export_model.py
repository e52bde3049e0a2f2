"""A trained model as a zip that needs no Graft: weights, card, ONNX, a model card to read and an example to run."""

from collections import Counter
from collections.abc import Sequence

import torch

from core.catalogue import ModelCard
from core.errors import NotFound
from core.evaluation import FIGURES
from core.exchange.model_card import ModelFacts, Score, model_card_text
from core.exchange.predict_example import EXAMPLE
from core.inference.onnx import write_onnx
from core.jobs.context import JobContext
from core.models import load_model
from core.store import predictions, projects, runs, versions
from core.store.db import reading
from core.store.predictions import PredictionRecord
from core.store.scoring import score, usable
from core.store.versions import VersionRecord
from core.tasks.archive import file_name, new_archive
from core.types import JsonObject, RunId, Split


def pack_model(context: JobContext, model: RunId) -> JsonObject:
    """Make the zip of a run's model; the result says whether it has an ONNX file, or why not."""
    folder = context.settings.models / str(model)
    context.progress("Loading the model", fraction=0.1, now=True)
    loaded = load_model(folder)
    context.check_cancelled()
    onnx = context.settings.exports / str(context.run.id) / "model.onnx"
    onnx.parent.mkdir(parents=True, exist_ok=True)
    context.progress("Writing ONNX", fraction=0.3, now=True)
    try:
        write_onnx(onnx, loaded.network, loaded.card)
        problem = ""
    except (torch.onnx.OnnxExporterError, RuntimeError) as error:  # said in the card; all the rest is still of use
        context.log.exception("No ONNX file could be made.")
        problem = f"this kind of network cannot be written as one ({type(error).__name__})."
    context.progress("Packing", fraction=0.9, now=True)
    facts = _facts(context, model, loaded.card, problem)
    with reading(context.engine) as session:
        sources = {name: folder / name for name in predictions.model_files(session, model)}
    if not problem:
        sources["model.onnx"] = onnx
    name = f"{file_name(facts.project)}-model-{model}.zip"
    size = sum(item.stat().st_size for item in sources.values())
    try:
        with new_archive(context, name, size_bytes=size) as (archive, path):
            for inside, source in sources.items():
                archive.write(source, inside)
            archive.writestr("README.md", model_card_text(facts))
            if not problem:
                archive.writestr("predict.py", EXAMPLE)
    finally:
        onnx.unlink(missing_ok=True)
    return {"file": path.name, "size_bytes": path.stat().st_size, "onnx": not problem, "problem": problem}


def _facts(context: JobContext, model: RunId, card: ModelCard, problem: str) -> ModelFacts:
    with reading(context.engine) as session:
        run = runs.read_run(session, model)
        if run.version_id is None or run.project_id is None:
            raise NotFound(f"Run {model} trained no model.")
        project = projects.read_project(session, run.project_id)
        version = versions.read_version(session, run.version_id)
        said = predictions.read_predictions(session, model, Split.TEST)
    return ModelFacts(
        project=project.name,
        guideline=project.guideline,
        synthetic=bool(project.settings.get("synthetic")),
        run=model,
        name=run.name,
        trained_at=run.finished_at or run.created_at,
        recipe=run.recipe or {},
        card=card,
        version=version.number,
        content_hash=version.content_hash,
        split_rule=version.split_rule,
        counts={split.value: len(version.part(split)) for split in Split},
        per_class=_per_class(version),
        scores=_scores(version, said),
        onnx_problem=problem,
        code_version=run.code_version,
    )


def _per_class(version: VersionRecord) -> list[tuple[str, int, int]]:
    counts = Counter((target, item.split) for item in version.items for target in item.targets)
    return [
        (name, counts[index, Split.TRAIN], counts[index, Split.TEST]) for index, name in enumerate(version.class_names)
    ]


def _scores(version: VersionRecord, said: Sequence[PredictionRecord]) -> list[Score]:
    known = usable(version.task, said)
    found = score(version, known).figures if known else {}
    return [
        Score(name=FIGURES[name].title, value=FIGURES[name].shown(item), interval=FIGURES[name].range(item))
        for name, item in found.items()
        if item is not None
    ]
