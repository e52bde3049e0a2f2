"""A trained model as a zip that needs no Graft: weights, card, ONNX, a model card to read and an example to run."""

import torch
from torch import nn

from core.catalogue import ModelCard
from core.errors import NotFound
from core.exchange.model_card import ModelFacts, model_card_text
from core.exchange.predict_example import EXAMPLE
from core.exchange.report.values import entries, items, lines
from core.inference.onnx import write_onnx
from core.jobs.context import JobContext
from core.models import check_files, load_model
from core.store import predictions, projects, runs, versions
from core.store.about_model import external_tests, newest_about
from core.store.db import reading
from core.store.results_json import read_results_json
from core.tasks.archive import file_name, new_archive
from core.types import JsonObject, RunId, RunKind
from core.words import labeller

MOST_BYTES = 2_000_000_000


def pack_model(context: JobContext, model: RunId) -> JsonObject:
    """Make the zip of a run's model; the result says whether it has an ONNX file, or why not."""
    folder = context.settings.models / str(model)
    context.progress("Loading the model", fraction=0.1, now=True)
    with reading(context.engine) as session:
        files = predictions.model_files(session, model)
    check_files(folder, files)
    loaded = load_model(folder)
    context.check_cancelled()
    onnx = context.settings.exports / str(context.run.id) / "model.onnx"
    onnx.parent.mkdir(parents=True, exist_ok=True)
    try:
        context.progress("Writing ONNX", fraction=0.3, now=True)
        try:
            problem = _too_large(loaded.network)
            if not problem:
                write_onnx(onnx, loaded.network, loaded.card)
        except (torch.onnx.OnnxExporterError, RuntimeError) as error:  # said in the card; all the rest is still of use
            context.log.exception("No ONNX file could be made.")
            problem = f"this kind of network cannot be written as one ({type(error).__name__})."
        context.progress("Packing", fraction=0.9, now=True)
        facts = _facts(context, model, loaded.card, problem)
        sources = {name: folder / name for name in files}
        if not problem:
            sources["model.onnx"] = onnx
        name = f"{file_name(facts.project)}-model-{model}.zip"
        size = sum(item.stat().st_size for item in sources.values())
        with new_archive(context, name, size_bytes=size) as (archive, path):
            for inside, source in sources.items():
                archive.write(source, inside)
            archive.writestr("README.md", model_card_text(facts))
            if not problem:
                archive.writestr("predict.py", EXAMPLE)
    finally:
        onnx.unlink(missing_ok=True)
    return {"file": path.name, "size_bytes": path.stat().st_size, "onnx": not problem, "problem": problem}


def _too_large(network: nn.Module) -> str:
    """Why it fits no ONNX file, as half a sentence; "" where it does: protobuf, of which one is made, ends at 2 GiB."""
    size = sum(item.numel() * item.element_size() for item in network.state_dict().values())
    return f"its weights are {size / 1e9:.1f} GB, and one such file holds 2." if size > MOST_BYTES else ""


def _facts(context: JobContext, model: RunId, card: ModelCard, problem: str) -> ModelFacts:
    with reading(context.engine) as session:
        run = runs.read_run(session, model)
        if run.version_id is None or run.project_id is None:
            raise NotFound(f"Run {model} trained no model.")
        project = projects.read_project(session, run.project_id)
        version = versions.read_version(session, run.version_id)
        about = newest_about(session, run)
        robustness, check = about.get(RunKind.ROBUSTNESS), about.get(RunKind.CHECK)
        external: dict[str, JsonObject] = {}  # of each project the newest
        for test in external_tests(session, run):
            if test.version_id is not None:
                other = projects.read_project(session, versions.read_project_id(session, test.version_id))
                if other.name not in external:
                    external[other.name] = read_results_json(session, test.id, context.settings.models)
        results = read_results_json(session, model, context.settings.models)
    unit = project.settings.get("unit")
    return ModelFacts(
        project=project.name,
        guideline=project.guideline,
        unit=unit if isinstance(unit, str) else "",
        synthetic=bool(project.settings.get("synthetic")),
        run=model,
        name=run.name,
        trained_at=run.finished_at or run.created_at,
        recipe=run.recipe or {},
        notes=[str(note) for note in items((run.result or {}).get("notes"))],
        card=card,
        version=version.number,
        people=_people(results),
        results=results,
        external=list(external.items()),
        robustness=robustness.result if robustness else None,
        check=check.result if check else None,
        onnx_problem=problem,
        code_version=run.code_version,
    )


def _people(results: JsonObject) -> list[str]:
    """Who labelled, each once; none where that was not recorded."""
    people = lines(entries(results["labelling"]).get("people"))
    return list(dict.fromkeys(labeller(str(line["name"])) for line in people))
