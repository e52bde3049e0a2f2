"""Writes the table of all backbones: `python -m core.models.listing`. Run it when torchvision or timm change."""

import csv
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import timm
import torch
import torchvision
from torch import nn

import core.catalogue
from core.models.bodies import TIMM, build_body
from core.models.parts import lacking_kinds

LOG = logging.getLogger("graft.listing")


def names() -> Iterator[tuple[str, int, str]]:
    """Every backbone: its name, the side of its pictures in pixels, and what its weights are called once downloaded."""
    for name in torchvision.models.list_models(module=torchvision.models):
        weights = torchvision.models.get_model_weights(name).DEFAULT
        yield name, int(weights.transforms().crop_size[0]), _file(weights.url)
    for name in timm.list_models():
        config = timm.get_pretrained_cfg(name)
        if config is not None and config.input_size[0] == 3:
            hub = config.hf_hub_id
            kept = f"models--{hub.replace('/', '--')}" if hub else _file(str(config.url or ""))
            yield TIMM + name, int(config.input_size[-1]), kept


def _file(url: str) -> str:
    return Path(urlsplit(url).path).name


def main() -> None:
    """Build every network (on torch's meta device where possible), count its parameters, write the table."""
    path = Path(core.catalogue.__file__).parent / "backbones.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "image_size", "parameters_m", "weights", "lacks"])
        for name, size, weights in names():
            try:
                body = _body(name, size)
            except Exception as error:  # whatever a network of another library stumbles over: it is left out
                LOG.warning("%s is left out: %s", name, error)
                continue
            millions = sum(item.numel() for item in body.parameters()) / 1e6
            lacks = " ".join(lacking_kinds(body))
            writer.writerow([name, size, f"{millions:.1f}", weights, lacks])


def _body(name: str, size: int) -> nn.Module:
    try:
        with torch.device("meta"):
            return build_body(name, size).module
    except (NotImplementedError, RuntimeError):  # some compute their own shape with tensors, which need memory
        return build_body(name, size).module


if __name__ == "__main__":
    logging.basicConfig()
    main()
