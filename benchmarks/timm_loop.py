"""Fine-tuning as timm's script does it: its loader, variation, network, optimizer, schedule and checkpoints.

python -m benchmarks.timm_loop FOLDER --backbone NAME [--epochs 5] [--batch 64]

FOLDER holds `train` and `validation` with a sub-folder per class. The script itself is no part of timm's package; this
is its loop (https://github.com/huggingface/pytorch-image-models/blob/main/train.py) without what it offers besides,
with `--amp --amp-dtype bfloat16 --channels-last --opt sgd` and a worker for each core. Prints one JSON object.
"""

import argparse
import json
import os
import time
from pathlib import Path

import psutil
import timm
import torch
from timm.data import create_dataset, create_loader, resolve_data_config
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import AverageMeter, CheckpointSaver, accuracy

NAMES = {"resnet50": "resnet50", "efficientnet_v2_s": "efficientnetv2_s", "vit_b_16": "vit_base_patch16_224"}
"""The catalogue's name -> timm's name of the same network."""


def main() -> None:
    """Train and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--backbone", default="resnet50", choices=NAMES)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rate", type=float, default=0.01)
    parser.add_argument("--output", type=Path, required=True, help="for checkpoints")
    options = parser.parse_args()
    started = psutil.Process().create_time()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    found = create_dataset("", root=str(options.folder), split="train", is_training=True)
    held = create_dataset("", root=str(options.folder), split="validation", is_training=False)
    model = timm.create_model(NAMES[options.backbone], num_classes=len(found.reader.class_to_idx))
    config = resolve_data_config({"input_size": (3, 224, 224)}, model=model)
    model = model.to(device, memory_format=torch.channels_last)
    shared = {
        "input_size": config["input_size"], "mean": config["mean"], "std": config["std"],
        "num_workers": os.cpu_count() or 1, "pin_memory": device.type == "cuda", "device": device,
    }  # fmt: skip
    learn = create_loader(
        found, batch_size=options.batch, is_training=True, color_jitter=0.4, interpolation="random", **shared
    )
    check = create_loader(
        held, batch_size=options.batch, is_training=False, interpolation=config["interpolation"],
        crop_pct=config["crop_pct"], **shared
    )  # fmt: skip
    optimizer = create_optimizer_v2(model, opt="sgd", lr=options.rate, weight_decay=2e-5, momentum=0.9)
    steps = len(learn)
    schedule, _ = create_scheduler_v2(
        optimizer, num_epochs=options.epochs, warmup_epochs=0, updates_per_epoch=steps, step_on_epochs=False
    )
    saver = CheckpointSaver(model, optimizer, checkpoint_dir=str(options.output), max_history=1)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.1)
    epochs, scores = [], []
    for epoch in range(options.epochs):
        begin, losses = time.perf_counter(), AverageMeter()
        model.train()
        for number, (pictures, classes) in enumerate(learn):
            with torch.autocast(device.type, torch.bfloat16):
                loss = loss_of(model(pictures.contiguous(memory_format=torch.channels_last)), classes)
            torch.autograd.backward(loss)
            optimizer.step()
            optimizer.zero_grad()
            schedule.step_update(epoch * steps + number + 1)
            if number % 50 == 0:
                losses.update(loss.item(), len(pictures))
        model.eval()
        right = AverageMeter()
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16):
            for pictures, classes in check:
                right.update(accuracy(model(pictures), classes)[0].item(), len(pictures))
        saver.save_checkpoint(epoch, metric=right.avg)
        epochs.append(time.perf_counter() - begin)
        scores.append(right.avg)
    print(json.dumps({"seconds": time.time() - started, "epochs": epochs, "scores": scores, "pictures": len(found)}))


if __name__ == "__main__":
    main()
