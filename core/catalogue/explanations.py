"""Ways to explain an answer, as people read them. The methods themselves are in `core.explanation`."""

import re
from dataclasses import dataclass

TRANSFORMER = re.compile(r"(timm:)?((flexi|naflex)?vit|deit3?|beit(v2|3)?|eva(02)?)_")
"""How the names of networks begin whose every block lets all places of the picture attend to each other. Others whose
names hold "vit" look through windows, or are convolutional."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplanationInfo:
    """A method: `words` say what its heatmap shows, `passes` how many times the network looks at the picture.

    `of_class` is False where the heatmap is the same whichever class is asked for; `transformers` is True where
    only vision transformers can be explained so, `convolutional` where they cannot.
    """

    name: str
    title: str
    words: str
    paper: str
    passes: int = 1
    of_class: bool = True
    transformers: bool = False
    convolutional: bool = False

    def fits(self, backbone: str) -> bool:
        """Whether a network of this name can be explained so, as far as the name tells."""
        transformer = TRANSFORMER.match(backbone) is not None
        return transformer if self.transformers else not (self.convolutional and transformer)


_LIST = (
    ExplanationInfo(name="gradcam", title="Grad-CAM", paper="https://arxiv.org/abs/1610.02391",
                    words="The places that raised the answer's score. A good first look."),
    ExplanationInfo(name="gradcam++", title="Grad-CAM++", paper="https://arxiv.org/abs/1710.11063",
                    words="The same, when there are several such places."),
    ExplanationInfo(name="hirescam", title="HiRes-CAM", paper="https://arxiv.org/abs/2011.08891",
                    words="Only places that the score was really computed from."),
    ExplanationInfo(name="layercam", title="Layer-CAM", paper="https://ieeexplore.ieee.org/document/9462463",
                    words="Finer edges; only what speaks for the answer."),
    ExplanationInfo(name="eigencam", title="Eigen-CAM", paper="https://arxiv.org/abs/2008.00299", of_class=False,
                    words="What stands out to the network, whatever the answer."),
    ExplanationInfo(name="scorecam", title="Score-CAM", paper="https://arxiv.org/abs/1910.01279", passes=64,
                    words="Shows the network parts of the picture and sees what they do. Slow."),
    ExplanationInfo(name="occlusion", title="Occlusion", paper="https://arxiv.org/abs/1311.2901", passes=121,
                    words="Covers each part in turn: hot is where covering costs the most. Slow, and easy to trust."),
    ExplanationInfo(name="rise", title="RISE", paper="https://arxiv.org/abs/1806.07421", passes=256,
                    words="Covers random patches: hot is what was in sight when the score was high. Very slow."),
    ExplanationInfo(name="integrated_gradients", title="Integrated gradients",
                    paper="https://arxiv.org/abs/1703.01365", passes=32, words="Each pixel's share of the score."),
    ExplanationInfo(name="smoothgrad", title="SmoothGrad", paper="https://arxiv.org/abs/1706.03825", passes=32,
                    words="Pixels whose change would change the score most."),
    ExplanationInfo(name="gradient_shap", title="SHAP (gradient)", paper="https://arxiv.org/abs/1705.07874", passes=32,
                    words="Each pixel's fair share of the score, against several backgrounds."),
    ExplanationInfo(name="relevance", title="Relevance propagation", paper="https://doi.org/10.1371/journal.pone.0130140",
                    convolutional=True, words="Hands the score back, layer by layer, to the pixels it came from."),
    ExplanationInfo(name="attention_rollout", title="Attention rollout", paper="https://arxiv.org/abs/2005.00928",
                    of_class=False, transformers=True, words="Where a vision transformer's attention flows."),
    ExplanationInfo(name="weighted_attention", title="Gradient-weighted attention",
                    paper="https://arxiv.org/abs/2103.15679", transformers=True,
                    words="Where attention flows that speaks for the answer."),
)  # fmt: skip

EXPLANATIONS = {item.name: item for item in _LIST}
"""Name -> method, in the order people see."""
