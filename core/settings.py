"""Where Graft keeps things and how it listens. Read from the environment once, then passed as a value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from core.errors import BadInput
from core.types import RunId

CHECKPOINT = "checkpoint.pt"
"""Where a training stands, in its run's folder."""
DATABASE = "graft.db"


def expanded(path: str | Path) -> Path:
    """The path with ~ put in full. Of a person whom this machine does not know, ~name is a folder's name like any."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Frozen configuration.

    `home` holds everything Graft stores. `database_url` defaults to SQLite inside it.
    `device` is auto, cpu, cuda or cuda:N. `weights_url` replaces the host of pretrained weights
    (a mirror inside a clinic, a stub in tests); empty means the models' own addresses. `spares` says whether a
    process waits for each lane's next job with everything loaded, which takes memory.
    """

    home: Path = Path("data")
    database_url: str = ""
    host: str = "127.0.0.1"
    port: int = 8501
    device: str = "auto"
    weights_url: str = ""
    spares: bool = True
    max_upload_bytes: int = 64 * 2**30
    max_heatmap_bytes: int = 512 * 2**20
    max_halves_bytes: int = 8 * 2**30

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, *, home: Path | None = None) -> "Settings":
        """Settings from GRAFT_HOME and the other names of `environ`. Raises BadInput for a value that is none.

        A name with an empty value counts as not set: an empty home would else be the folder one happens to be in.
        """
        env = {name: value for name, value in (os.environ if environ is None else environ).items() if value}
        try:
            port = int(env.get("GRAFT_PORT", "8501"))
        except ValueError as error:
            raise BadInput(f"GRAFT_PORT is not a number: {env['GRAFT_PORT']!r}.") from error
        if not 1 <= port <= 65535:
            raise BadInput(f"GRAFT_PORT is not between 1 and 65535: {port}.")
        spares = env.get("GRAFT_SPARES", "on")
        if spares not in ("on", "off"):
            raise BadInput(f"GRAFT_SPARES is neither on nor off: {spares!r}.")
        return cls(
            home=expanded(home or env.get("GRAFT_HOME", "data")).absolute(),
            database_url=env.get("GRAFT_DATABASE_URL", ""),
            host=env.get("GRAFT_HOST", "127.0.0.1"),
            port=port,
            device=env.get("GRAFT_DEVICE", "auto"),
            weights_url=env.get("GRAFT_WEIGHTS_URL", ""),
            spares=spares == "on",
        )

    @property
    def url(self) -> str:
        """The database's SQLAlchemy address."""
        return self.database_url or f"sqlite:///{self.home / DATABASE}"

    def environ(self) -> dict[str, str]:
        """The environment that makes a child process read the same settings."""
        return {
            "GRAFT_HOME": str(self.home),
            "GRAFT_DATABASE_URL": self.database_url,
            "GRAFT_HOST": self.host,
            "GRAFT_PORT": str(self.port),
            "GRAFT_DEVICE": self.device,
            "GRAFT_WEIGHTS_URL": self.weights_url,
            "GRAFT_SPARES": "on" if self.spares else "off",
        }

    # Folders. Whoever writes first creates them.
    @property
    def blobs(self) -> Path:
        """Stored pictures, content-addressed: the only folder, with the database, that cannot be remade."""
        return self.home / "blobs"

    @property
    def thumbs(self) -> Path:
        """Small copies for galleries; a cache."""
        return self.home / "thumbs"

    @property
    def pixels(self) -> Path:
        """Decode-once caches for training; a cache."""
        return self.home / "pixels"

    @property
    def features(self) -> Path:
        """Features of frozen backbones; a cache."""
        return self.home / "features"

    @property
    def converted(self) -> Path:
        """Networks in the form of another runtime; a cache."""
        return self.features / "converted"

    @property
    def halves(self) -> Path:
        """What the frozen halves of networks said; a cache, of at most `max_halves_bytes`."""
        return self.features / "halves"

    @property
    def heatmaps(self) -> Path:
        """Explanations already computed; a cache."""
        return self.home / "heatmaps"

    @property
    def models(self) -> Path:
        """One folder per trained run: models/<run id>/."""
        return self.home / "models"

    def checkpoint(self, run_id: RunId) -> Path:
        """Where a training stands on disk, from its first whole epoch until it has ended well."""
        return self.models / str(run_id) / CHECKPOINT

    def holds_weights(self, name: str) -> bool:
        """Whether the home has published weights: a file called so, or what the hub's client keeps in such a folder."""
        path = self.weights / name
        return bool(name) and (path.is_file() or any(path.glob("snapshots/*/model.safetensors")))

    def map_file(self, run_id: RunId) -> Path:
        """Where the pictures of the map drawn by that run lie."""
        return self.models / str(run_id) / "map.npz"

    @property
    def weights(self) -> Path:
        """Pretrained weights, downloaded or installed from a file."""
        return self.home / "weights"

    @property
    def recipes(self) -> Path:
        """Recipes saved under a name, one file each; may be copied to another home."""
        return self.home / "recipes"

    @property
    def uploads(self) -> Path:
        """Files on their way in; emptied after their import."""
        return self.home / "uploads"

    @property
    def exports(self) -> Path:
        """Zips made to be downloaded: exports/<run id>/; may be deleted."""
        return self.home / "exports"

    @property
    def logs(self) -> Path:
        """One file per job and per process."""
        return self.home / "logs"
