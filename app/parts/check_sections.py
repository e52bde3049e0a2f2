"""Findings of a check that are sentences: short cuts, and what the way of splitting does to a score."""

from collections.abc import Sequence

import streamlit as st

from app.context import graft
from app.links import page_link
from app.parts.more import heading, large
from app.parts.text import count, md
from core.services.findings import PROBES, CheckView, ShortcutView, shortcut_words
from core.services.gallery import PictureFilter
from core.services.projects import ProjectView
from core.types import ImageState, ProjectId, Task

SHOWN, MOST_CLASSES, PICTURE_PX = 6, 6, 104
BORDER = 100 * 6 / 64
"""Per cent of a picture's side that the probe of the borders sees."""
BORDERS_HOW = """
**How.** A small model (extremely randomised trees,
[Geurts et al. 2006](https://doi.org/10.1007/s10994-006-6226-1)) sees only the outer tenth of each picture: its colours,
and a tiny copy of the frame. It is asked about pictures of cases or groups that it has not learnt from (five folds);
the score is its balanced accuracy. It counts as clear if the lower end of the 95% interval lies a quarter of the way
from chance to perfect, or if one class can be told by it alone. On PlantVillage, eight background pixels name half of
38 classes ([Noyan 2022](https://arxiv.org/abs/2206.04374)).
"""
FILE_HOW = """
**How.** A small model (extremely randomised trees,
[Geurts et al. 2006](https://doi.org/10.1007/s10994-006-6226-1)) sees no picture at all: only width, height, bytes,
bytes per pixel, format, camera and hour of the day. It is asked about pictures of cases or groups that it has not
learnt from (five folds); the score is its balanced accuracy. It counts as clear if the lower end of the 95% interval
lies a quarter of the way from chance to perfect, or if one class can be told by it alone. Clinics and devices often
write files of their own kind, and when one class comes from one of them, its files give it away
([Zech et al. 2018](https://doi.org/10.1371/journal.pmed.1002683)).
"""
SPLIT_HOW = """
**How.** A linear head on features of {features} answers for pictures it has not learnt from (five folds), once with
pictures divided at random and once with whole cases or groups held out; the score is balanced accuracy with its 95%
interval. The first is what many studies report; the second is what to expect of new ones
([Kapoor & Narayanan 2023](https://doi.org/10.1016/j.patter.2023.100804)). Graft's own splits keep cases, or else
groups, together.
"""


def check_notice(project: ProjectId) -> None:
    """A word on pages that show scores, when a check found what makes scores too good."""
    view = graft().checks.newest_findings(project)
    if view is None:
        return
    if view.grave:
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            st.markdown(f":material/warning: {md(notice_words(view.grave))}")
            page_link("Check data", "check", icon=":material/fact_check:")


def notice_words(grave: Sequence[str]) -> str:
    """What makes scores too good: the first finding, and how many more there are."""
    more = f" {count(len(grave) - 1, 'more finding says', 'more findings say')} so, too." if len(grave) > 1 else ""
    return f"The scores may be too good. {grave[0]}{more}"


def shortcuts(project: ProjectView, view: CheckView) -> None:
    """What tells the class without looking at it."""
    for item in view.flagged:
        borders = item.probe == "borders"
        title, how = ("the borders", BORDERS_HOW) if borders else ("facts of the files", FILE_HOW)
        heading(f"Short cut: {title}", how)
        given = ", ".join(f"**{md(name)}**" for name in item.given_away)
        st.warning(
            shortcut_words(item.probe, item.score, item.interval, item.chance)
            + (f" They give away: {given}." if given else "")
            + " A model can take the same short cut, and then its score says nothing of the thing itself.",
            icon=":material/warning:",
        )
        if borders:
            _borders(project, item)
        else:
            _files(item)
        st.caption(
            "What helps: take pictures of every class in the same places, with the same devices and settings; crop or "
            "cover what gives the class away; test on pictures from elsewhere."
        )
    what = "thirds of the numbers apart" if project.task is Task.REGRESSION else "classes"
    quiet = [item for item in view.shortcuts if not item.flagged]
    for item in quiet:
        st.markdown(
            f":material/check: {PROBES[item.probe].capitalize()} do not clearly tell the {what}: balanced accuracy "
            f"{item.score:.0%} ({item.interval[0]:.0%} to {item.interval[1]:.0%}), chance {item.chance:.0%}."
        )
    for words in dict.fromkeys(item.basis for item in view.shortcuts if item.basis):
        st.caption(words)


def _borders(project: ProjectView, item: ShortcutView) -> None:
    """Pictures of each class with their middle covered: what the probe saw."""
    st.caption("What it saw of each class, the middle covered:")
    classes = [known for known in project.classes if known.name in item.given_away]
    classes += [known for known in project.classes if known not in classes]
    for known in classes[:MOST_CLASSES]:
        wanted = PictureFilter(class_id=known.id, state=ImageState.LABELLED)
        found = graft().gallery.page(project.id, wanted, size=SHOWN).pictures
        if not found:
            continue
        st.caption(md(known.name))
        # Only numbers and a hash go into this HTML.
        cover = f"position:absolute;inset:{BORDER:.1f}%;background:rgba(128,128,128,.94)"
        box = f"position:relative;width:{PICTURE_PX}px;height:{PICTURE_PX}px;overflow:hidden;border-radius:.3rem"
        tiles = "".join(
            f'<div style="{box}"><img src="/api/image/{picture.id}/thumb?v={picture.blob[:12]}" alt="" '
            f'style="width:100%;height:100%;object-fit:fill"><div style="{cover}"></div></div>'
            for picture in found
        )
        st.html(f'<div style="display:flex;gap:.5rem;flex-wrap:wrap">{tiles}</div>')


def _files(item: ShortcutView) -> None:
    st.caption("What is usual of the files of each class:")
    rows = [
        {
            "Class": row["class"],
            "Pictures": row["pictures"],
            "Size": f"{row['width']} × {row['height']} px",
            "Kilobytes": row["kilobytes"],
            "Format": str(row["format"]).upper(),
            "Camera": row["camera"] or "–",
        }
        for row in item.typical
    ]
    st.dataframe(rows, hide_index=True, width="stretch")


def splitting(view: CheckView) -> None:
    """What a random split says, and what new cases or groups say."""
    if len(view.splitting) < 2:
        return
    words = {"pictures": "Random split", "cases": "New cases", "groups": "New groups"}
    said, held = view.optimism, " or ".join(item.kept for item in view.splitting if item.kept != "pictures")
    heading(f"Random split against new {held}", SPLIT_HOW.format(features=md(view.features)))
    if said:
        first, second = said
        st.warning(
            f"A random split says {first.score:.0%}, new {second.kept} say {second.score:.0%}. Believe the second: "
            f"that is what to expect of {second.kept} that the model has never seen.",
            icon=":material/warning:",
        )
    else:
        st.markdown(f"It makes no clear difference here whether single pictures or whole {held} are held out.")
    with st.container(horizontal=True, gap="small"):
        for item in view.splitting:
            with st.container(border=True, width=220, gap="xxsmall"):
                st.markdown(f"**{words[item.kept]}**")
                large(f"{item.score:.0%}")
                st.caption(f"{item.interval[0]:.0%} to {item.interval[1]:.0%} (95% interval)")
    st.caption(f"A simple head on features of {md(view.features)}. What matters is the difference, not how high it is.")
