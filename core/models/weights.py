"""Where a body's weights come from: a download, the package, a file, an earlier run. Reading them runs no code."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast
from urllib.error import URLError
from urllib.parse import urlsplit

import safetensors.torch
import timm
import torch
import torchvision
from torch import Tensor

from core.catalogue import BUNDLED, WeightsCard, bundled_weights
from core.errors import BadInput, NotFound, WeightsUnavailable
from core.models.bodies import TIMM
from core.models.network import Network
from core.models.small import OWN
from core.recipes import earlier_model
from core.settings import Settings, expanded

LEAST_MATCH = 0.9


def load_weights(network: Network, weights: str, settings: Settings) -> None:
    """Fill the network's body. `weights` as in the recipe: imagenet, bundled, none, file:PATH, run:N or run:N/fold-K.

    Raises WeightsUnavailable if they cannot be fetched or trusted, BadInput if they do not fit the network.
    """
    if weights == "none":
        return
    if weights == "imagenet":
        state = _imagenet(network.backbone, settings)
    elif weights == "bundled":
        state = _bundled(network.backbone)
    elif weights.startswith("file:"):
        state = read_state(expanded(weights.removeprefix("file:")))
    else:
        earlier = earlier_model(weights)
        path = None if earlier is None else settings.models / earlier.folder / "weights.safetensors"
        if path is None or not path.is_file():
            name = earlier.words.capitalize() if earlier else repr(weights)
            raise NotFound(f"{name} has no model to start from.", hint="Choose a run that has ended well.")
        state = read_state(path)
    fit_state(network, state, weights)


def knows_photographs(weights: str, settings: Settings) -> bool:
    """Whether these weights' statistics in batch norm are of photographs; of nothing or drawn pictures they are not.

    A person's pictures are far from both. A pretraining says in the card beside its file what it looked at.
    """
    if weights in ("none", "bundled", "imagenet"):
        return weights == "imagenet"
    kind, _, value = weights.partition(":")
    file = settings.models / value / "weights.safetensors" if kind == "run" else expanded(value)
    card = file.with_suffix(".json")
    if not card.is_file():
        return True
    try:
        return not WeightsCard.from_json(json.loads(card.read_text("utf-8"))).fractals
    except (ValueError, TypeError):
        return True  # some other JSON beside a person's file


def ways_out(backbone: str) -> str:
    """What to do when pretrained weights cannot be downloaded."""
    bundled = "drawn pictures (bundled), " if backbone in bundled_weights() else ""
    return (
        "Connect to the network once and start again, or choose other weights: "
        f"{bundled}a file, an earlier model, or nothing (none)."
    )


def _bundled(backbone: str) -> dict[str, Tensor]:
    cards = bundled_weights()
    if backbone not in cards:
        raise BadInput(f"Graft brings no weights for {backbone}.", hint=f"It does for {', '.join(cards) or 'none'}.")
    path = BUNDLED / f"{backbone}.safetensors"
    if hashlib.sha256(path.read_bytes()).hexdigest() != cards[backbone].sha256:
        raise WeightsUnavailable(f"The weights of {backbone} in the package are damaged.", hint="Install Graft again.")
    return read_state(path)


def read_state(path: Path) -> dict[str, Tensor]:
    """A file's tensors by name: safetensors, or PyTorch's own format read without running code."""
    if not path.is_file():
        raise WeightsUnavailable(f"There is no file {path}.", hint="Check the path; it must be on Graft's machine.")
    try:
        if path.suffix == ".safetensors":
            return safetensors.torch.load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # bytes of another kind make the unpickler fall in any way, such as IndexError
        reason = f"{path.name} is not a file of weights that can be read safely, or it is damaged."
        raise WeightsUnavailable(reason, hint="Use .safetensors, or a state_dict saved by torch.save.") from error
    for key in ("state_dict", "model", "model_state_dict"):  # how training scripts wrap it
        if isinstance(loaded, Mapping) and isinstance(loaded.get(key), Mapping):
            loaded = loaded[key]
    if not isinstance(loaded, Mapping):
        raise WeightsUnavailable(f"{path.name} holds no weights by name.", hint="Save the network's state_dict.")
    return {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}


def fit_state(network: Network, state: Mapping[str, Tensor], source: str) -> None:
    """Copy what has the body's names and shapes; the head of another task is left out.

    Raises BadInput if less than nine tenths of the body's parameters are there.
    """
    own = network.body.state_dict()
    bare = {name.removeprefix("module.").removeprefix("body."): value for name, value in state.items()}
    fitting = {name: value for name, value in bare.items() if name in own and own[name].shape == value.shape}
    wanted = sum(value.numel() for value in own.values())
    share = sum(value.numel() for value in fitting.values()) / max(1, wanted)
    if share < LEAST_MATCH:
        raise BadInput(
            f"The weights {source} do not belong to {network.backbone}: {share:.0%} of them fit.",
            hint="Choose the network they were made for.",
        )
    network.body.load_state_dict(fitting, strict=False)


def _imagenet(backbone: str, settings: Settings) -> dict[str, Tensor]:
    if backbone in OWN:
        raise WeightsUnavailable(f"Nobody published weights for {backbone}.", hint=ways_out(backbone))
    try:
        return _timm_state(backbone, settings) if backbone.startswith(TIMM) else _torchvision_state(backbone, settings)
    except (URLError, OSError, RuntimeError, ValueError) as error:
        if "hash" in str(error):
            reason = f"The downloaded weights of {backbone} are not the published ones: their hash differs."
        else:
            reason = f"The pretrained weights of {backbone} could not be downloaded: the network or their host is away."
        raise WeightsUnavailable(reason, hint=ways_out(backbone)) from error


def _download(url: str, settings: Settings) -> dict[str, Tensor]:
    """The state behind an address whose file name ends in its hash; from `weights/` if it is there already."""
    if settings.weights_url:
        url = f"{settings.weights_url.rstrip('/')}/{Path(urlsplit(url).path).name}"
    state = torch.hub.load_state_dict_from_url(
        url, model_dir=str(settings.weights), map_location="cpu", progress=False, check_hash=True, weights_only=True
    )
    return cast(dict[str, Tensor], state)


def _torchvision_state(backbone: str, settings: Settings) -> dict[str, Tensor]:
    return _download(torchvision.models.get_model_weights(backbone).DEFAULT.url, settings)


def _timm_state(backbone: str, settings: Settings) -> dict[str, Tensor]:
    config = timm.get_pretrained_cfg(backbone.removeprefix(TIMM))
    if config is None or not (config.hf_hub_id or config.url):
        raise WeightsUnavailable(f"Nobody published weights for {backbone}.", hint=ways_out(backbone))
    if not config.hf_hub_id:
        return _download(str(config.url), settings)
    from huggingface_hub import hf_hub_download  # only here: its import takes a second

    path = Path(
        hf_hub_download(
            config.hf_hub_id,
            "model.safetensors",
            cache_dir=settings.weights,
            endpoint=settings.weights_url or None,
        )
    )
    _check_blob(path)
    return safetensors.torch.load_file(path)


def _check_blob(path: Path) -> None:
    # The hub's cache names a large file by its sha256, which the server announced.
    blob = path.resolve()
    if len(blob.name) == 64:
        with blob.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != blob.name:
                blob.unlink()
                raise OSError("invalid hash value")
