"""The composition root for pages, routes and the command line."""

from dataclasses import dataclass

from sqlalchemy import Engine

from core.jobs import Queue
from core.services.agreement import Agreement
from core.services.benchmarks import Benchmarks
from core.services.changes import Changes
from core.services.checking import Checks
from core.services.circles import Circles
from core.services.classes import Classes
from core.services.demo import Demo
from core.services.explanations import Explanations
from core.services.exports import Exports
from core.services.external import External
from core.services.forecasts import Forecasts
from core.services.gallery import Gallery
from core.services.grades import Grades
from core.services.heatmaps import Heatmaps
from core.services.home import ensure_whole
from core.services.imports import Imports
from core.services.labelling import Labelling
from core.services.maps import Maps
from core.services.neighbours import Neighbours
from core.services.predictions import Predictions
from core.services.pretraining import Pretraining
from core.services.projects import Projects
from core.services.rates import Rates
from core.services.recipes import Recipes
from core.services.reports import Reports
from core.services.results import Results
from core.services.results_judging import Judging
from core.services.robustness import Robustness
from core.services.searching import Searches
from core.services.serving import Serving
from core.services.training import Training
from core.services.uploads import Uploads
from core.settings import Settings
from core.store.db import migrate, open_engine


@dataclass(frozen=True, slots=True, kw_only=True)
class Graft:
    """One home, opened: every use case hangs here."""

    settings: Settings
    engine: Engine
    queue: Queue
    projects: Projects
    classes: Classes
    gallery: Gallery
    labelling: Labelling
    uploads: Uploads
    imports: Imports
    training: Training
    recipes: Recipes
    searches: Searches
    rates: Rates
    benchmarks: Benchmarks
    pretraining: Pretraining
    results: Results
    judging: Judging
    external: External
    explanations: Explanations
    heatmaps: Heatmaps
    grades: Grades
    changes: Changes
    neighbours: Neighbours
    circles: Circles
    predictions: Predictions
    exports: Exports
    reports: Reports
    checks: Checks
    agreement: Agreement
    robustness: Robustness
    maps: Maps
    forecasts: Forecasts
    serving: Serving
    demo: Demo


def open_graft(settings: Settings) -> Graft:
    """Open the home that `settings` name, creating and migrating it as needed.

    Raises HomeUnusable, also for one whose database is gone while its pictures are there: in silence it would be empty.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    ensure_whole(settings)
    engine = open_engine(settings.url)
    migrate(engine)
    queue = Queue(engine)
    parts = (engine, settings, queue)
    return Graft(
        settings=settings,
        engine=engine,
        queue=queue,
        projects=Projects(*parts),
        classes=Classes(*parts),
        gallery=Gallery(*parts),
        labelling=Labelling(*parts),
        uploads=Uploads(*parts),
        imports=Imports(*parts),
        training=Training(*parts),
        recipes=Recipes(*parts),
        searches=Searches(*parts),
        rates=Rates(*parts),
        benchmarks=Benchmarks(*parts),
        pretraining=Pretraining(*parts),
        results=Results(*parts),
        judging=Judging(*parts),
        external=External(*parts),
        explanations=Explanations(*parts),
        heatmaps=Heatmaps(*parts),
        grades=Grades(*parts),
        changes=Changes(*parts),
        neighbours=Neighbours(*parts),
        circles=Circles(*parts),
        predictions=Predictions(*parts),
        exports=Exports(*parts),
        reports=Reports(*parts),
        checks=Checks(*parts),
        agreement=Agreement(*parts),
        robustness=Robustness(*parts),
        maps=Maps(*parts),
        forecasts=Forecasts(*parts),
        serving=Serving(*parts),
        demo=Demo(*parts),
    )
