"""Reports: everything known of a training in one file that runs nothing, fetches nothing, and says what is missing."""

import dataclasses
import html
import io
import re
from contextlib import nullcontext
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from core.charts import LineageStep, lineage_svg
from core.errors import BadInput
from core.evaluation import FIGURES, Interval
from core.exchange.html import command_html, table
from core.exchange.report import STYLES, Dots, External, PictureMap, ReportFacts, report_html
from core.exchange.report.values import decimal, entries, lines, three
from core.exchange.report.whole import SECTIONS
from core.graft import Graft
from core.jobs.payloads import ForecastPayload, PredictPayload, TrainPayload
from core.services import explanations
from core.services.report_facts import gather
from core.services.report_pictures import Drawn
from core.services.reports import Asked
from core.services.serving import Serving
from core.store.computed import ComputedOnce
from core.store.predictions import PredictionRecord
from core.types import JsonObject, JsonValue, RunId, RunKind, Split, Task
from core.words import enumerated
from tests.finished import NOW, keep, make_images, make_job, make_run, make_version
from tests.integration.test_judging import Field, steps
from tests.integration.test_results import Leaves


@pytest.fixture(autouse=True)
def no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process is started for heatmaps."""
    monkeypatch.setattr(Serving, "answering", lambda self: nullcontext())


@pytest.fixture
def leaves(graft: Graft) -> Leaves:
    made = Leaves(graft)
    draw_thumbs(graft, 6)
    return made


def draw_thumbs(graft: Graft, count: int) -> None:
    """The small pictures that a report shows of what `make_images` made."""
    for index in range(count):
        thumb = graft.gallery.store.thumb_path(f"{index:064d}")
        thumb.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (16, 8), (200, 30 * index % 256, 0)).save(thumb, "JPEG")


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
    text = graft.reports.html(keep(graft, leaves.run([0, 1, 0, 1, 1, 1])))
    assert Outline(text).fetched == [] and "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "Rust is orange.<br>Look below." in text
    assert "Of 100 pictures like these, between" in text and "by 1 annotator " in text
    assert "1.png: is healthy, said rust, 65% sure" in text and text.count("<img") == 1
    assert "<tr><th>expert</th><td>by hand</td><td class=n>6</td></tr>" in text
    assert "No cases or groups were named" in text and "was not tested on pictures from outside" in text
    assert "Heatmaps could not be made: Run 1 has no model." in text


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


NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
CONSTANTS = {
    "95", "90", "10", "5", "1,000", "1", "100", "0", "0.8", "0.67",
    "1947", "1995", "2001", "2002", "2005", "2006", "2010", "2011", "2016", "2017", "2018", "2019", "2022",
    "10.1162/089976602753284446", "10.1177", "0272989", "06295361",
}  # fmt: skip
CONSTANTS |= {
    word for item in FIGURES.values() for word in NUMBER.findall(f"{item.title} {item.meaning} {item.how} {item.least}")
}
"""What a report says of every run alike: confidence, citations, axes, how figures are computed."""
MOVED = ("results", "robustness", "forecast", "grades", "changes", "comparison")
SHOWN = ("scores", "classes", "confusion", "reliability", "promise", "decision", "abstaining", "weak_spots",
           "external", "counts", "labels", "agreement", "robustness", "forecast", "grades", "changes",
           "comparison")  # fmt: skip


def moved(value: object) -> object:
    """The same JSON with every number but 0 another one; shares stay shares, and intervals around their values."""
    if isinstance(value, dict):
        return {key: moved(item) for key, item in value.items()}
    if isinstance(value, list):
        return [moved(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    if isinstance(value, int):
        return value + (value > 0)
    return 0.6 * value + 0.017 if 0 <= value <= 1 else 1.3 * value + 3


def told(facts: ReportFacts, key: str) -> list[str]:
    words = html.unescape(re.sub(r"<svg.*?</svg>|<[^>]*>", " ", SECTIONS[key](facts), flags=re.DOTALL))
    return NUMBER.findall(re.sub(r"\((?:[^()]*(?:arXiv|doi)[^()]*)\)", " ", words))


def test_every_number_of_the_figures_comes_from_the_json_that_is_checked(graft: Graft) -> None:
    """All numbers of that JSON are changed: one that stays in the report came from somewhere that nobody checks."""
    field = Field(graft, each=40)
    traits: list[JsonObject] = [
        {"far": 0.5 + (index % 11 == 0), "sharp": 1.0 + index % 5, "light": 50.0 + index * 37 % 80}
        for index in range(80)
    ]
    run = field.run(steps(80), wrong=[*range(62, 70), *range(3, 9)], traits=traits)
    facts = facts_of(graft, run)
    changed = dataclasses.replace(
        facts,
        **{name: moved(getattr(facts, name)) for name in MOVED},
        picture_map=dataclasses.replace(facts.picture_map, result=moved(facts.picture_map.result), drawn=5),
        external=[dataclasses.replace(item, results=moved(item.results)) for item in facts.external],
    )
    lengths = {"weak_spots": {str(len(facts.results["slices"]))}, "robustness": {"3", "4"}}  # strengths in a header
    stayed: dict[str, set[str]] = {}
    for key in SHOWN:
        before, after = told(facts, key), told(changed, key)
        assert len(before) > 3 and len(before) == len(after), key
        same = {one for one, other in zip(before, after, strict=True) if one == other}
        stayed[key] = same - CONSTANTS - lengths.get(key, set())
    assert not any(stayed.values()), stayed


def facts_of(graft: Graft, run: RunId, asked: Asked | None = None) -> ReportFacts:
    """A report's facts with everything made that can be made."""
    record = graft.training.read(run)
    assert record.version_id is not None
    nothing = Drawn(failures=(), heatmaps=(), heat_words="")
    facts = gather(graft.reports, record, record.version_id, nothing, asked, None, ComputedOnce(), now=NOW)
    ends = [0.31, 0.23, 0.44]
    forecast: JsonObject = {
        "features": "pixels", "together": "cases", "more": 33, "poor": False,
        "classes": [{"class": "rust", "pictures": 44, "now": ends, "then": [0.52, 0.41, 0.63],
                     "gain": [0.21, 0.11, 0.32], "clear": True}],
        "tested": [{"class": "rust", "said": ends, "came": 0.33}], "few": ["blight"], "left_out": [], "least": [21, 11],
    }  # fmt: skip
    kind: JsonObject = {
        "kind": "shift", "title": "Shift", "strengths": ["as it is", *"abcde"],
        "right": [0.91, 0.82, 0.73, 0.64, 0.57, 0.48], "interval": [[0.21, 0.97]] * 6,
        "changed": [0.0, 0.123, *[0.2] * 4], "moved": [None] * 6,
    }  # fmt: skip
    graded: JsonObject = {
        "method": "gradcam", "title": "Grad-CAM", "seconds": 0.2, "passes": True, "deletion": 0.24, "insertion": 0.67,
        "above_chance": {"value": 0.32, "low": 0.13, "high": 0.47},
        "pointing": {"value": 0.72, "low": 0.54, "high": 0.86}, "pointing_chance": 0.2,
        "alike_with_random_weights": 0.14, "reasons": [],
    }  # fmt: skip
    agreement: JsonObject = {
        "people": ["Anna", "Ben"], "pictures": 37, "alpha": [0.71, 0.63, 0.83], "differing": 7, "settled": 3,
        "classes": [{"name": "rust", "alpha": [0.74, 0.62, 0.81]}, {"name": "blight", "alpha": [0.72, 0.61, 0.84]}],
        "pairs": [{"people": ["Anna", "Ben"], "pictures": 36, "same": 0.87, "kappa": [0.73, 0.64, 0.82]}],
    }  # fmt: skip
    people: list[JsonValue] = [
        {"name": who, "how": "hand", "pictures": pictures}
        for who, pictures in (("Anna", 44), ("Ben", 43), ("Eve", 41), ("Ida", 39))
    ]
    labelling: JsonObject = {"until": 99, "merged": {}, "people": people, "agreement": agreement}
    difference: JsonObject = {"figure": "accuracy", "difference": [0.21, 0.13, 0.34], "p_value": 0.023, "apart": None}
    comparison: JsonObject = {
        "first": 71, "second": 72, "why": "as asked", "split": "test", "count": 43, "units": 23, "together": "cases",
        "least": 12, "scores": [{"figure": "accuracy", "first": [0.61, 0.52, 0.73], "second": [0.82, 0.67, 0.93]}],
        "differences": [difference], "recipe": [{"field": "epochs", "first": 14, "second": 37}],
    }  # fmt: skip
    drawn: JsonObject = {"pictures": 86, "shown": 84, "features": "the model", "share": 0.36}
    heaps = [Dots("rust", "#123456", [0.1, 0.2], [0.3, 0.4])]
    return dataclasses.replace(
        facts,
        comparison=comparison,
        picture_map=PictureMap(
            result=drawn, layout="directions", drawn=4, own=True, by_label=heaps, by_verdict=heaps,
        ),
        results={**facts.results, "labelling": labelling},
        forecast=forecast,
        robustness={"pictures": 47, "numbers": False, "kinds": [kind]},
        grades={"pictures": 24, "split": "validation", "circled": 22, "best": "gradcam", "methods": [graded]},
        changes={"pictures": 64, "start": "bundled", "units": [], "layers": [
            {"layer": 3, "likeness": 0.83, "distance": 0.27}, {"layer": 4, "likeness": 0.43, "distance": 0.47}]},
        external=[External(name="Elsewhere", note="", results=facts.results)],
    )  # fmt: skip


def test_nobody_knows_how_many_people_gave_labels_that_were_imported(graft: Graft, leaves: Leaves) -> None:
    facts = facts_of(graft, leaves.run([0, 1, 0, 1, 1, 1]))

    def told(*people: tuple[str, str]) -> str:
        given: list[JsonValue] = [{"name": name, "how": how, "pictures": 6} for name, how in people]
        results: JsonObject = {**facts.results, "labelling": {"people": given}}
        return SECTIONS["methods"](dataclasses.replace(facts, results=results))

    assert "labelled before import by an unknown number of annotators and divided" in told(("import", "import"))
    both = told(("Anna", "hand"), ("Ben", "hand"), ("import", "import"))
    assert "labelled by 2 annotators and, before import, by an unknown number of others and divided" in both
    assert "labelled by 1 annotator and divided" in told(("Anna", "hand"), ("Anna", "suggestion"))


def test_figures_below_nought_have_a_real_minus_sign() -> None:
    minus = "\N{MINUS SIGN}"
    assert decimal(Interval(-0.021, -0.104, 0.001)) == f"{minus}0.02\n{minus}0.10 to 0.00"
    assert decimal(Interval(-0.001, -0.004, 1234.5)) == "0.00\n0.00 to 1,234.50"


def test_what_was_not_made_says_how_to_make_it(graft: Graft, leaves: Leaves) -> None:
    run = keep(graft, leaves.run([0, 1, 0, 1, 1, 1]))
    text = graft.reports.html(run)
    for command in ("evaluate", "robustness", "forecast", "grade", "changed"):
        assert f"<code>graft {command} {run}" in text
    assert "<code>graft check</code>" in text and "no picture was labelled by two people" in text


def test_of_folds_the_pictures_out_of_fold_are_named_and_of_a_forecast_the_classes_that_are_too_far(
    graft: Graft,
) -> None:
    facts = facts_of(graft, Field(graft).run(steps(80)))
    assert "fitted on 40 validation pictures)" in SECTIONS["promise"](facts)
    calibration = facts.results["calibration"]
    assert isinstance(calibration, dict)
    found = calibration["conformal"]
    assert isinstance(found, dict)
    limits = {"pictures": 40, "out_of_fold": True}
    folded = {**facts.results, "calibration": {**calibration, "conformal": {**found, "limits_from": limits}}}
    text = SECTIONS["promise"](dataclasses.replace(facts, results=folded))
    assert "fitted on 40 pictures out of fold, by the answers of single folds)" in text and "validation" not in text
    forecast: JsonObject = {
        "features": "pixels", "together": "pictures", "more": 50, "poor": False, "tested": [], "few": [],
        "left_out": [], "too_far": ["mildew"], "least": [20, 10],
        "classes": [{"class": "rust", "pictures": 44, "now": None, "then": None, "gain": None, "clear": False}],
    }  # fmt: skip
    text = SECTIONS["forecast"](dataclasses.replace(facts, forecast=forecast))
    assert "mildew: 50 more would be over three times as many as there are: nobody can tell." in text


def test_a_forecast_of_which_no_class_has_enough_pictures_says_so_and_lists_few_of_many_names(graft: Graft) -> None:
    field = Field(graft)
    run = field.run(steps(80))
    few: list[JsonValue] = [f"kind {number}" for number in range(40)]
    result: JsonObject = {
        "features": "a network", "pictures": 80, "together": "pictures", "reached": 0.1, "chance": 0.1, "curves": [],
        "few": few, "left_out": few, "least": [20, 10], "largest": [10, 10],
    }  # fmt: skip
    make_job(graft, field.project, RunKind.FORECAST, ForecastPayload(model=run), result, run)
    text = graft.reports.html(run)
    assert "not enough pictures for a forecast" in text and "kind 5 and 34 others: at least 20 are needed" in text
    assert "were tried; not kind 0, kind 1, kind 2, kind 3, kind 4, kind 5 and 34 others." in text
    assert "0 more pictures" not in text


def test_the_decision_is_answered_at_the_costs_that_were_asked(graft: Graft) -> None:
    run = Field(graft).run([0.9] * 80, wrong=[41, 43, 45, 47, 40, 42])
    facts = facts_of(graft, run, Asked(about="rust", miss=1.0, common=0.5))
    text = SECTIONS["decision"](facts)
    # 16 of 20 with it are found and 2 of 20 without it alarm: of 1,000, half of which have it, 400, 100 and 50.
    assert re.search(
        r"rust: of 1,000 pictures 400 \(\d+ to \d+\) found, 100 \(.*?\) missed, 50 \(.*?\) false alarms", text
    )
    assert "Costs as given: a miss is as bad as 1 false alarm." in text and "Decision curve of rust" in text
    assert "among the validation pictures there must be some with and without blight" in text
    told = entries(facts.results["decision"])
    for useful, words in (([0.297, 0.304], "about 30%."), ([0.2, 0.3], "about 20% to 30%.")):
        moved_to = {**facts.results, "decision": {**told, "useful": useful}}
        assert f"from a chance of {words}" in SECTIONS["decision"](dataclasses.replace(facts, results=moved_to))
    with pytest.raises(BadInput, match="nothing to decide about 'mould'"):
        facts_of(graft, run, Asked(about="mould"))
    with pytest.raises(BadInput, match="1 to 999"):
        Asked(about="rust", common=1.0)


def test_a_promise_is_told_of_groups_with_pictures_enough_and_a_shift_with_its_interval(graft: Graft) -> None:
    facts = facts_of(graft, Field(graft).run([0.9] * 80))
    calibration = entries(facts.results["calibration"])
    conformal = entries(calibration["conformal"])
    whole, *_ = lines(conformal["checked"])
    groups = [{**whole, "of": "group", "name": name, "count": count} for name, count in (("north", 5), ("south", 4))]
    told: JsonObject = {**calibration, "conformal": {**conformal, "checked": [dict(whole), *groups]}}
    text = SECTIONS["promise"](dataclasses.replace(facts, results={**facts.results, "calibration": told}))
    assert "Group north" in text and "Group south" not in text
    assert "1 group of fewer than 5 test pictures left out." in text
    shift: JsonObject = {
        "kind": "shift", "title": "Shift", "strengths": ["as it is", *"abcde"], "right": [0.9] * 6,
        "interval": [[0.8, 1.0]] * 6, "changed": [0.0, *[0.12] * 5],
        "changed_interval": [[0.0, 0.0], *[[0.04, 0.23]] * 5],
    }  # fmt: skip
    spoilt: JsonObject = {"pictures": 40, "numbers": False, "kinds": [shift]}
    text = SECTIONS["robustness"](dataclasses.replace(facts, robustness=spoilt))
    assert "A shift by one pixel changes 12% (4 to 23) of the answers" in text


def test_more_classes_than_fit_a_page_are_told_by_their_most_frequent_mistakes(graft: Graft, leaves: Leaves) -> None:
    facts = facts_of(graft, leaves.run([0, 1, 0, 1, 1, 1]))
    labels = [letter * 3 for letter in "abcdefghijklm"]
    matrix = [[12 if row == column else 0 for column in range(13)] for row in range(13)]
    matrix[2][5] = 4
    results = {**facts.results, "confusion": {"split": "test", "labels": labels, "matrix": matrix}}
    text = SECTIONS["confusion"](dataclasses.replace(facts, results=results))
    assert "<th>ccc</th><td>fff</td><td class=n>4</td><td class=n>25%</td>" in text and text.count("<tr>") == 2


def test_guessing_is_said_at_the_top(graft: Graft, leaves: Leaves) -> None:
    text = graft.reports.html(leaves.run([1, 0, 1, 0, 1, 0]))
    assert "Before you rely on it:" in text
    assert "By its balanced accuracy on these test pictures it cannot be told from guessing." in text


@pytest.mark.parametrize("learnt", [True, False])
def test_numbers_no_better_than_their_mean_are_said_at_the_top(graft: Graft, learnt: bool) -> None:
    project = graft.projects.create("Share", Task.REGRESSION, settings={"unit": "%"})
    draw_thumbs(graft, 30)
    found, truth = make_images(graft, project, 30), [float(index) for index in range(30)]
    records = [
        PredictionRecord(
            image_id=image,
            split=Split.TEST,
            truth_number=value,
            predicted_number=value + 1 if learnt else 14 + value % 2,
        )
        for image, value in zip(found, truth, strict=True)
    ]
    run = make_run(graft, make_version(graft, project, found, [[]] * 30, truth), project, records)
    text = graft.reports.html(run)
    assert ("cannot be told from always saying the mean number" in text) is not learnt
    assert "single classes may lie below" not in text
    judged = graft.judging.abstaining(run)
    assert judged.error is not None and judged.error_between is not None
    assert judged.error_between.value == pytest.approx(judged.error) and not any("unsure" in it for it in judged.notes)
    assert re.search(r"<div><dt>[^<]*</dt><dd>[^<]*</dd></div>", text), "a term is printed with its explanation"


def test_a_report_of_grades_begins_with_how_far_off_they_are(graft: Graft) -> None:
    project = graft.projects.create_from_names("Severity", Task.ORDINAL, ["none", "low", "high"])
    draw_thumbs(graft, 30)
    found, truth = make_images(graft, project, 30), [[index % 3] for index in range(30)]
    records = [
        PredictionRecord(
            image_id=image, split=Split.TEST, truth_index=target[0], predicted_index=min(target[0] + index % 2, 2),
            probabilities=[0.2, 0.3, 0.5], confidence=0.5,
        )
        for index, (image, target) in enumerate(zip(found, truth, strict=True))
    ]  # fmt: skip
    text = graft.reports.html(make_run(graft, make_version(graft, project, found, truth), project, records))
    brief = text.partition("<section id=summary>")[2].partition("</section>")[0]
    assert "Agreement (kappa)" in brief and "Grades off" in brief and "AUROC" not in brief


def test_a_report_says_which_of_its_pictures_are_damaged_and_goes_on(graft: Graft, leaves: Leaves) -> None:
    run = leaves.run([0, 1, 0, 1, 1, 1])
    before = graft.reports.html(run)
    for index in range(6):
        graft.gallery.store.thumb_path(f"{index:064d}").unlink()
        path = graft.gallery.store.path(f"{index:064d}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"other bytes")
    text = graft.reports.html(run)
    assert text.count("<img") == before.count("<img") > 0
    assert "Its file is damaged." in text and "Its file is damaged." not in before


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
    assert text.count("<img") == 1 + 2 * 2 and "1 more is missing: too late" in text
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
    with pytest.raises(BadInput, match=r"has no results yet\. Wait"):
        graft.reports.html(queued)
    graft.queue.cancel(queued)
    with pytest.raises(BadInput, match=r"has no results: it was stopped\. Page Train says why"):
        graft.reports.html(queued)


def test_a_lineage_is_drawn_from_the_oldest_run_to_this_one() -> None:
    drawn = lineage_svg(
        [LineageStep("Run 1", "Synthetic <leaves>", "classes kept: rust"), LineageStep("Run 2", "Own leaves")]
    )
    assert drawn.count("<rect") == 2 and drawn.count("<path") == 1
    assert drawn.index("Run 1<") < drawn.index("classes kept: rust") < drawn.index("Run 2<")
    assert "&lt;leaves&gt;" in drawn and "<leaves>" not in drawn


def test_a_case_on_two_sides_is_told_wherever_scores_are(graft: Graft) -> None:
    whole, cut = (
        Field(graft, case=2),
        Field(graft, case=3, called="Cut"),
    )  # of three pictures, 39 to 41 lie on both sides
    assert graft.results.read(whole.run(steps(80))).leaking == 0
    run = cut.run(steps(80))
    assert graft.results.read(run).leaking == 1
    facts = facts_of(graft, run)
    assert "1 case in several of them" in SECTIONS["split"](facts)
    assert "; 1 case had pictures in several sets" in SECTIONS["methods"](facts)
    assert any(limit.grave and limit.words.startswith("1 case in several splits") for limit in facts.limits)


def test_where_no_epoch_was_better_than_the_start_the_methods_say_so(graft: Graft, leaves: Leaves) -> None:
    facts = facts_of(graft, leaves.run([0, 1, 0, 1, 1, 1]))
    note = "On validation nothing was better than the last layer alone: that is kept."
    kept = dataclasses.replace(facts, best_epoch=0, notes=(note,))
    assert "the epoch that was best on the validation set was kept" in told_words(facts)
    assert "none was better on the validation set than the start" in told_words(kept) and note in told_words(kept)


def told_words(facts: ReportFacts) -> str:
    return report_html(facts, "field")


def test_names_with_numbers_stand_at_the_left_and_may_break_and_figures_do_not() -> None:
    html = table(["is", "was called", "share"], [["a", "Leaf rust, stage 10", "40% to 82%"]])
    assert "<td>Leaf rust, stage 10</td>" in html and "<td class=n>40% to 82%</td>" in html


def test_a_command_is_never_broken_inside_an_option() -> None:
    assert "<span class=option>--set</span> a-b=1" in command_html("graft train 'A <b>' --set a-b=1")
    assert "A &lt;b&gt;" in command_html("graft train 'A <b>' --set a-b=1")


def test_whose_folder_a_file_of_weights_lay_in_stands_nowhere_in_a_report(graft: Graft, leaves: Leaves) -> None:
    facts = facts_of(graft, leaves.run([0, 1, 0, 1, 1, 1]))
    weights = "file:/home/anna/secret/a.pt"
    comparison: JsonObject = {
        "first": 1, "second": 2, "why": "the training before it", "together": "pictures", "units": 6, "count": 6,
        "split": "test", "differences": [], "scores": [], "least": 10,
        "recipe": [{"field": "weights", "first": weights, "second": "bundled"}],
    }  # fmt: skip
    text = report_html(
        dataclasses.replace(
            facts,
            recipe={**facts.recipe, "weights": weights},
            repeat=f"graft train Leaves --set weights={weights}",
            comparison=comparison,
        ),
        "field",
    )
    assert "anna" not in text and "weights=file:a.pt" in text and "a.pt lies in the same folder" in text


def test_large_figures_are_written_in_full() -> None:
    assert (three(1812.4), three(0.04567), three(-2500.0)) == ("1,812", "0.0457", "-2,500")


def test_names_in_which_commas_stand_are_told_apart() -> None:
    assert enumerated(["rust, stage 1", "rust, stage 2"]) == "rust, stage 1; rust, stage 2"
    assert enumerated(["rust", "healthy"]) == "rust, healthy"
