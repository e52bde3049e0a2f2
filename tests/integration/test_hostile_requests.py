"""What a hostile or broken program sends: never a failure of the server, always an answer in words."""

import anyio
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.testclient import TestClient
from starlette.types import Message

from app import server
from app.guard import SameOrigin
from app.routes import base, explanations, exports, labels, media, reports, uploads
from core.graft import Graft
from core.labels import ClassSpec
from core.types import Task

ADDRESSES = (
    "/api/image/{}/full",
    "/api/heatmap/{}.png",
    "/api/heatmaps/{}/1.png",
    "/api/heatmaps/1/{}.png",
    "/api/heatmaps/1/mean/{}.png",
    "/api/predictions/{}.csv",
    "/api/exports/{}/file",
    "/api/runs/{}/report.html",
    "/api/imports/{}/report.csv",
)
HUGE = ("9" * 19, "9" * 20, "9" * 5000)
NO_NUMBERS = ("-1", "abc", "1.5", "٣", "1%20", "1'--")


@pytest.fixture
def client(graft: Graft, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    for module in (base, explanations, exports, labels, media, reports, server, uploads):
        monkeypatch.setattr(module, "shared", lambda: graft)
    graft.projects.create("Leaves", Task.SINGLE, [ClassSpec(name="rust"), ClassSpec(name="healthy")])
    app = Starlette(routes=server.routes(), middleware=[Middleware(SameOrigin, host="127.0.0.1")])
    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_number_that_nothing_has_is_not_found_however_long_it_is(client: TestClient, address: str) -> None:
    for number in ("0", "9" * 18, *HUGE, *NO_NUMBERS):
        answer = client.get(address.format(number))
        assert (answer.status_code, set(answer.json())) == (404, {"error", "hint"}), number


@pytest.mark.parametrize("text", [*HUGE, "-1", "abc", "٣"])
def test_a_number_asked_for_after_the_question_mark_is_held_to_the_same(client: TestClient, text: str) -> None:
    assert client.get(f"/api/labels/queue?project={text}").status_code == 400
    assert client.get(f"/api/labels/queue?project=1&after={text}").status_code == 400
    assert client.get(f"/api/predictions/1.csv?promise={text}").status_code == 404
    assert client.get(f"/api/runs/1/report.html?against={text}").status_code == 400


def test_an_address_of_no_route_is_not_answered_with_a_page(client: TestClient) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = client.request(method, "/api/nothing/here")
        assert (answer.status_code, answer.json()["error"]) == (404, "There is nothing at this address.")


@pytest.mark.parametrize(
    "body",
    [
        '{"project": 1' + "0" * 30 + ', "events": []}',
        '{"project": 1, "events": [], "x": ' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"project": 1, "events": [{"id": "e-\\ud800-00001", "image": 1, "kind": "skip"}]}',
        '{"project": 1, "annotator": "\\ud800", "events": []}',
        '{"project": 1, "events": [{"id": "event-0001", "image": 1, "kind": "skip", "seconds": NaN}]}',
        '{"project": 1, "events": [{"id": "event-0001", "image": 1, "kind": "skip", "seconds": 1e999}]}',
        '{"project": 1, "events": [{"id": "event-0001", "image": 1, "kind": "skip", "seconds": ' + "9" * 400 + "}]}",
        '{"project": 1, "events": [{"id": "event-0001", "image": ' + "9" * 5000 + ', "kind": "skip"}]}',
    ],
)
def test_json_that_no_table_can_hold_is_refused_in_words(client: TestClient, body: str) -> None:
    answer = client.post("/api/labels", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_character_written_in_two_halves_is_one(client: TestClient) -> None:
    body = '{"project": 1, "batch": "batch-1", "name": "\\ud83c\\udf3f.jpg", "size": 4}'
    answer = client.post("/api/uploads", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 200


def test_a_large_number_that_a_browser_writes_in_digits_is_a_label(client: TestClient, graft: Graft) -> None:
    body = '{"project": 1, "events": [{"id": "event-0001", "image": 1, "kind": "set", "value": {"number": 1' + "0" * 20
    answer = client.post("/api/labels", content=body + "}}]}", headers={"content-type": "application/json"})
    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [{"host": "[::1"}, {"origin": "http://[::1"}])
def test_a_name_that_is_no_address_is_refused_like_a_foreign_one(client: TestClient, headers: dict[str, str]) -> None:
    assert client.get("/api/health", headers=headers).status_code == 403


def test_the_announced_size_of_a_file_is_told_as_what_it_is(client: TestClient) -> None:
    answer = client.post("/api/uploads", json={"project": 1, "batch": "batch-1", "name": "a.jpg", "size": -1})
    assert answer.json()["error"] == "a.jpg cannot have -1 bytes."


@pytest.mark.parametrize("position", ["", "-1", "9" * 5000, "٣"])
def test_a_piece_of_a_file_says_where_it_begins(client: TestClient, position: str) -> None:
    told = client.post("/api/uploads", json={"project": 1, "batch": "batch-1", "name": "a.jpg", "size": 4}).json()
    headers = {"upload-offset": position.encode()}
    assert client.patch(f"/api/uploads/{told['id']}", content=b"abcd", headers=headers).status_code == 400


def test_what_was_sent_to_one_project_goes_into_no_other(client: TestClient, graft: Graft) -> None:
    other = graft.projects.create("Fields", Task.SINGLE, [ClassSpec(name="wet"), ClassSpec(name="dry")])
    told = client.post("/api/uploads", json={"project": 1, "batch": "batch-1", "name": "a.jpg", "size": 4}).json()
    client.patch(f"/api/uploads/{told['id']}", content=b"abcd", headers={"upload-offset": "0"})
    refused = [
        client.post("/api/uploads/batch-1/import", json={"project": other}),
        client.post("/api/uploads/batch-1/seal", json={"project": other}),
        client.post("/api/uploads", json={"project": other, "batch": "batch-1", "name": "b.jpg", "size": 4}),
    ]
    for answer in refused:
        assert (answer.status_code, answer.json()["error"]) == (400, "These files were sent to another project.")
    assert graft.imports.list(other) == []
    assert client.post("/api/uploads/batch-1/import", json={"project": 1}).status_code == 200


def test_a_picture_is_sent_in_the_two_sizes_alone(client: TestClient) -> None:
    assert (
        client.get(f"/api/blob/{'a' * 64}/raw").json()["error"] == "Pictures are shown as thumb or full, not as 'raw'."
    )


def test_a_browser_that_goes_away_in_the_middle_leaves_no_failure_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def handler(request: Request) -> Response:
        return Response(str(await base.json_body(request)))

    scope = {"type": "http", "method": "POST", "path": "/", "headers": [(b"content-type", b"application/json")]}
    answer = anyio.run(base.endpoint(handler), Request(scope, gone))
    assert answer.status_code == 400 and not caplog.records
