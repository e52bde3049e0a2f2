"""Reports: everything known of a training in one file that runs nothing, fetches nothing, and says what is missing."""

import io
import re
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from core.charts import LineageStep, lineage_svg
from core.errors import BadInput
from core.exchange.report import STYLES
from core.exchange.report.whole import SECTIONS
from core.graft import Graft
from core.jobs.payloads import PredictPayload, TrainPayload
from core.services import explanations
from core.services.serving import Serving
from core.types import RunId, Task
from tests.integration.test_results import Leaves


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started for heatmaps."""
    monkeypatch.setattr(Serving, "answering", lambda self: nullcontext())


@pytest.fixture
def leaves(graft: Graft) -> Leaves:
    made = Leaves(graft)
    for index in range(6):
        thumb = graft.gallery.store.thumb_path(f"{index:064d}")
        thumb.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 8), (200, 30 * index, 0)).save(thumb, "JPEG")
    return made


class Outline(HTMLParser):
    """Headings, ids, links and whatever would be fetched or run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.fetched: list[str] = []
        self._heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._heading = tag in ("h1", "h2", "h3")
        values = dict(attrs)
        if self._heading:
            self.headings.append("")
        if values.get("id"):
            self.ids.add(str(values["id"]))
        if tag == "a":
            self.links.add(str(values["href"]))
        runs = tag in ("script", "iframe", "object", "link") or any(name.startswith("on") for name in values)
        if runs or not str(values.get("src") or "data:").startswith("data:"):
            self.fetched.append(tag)

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.headings[-1] += data

    def handle_endtag(self, tag: str) -> None:
        self._heading = False


def test_the_report_holds_everything_and_nothing_that_runs(graft: Graft, leaves: Leaves) -> None:
    graft.projects.edit(leaves.project, name="<script>alert(1)</script>", guideline="Rust is orange.\nLook below.")
    text = graft.reports.html(leaves.run([0, 1, 0, 1, 1, 1]))
    assert Outline(text).fetched == [] and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "Rust is orange.<br>Look below." in text
    assert "Of 100 pictures like these, between" in text and "by 1 annotator " in text
    assert "1.png: is healthy, said rust, 65% sure" in text and text.count("<img") == 1
    assert "<tr><th>expert</th><td>hand</td><td class=n>6</td></tr>" in text
    assert "No cases or groups were named" in text and "was not tested on pictures of another place" in text
    assert "Heatmaps could not be made: Run 1 has no model yet." in text


@pytest.mark.parametrize("style", STYLES)
def test_every_link_of_the_contents_and_the_checklist_leads_to_its_section(
    graft: Graft, leaves: Leaves, style: str
) -> None:
    outline = Outline(graft.reports.html(leaves.run([0, 1, 0, 1, 1, 1]), style))
    assert outline.links and {link.removeprefix("#") for link in outline.links} == outline.ids
    assert STYLES[style].checklist_title in outline.headings
    assert ("Outcome: reference standard" in outline.headings) == (style == "clinic")


@pytest.mark.parametrize("style", STYLES)
def test_each_style_shows_every_section_once_and_its_checklist_knows_no_other(style: str) -> None:
    shown = [key for sections in STYLES[style].parts.values() for key in sections]
    assert sorted(shown) == sorted(SECTIONS)
    asked = {key for item in STYLES[style].checklist for key in item.sections}
    assert asked <= set(SECTIONS)


def test_an_unanswered_item_says_who_can_answer_it(graft: Graft, leaves: Leaves) -> None:
    text = graft.reports.html(leaves.run([0, 1, 0, 1, 1, 1]), "clinic")
    rows = dict(re.findall(r"<tr><th>([^<]*)</th><td>[^<]*</td><td>(.*?)</td></tr>", text))
    assert rows["T17"] == "<em>the authors</em>"
    assert rows["C32"] == "<em>not answered yet</em>"
    assert rows["C37"] == '<a href="#failures">Failure analysis</a>'


def test_the_figures_are_those_of_the_json(graft: Graft, leaves: Leaves) -> None:
    run = leaves.run([0, 1, 0, 1, 1, 1])
    text, results = graft.reports.html(run), graft.results.to_json(run)
    low, high = results["intervals"]["test"]["accuracy"]
    assert (
        f"<td class=n>{results['metrics']['test']['accuracy']:.0%}</td><td class=n>{low:.0%} to {high:.0%}</td>" in text
    )
    assert "<tr><th>healthy</th><td class=n>2</td><td class=n>1</td></tr>" in text
    assert str(results["dataset_hash"]) in text


def test_guessing_is_said_at_the_top(graft: Graft, leaves: Leaves) -> None:
    text = graft.reports.html(leaves.run([1, 0, 1, 0, 1, 0]))
    assert "Before you rely on it:" in text and "cannot be told from guessing" in text


def test_heatmaps_stand_beside_their_pictures_and_what_is_late_is_left_out(
    graft: Graft, leaves: Leaves, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    heat = tmp_path / "heat.png"
    Image.new("RGBA", (16, 8), (0, 0, 255, 255)).save(heat)
    view = explanations.HeatmapView(
        path=heat, empty=False, target=0, class_name="", probability=None, said=0, probabilities=(), number=None
    )
    method = next(iter(explanations.EXPLANATIONS.values()))
    run = leaves.run([0, 1, 0, 1, 1, 1])
    subject = explanations.SubjectView(
        run=graft.training.read(run), task=Task.SINGLE, classes=(), framing="squash", methods=(method,)
    )
    answered = []

    def wait(self: object, number: RunId, timeout_s: float) -> explanations.HeatmapView:
        answered.append(timeout_s)
        if len(answered) == 3:
            raise BadInput("too late")
        return view

    monkeypatch.setattr(explanations.Explanations, "subject", lambda self, model: subject)
    monkeypatch.setattr(explanations.Explanations, "request", lambda self, model, image, method: RunId(int(image)))
    monkeypatch.setattr(explanations.Explanations, "wait", wait)
    text = graft.reports.html(run, patience_s=20)
    assert text.count("<img") == 1 + 2 * 2 and "1 more were not ready in time." in text
    assert max(answered) <= 20
    over = re.findall(r"base64,([\w+/=]+)", text)[2]
    import base64

    red, _, blue = Image.open(io.BytesIO(base64.b64decode(over))).convert("RGB").getpixel((8, 4))
    assert blue > 120 > red, "the map lies over the picture"


def test_only_finished_trainings_have_reports_of_known_kinds(graft: Graft, leaves: Leaves) -> None:
    with pytest.raises(BadInput, match="no report of the kind 'novel'"):
        graft.reports.html(leaves.run([0] * 6), "novel")
    predicted = graft.queue.enqueue(PredictPayload(model=RunId(1), source="x"), project_id=leaves.project)
    with pytest.raises(BadInput, match="no training"):
        graft.reports.html(predicted)
    queued = graft.queue.enqueue(TrainPayload(), project_id=leaves.project, version_id=leaves.version)
    with pytest.raises(BadInput, match="no results yet"):
        graft.reports.html(queued)


def test_a_lineage_is_drawn_from_the_oldest_run_to_this_one() -> None:
    drawn = lineage_svg(
        [LineageStep("Run 1", "Synthetic <leaves>", "classes kept: rust"), LineageStep("Run 2", "Own leaves")]
    )
    assert drawn.count("<rect") == 2 and drawn.count("<path") == 1
    assert drawn.index("Run 1<") < drawn.index("classes kept: rust") < drawn.index("Run 2<")
    assert "&lt;leaves&gt;" in drawn and "<leaves>" not in drawn
