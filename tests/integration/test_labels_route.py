"""Label events through the route."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.guard import SameOrigin
from app.routes import base, labels, media, uploads
from core.graft import Graft
from core.labels import ClassSpec
from core.media import BlobStore, prepare
from core.store.db import reading, writing
from core.store.images import NewImage, create_image
from core.store.tables import AnnotatorRow, LabelEventRow
from core.types import ImageId, ImageState, Task
from tests.unit.test_media import encoded, gradient

NOW = datetime.now(UTC)


@pytest.fixture
def client(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    for module in (base, labels, media, uploads):
        monkeypatch.setattr(module, "shared", lambda: graft)
    app = Starlette(
        routes=[*labels.ROUTES, *media.ROUTES, *uploads.ROUTES],
        middleware=[Middleware(SameOrigin, host="127.0.0.1")],
    )
    return TestClient(app, base_url="http://127.0.0.1")


@pytest.fixture
def image(graft: Graft) -> ImageId:
    project = graft.projects.create("Leaves", Task.SINGLE, [ClassSpec(name="rust"), ClassSpec(name="healthy")])
    ready = prepare(encoded(gradient(), "PNG"), "a.png")
    blob = BlobStore(graft.settings).put(ready.content)
    new = NewImage(sha256=ready.sha256, blob=blob, phash=ready.phash, format=ready.format, width=80, height=60,
                   size_bytes=9, original_name="a.png", extra={})  # fmt: skip
    with writing(graft.engine) as session:
        return create_image(session, project, new, now=NOW)


def event(image: int, class_id: int = 1, event_id: str = "event-0001", kind: str = "set") -> dict[str, object]:
    return {"id": event_id, "image": image, "kind": kind, "value": {"classes": [class_id]}}


def test_an_acknowledged_label_is_in_the_store_and_a_retry_is_not_a_second_one(
    client: TestClient, graft: Graft, image: ImageId
) -> None:
    body = {"project": 1, "annotator": "Ada", "events": [event(image)]}
    assert client.post("/api/labels", json=body).json() == {
        "saved": ["event-0001"],
        "rejected": [],
        "archived": [],
        "deleted": [],
    }
    assert client.post("/api/labels", json=body).json()["saved"] == ["event-0001"]
    with reading(graft.engine) as session:
        assert session.scalar(select(func.count()).select_from(LabelEventRow)) == 1
    assert graft.gallery.image(image).state is ImageState.LABELLED
    progress = graft.labelling.progress(graft.projects.list()[0].id)
    assert (progress.total, progress.by_class) == (1, {1: 1})


def test_a_label_that_waited_keeps_the_name_of_who_gave_it(client: TestClient, graft: Graft, image: ImageId) -> None:
    waited = {**event(image), "annotator": "Ada"}
    client.post("/api/labels", json={"project": 1, "annotator": "Grace", "events": [waited]})
    with reading(graft.engine) as session:
        assert session.scalars(select(AnnotatorRow.name)).all() == ["Ada"]


def test_one_impossible_event_is_refused_and_the_others_are_kept(client: TestClient, image: ImageId) -> None:
    events = [event(image, class_id=99, event_id="impossible"), event(image)]
    answer = client.post("/api/labels", json={"project": 1, "events": events}).json()
    assert answer["saved"] == ["event-0001"] and answer["rejected"][0]["id"] == "impossible"


def test_what_an_undoing_names_is_taken_back_and_one_that_was_refused_takes_nothing_along(
    client: TestClient, graft: Graft, image: ImageId
) -> None:
    refused = event(image, class_id=99, event_id="impossible")
    undo = {**event(image, event_id="undo-0001", kind="clear"), "source": "undo", "takes_back": "impossible"}
    client.post("/api/labels", json={"project": 1, "events": [event(image), refused, undo]})
    assert graft.gallery.image(image).state is ImageState.LABELLED
    again = {**undo, "id": "undo-0002", "takes_back": "event-0001"}
    client.post("/api/labels", json={"project": 1, "events": [again]})
    assert graft.gallery.image(image).state is ImageState.UNLABELLED


NAMELESS = {"id": "undo-0001", "image": 1, "kind": "clear", "source": "undo"}


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"project": "1", "events": []},
        {"project": 1, "events": [{"id": 1}]},
        {"project": 1, "events": [NAMELESS]},
        {"project": 1, "events": [{**NAMELESS, "takes_back": 7}]},
    ],
)
def test_a_malformed_request_is_answered_in_words(client: TestClient, body: object) -> None:
    answer = client.post("/api/labels", json=body)
    assert answer.status_code == 400 and answer.json()["error"]


FOREIGN = [{"origin": "http://evil.example"}, {"host": "evil.example"}, {"sec-fetch-site": "cross-site"}]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_page_from_elsewhere_is_refused(client: TestClient, image: ImageId, headers: dict[str, str]) -> None:
    body = {"project": 1, "events": [event(image)]}
    assert client.post("/api/labels", json=body, headers=headers).status_code == 403


def test_a_damaged_picture_is_not_shown_but_named(client: TestClient, graft: Graft, image: ImageId) -> None:
    record = graft.gallery.image(image)
    path = graft.gallery.store.path(record.blob)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    graft.gallery.store.thumb_path(record.blob).unlink(missing_ok=True)
    for size in ("full", "thumb"):  # of what is damaged no new thumbnail is made either
        answer = client.get(f"/api/image/{image}/{size}")
        assert answer.status_code == 404
        assert answer.json()["error"] == f"The stored picture {record.original_name} is damaged."
    assert not graft.gallery.store.thumb_path(record.blob).exists()


def test_pictures_are_served_by_id_and_nothing_else_is(client: TestClient, image: ImageId, tmp_path: Path) -> None:
    thumb = client.get(f"/api/image/{image}/thumb")
    assert thumb.headers["content-type"] == "image/jpeg" and "immutable" in thumb.headers["cache-control"]
    assert client.get(f"/api/image/{image}/full").headers["content-type"] == "image/png"
    assert client.get("/api/image/999/thumb").status_code == 404
    for address in ("..%2f..%2fgraft.db", "g" * 64, "a" * 64):
        assert client.get(f"/api/blob/{address}/full").status_code == 404


def test_an_upload_through_the_route_stops_and_resumes(client: TestClient, graft: Graft, image: ImageId) -> None:
    content = encoded(gradient(), "PNG")
    announced = client.post("/api/uploads", json={"project": 1, "batch": "b1", "name": "x.png", "size": len(content)})
    address = f"/api/uploads/{announced.json()['id']}"
    client.patch(address, content=content[:50], headers={"upload-offset": "0"})
    assert client.head(address).headers["upload-offset"] == "50"
    assert client.patch(address, content=content, headers={"upload-offset": "0"}).status_code == 400
    done = client.patch(address, content=content[50:], headers={"upload-offset": "50"})
    assert done.json() == {"offset": len(content)}
    assert client.post("/api/uploads/b1/import", json={"project": 1}).json()["run"] == 1


def test_the_queue_holds_only_what_is_left(client: TestClient, image: ImageId) -> None:
    assert [item["id"] for item in client.get("/api/labels/queue?project=1").json()["items"]] == [image]
    client.post("/api/labels", json={"project": 1, "events": [event(image, kind="skip")]})
    assert client.get("/api/labels/queue?project=1").json()["items"] == []
