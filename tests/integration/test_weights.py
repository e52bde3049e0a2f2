"""Where weights come from: a stub of the hosts, files, and what cannot be trusted."""

import hashlib
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
import safetensors.torch
import torch

from core.catalogue import BUNDLED, all_backbones, bundled_weights, published_weights
from core.errors import BadInput, WeightsUnavailable
from core.graft import Graft
from core.models import Network, knows_photographs, listing, load_weights
from core.models.weights import read_state
from core.recipes import ACCURATE, SMALL
from core.services.weights import out_of_reach, usual_weights
from core.settings import Settings

TIMM = "timm:test_resnet"


@dataclass
class Host:
    """A server of files by their last name, and what was asked of it."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def host() -> Iterator[Host]:
    stub = Host()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.split("?")[0].rpartition("/")[2]
            stub.asked.append(f"{self.command} {name}")
            content = stub.files.get(name)
            self.send_response(404 if content is None else 200)
            content = content or b""
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("X-Repo-Commit", "a" * 40)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stub.url = f"http://127.0.0.1:{server.server_port}"
    yield stub
    server.shutdown()
    server.server_close()


def network(backbone: str = "mobilenet_v3_small", seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return Network(backbone, 2, image_size=32 if backbone != TIMM else 160)


def saved(body: torch.nn.Module) -> bytes:
    file = io.BytesIO()
    torch.save(body.state_dict(), file)
    return file.getvalue()


def same_body(one: Network, two: Network) -> bool:
    pairs = zip(one.body.state_dict().values(), two.body.state_dict().values(), strict=True)
    return all(torch.equal(first, second) for first, second in pairs)


def publish(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    published = SimpleNamespace(DEFAULT=SimpleNamespace(url=f"https://weights.example/models/{name}"))
    monkeypatch.setattr("torchvision.models.get_model_weights", lambda _: published)


def test_published_weights_are_downloaded_once_with_their_hash_checked(
    host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = network(seed=1)
    content = saved(source.body)
    name = f"net-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    host.files[name] = content
    publish(monkeypatch, name)
    mirror = replace(settings, weights_url=host.url)
    for _ in range(2):
        target = network(seed=2)
        load_weights(target, "imagenet", mirror)
        assert same_body(source, target)
    assert host.asked == [f"GET {name}"]


def test_a_download_with_another_hash_is_not_used(
    host: Host, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.files["net-00000000.pth"] = saved(network().body)
    publish(monkeypatch, "net-00000000.pth")
    with pytest.raises(WeightsUnavailable, match="hash differs"):
        load_weights(network(), "imagenet", replace(settings, weights_url=host.url))
    assert not list(settings.weights.rglob("*.pth"))


def test_weights_of_timm_come_from_the_hub_s_mirror(host: Host, settings: Settings) -> None:
    source = network(TIMM, seed=1)
    state = {name: value.contiguous() for name, value in source.body.state_dict().items()}
    host.files["model.safetensors"] = safetensors.torch.save(state)
    target = network(TIMM, seed=2)
    load_weights(target, "imagenet", replace(settings, weights_url=host.url))
    assert same_body(source, target)


@pytest.mark.parametrize("backbone", ["mobilenet_v3_small", TIMM])
def test_no_network_is_one_sentence_with_the_ways_out(settings: Settings, backbone: str) -> None:
    with pytest.raises(WeightsUnavailable) as caught:
        load_weights(network(backbone), "imagenet", replace(settings, weights_url="http://127.0.0.1:9"))
    assert caught.value.message.count(".") <= 1 + backbone.count(".")
    assert all(word in caught.value.hint for word in ("file", "earlier model", "none"))


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
def test_a_file_of_another_task_gives_its_body(settings: Settings, tmp_path: Path, suffix: str) -> None:
    source = Network("mobilenet_v3_small", 7, image_size=32)
    path = tmp_path / f"w{suffix}"
    state = {f"module.{name}": value for name, value in source.state_dict().items()}
    if suffix == ".pth":
        torch.save({"state_dict": state}, path)
    else:
        safetensors.torch.save_file(state, path)
    target = network(seed=3)
    load_weights(target, f"file:{path}", settings)
    assert same_body(source, target)


def test_weights_of_another_network_are_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(Network("squeezenet1_1", 2, image_size=32).state_dict(), path)
    with pytest.raises(BadInput, match=r"do not belong to mobilenet_v3_small: \d+% of them fit"):
        load_weights(network(), f"file:{path}", settings)


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("touch /tmp/graft-evil-was-run",)


def test_a_file_that_would_run_code_is_refused(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "evil.pth"
    torch.save({"weights": Evil()}, path)
    with pytest.raises(WeightsUnavailable, match="can be read safely"):
        load_weights(network(), f"file:{path}", settings)
    assert not Path("/tmp/graft-evil-was-run").exists()


@pytest.mark.parametrize("content", [b"", b"not weights", b"PK\x03\x04 half a file"])
def test_a_damaged_file_is_said(settings: Settings, tmp_path: Path, content: bytes) -> None:
    for name in ("w.pth", "w.safetensors"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(WeightsUnavailable, match=name):
            load_weights(network(), f"file:{tmp_path / name}", settings)


NOWHERE = "http://127.0.0.1:9"


def test_a_training_starts_from_the_package_where_nothing_can_be_downloaded(host: Host, settings: Settings) -> None:
    away, near = replace(settings, weights_url=NOWHERE), replace(settings, weights_url=host.url)
    assert usual_weights(away, "mobilenet_v3_small") == "bundled"
    assert usual_weights(near, "mobilenet_v3_small") == "imagenet"
    assert usual_weights(away, "resnet18") == "imagenet"  # the package has none: the training says what to do
    assert usual_weights(away, "graft:tiny_cnn") == "none"  # nobody published any


def test_automatic_takes_an_accurate_network_only_with_a_gpu_and_where_its_weights_are_within_reach(
    host: Host, graft: Graft
) -> None:
    def chosen(device: str, url: str) -> str:
        settings = replace(graft.settings, device=device, weights_url=url)
        return replace(graft.training, settings=settings).automatic_backbone()

    assert chosen("cuda", host.url) == ACCURATE
    assert chosen("cuda", NOWHERE) == chosen("cpu", host.url) == SMALL


def test_weights_that_are_at_hand_need_no_host(settings: Settings) -> None:
    settings.weights.mkdir(parents=True)
    (settings.weights / "mobilenet_v3_small-047dcff4.pth").touch()
    assert usual_weights(replace(settings, weights_url=NOWHERE), "mobilenet_v3_small") == "imagenet"


def test_the_table_knows_what_the_weights_of_every_network_are_called_without_torch() -> None:
    called = {name: file for name, _, file in listing.names()}
    assert {name: published_weights(name) for name in called} == called
    assert {name for name, info in all_backbones().items() if info.pretrained} == {
        name for name in called if called[name]
    }
    assert called["efficientnet_b0"].startswith("efficientnet_b0_rwightman-")
    assert called["timm:fastvit_mci0"] == "models--apple--mobileclip_s0_timm", "the hub calls it otherwise"
    usual = "models--munehiro-k--cspnext_l.rsb_a1_in1k"
    assert published_weights("timm:cspnext_l") == published_weights("timm:cspnext_l.rsb_a1_in1k") == usual
    plain = [file for name, file in called.items() if name.startswith("timm:") and file.endswith((".pth", ".pt"))]
    assert plain, "and some lie at an address of their own"


@pytest.mark.parametrize("backbone", ["efficientnet_b0", "timm:fastvit_mci0", "timm:resnet18"])
def test_weights_that_were_downloaded_once_are_at_hand(settings: Settings, backbone: str) -> None:
    away = replace(settings, weights_url=NOWHERE)
    assert out_of_reach(away, [backbone]) == [backbone]
    kept = settings.weights / published_weights(backbone)
    if kept.name.startswith("models--"):
        kept = kept / "snapshots" / ("a" * 40) / "model.safetensors"
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert out_of_reach(away, [backbone]) == []


def test_timm_s_weights_that_the_hub_s_client_keeps_are_at_hand(settings: Settings) -> None:
    away = replace(settings, weights_url=NOWHERE)
    kept = settings.weights / "models--timm--resnet18.a1_in1k" / "snapshots" / ("a" * 40) / "model.safetensors"
    asked = ["timm:resnet18", "timm:resnet18.a1_in1k", "timm:resnet18d", "timm:resnet18.gluon_in1k"]
    assert out_of_reach(away, asked) == asked
    kept.parent.mkdir(parents=True)
    kept.touch()
    assert out_of_reach(away, asked) == ["timm:resnet18d", "timm:resnet18.gluon_in1k"]


def test_weights_that_saw_only_drawn_pictures_are_told_from_those_that_saw_photographs(settings: Settings) -> None:
    drawn = bundled_weights()["mobilenet_v3_small"]
    for run, card in ((3, drawn), (4, replace(drawn, fractals=0))):
        folder = settings.models / str(run)
        folder.mkdir(parents=True)
        (folder / "weights.json").write_text(json.dumps(card.to_json()))
    (settings.models / "5").mkdir()
    (settings.models / "other.json").write_text('{"made by": "another tool"}')
    for weights in ("none", "bundled", "run:3", f"file:{BUNDLED / 'mobilenet_v3_small.safetensors'}"):
        assert not knows_photographs(weights, settings)
    for weights in ("imagenet", "run:4", "run:5", f"file:{settings.models / 'other.safetensors'}"):
        assert knows_photographs(weights, settings)


@pytest.mark.parametrize(
    "content", [b"root:x:0:0:root:/root:/bin/bash\n" * 20, b"", b"q\x00", b"\x80\x02]", b"PK\x03\x04"]
)
@pytest.mark.parametrize("name", ["passwd", "w.pth", "w.safetensors"])
def test_a_file_that_holds_no_weights_is_refused_in_words(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsUnavailable, match=f"{name} is not a file of weights that can be read safely"):
        read_state(tmp_path / name)
