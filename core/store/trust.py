"""Whether answers can be relied on, as JSON: calibration with what can be promised, and when not to answer."""

from dataclasses import replace
from math import inf

from core.evaluation import Interval
from core.evaluation.abstaining import Basis
from core.evaluation.slices import Slice
from core.store.judges import abstaining
from core.store.promises import COVERAGE, Promise, PromiseLine, check_promise, fit_promise
from core.store.sides import Sides
from core.store.weak_spots import WeakSpots
from core.types import JsonObject, JsonValue, Split, Task


def conformal_json(sides: Sides) -> JsonObject:
    """What is promised at 90%, and whether the test pictures say it was kept.

    `limits` are largest distances of a label's probability from 1, or for numbers `reach`; null where too few pictures
    speak for one. `checked` has a line for all pictures, each class and each group; its `verdict` is null for those
    to whom nothing was promised.
    """
    promise = fit_promise(sides.fitted)
    return {
        **basis_json(replace(sides.basis, enough=promise.possible)),
        "coverage": promise.coverage,
        "possible": promise.possible,
        "promised_to": promise.basis,
        "fitted_on": promise.count,
        "needed": promise.needed,
        "limits": _limits(promise),
        "reach": _finite(promise.reach),
        "checked": [_line(line, promise) for line in check_promise(promise, sides.checked)],
    }


def basis_json(basis: Basis) -> JsonObject:
    """Which pictures set the limits and which are counted, and in words what one set must serve for besides."""
    return {
        "limits_from": {
            "split": Split.VALIDATION.value, "pictures": basis.limits, "out_of_fold": basis.out_of_fold,
            "enough": basis.enough,
        },
        "judged_on": {"split": Split.TEST.value, "pictures": basis.judged, "also_learnt_from": basis.shared},
        "basis": basis.words,
    }  # fmt: skip


def _limits(promise: Promise) -> JsonValue:
    if not promise.rules:
        return None
    if promise.task is Task.MULTI:
        pairs = zip(promise.classes, promise.rules, strict=True)
        return {name: [_finite(limit) for limit in rule.limits] for name, rule in pairs}
    return dict(zip(promise.classes, map(_finite, promise.rules[0].limits), strict=True))


def _line(line: PromiseLine, promise: Promise) -> JsonObject:
    kept = line.kept
    return {
        "of": line.kind,
        "name": line.name,
        "count": kept.count,
        "covered": kept.covered.value,
        "interval": ends(kept.covered),
        "size": kept.size,
        "single": None if kept.single is None else kept.single.value,
        "verdict": kept.verdict(promise.coverage, promise.count) if line.kind == promise.by else None,
    }


def abstaining_json(sides: Sides) -> JsonObject:
    """When it does not answer at a promise of 90%, and what that gains on the test pictures."""
    found = abstaining(sides, fit_promise(sides.fitted, COVERAGE))
    usual = found.judge.usual
    return {
        **basis_json(found.basis),
        "answered": found.answered.value,
        "answered_interval": ends(found.answered),
        "right": None if found.right is None else found.right.value,
        "right_interval": ends(found.right),
        "right_of_all": None if found.all_right is None else found.all_right.value,
        "right_of_all_interval": ends(found.all_right),
        "error": found.error,
        "error_interval": ends(found.error_between),
        "error_of_all": found.all_error,
        "error_of_all_interval": ends(found.all_error_between),
        "usual": {name: _finite(getattr(usual, name)) for name in ("far", "sharp", "dark", "bright")},
        "reasons": [
            {
                "reason": line.key,
                "words": line.words,
                "count": len(line.images),
                "share": line.share.value,
                "interval": ends(line.share),
                "right": None if line.right is None else line.right.value,
                "right_interval": ends(line.right),
            }
            for line in found.reasons
        ],
        "curve": [
            {"share": point.share, "right": point.right.value, "interval": ends(point.right)} for point in found.curve
        ],
        "notes": list(found.notes),
    }


def slices_json(spots: WeakSpots) -> list[JsonValue]:
    """Every group that was looked at, the clearly worse ones first."""
    return [_slice(item) for item in spots.slices]


def _slice(item: Slice) -> JsonObject:
    return {
        "attribute": item.attribute,
        "value": item.value,
        "count": len(item.positions),
        "inside": item.inside.value,
        "inside_interval": ends(item.inside),
        "outside": item.outside.value,
        "outside_interval": ends(item.outside),
        "worse": item.worse.value,
        "worse_interval": ends(item.worse),
        "p_value": item.p_value,
        "q_value": item.q_value,
        "clear": item.clear,
    }


def ends(found: Interval | None) -> JsonValue:
    """An interval as [low, high], or null."""
    return None if found is None else [found.low, found.high]


def _finite(value: float) -> float | None:
    return None if value in (inf, -inf) else value
