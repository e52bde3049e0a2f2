"""Writes the table of all backbones: `python -m core.models.listing`. Run it when torchvision or timm change."""

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import timm
import torch
import torchvision
from torch import nn

import core.catalogue
from core.models.bodies import TIMM, build_body
from core.models.parts import lacking_kinds

LOG = logging.getLogger("graft.listing")


def _names() -> Iterator[tuple[str, int, bool]]:
    for name in torchvision.models.list_models(module=torchvision.models):
        crop = torchvision.models.get_model_weights(name).DEFAULT.transforms().crop_size
        yield name, int(crop[0]), True
    published = {name.split(".")[0] for name in timm.list_models(pretrained=True)}
    for name in timm.list_models():
        config = timm.get_pretrained_cfg(name)
        if config is not None and config.input_size[0] == 3:
            yield TIMM + name, int(config.input_size[-1]), name in published


def main() -> None:
    """Build every network (on torch's meta device where possible), count its parameters, write the table."""
    path = Path(core.catalogue.__file__).parent / "backbones.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "image_size", "parameters_m", "pretrained", "lacks"])
        for name, size, pretrained in _names():
            try:
                body = _body(name, size)
            except Exception as error:  # whatever a network of another library stumbles over: it is left out
                LOG.warning("%s is left out: %s", name, error)
                continue
            millions = sum(item.numel() for item in body.parameters()) / 1e6
            lacks = " ".join(lacking_kinds(body))
            writer.writerow([name, size, f"{millions:.1f}", "yes" if pretrained else "no", lacks])


def _body(name: str, size: int) -> nn.Module:
    try:
        with torch.device("meta"):
            return build_body(name, size).module
    except (NotImplementedError, RuntimeError):  # some compute their own shape with tensors, which need memory
        return build_body(name, size).module


if __name__ == "__main__":
    logging.basicConfig()
    main()
