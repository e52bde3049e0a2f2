"""Whether the people who label agree, and the pictures on which they do not."""

import streamlit as st

from app.context import graft
from app.parts.annotator import annotator_name
from app.parts.more import heading
from app.parts.picture_grid import grid_item, picture_grid
from app.parts.text import count, md
from core.services.agreement import AgreementView, index_text
from core.services.projects import ProjectView

SHOWN, RIGHT = 48, "Label is right"
HOW = """
**How.** Krippendorff's alpha
([2011](https://repository.upenn.edu/asc_papers/43)) counts how often people differ on the same picture, against how
often chance would make them differ: 1 is perfect, 0 is chance. Grades and numbers that lie close are nearly the same.
Krippendorff asks for 0.8, and for 0.67 at least. For two people Cohen's kappa (1960; with squared weights for grades
and numbers) stands beside it. What each said first counts; accepted suggestions and labels that came with an import do
not. Pictures that a second person looks at only because their labels seem wrong make people agree less than they do on
others. Intervals: Bayesian bootstrap over pictures; where nobody differed, down to what so many pictures leave open
(Wilson).
"""


def agreement(project: ProjectView) -> None:
    """The section."""
    view = graft().agreement.read(project.id)
    if view is None:
        return
    heading("Do people agree?", HOW)
    people = md(", ".join(view.people))
    st.markdown(f"{count(view.pictures, 'picture')} labelled by two or more of {people}. {view.verdict}")
    if len(view.people) > 1:
        rows = [
            {
                "Who": " and ".join(item.people),
                "Pictures both labelled": item.pictures,
                "Same answer": f"{item.same:.0%}",
                "Kappa": index_text(item.kappa),
            }
            for item in view.pairs
        ]
        st.dataframe(rows, hide_index=True, width="stretch")
    if len(view.classes) > 1:
        st.dataframe(
            [{"Class": name, "Agreement on it (alpha)": index_text(value)} for name, value in view.classes],
            hide_index=True,
            width="stretch",
        )
    _disagreements(project, view)


def _disagreements(project: ProjectView, view: AgreementView) -> None:
    if view.settled:
        st.caption(f"{count(view.settled, 'disagreement')} looked at again since, and settled.")
    if not view.open:
        return
    st.markdown(
        f"They differ on {count(len(view.open), 'picture')}. The newest word counts: give the label that shall stand, "
        f"or choose “{RIGHT}” where it does."
    )
    items = [
        grid_item(item.image.id, item.image, " · ".join(f"{name}: {words}" for name, words in item.said))
        for item in view.open[:SHOWN]
    ]
    pressed = picture_grid(project, items, key=f"disagreements-{project.id}", actions=[RIGHT])
    if pressed:
        graft().labelling.confirm(project.id, pressed.image_ids, annotator=annotator_name())
        st.rerun()
    if len(view.open) > SHOWN:
        st.caption(f"The first {SHOWN} of {len(view.open):,}; settle some, and others follow.")
