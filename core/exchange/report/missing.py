"""What stands under the heading of something that was not made: that it was not, and how to make it."""

from core.exchange.report.facts import ReportFacts

NOT_RECORDED = (
    "Not recorded: this training is from before who labelled was kept with it. Train again on the labels as they are "
    "now to have it."
)
HOW_TO = {
    "labels": "Not known: no label was recorded before the dataset version was frozen.",
    "agreement": "Not known: no picture was labelled by two people. Let a second person label some, ten or more, under "
    "another name.",
    "decision": "Not made: it takes test pictures and their probabilities.",
    "promise": "Not made: it takes validation and test pictures and their probabilities.",
    "abstaining": "Not made: it takes test pictures.",
    "weak_spots": "Not made: no group of at least 10 test pictures could be held against the rest.",
    "comparison": "Not made: there is no earlier training on the same dataset version. To choose another one: page "
    "Results, Report, Compared with, or `graft report {run} --against RUN`.",
    "resembling": "Not made: no test picture was named wrongly. Page Look inside, or `graft resembles {run} IMAGE`, "
    "shows the training pictures that any picture resembles.",
    "map": "Not made. Page Map draws it, as this training sees the pictures.",
    "external": "Not made. `graft evaluate {run} --project NAME`, or page Results, Test on other pictures, makes it.",
    "robustness": "Not made. `graft robustness {run}`, or page Results, Robustness, makes it.",
    "forecast": "Not made. `graft forecast {run}`, or page Results, What to label next, makes it.",
    "grades": "Not made: no way to draw heatmaps was tested. `graft grade {run}`, or page Look inside, makes it.",
    "changes": "Not made. `graft changed {run}`, or page Look inside, makes it.",
    "checks": "Not made. `graft check`, or page Check data, looks for duplicates, leaks, short cuts and wrong labels.",
}
"""Section -> its words; one that is not here is left out where there is nothing to tell."""
ONLY_FOR = {
    "forecast": ("single", "ordinal"),
    "decision": ("single", "ordinal", "multi"),
}
"""Sections that other kinds of label cannot have."""


def how_to(key: str, facts: ReportFacts) -> str:
    """How a section comes to have something to tell, or "" where it is to be left out."""
    task = str(facts.results["task"])
    if task not in ONLY_FOR.get(key, (task,)):
        return ""
    if key in ("labels", "agreement") and not facts.labelling:
        return NOT_RECORDED
    return HOW_TO.get(key, "").format(run=facts.results["run"])
