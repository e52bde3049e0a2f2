"""Writes the table of all backbones: `python -m core.models.listing`. Run it when torchvision or timm change."""

import csv
import logging
from collections.abc import Iterator
from pathlib import Path

import timm
import torch
import torchvision

import core.catalogue
from core.models.bodies import TIMM, build_body

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
        writer.writerow(["name", "image_size", "parameters_m", "pretrained"])
        for name, size, pretrained in _names():
            try:
                millions = _parameters(name, size) / 1e6
            except Exception as error:  # whatever a network of another library stumbles over: it is left out
                LOG.warning("%s is left out: %s", name, error)
                continue
            writer.writerow([name, size, f"{millions:.1f}", "yes" if pretrained else "no"])


def _parameters(name: str, size: int) -> int:
    try:
        with torch.device("meta"):
            body = build_body(name, size)
    except (NotImplementedError, RuntimeError):  # some compute their own shape with tensors, which need memory
        body = build_body(name, size)
    return sum(item.numel() for item in body.module.parameters())


if __name__ == "__main__":
    logging.basicConfig()
    main()
