"""The pretraining job: pictures without labels in; a body's weights, their card and curves out."""

import dataclasses
import functools
import shutil
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime

import torch
from torch import Tensor

from core.catalogue import WeightsCard, backbone_info, ensure_pictures
from core.errors import GraftError
from core.features import PixelCache
from core.formula import FormulaPictures, FormulaPool
from core.inference import choose_device, device_words
from core.jobs.context import JobContext
from core.jobs.payloads import PretrainPayload
from core.models import Network, calibrate_batch_norm, knows_photographs, save_body
from core.models.bodies import build_body
from core.models.looking import check_looks
from core.pretraining import Pictures, Plan, Pretrainer, Probe, Unnamed
from core.store import images, versions
from core.store.db import reading
from core.store.versions import LabelledImage
from core.tasks.provenance import code_version, libraries
from core.tasks.whole import start_from
from core.training import delete_checkpoint
from core.types import ClassId, JsonObject, JsonValue, ProjectId
from core.words import count

SIZE, GROWS_FROM = 128, 0.75
PROBED, PROBED_EACH = 10, 20
MOST_LABELLED, CALIBRATING = 400, 256
FROM_NOTHING, GOING_ON = 2e-3, 3e-4
"""Learning rates: weights that are good already are soon forgotten at the rate that makes them."""
KEPT_EACH, NEW_EACH, POOL = 1, 1000, "drawn"


def run(context: JobContext) -> JsonObject:
    """Pretrain; the result holds the weights' card, notes for people and how many pictures there were."""
    payload = PretrainPayload.from_json(context.run.payload)
    device = choose_device(context.settings.device)
    context.facts(device=device_words(device), code_version=code_version(), libraries=libraries())
    first, size = _sizes(payload)
    project = context.run.project_id
    pictures: Pictures
    if project is None:
        pictures, probe = _by_formula(context, payload, size, str(device))
    else:
        pictures, probe = _of_project(context, project, size)
    torch.manual_seed(payload.seed)
    network = Network(payload.backbone, 1, image_size=size)
    check_looks(network)
    context.progress("Fetching the network", now=True)
    start_from(context, network, payload.weights)
    if project is not None and not knows_photographs(payload.weights, context.settings):
        calibrate_batch_norm(network, [pictures.read(torch.arange(min(CALIBRATING, pictures.count)))])
    plan = Plan(
        method=payload.method, minutes=payload.minutes, steps=payload.steps, seed=payload.seed,
        batch_size=payload.batch_size, first_size=first,
        learning_rate=FROM_NOTHING if payload.weights == "none" else GOING_ON,
    )  # fmt: skip
    follower = _Follower(context)
    trainer = Pretrainer(network.to(device), pictures, plan, probe, context.folder, follower)
    context.progress("The network learns", now=True)
    signs: JsonObject = {**trainer.fit()}
    card = _card(context, payload, trainer, signs)
    card = save_body(context.folder / "weights.safetensors", trainer.result, card)
    context.afterwards(functools.partial(delete_checkpoint, context.folder))
    context.afterwards(functools.partial(shutil.rmtree, context.folder / POOL, ignore_errors=True))
    context.progress("Done", fraction=1.0, now=True)
    return {"card": card.to_json(), "notes": follower.notes, "pictures": pictures.count}


@dataclass(frozen=True, slots=True)
class StoredPictures(Unnamed):
    """A project's pictures, from the cache of pixels."""

    pixels: PixelCache
    blobs: list[str]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.blobs)

    def read(self, positions: Tensor) -> Tensor:
        """(n, 3, S, S) uint8."""
        return self.pixels.read([self.blobs[index] for index in positions.tolist()])


class _Follower:
    """Tells the run's row what the loop does."""

    def __init__(self, context: JobContext) -> None:
        self.context, self.notes = context, list[JsonValue]()
        self.begun = time.monotonic()

    def step(self, step: int, fraction: float, seconds_left: float | None) -> None:
        """A step is done."""
        self.context.check_cancelled()
        self.context.progress(f"Step {step:,}", fraction=fraction, eta_s=seconds_left, epoch=step)

    def look(self, step: int, values: dict[str, float]) -> None:
        """The signs were taken."""
        self.context.metrics(step, values)
        shown = ", ".join(f"{name} {value:.4f}" for name, value in values.items())
        self.context.log.info("Step %d: %s", step, shown)

    def kept(self) -> None:
        """The checkpoint is written."""
        self.context.got_further()

    def note(self, text: str) -> None:
        """A sentence for the person."""
        self.notes.append(text)
        self.context.log.warning(text)
        self.context.progress(text, now=True, notes=list(self.notes))


def _sizes(payload: PretrainPayload) -> tuple[int, int]:
    """Sides of the first and of the last views; they only grow if the body's weights are the same at any size."""
    own = backbone_info(payload.backbone).image_size
    try:
        with torch.device("meta"):
            shapes = [
                {name: value.shape for name, value in build_body(payload.backbone, size).module.state_dict().items()}
                for size in (SIZE, own)
            ]
            build_body(payload.backbone, SIZE).module.eval()(torch.empty(1, 3, SIZE, SIZE))
        any_size = shapes[0] == shapes[1]
    except Exception:  # whatever a network of another library stumbles over at a size that is not its own
        any_size = False
    last = payload.image_size or (SIZE if any_size else own)
    return (round(GROWS_FROM * last) if any_size else last), last


def _by_formula(context: JobContext, payload: PretrainPayload, size: int, device: str) -> tuple[Pictures, Probe]:
    """A CPU sees the same pictures again and again: drawing one takes it as long as learning from it."""
    pictures = FormulaPictures(
        seed=payload.seed, size=size, fractals=payload.fractals, device=device,
        each=payload.each or (KEPT_EACH if device == "cpu" else NEW_EACH),
    )  # fmt: skip
    probe = _drawn(pictures)
    if device != "cpu":
        return pictures, probe
    context.folder.mkdir(parents=True, exist_ok=True)
    needed = pictures.count * 3 * size * size
    if shutil.disk_usage(context.folder).free < 2 * needed:
        raise GraftError(
            f"Keeping {pictures.count:,} drawn pictures takes {needed / 2**20:,.0f} MiB; the disk is too full.",
            hint="Make room, or choose fewer fractals or pictures of each.",
        )
    return FormulaPool(pictures, context.folder / POOL), probe


def _drawn(pictures: FormulaPictures) -> Probe:
    """Pictures that are never learnt from, labelled by how leaves are scattered: what a layman would see first."""
    fresh = dataclasses.replace(pictures, each=pictures.each + PROBED_EACH)
    new = torch.arange(fresh.count).view(fresh.fractals, fresh.each)[:, pictures.each :].flatten()
    scatters = fresh.labels(new)[:, 3]
    chosen = torch.cat([(scatters == number).nonzero()[:PROBED_EACH, 0] for number in range(PROBED)])
    return Probe(fresh.read(new[chosen]).cpu(), scatters[chosen])


def _of_project(context: JobContext, project: ProjectId, size: int) -> tuple[StoredPictures, Probe]:
    with reading(context.engine) as session:
        blobs = images.list_blobs(session, project)
        labelled = versions.list_labelled(session, project)
    ensure_pictures(len(blobs))
    pixels = PixelCache(context.settings, size, "squash")

    def watch(done: int, total: int) -> None:
        context.check_cancelled()
        if total:
            context.progress(f"Reading the pictures: {done:,} of {total:,}", fraction=done / total)

    pixels.fill(blobs, watch)
    known = _known(labelled, set(blobs))
    shown = list(known) or blobs[:MOST_LABELLED]
    return StoredPictures(pixels, blobs), Probe(pixels.read(shown), torch.tensor(list(known.values())))


def _known(labelled: list[LabelledImage], blobs: set[str]) -> dict[str, int]:
    """Blob -> class of the first pictures with one class each; nothing unless there are two with two pictures."""
    one = [item for item in labelled if len(item.classes) == 1 and item.blob in blobs][:MOST_LABELLED]
    counts = Counter(item.classes[0] for item in one)
    numbers: dict[ClassId, int] = {
        name: index for index, name in enumerate(sorted(name for name, number in counts.items() if number > 1))
    }
    found = {item.blob: numbers[item.classes[0]] for item in one if item.classes[0] in numbers}
    return found if len(numbers) > 1 else {}


def _card(context: JobContext, payload: PretrainPayload, trainer: Pretrainer, signs: JsonObject) -> WeightsCard:
    pictures = trainer.pictures
    drawn = pictures.formulas or (0, 0, 0, 0)
    threads = torch.get_num_threads()
    cpu = f"{threads} CPU core{'s' if threads > 1 else ''}"
    return WeightsCard(
        backbone=payload.backbone,
        method=payload.method,
        pictures="drawn by formula" if drawn[0] else f"{count(pictures.count, 'picture')} of a project",
        image_size=trainer.network.image_size,
        first_size=trainer.plan.first_size,
        batch_size=trainer.batch_size,
        steps=trainer.step,
        minutes=round(trainer.seconds / 60, 2),
        seed=payload.seed,
        start=payload.weights,
        machine=cpu if trainer.device.type == "cpu" else device_words(trainer.device),
        made_on=f"{datetime.now(UTC):%Y-%m-%d}",
        sha256="",
        fractals=drawn[0],
        palettes=drawn[1],
        textures=drawn[2],
        scatters=drawn[3],
        each=pictures.count // drawn[0] if drawn[0] else 0,
        signs=signs,
    )
