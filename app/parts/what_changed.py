"""What training changed in a model: started here, followed here, shown here."""

import streamlit as st

from app.context import graft
from app.parts.following import follow
from app.parts.more import explained
from app.parts.picture_row import picture_row
from app.parts.starts import start_of
from app.parts.text import count, md
from core.services.changes import ChangesView
from core.types import RunId
from core.words import changed_most, moved

HOW = """
**How.** The network as it was before it learnt is built again and looks at the same pictures as the model. *Stayed
alike* is linear centred kernel alignment of what each part makes of them, averaged over the places: 1 when nothing but
scale and order changed, 0 when nothing is left ([Kornblith et al. 2019](https://arxiv.org/abs/1905.00414)). *Weights
moved* is how far the weights are from where they began, as a share of their length. A unit is one of the numbers from
which the last layer makes its answer; shown is the one that moves the class's score most, by the pictures in which it
is strongest ([Zeiler & Fergus 2014](https://arxiv.org/abs/1311.2901)).
"""


def what_changed(model: RunId) -> None:
    """The section."""
    last = graft().changes.latest(model)
    if follow(last):
        return
    view = graft().changes.view(last) if last else None
    if view is None:
        st.markdown(
            "What did the training change in the network it began with? Usually its first layers, which see edges and "
            "colours, stay as they were, and the last ones learn what matters to you."
        )
        if st.button("Compare with the start", icon=":material/compare_arrows:", type="primary"):
            graft().changes.start(model)
            st.rerun()
        return
    _show(view)


def _show(view: ChangesView) -> None:
    explained(changed_most([(item.number, item.likeness, item.distance) for item in view.layers]), HOW)
    rows = [
        {
            "Part, from the picture to the answer": str(item.number),
            "Stayed alike": item.likeness,
            "Weights moved": moved(item.distance),
        }
        for item in view.layers
    ]
    bar = st.column_config.ProgressColumn(min_value=0, max_value=1, format="%.2f")
    st.dataframe(rows, hide_index=True, width="stretch", column_config={"Stayed alike": bar})
    measured = f"Measured on {count(view.pictures, 'picture')} it did not learn from."
    st.caption(f"{measured} It began with: {md(start_of(view.start))}.")
    if view.units:
        st.header("What its units wait for")
        st.markdown(
            "For each class the pictures in which the unit that speaks most for it is strongest, with their labels. "
            "What do they have in common: the thing itself, or a place, a device, a light?"
        )
    for unit in view.units:
        st.markdown(f"**{md(unit.class_name)}** (unit {unit.unit})")
        picture_row((item.blob, item.name, item.label) for item in unit.pictures)
