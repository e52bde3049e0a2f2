"""The peer: ImageFolder and DataLoader in the shape of torchvision's reference script for classification.

python -m benchmarks.plain TRAIN VALIDATION --backbone B [--epochs 5] [--frozen WEIGHTS] [--until SCORE]

https://github.com/pytorch/vision/tree/main/references/classification; its augmentation, SGD with its momentum,
a worker per core. Prints JSON: seconds from the start of the process, seconds per epoch, score after each.
"""

import argparse
import json
import os
import time
from pathlib import Path

import psutil
import torch
import torchvision
from torch import nn
from torchvision.datasets import ImageFolder
from torchvision.transforms import v2

from core.models.network import Network
from core.models.weights import read_state

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def loader(folder: Path, batch: int, size: int, *, learning: bool) -> "torch.utils.data.DataLoader[object]":
    """As the reference makes it."""
    head = (
        [v2.RandomResizedCrop(size, antialias=True), v2.RandomHorizontalFlip()]
        if learning
        else [v2.Resize(size * 8 // 7, antialias=True), v2.CenterCrop(size)]
    )
    change = v2.Compose([*head, v2.PILToTensor(), v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)])
    return torch.utils.data.DataLoader(
        ImageFolder(str(folder), change), batch, shuffle=learning, num_workers=os.cpu_count() or 1
    )


def model_for(backbone: str, classes: int, frozen: str) -> nn.Module:
    """torchvision's model; with `frozen` a head on a body that holds still, its weights from that file."""
    if not frozen:
        return torchvision.models.get_model(backbone, weights=None, num_classes=classes)
    network = Network(backbone, classes, image_size=224)
    if frozen != "none":
        network.body.load_state_dict(read_state(Path(frozen)), strict=False)
    network.body.requires_grad_(False)
    return nn.Sequential(network.body, network.head)


def accuracy(model: nn.Module, batches: "torch.utils.data.DataLoader[object]") -> float:
    """The share of pictures named rightly."""
    model.eval()
    right = total = 0
    with torch.inference_mode():
        for pictures, classes in batches:  # type: ignore[misc]
            right += int((model(pictures).argmax(1) == classes).sum())
            total += len(classes)
    return right / max(1, total)


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("train", type=Path)
    parser.add_argument("validation", type=Path)
    parser.add_argument("--backbone", default="mobilenet_v3_small")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--frozen", default="")
    parser.add_argument("--until", type=float, default=2.0)
    parser.add_argument("--seconds", type=float, default=1e9, help="no further epoch after so many")
    options = parser.parse_args()
    started = psutil.Process().create_time()
    torch.manual_seed(0)
    learn = loader(options.train, options.batch, 224, learning=True)
    check = loader(options.validation, options.batch, 224, learning=False)
    model = model_for(options.backbone, len(learn.dataset.classes), options.frozen)  # type: ignore[attr-defined]
    learning = [item for item in model.parameters() if item.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=options.rate, momentum=0.9, weight_decay=1e-4)
    epochs: list[float] = []
    scores: list[float] = []
    for _ in range(options.epochs):
        begin = time.perf_counter()
        model.train()
        if options.frozen:
            model[0].eval()  # type: ignore[index]
        for pictures, classes in learn:  # type: ignore[misc]
            loss = nn.functional.cross_entropy(model(pictures), classes)
            optimizer.zero_grad()
            torch.autograd.backward(loss)
            optimizer.step()
        epochs.append(time.perf_counter() - begin)
        scores.append(accuracy(model, check))
        if scores[-1] >= options.until or time.time() - started > options.seconds:
            break
    found = {"seconds": time.time() - started, "epochs": epochs, "scores": scores, "pictures": len(learn.dataset)}  # type: ignore[arg-type]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
