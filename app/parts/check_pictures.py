"""Findings of a check that are pictures: pairs, leaks, doubtful labels, bad pictures. Each can be acted on in place."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.parts.annotator import annotator_name
from app.parts.deleting import ask_to_delete
from app.parts.more import heading
from app.parts.picture_grid import grid_item, picture_grid
from app.parts.showing import show_more, showing
from app.parts.text import count, md
from core.services.findings import CheckView, CurrentImage, PairView
from core.services.projects import ProjectView

DELETE, RIGHT = "Delete", "Label is right"
PAIRS, PICTURES = 12, 48
PICTURE_PX, PAIR_PX, NAME_PX = 150, 340, 170
THUMB = f"width:{PICTURE_PX}px;height:{PICTURE_PX * 3 // 4}px;object-fit:contain;border-radius:.3rem;display:block"
SPARE = (
    "Deletes {pictures}, each the same as one that stays: rather one with a label, one to test by, or a larger one. "
    "A copy with another label stays, too, and so do mirrored, turned and cut ones."
)
PAIRS_HOW = """
**How.** Pictures whose 64-bit difference hashes
([Krawetz 2013](https://www.hackerfactor.com/blog/index.php?/archives/529-Kind-of-Like-That.html)) differ in at most 7
bits are found by multi-index hashing ([Norouzi et al. 2012](https://arxiv.org/abs/1307.2982)), and
then compared on small copies: they must agree in their shading and in their details. The same picture at another size,
saved again, or a little brighter counts; another leaf on the same cloth does not. Mirrored and turned copies, and parts
of at least half of the side with the same proportions, are found by comparing each small picture with every window of
every other, and aligning the best on larger copies
([Lewis 1995](http://scribblethink.org/Work/nvisionInterface/nip.html)). Parts are looked for among up to 2,500
pictures, mirrored and turned copies among up to 20,000; of more, the page says so.
"""
LEAKS_HOW = """
**How.** The splits as they stand are compared with the cases, or else the groups, as they are named now. Graft's own
splits never cut through them; splits from a table, or cases named later, can. Such leaks made the results of hundreds
of papers too good ([Kapoor & Narayanan 2023](https://doi.org/10.1016/j.patter.2023.100804)).
"""
DOUBTS_HOW = """
**How.** Confident learning ([Northcutt et al. 2021](https://arxiv.org/abs/1911.00068)) on answers for pictures, cases
or groups that were not learnt from; here those of {sources}. A training fold by fold (Train, cross-validation) is taken
where there is one that tells the classes well enough. A label is doubted where the model is surer of another class than
is usual of pictures that carry that class. Pictures of the test split count as they are labelled until you decide.
"""
FLAWS_HOW = """
**How.** Sharpness (spread of the Laplacian, [Pech-Pacheco et al. 2000](https://doi.org/10.1109/ICPR.2000.903548)),
light and contrast of the thumbnail, and the shorter side, are compared with what is usual in this project: a picture is
named if it has less than about a third of the median (a quarter of the side) and lies far outside the spread of the
others. Blur that does not show at 256 pixels is not seen.
"""


def pairs(project: ProjectView, view: CheckView) -> None:
    """The same picture twice, conflicts first, then those across splits."""
    if not view.same:
        return
    heading("The same picture twice", PAIRS_HOW)
    words = [f"{count(view.same, 'pair of pictures looks', 'pairs of pictures look')} like one picture."]
    if view.conflicting:
        pairs_of = count(view.conflicting, "pair")
        words.append(f"{pairs_of} with different labels: if they are one picture, a label is wrong.")
    if view.crossing:
        pairs_of = count(view.crossing, "pair")
        words.append(f"{pairs_of} across splits: what one of them is judged by was learnt from the other.")
    st.markdown(" ".join([*words, *_not_listed(len(view.pairs), view.same)]))
    _one_of_each(project, view)
    ordered = sorted(view.pairs, key=lambda pair: (not pair.conflict, not pair.across_splits))
    shown = showing("check-pairs", PAIRS)
    for pair in ordered[:shown]:
        _pair(project, pair)
    show_more("check-pairs", len(ordered), PAIRS)


def _one_of_each(project: ProjectView, view: CheckView) -> None:
    """One click for all copies that nothing is lost with."""
    spare = graft().checks.spare_copies(view.run_id)
    if not spare:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Keep one of each", icon=":material/filter_1:"):
            ask_to_delete(project.id, list(spare))
        st.caption(SPARE.format(pictures=count(len(spare), "picture")), width="content")


def _not_listed(listed: int, total: int) -> list[str]:
    if listed == total:
        return []
    return [f"Of these {listed:,} are listed: mend them, then check again." if listed else "Check again to list them."]


def _pair(project: ProjectView, pair: PairView) -> None:
    """Both side by side, and on demand the grid in which they are relabelled or deleted."""
    key = "-".join(str(image.id) for image in pair.images)
    names = {item.id: item.name for item in project.all_classes.values()}
    with st.container(border=True, gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            for image, split in zip(pair.images, pair.splits, strict=True):
                label = "" if image.number is None else f"{image.number:g}"
                label = label or ", ".join(names[item] for item in image.classes) or "no label"
                # Only numbers and a hash go into this HTML.
                source = f"/api/image/{image.id}/thumb?v={image.blob[:12]}"
                # A box of their own, so that on a narrow screen no picture parts from its words.
                with st.container(horizontal=True, vertical_alignment="center", width=PAIR_PX):
                    st.html(f'<img src="{source}" alt="" style="{THUMB}">', width=PICTURE_PX)
                    st.markdown(
                        f"**{md(label)}**  \n{md(image.name)}  \n:small[{split or 'no split yet'}]", width=NAME_PX
                    )
        marks = [":blue-badge[mirrored, turned or cut]"] if pair.kind == "part" else []
        marks += [":red-badge[different labels]"] if pair.conflict else []
        marks += [":orange-badge[different splits]"] if pair.across_splits else []
        with st.container(horizontal=True, vertical_alignment="center"):
            if marks:
                st.markdown(" ".join(marks), width="content")
            open_ = st.toggle("Relabel or delete", key=f"open-{key}")
        if open_:
            _grid(project, pair.images, [split or "" for split in pair.splits], key=f"pair-{key}")


def leaks(project: ProjectView, view: CheckView) -> None:
    """Cases and groups on both sides of a split."""
    if not view.leaks:
        return
    heading("Cases or groups in several splits", LEAKS_HOW)
    st.warning(
        f"{view.leaking} with pictures in several splits. The model is then judged by plants, patients or places that "
        "it has learnt from or was chosen by, and its score is too good.",
        icon=":material/warning:",
    )
    rows = [
        {"What": item.kind, "Name": item.name, "Splits": ", ".join(item.splits), "Pictures": item.pictures}
        for item in view.leaks
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def doubts(project: ProjectView, view: CheckView) -> None:
    """Labels that look wrong, the surest first."""
    open_ones, decided = ([item for item in view.doubts if bool(item.decided) is done] for done in (False, True))
    if not view.doubts and not view.undecided:
        return
    heading("Labels that look wrong", DOUBTS_HOW.format(sources=_sources(view)))
    if decided:
        with st.expander(f"{count(len(decided), 'label')} looked at and found right"):
            _grid(project, [item.image for item in decided], [f"right, says {item.decided}" for item in decided],
                  key=f"decided-{view.run_id}")  # fmt: skip
    if not view.undecided:
        st.success("All of them were looked at.", icon=":material/check:")
        return
    more = _not_listed(len(open_ones), view.undecided)
    tested = sum(item.split == "test" for item in open_ones)
    st.markdown(
        f"{count(view.undecided, 'picture looks', 'pictures look')} more like another class than the one on the label; "
        "many of these labels may be right, and the picture odd. Look at the first ones: give the right label where it "
        f"is wrong, and choose “{RIGHT}” where it is right; it is not asked about again."
        + (
            f" {count(tested, 'of them is', 'of them are')} for testing and count as labelled until you decide."
            if tested
            else ""
        )
        + "".join(f" {sentence}" for sentence in more)
    )
    shown = showing("check-doubts", PICTURES)
    some = open_ones[:shown]
    captions = [f"looks like {item.suggested}" + (f" · {item.split}" if item.split else "") for item in some]
    _grid(project, [item.image for item in some], captions, key=f"doubts-{view.run_id}", confirming=True)
    show_more("check-doubts", len(open_ones), PICTURES)


def flaws(project: ProjectView, view: CheckView) -> None:
    """Pictures that were taken badly."""
    if not view.flawed:
        return
    heading("Badly taken pictures", FLAWS_HOW)
    st.markdown(
        f"{count(view.flawed, 'picture differs', 'pictures differ')} from what is usual here. Delete those on "
        "which nobody could tell the class; keep the others: the model will meet such pictures, too. "
        + " ".join(_not_listed(len(view.flaws), view.flawed))
    )
    shown = showing("check-flaws", PICTURES)
    some = view.flaws[:shown]
    captions = [", ".join(item.reasons) for item in some]
    _grid(project, [item.image for item in some], captions, key=f"flaws-{view.run_id}")
    show_more("check-flaws", len(view.flaws), PICTURES)


def _sources(view: CheckView) -> str:
    found = list(dict.fromkeys(item.source for item in view.doubts if item.source))
    return md(", and ".join(found) or view.features)


def _grid(
    project: ProjectView,
    images: Sequence[CurrentImage],
    captions: Sequence[str],
    *,
    key: str,
    confirming: bool = False,
) -> None:
    if not images:
        return
    items = [grid_item(image.id, image, caption) for image, caption in zip(images, captions, strict=True)]
    pressed = picture_grid(project, items, key=key, actions=[RIGHT, DELETE] if confirming else [DELETE])
    if pressed and pressed.name == RIGHT:
        graft().labelling.confirm(project.id, pressed.image_ids, annotator=annotator_name())
        st.rerun()
    elif pressed:
        ask_to_delete(project.id, list(pressed.image_ids))
