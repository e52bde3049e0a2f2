"""Sections on what jobs about the model found: worse pictures, more pictures, what changed, which heatmaps to trust."""

from core.evaluation import Interval
from core.evaluation.trust import PATIENCE_S
from core.exchange.html import paragraph, sentences, table
from core.exchange.report.facts import ReportFacts
from core.exchange.report.values import (
    Entries,
    counted,
    decimal,
    entries,
    interval,
    items,
    lines,
    number,
    percent,
    share,
    sized,
    texts,
    triple,
)
from core.words import changed_most, listed, moved, plain_number, too_far

NEW = {"pictures": "", "cases": " from new cases", "groups": " from new groups"}
VERDICTS = {True: "passes", False: "fails", None: "too few pictures to say"}


def robustness(facts: ReportFacts) -> str:
    """How far it falls on pictures that are spoilt."""
    found = facts.robustness
    if not found:
        return ""
    numbers = bool(found["numbers"])
    what = f"Typical error{f' ({facts.unit})' if facts.unit else ''}" if numbers else "Percent right"
    kinds = lines(found["kinds"])
    words = (
        f"{what} on {counted(found['pictures'], 'test picture')} as they are, and spoilt more and more (strengths 1 "
        "to 5; Hendrycks & Dietterich 2019, arXiv 1903.12261); under each its 95% interval. What it bears "
        "badly must stay the same where it is used."
    )
    shift = next((item for item in kinds if item["kind"] == "shift"), None)
    if shift:
        by = interval(items(shift["changed"])[1], (items(shift.get("changed_interval")) or [None, None])[1])
        once = number(items(shift["changed"])[1])
        flips = (
            f"A shift by one pixel moves the answer by {sized(by, once)} on average."
            if numbers
            else f"A shift by one pixel changes {share(by) if by else f'{once:.0%}'} of the answers (Azulay & Weiss "
            "2019, arXiv 1805.12177)."
        )
        words += f" {flips}"
    rows = [[str(item["title"]), *_steps(item, numbers)] for item in kinds]
    steps = [[str(item["title"]), *texts(item["strengths"])[1:]] for item in kinds]
    what_steps = table(["strength", "1", "2", "3", "4", "5"], steps, small=True, words=True)
    return (
        paragraph(words)
        + table(["spoilt by", "as it is", "1", "2", "3", "4", "5"], rows, small=True)
        + f"<details><summary>What the strengths are</summary>{what_steps}</details>"
    )


def _steps(kind: Entries, numbers: bool) -> list[str]:
    found = zip(items(kind["right"]), items(kind["interval"]), strict=True)
    if numbers:
        return [sized(interval(value, ends), number(value), cell=True) for value, ends in found]
    return [percent(interval(value, ends)).replace("%", "") for value, ends in found]


def forecast(facts: ReportFacts) -> str:
    """What more pictures should bring."""
    found = facts.forecast
    if not found:
        return ""
    more, together = f"{number(found['more']):.0f}", str(found["together"])
    told = lines(found["classes"])
    clear = [
        f"{more} more pictures of {line['class']}{NEW[together]} should lift what is found of it from "
        f"{share(triple(line['now'])).split(' ')[0]} to {share(triple(line['then']))}."
        for line in told
        if line["clear"]
    ]
    words = (
        f"A linear head on {found['features']} learns from a tenth to all of a class's pictures and is judged by "
        f"{together} it has not learnt from, never by the test pictures; the curve goes on as a power law (Hestness et "
        "al. 2017, arXiv 1712.00409; Mahmood et al. 2022, arXiv 2207.01725). It is simpler than the trained network: "
        "read which class gains, not how high it gets."
    )
    poor = "This head tells the classes poorly: take the forecast as a direction at most." if found["poor"] else ""
    rows = [
        [
            str(line["class"]),
            f"{number(line['pictures']):,.0f}",
            *(percent(triple(line[name])) for name in ("now", "then")),
            _points(line) if line["clear"] else "none that can be told",
        ]
        for line in told
    ]
    if not rows:
        return paragraph("There are not enough pictures for a forecast.") + sentences(_notes(found))
    header = ["class", "pictures now", "recall now", f"with {more} more", "rise, points"]
    return (
        paragraph(words)
        + paragraph(poor)
        + (sentences(clear[:3]) or paragraph(f"Of no class can it be told that {more} more pictures would help."))
        + table(header, rows)
        + sentences(_notes(found))
    )


def _points(line: Entries) -> str:
    gain = triple(line["gain"])
    return "" if gain is None else f"{100 * gain.value:.0f}\n{100 * gain.low:.0f} to {100 * gain.high:.0f}"


def _notes(found: Entries) -> list[str]:
    tried = lines(found["tested"])
    notes = []
    if tried:
        inside = 0
        for line in tried:
            said = triple(line["said"])
            inside += said is not None and said.low <= number(line["came"]) <= said.high
        notes.append(
            f"Put to the test: from half of the pictures, the forecast for all of them held in {inside} of "
            f"{len(tried)} classes."
        )
    if far := texts(found.get("too_far")):
        notes.append(too_far(listed(far), round(number(found["more"]))))
    if few := texts(found["few"]):
        least, units = (f"{number(item):.0f}" for item in items(found["least"]))
        kept = "" if found["together"] == "pictures" else f" from {units} {found['together']}"
        notes.append(f"Not enough pictures of {listed(few)}: at least {least}{kept} are needed.")
    if left := texts(found["left_out"]):
        notes.append(f"Only the rarest classes were tried; not {listed(left)}.")
    return notes


def grades(facts: ReportFacts) -> str:
    """Which heatmaps can be trusted."""
    found = facts.grades
    if not found:
        return ""
    titles = {line["method"]: line["title"] for line in lines(found["methods"])}
    first = next((line for line in lines(found["methods"]) if line["passes"]), None)
    slow = first is not None and first["method"] != found["best"]
    best = (
        f"The best that passes{f' and takes no longer than {PATIENCE_S:g} s' if slow else ''} is "
        f"{titles[found['best']]}."
        if found["best"]
        else "None passes: take no heatmap as a reason."
    )
    circled = number(found["circled"])
    marks = (
        counted(circled, "circled picture")
        if circled
        else "no circled pictures: circle the place in about 20 on page Look inside"
    )
    tested = counted(found["pictures"], f"{found['split']} picture")
    words = (
        f"Tested on {tested}; {marks}. {best} Deletion and insertion "
        "(Petsiuk et al. 2018, arXiv 1806.07421): how far the answer falls, and rises, as the hottest places go and "
        "come; pointing game (Zhang et al. 2016, arXiv 1608.00507): how often the hottest place is inside what an "
        "expert circled; alike: rank correlation with the maps of a network with random weights (Adebayo et al. 2018, "
        "arXiv 1810.03292), where much is bad. A method passes when it beats chance maps and is not alike. The best "
        "is chosen on the pictures that its figures are of, which flatters it a little."
    )
    rows = [
        [
            str(line["title"]),
            VERDICTS[_verdict(line["passes"])],
            f"{number(line['deletion']):.2f}",
            f"{number(line['insertion']):.2f}",
            decimal(_named(line["above_chance"])),
            percent(_named(line["pointing"])),
            "–"
            if line["alike_with_random_weights"] is None
            else plain_number(number(line["alike_with_random_weights"]), 2),
        ]
        for line in lines(found["methods"])
    ]
    header = ["method", "verdict", "deletion", "insertion", "above chance", "pointing", "alike"]
    return paragraph(words) + table(header, rows, small=True)


def _verdict(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _named(value: object) -> Interval | None:
    found = entries(value if isinstance(value, dict) else None)
    return interval(found["value"], [found["low"], found["high"]]) if found else None


def changes(facts: ReportFacts) -> str:
    """What training changed in the network it began with."""
    found = facts.changes
    if not found:
        return ""
    parts = [
        (
            int(number(line["layer"])),
            None if line["likeness"] is None else number(line["likeness"]),
            number(line["distance"]),
        )
        for line in lines(found["layers"])
    ]
    how = (
        f" Measured on {counted(found['pictures'], 'picture')} it did not learn from: linear centred kernel alignment "
        "of what each part makes of them (Kornblith et al. 2019, arXiv 1905.00414), and how far "
        "its weights moved, as a share of their length."
    )
    rows = [[str(part), "–" if alike is None else f"{alike:.2f}", moved(far)] for part, alike, far in parts]
    heads = ["part, from the picture on", "stayed alike", "weights moved"]
    return paragraph(changed_most(parts) + how) + table(heads, rows)
