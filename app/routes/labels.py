"""Label events in, the queue out."""

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.routes.base import endpoint, json_body, shared
from core.errors import BadInput
from core.services.labelling import LabelEvent, LabelValue, QueueItem
from core.types import ImageId, ImageState, JsonObject, JsonValue, LabelKind, LabelSource, ProjectId, whole_number

MOST_EVENTS = 500


def _event(value: JsonValue, annotator: str) -> LabelEvent:
    if not isinstance(value, dict):
        raise BadInput("An event must be an object.")
    event_id, image, seconds = value.get("id"), value.get("image"), value.get("seconds")
    if not isinstance(event_id, str) or not 8 <= len(event_id) <= 64 or type(image) is not int:
        raise BadInput("An event needs an id of 8 to 64 characters and the number of an image.")
    try:
        kind, source = LabelKind(str(value.get("kind"))), LabelSource(str(value.get("source", "hand")))
    except ValueError as error:
        raise BadInput(f"The event {event_id} is of an unknown kind or source.") from error
    label, takes_back = value.get("value") or {}, value.get("takes_back", "")
    if not isinstance(label, dict):
        raise BadInput(f"The value of event {event_id} must be an object.")
    if not isinstance(takes_back, str) or (source is LabelSource.UNDO) != bool(takes_back):
        raise BadInput(f"The event {event_id} must name what it takes back if it is an undoing, and only then.")
    return LabelEvent(
        event_id=event_id,
        image_id=ImageId(image),
        kind=kind,
        value=LabelValue.from_json(label),
        annotator=str(value.get("annotator") or annotator)[:200],
        seconds=float(seconds) if isinstance(seconds, int | float) else None,
        source=source,
        takes_back=takes_back,
    )


@endpoint
async def record(request: Request) -> Response:
    """POST {project, annotator, events} -> {saved, rejected, archived, deleted}. What is saved is on disk.

    An event may name its own annotator: it can have waited in the browser since someone else sat there.
    """
    body: JsonObject = await json_body(request)
    events, project = body.get("events"), body.get("project")
    if not isinstance(events, list) or len(events) > MOST_EVENTS or type(project) is not int:
        raise BadInput(f"Send a project's number and a list of at most {MOST_EVENTS} events.")
    annotator = str(body.get("annotator") or "expert")[:200]
    usable = [_event(item, annotator) for item in events]
    done = await anyio.to_thread.run_sync(shared().labelling.record, ProjectId(project), usable)
    rejected = [{"id": event_id, "error": reason} for event_id, reason in done.rejected]
    told = {"archived": list(done.archived), "deleted": list(done.deleted)}
    return JSONResponse({"saved": list(done.saved), "rejected": rejected, **told})


@endpoint
async def queue(request: Request) -> Response:
    """GET ?project=&after=&states=a,b -> {items}."""
    query = request.query_params
    project, after = whole_number(query.get("project", "")), whole_number(query.get("after", "0"))
    names = query.get("states", "unlabelled").split(",")
    if project is None or after is None or not set(names) <= set(ImageState):
        raise BadInput("project and after must be numbers, states the names of states.")
    states = [ImageState(name) for name in names]
    items = await anyio.to_thread.run_sync(
        lambda: shared().labelling.upcoming(ProjectId(project), states=states, after=ImageId(after))
    )
    return JSONResponse(
        {"items": [queue_item(item) for item in items]},
        headers={"cache-control": "no-store"},
    )


def queue_item(item: QueueItem) -> JsonObject:
    """An image as the labelling component wants it."""
    return {
        "id": item.id,
        "url": f"/api/image/{item.id}/full?v={item.blob[:12]}",
        "name": item.name,
        "state": item.state.value,
        "classes": list[JsonValue](item.classes),
        "number": item.number,
        "flagged": item.flagged,
    }


ROUTES = [Route("/api/labels", record, methods=["POST"]), Route("/api/labels/queue", queue)]
