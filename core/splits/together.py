"""What stays in one fold where whole groups are left out."""

from collections.abc import Sequence


def whole_groups(cases: Sequence[str | None], groups: Sequence[str | None]) -> list[str]:
    """What each picture stays together with: its group, else its case; "" for itself alone.

    A case with pictures in several groups, such as a patient who changed clinics, holds these groups together: to
    leave one of them out would still ask for what was learnt from.
    """
    above: dict[str, str] = {}

    def top(name: str) -> str:
        while above.setdefault(name, name) != name:
            name = above[name]
        return name

    for case, group in zip(cases, groups, strict=True):
        if case and group:
            one, other = sorted((top(f"case {case}"), top(f"group {group}")), reverse=True)
            above[other] = one  # "group …" comes after "case …", and names what is joined
    own = (
        f"group {group}" if group else f"case {case}" if case else "" for case, group in zip(cases, groups, strict=True)
    )
    return [top(name) if name else "" for name in own]
