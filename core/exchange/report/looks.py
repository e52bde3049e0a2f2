"""Sections with pictures: where the model fails, what it looks at, and what looks alike to it."""

from core.exchange.html import paragraph, picture
from core.exchange.report.drawing import cloud
from core.exchange.report.facts import Picture, ReportFacts
from core.exchange.report.values import counted, number

LAYOUTS = {
    "umap": "Pictures that lie together look alike to it (UMAP, McInnes et al. 2018); how far apart heaps are means "
    "little",
    "directions": "The two directions in which the pictures differ most (principal components, Pearson 1901) show "
    "{share:.0%} of all their variance",
}
MEANING = (
    "Heaps of one class are easy to tell apart; a point among points of another class is hard, or has a wrong label; a "
    "heap that splits by place or camera shows what it looks at instead."
)


def failures(facts: ReportFacts) -> str:
    """The worst mistakes."""
    if not facts.failures:
        return paragraph("No test picture was named wrongly.") if facts.sizes.get("test") else ""
    shown = "".join(picture([item.jpeg], item.caption) for item in facts.failures)
    words = (
        "The test pictures on which it was farthest off, the worst first."
        if facts.results["task"] == "regression"
        else "Test pictures on which it was wrong, the most confident first."
    )
    return paragraph(words) + f"<div class=pictures>{shown}</div>"


def heatmaps(facts: ReportFacts) -> str:
    """Pictures beside what the model looked at in them."""
    shown = "".join(picture([item.jpeg, item.over], item.caption) for item in facts.heatmaps)
    return paragraph(facts.heat_words) + (f"<div class='pictures pairs'>{shown}</div>" if shown else "")


def resembling(facts: ReportFacts) -> str:
    """Mistakes beside the training pictures that they resemble."""
    if not facts.resembling:
        return paragraph(facts.resembling_words)
    shown = [
        paragraph(item.words) + f"<div class='pictures row'>{''.join(map(_picture, (item.shown, *item.near)))}</div>"
        for item in facts.resembling
    ]
    return paragraph(facts.resembling_words) + "".join(shown)


def _picture(item: Picture) -> str:
    return picture([item.jpeg], item.caption)


def picture_map(facts: ReportFacts) -> str:
    """The pictures as points, by label and by right or wrong."""
    found = facts.picture_map
    if found is None:
        return ""
    seen = f"as {found.result['features']} sees them"
    whose = "" if found.own else ", and not this model, of which no map was drawn"
    near = LAYOUTS[found.layout].format(share=number(found.result["share"]))
    some = f"{counted(found.drawn, 'picture')} of the dataset version"
    drawn = [
        (f"By label: {some}, {seen}{whose}. {near}. {MEANING}", found.by_label, "Map of the pictures by label"),
        ("The same, by whether the model named it rightly:", found.by_verdict, "Map of the pictures by right or wrong"),
    ]
    return "".join(paragraph(words) + cloud(heaps, label=label) for words, heaps, label in drawn if heaps)
