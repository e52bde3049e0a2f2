"""The section on deciding by the model: what is found, missed and a false alarm among 1,000, and whether it pays."""

from core.charts.benefit import BELOW
from core.evaluation import Interval
from core.evaluation.decision import cheapest, pays, with_gaps
from core.exchange.html import paragraph, sentences, table
from core.exchange.report.drawing import Line, chart
from core.exchange.report.facts import ReportFacts
from core.exchange.report.values import Entries, counted, entries, items, lines, number, percent, share, triple
from core.words import between

MOST = 12
"""Classes in the table beside the one asked about."""


def decision(facts: ReportFacts) -> str:
    """What acting by the model comes to."""
    found = entries(facts.results.get("decision"))
    if not found:
        return ""
    told = lines(found["classes"])
    about = next(line for line in told if line["what"] == found["about"])
    worth = number(found["miss"])
    miss = f"{worth:g} false alarm{'' if worth == 1 else 's'}"
    costs = (
        f"Costs as given: a miss is as bad as {miss}."
        if found["asked"]
        else f"No costs were given, so this is an example: a miss as bad as {miss}, and everything as "
        "common as among the validation pictures. Yours: page Results, Decide, or "
        f"`graft report {facts.results['run']} --about CLASS --miss N --common N`."
    )
    thresholds = (
        "The threshold follows from the costs and from how common the class is (Elkan 2001; Saerens et al. 2002, "
        "doi 10.1162/089976602753284446), by probabilities that fit how common it is among the validation pictures "
        "(Steyerberg et al. 2004, doi 10.1002/sim.1844); no test picture chose it, so they can judge it."
    )
    known = [line for line in told if line["threshold"] is not None]
    few = [str(line["problem"]) for line in told if line["problem"]]
    whole = known if len(known) <= MOST else [about]
    rest = f" Of {len(known)} classes, the one asked about is shown." if len(known) > MOST else ""
    body = paragraph(f"{costs} {thresholds}{rest}")
    if about["threshold"] is not None:
        body += sentences(_told(about))
    if whole and known:
        body += table(HEADER, [_row(line) for line in whole if line["threshold"] is not None], small=True)
        body += paragraph("Under each figure its 95% interval; of 1,000 pictures, as common as said.")
    if few:
        body += sentences(few if len(few) <= MOST else [*few[:MOST], f"The same holds for {len(few) - MOST} more."])
    return body + _curve(found)


HEADER = ["decision about", "of 1,000 have it", "says so from", "found", "missed", "false alarms", "PPV", "NPV"]


def _row(line: Entries) -> list[str]:
    counts = [_whole(triple(line[name])) for name in ("found", "missed", "false_alarms")]
    shares = [percent(triple(line[name])) for name in ("ppv", "npv")]
    common = f"{1000 * number(line['prevalence']):.0f}"
    return [str(line["what"]), common, f"{number(line['threshold']):.0%}", *counts, *shares]


def _told(line: Entries) -> list[str]:
    """The chosen decision, in sentences."""
    found, missed, alarms, cost = (triple(line[name]) for name in ("found", "missed", "false_alarms", "cost"))
    assert found and missed and alarms and cost  # there is a threshold
    on_all, on_none = number(line["cost_of_all"]), number(line["cost_of_none"])
    best = cheapest(cost.value, on_all, on_none)
    open_ = cost.low < min(on_all, on_none) < cost.high
    says, leaves = triple(line["ppv"]), triple(line["npv"])
    values = [
        f"When it says {line['what']}, {share(says)} have it (PPV)" if says else f"It never says {line['what']}",
        f"when it does not, {share(leaves)} have it not (NPV)" if leaves else "it always says so",
    ]
    return [
        f"{line['what']}: of 1,000 pictures {_words(found)} found, {_words(missed)} missed, {_words(alarms)} false "
        "alarms.",
        "; ".join(values) + ".",
        f"Counted in false alarms, its mistakes cost {_words(cost)}; acting on all costs "
        f"{on_all:,.0f}, on none {on_none:,.0f}. By these costs, {best} is the cheapest"
        + (", though the interval leaves it open." if open_ else "."),
        f"From {counted(line['count'], 'test picture')}, {number(line['support']):,.0f} of them {line['what']}: it "
        f"finds {share(triple(line['sensitivity']))} of those (sensitivity) and leaves "
        f"{share(triple(line['specificity']))} of the others alone (specificity).",
    ]


def _curve(found: Entries) -> str:
    points = lines(found["curve"])
    if not points:
        return ""
    at = [100 * number(point["act_from"]) for point in points]
    model = [triple(point["model"]) for point in points]
    everyone = [number(point["everyone"]) for point in points]
    top = max(item.high for item in model if item)
    low = max(min(0.0, *(item.low for item in model if item)), -BELOW * top)
    useful = items(found["useful"])
    better = [item is not None and pays(item.value, on_all) for item, on_all in zip(model, everyone, strict=True)]
    worth = (
        f"it is better than acting on all or on none for whoever acts from a chance of about "
        f"{between(number(useful[0]), number(useful[1]))}{with_gaps(better)}"
        if useful
        else "at no chance is it better than acting on all or on none"
    )
    words = (
        f"Decision curve of {found['about']} (Vickers & Elkin 2006, doi 10.1177/0272989X06295361): as far as these "
        f"pictures tell, {worth}. At these costs one acts from {number(found['act_from']):.0%}: the upright line."
    )
    drawn = chart(
        [
            Line("by the model", at, [item.value if item else 0 for item in model], band=_band(model)),
            Line("on all", at, everyone, dashed=True),
            Line("on none", at, [0.0] * len(at), dotted=True),
        ],
        x=(0, 100), y=(low, top), across="chance from which one acts, %", up="net benefit per 1,000",
        mark=100 * number(found["act_from"]), label=f"Decision curve of {found['about']}",
    )  # fmt: skip
    return paragraph(words) + drawn


def _band(found: "list[Interval | None]") -> tuple[list[float], list[float]]:
    return [item.low if item else 0 for item in found], [item.high if item else 0 for item in found]


def _whole(found: Interval | None) -> str:
    return "–" if found is None else f"{found.value:.0f}\n{found.low:.0f} to {found.high:.0f}"


def _words(found: Interval) -> str:
    return f"{found.value:,.0f} ({found.low:,.0f} to {found.high:,.0f})"
