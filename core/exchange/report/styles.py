"""The two kinds of report: the same sections under the headings that its readers expect, and a checklist.

The clinic's follows TRIPOD+AI (https://doi.org/10.1136/bmj-2023-078378) with the numbers of its items, and CLAIM
(https://doi.org/10.1148/ryai.2020200029); the field's is laid out as a trial report after EPPO's standard PP 1/181
(https://doi.org/10.1111/epp.12823). Items are in our own words: the papers' are the ones that count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """A line of a checklist: its number, what it asks for, and the sections that answer it (none: the authors')."""

    number: str
    words: str
    sections: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """A kind of report: parts, each with its sections as key -> heading, and the checklist.

    `words` say for whom it is; `authors` are headings that only a person can fill.
    """

    title: str
    words: str
    subtitle: str
    parts: Mapping[str, Mapping[str, str]]
    authors: Sequence[str]
    checklist_title: str
    checklist: Sequence[Item]


FIELD = Style(
    title="Field trial",
    words="Headings of a field-trial report: material, layout, assessment, results.",
    subtitle="Trial report of a model that judges pictures",
    parts={
        "Summary": {"summary": "Result in brief"},
        "Aim": {"purpose": "What is judged, and how"},
        "Material and layout": {
            "data": "Pictures and where they come from",
            "labels": "Assessment: who labelled",
            "agreement": "How far the assessors agree",
            "split": "Layout: learning, choosing and testing",
            "counts": "Pictures per class",
        },
        "Method": {"model": "The model", "methods": "Methods, to paste into a paper"},
        "Results": {
            "scores": "How good it is",
            "folds": "Fold by fold",
            "classes": "Class by class",
            "confusion": "Confusion matrix",
            "reliability": "How sure it is",
            "promise": "Answers that hold",
            "decision": "A decision by it",
            "abstaining": "When it should not answer",
            "weak_spots": "Where it is weaker",
            "comparison": "Against another training",
            "failures": "Where it fails",
            "heatmaps": "What it looks at",
            "resembling": "What its mistakes resemble",
            "map": "Map of the pictures",
            "grades": "Which heatmaps can be trusted",
            "changes": "What training changed",
        },
        "How far it carries": {
            "external": "Pictures from elsewhere",
            "robustness": "Worse pictures",
            "forecast": "More pictures",
            "checks": "Checks of the data",
            "limits": "Limits of use",
        },
        "Records": {
            "lineage": "What the model descends from",
            "recipe": "Recipe",
            "provenance": "Versions, hashes and how to repeat it",
        },
    },
    authors=("Sites, seasons, crop and cultivar", "Camera and conditions of the pictures", "Who ran and paid for it"),
    checklist_title="Checklist: what a trial report should tell (after EPPO PP 1/181)",
    checklist=(
        Item("1", "Aim of the trial, and what is assessed", ("purpose",)),
        Item("2", "Sites, seasons, crop and cultivar"),
        Item("3", "Material: what was looked at, how many, when", ("data", "counts")),
        Item("4", "Layout: what is kept apart, and what counts as one", ("split",)),
        Item("5", "Assessment: by whom, by which scale", ("purpose", "labels")),
        Item("6", "Agreement of the assessors", ("agreement",)),
        Item("7", "Method, in enough detail to repeat it", ("model", "methods", "recipe")),
        Item("8", "Results with their uncertainty", ("scores", "folds", "classes", "confusion", "decision")),
        Item("9", "Statistics used", ("methods", "scores")),
        Item("10", "What went wrong, shown", ("failures", "heatmaps", "resembling", "weak_spots")),
        Item("11", "Other sites and conditions", ("external", "robustness")),
        Item("12", "Limits and deviations", ("limits", "checks")),
        Item("13", "Records: raw data, versions, who answers for them", ("provenance",)),
    ),
)
CLINIC = Style(
    title="Clinic",
    words="Headings of TRIPOD+AI and CLAIM: participants, reference standard, partitions, performance.",
    subtitle="Development and evaluation of an image-based prediction model",
    parts={
        "Abstract": {"summary": "Summary"},
        "Introduction": {"purpose": "Intended use and target"},
        "Methods": {
            "data": "Data sources and participants",
            "labels": "Outcome: reference standard",
            "agreement": "Agreement between readers",
            "split": "Data partitions and sample size",
            "model": "Model and training",
            "methods": "Methods, to paste into a paper",
        },
        "Results": {
            "counts": "Participants and outcomes per partition",
            "scores": "Model performance",
            "folds": "Internal validation: cross-validation",
            "classes": "Performance per class",
            "confusion": "Confusion matrix",
            "reliability": "Calibration",
            "promise": "Prediction sets with promised coverage",
            "decision": "Clinical utility: decision at given costs",
            "abstaining": "Abstention",
            "weak_spots": "Performance in subgroups",
            "comparison": "Comparison with another model on the same pictures",
            "external": "External evaluation",
            "robustness": "Sensitivity to the quality of the input",
            "failures": "Failure analysis",
            "heatmaps": "Explanations",
            "resembling": "Training pictures that the failures resemble",
            "map": "Map of the learnt features",
            "grades": "Validity of the explanations",
            "changes": "What training changed in the network",
            "forecast": "Learning curve and forecast",
        },
        "Discussion": {"checks": "Risks of bias in the data", "limits": "Limitations and usability"},
        "Other information": {
            "lineage": "Model updating: what it descends from",
            "recipe": "Model specification",
            "provenance": "Availability, versions and how to repeat it",
        },
    },
    authors=(
        "Eligibility of participants, setting and treatments",
        "Known health inequalities, and fairness across groups of patients",
        "Ethical approval and consent",
        "Funding, conflicts of interest, protocol and registration",
        "Patient and public involvement",
    ),
    checklist_title="Checklist: TRIPOD+AI (T) and CLAIM (C)",
    checklist=(
        Item("T1, C1", "Title: a prediction model, its target and its approach", ("summary",)),
        Item("T2, C2", "Summary of design, data, results", ("summary",)),
        Item("T3a, C3", "Background and rationale"),
        Item("T3b", "Target population, intended use and users", ("purpose",)),
        Item("T3c, T14", "Health inequalities and fairness"),
        Item("T4, C4–6", "Objectives and design"),
        Item("T5, C7", "Sources and dates of the data", ("data",)),
        Item("T6, C8", "Participants: setting, eligibility, treatments"),
        Item("T7, T9, C9–12", "Preparation of the pictures; what identifies was removed", ("data", "model")),
        Item("T8, C14–17", "Outcome: reference standard, who read, how", ("purpose", "labels")),
        Item("C18", "Variability between readers", ("agreement",)),
        Item("T10, C19", "Size of the sample", ("split", "counts", "forecast")),
        Item("T11, C13", "Missing data: pictures without a label", ("data",)),
        Item("T12a, C20–21", "Partitions, and the level at which they are disjoint", ("split",)),
        Item("T12c, C22–27", "Model, software, start, training, choice", ("model", "methods", "recipe")),
        Item("T12e, C28–29", "Measures of performance and their uncertainty", ("methods", "scores")),
        Item("T13", "Imbalance of the classes", ("counts", "model")),
        Item("T15", "Output: probabilities, calibration, thresholds", ("model", "reliability", "promise", "decision")),
        Item("T16, T20c", "Differences between development and evaluation data", ("external", "counts")),
        Item("T17", "Ethical approval"),
        Item("T18a–d, C40, C42", "Funding, conflicts, protocol, registration"),
        Item("T18e–f, C41", "Availability of data and code", ("provenance",)),
        Item("T19", "Patient and public involvement"),
        Item("T20–21, C33–34", "Flow and numbers of participants and outcomes", ("data", "counts")),
        Item("T22", "Specification of the whole model", ("recipe", "provenance")),
        Item("T23, C35–36", "Performance with intervals", ("scores", "folds", "classes", "confusion")),
        Item("T12d, T23b", "Heterogeneity between centres or groups", ("external", "weak_spots")),
        Item("T12f, T24", "Model updating", ("lineage", "comparison")),
        Item("C30", "Robustness or sensitivity", ("robustness",)),
        Item("C31", "Explainability", ("heatmaps", "grades", "resembling", "map")),
        Item("C32", "Evaluation on external data", ("external",)),
        Item("C37", "Failure analysis", ("failures",)),
        Item("T25", "Interpretation, with fairness and earlier studies"),
        Item("T26, C38", "Limitations", ("limits", "checks")),
        Item("T27, C39", "Usability: poor input, users, next steps", ("limits", "robustness", "abstaining")),
    ),
)  # fmt: skip
STYLES: dict[str, Style] = {"field": FIELD, "clinic": CLINIC}
"""Name -> kind of report, the usual one first."""
