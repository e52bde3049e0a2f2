"""Recipes saved under a name: one JSON file each in the home, for every project, and to be carried to another home."""

import dataclasses
import json
import re
from pathlib import Path

from core.errors import BadInput, NameTaken, NotFound
from core.media import write_file
from core.recipes import AUTOMATIC, PRESETS, Recipe
from core.services.base import Service
from core.services.searching import Searches
from core.types import RunId, RunKind

NAME = re.compile(r"\w[\w .()+-]{0,59}")


class Recipes(Service):
    """Saved recipes."""

    def list(self) -> dict[str, Recipe]:
        """Name -> recipe, by name; a file that cannot be read is left out."""
        found = {}
        for path in sorted(self.settings.recipes.glob("*.json")):
            try:
                found[path.stem] = Recipe.from_json(json.loads(path.read_text("utf-8")))
            except (BadInput, ValueError, AttributeError):
                continue
        return found

    def read(self, name: str) -> Recipe:
        """The recipe saved under that name. Raises NotFound."""
        saved = self.list()
        if name not in saved:
            known = f"Saved: {', '.join(saved)}." if saved else "None is saved yet."
            raise NotFound(f"There is no recipe {name!r}.", hint=known)
        return saved[name]

    def save(self, name: str, recipe: Recipe, *, replace: bool = False) -> str:
        """Keep the recipe; returns the name as it is kept. Raises BadInput for an unusable name, NameTaken."""
        name = " ".join(name.split())
        if not NAME.fullmatch(name) or name.endswith("."):
            raise BadInput(
                f"A recipe cannot be called {name!r}.",
                hint="Use up to 60 letters, digits, spaces, and . - _ + ( ); begin with a letter or digit.",
            )
        if name.lower() in (AUTOMATIC, *PRESETS):
            raise NameTaken(f"{name!r} is the name of a preset.", hint="Choose another name.")
        if not replace and name.lower() in {item.lower() for item in self.list()}:
            raise NameTaken(f"There is already a recipe called {name!r}.", hint="Choose another name.")
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json.dumps(dataclasses.replace(recipe, preset=name).to_json(), indent=1).encode())
        return name

    def save_run(self, name: str, run_id: RunId) -> str:
        """Keep a training's recipe, or the best one of a search so far. Raises NotFound, and as `save`."""
        run = self.queue.read(run_id)
        if run.kind is RunKind.SEARCH:
            found = Searches(self.engine, self.settings, self.queue).read(run_id).recipe
        else:
            found = Recipe.from_json(run.recipe) if run.recipe else None
        if found is None:
            raise NotFound(
                f"Run {run_id} has no recipe.", hint="Name a training, or a search with a trial that is done."
            )
        return self.save(name, found)

    def delete(self, name: str) -> None:
        """Forget a recipe; trainings keep theirs. Raises NotFound."""
        self.read(name)
        self._path(name).unlink()

    def _path(self, name: str) -> Path:
        return self.settings.recipes / f"{name}.json"
