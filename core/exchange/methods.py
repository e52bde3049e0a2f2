"""How a model was made and judged, as a paragraph for a paper."""

from collections.abc import Mapping

from core.types import JsonObject

TEXT = (
    "{pictures} pictures were labelled by {people} and divided into training ({train}), validation ({validation}) and "
    "test ({test}) sets{whole}. A {backbone} {start} was used; {tuned}, for at most {epochs} epochs (optimiser "
    "{optimizer}, learning rate {learning_rate}, seed {seed}), and the epoch that was best on the validation set was "
    "kept. The test set was used once, for the figures reported here. Intervals are 95 % intervals: Wilson's for "
    "proportions, with the effective sample size where pictures share a case or group; the delta method's for areas "
    "under curves; and a Bayesian bootstrap over independent units for the rest. Software: Graft."
)
TUNED = {
    "head": "its features were kept and a linear head was trained on them",
    "gradual": "a linear head was trained first and the backbone then unfrozen stage by stage",
    "all": "all its weights were fine-tuned",
}
START = {"imagenet": "pretrained on ImageNet", "none": "with random weights"}


def methods(recipe: JsonObject, sizes: Mapping[str, int], annotators: int, together: str) -> str:
    """The paragraph; `sizes` are pictures per split, `together` is what no split cuts through."""
    people = "1 annotator" if annotators == 1 else f"{annotators or 'an unknown number of'} annotators"
    names = ("backbone", "epochs", "optimizer", "learning_rate", "seed")
    return TEXT.format(
        pictures=sum(sizes.values()),
        people=people,
        whole="" if together == "pictures" else f", keeping {together} whole",
        start=START.get(str(recipe.get("weights")), "initialised from earlier weights"),
        tuned=TUNED.get(str(recipe.get("tune")), "it was fine-tuned"),
        **{name: sizes.get(name, 0) for name in ("train", "validation", "test")},
        **{name: recipe.get(name, "?") for name in names},
    )
