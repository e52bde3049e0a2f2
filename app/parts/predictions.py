"""What a model said of new pictures, as a table with a picture opened beside it."""

import streamlit as st

from app.context import graft
from app.links import page_link, set_params
from app.parts.file_lines import file_lines
from app.parts.promise import choose_promise
from app.parts.text import count, md
from app.parts.viewer import HONEST, viewer
from core.services.explanations import PictureView
from core.services.predictions import NO_ANSWER, REASONS, PredictedPicture, PredictionsView

MOST_ROWS = 1000
LONG, WIDE_PX = 45, 300
"""Letters of an answer from which on its column is held to a width, so that what follows it is seen."""


def relied(view: PredictionsView) -> None:
    """How often answers must hold, and how many pictures have none."""
    if view.promise is None:
        return
    _, by = choose_promise(view.task, grouped=bool(view.groups))
    if by == "group":
        _ask_group(view)
    if view.promise.caution:
        st.caption(f":material/info: {view.promise.caution}")
    unanswered = view.unanswered
    flawed = sum(item.answer == NO_ANSWER for item in unanswered)
    answered = len(view.items) - len(unanswered)
    is_or_are = "is" if 1 in (answered, len(view.items)) else "are"
    words = [f"{answered:,} of {count(len(view.items), 'picture')} {is_or_are} answered"]
    if len(unanswered) > flawed:
        words.append(f"in {len(unanswered) - flawed:,} more than one answer is possible")
    if flawed:
        kind = "is not an ordinary picture" if flawed == 1 else "are not ordinary pictures"
        words.append(f"{flawed:,} {kind} for this model")
    st.markdown(f"{'; '.join(words)}. The reason stands beside each.")


def group_of_all() -> str:
    """The group of all pictures of which no table told one, as the address says it."""
    return st.query_params.get("group", "")


def _ask_group(view: PredictionsView) -> None:
    """Whose limit counts: one group for all, or what a table told."""
    told = sum(bool(item.group) for item in view.items) if not group_of_all() else 0
    known = view.promise.own_groups if view.promise else ()
    if told < len(view.items):
        wanted = group_of_all()
        chosen = st.selectbox(
            "Which group are these pictures of?",
            ["", *view.groups],
            index=[*view.groups].index(wanted) + 1 if wanted in view.groups else 0,
            format_func=lambda name: name or "Not known",
            help="A table with the columns file and group, dropped with the pictures, says it picture by picture.",
            key=f"group-{view.run.id}",
        )
        set_params(group=chosen or None)
        if chosen != wanted:
            st.rerun()
    few = [name for name in view.groups if name not in known]
    if view.strangers:
        what = count(len(view.strangers), "picture")
        words = f"{what} of no group that can be promised to: they have the most cautious limit of all groups."
        more = f" Too few validation pictures speak for: {md(', '.join(few))}." if few else ""
        st.caption(f":material/shield: {words}{more}")


def table(view: PredictionsView) -> None:
    """One line per picture; the chosen one is opened below with its heatmap."""
    shown = view.items[:MOST_ROWS]
    if len(view.items) > MOST_ROWS:
        st.caption(f"The first {MOST_ROWS:,} are shown; the CSV has all {len(view.items):,}.")
    everything = bool(view.classes) and st.toggle("Show the probability of every class", value=False)
    wide = WIDE_PX if any(len(item.answer) > LONG for item in shown) else None
    event = st.dataframe(
        [_row(item, view, everything) for item in shown],
        hide_index=True,
        width="stretch",
        row_height=56,
        height=min(len(shown), 6) * 56 + 40,
        on_select="rerun",
        selection_mode="single-row",
        key=f"predicted-{view.run.id}",
        column_config={
            "Picture": st.column_config.ImageColumn("Picture", width=80),
            "Answer": st.column_config.TextColumn("Answer", width=wide),
            "Sure": st.column_config.ProgressColumn("Sure", format="%d%%", min_value=0, max_value=100),
            **{name: st.column_config.NumberColumn(name, format="%d%%") for name in view.classes if everything},
        },
    )
    st.caption("Choose a line to see below what the model looked at.")
    rows = event["selection"]["rows"]
    viewer(
        graft().explanations.subject(view.model),
        [opened_picture(item) for item in shown],
        key=f"predicted-viewer-{view.run.id}",
        selected=rows[0] if rows else 0,
        method=graft().grades.default_method(view.model),
        grades=graft().grades.newest(view.model),
        follow=True,
    )
    st.caption(HONEST)


def _row(item: PredictedPicture, view: PredictionsView, everything: bool) -> dict[str, object]:
    row: dict[str, object] = {"Picture": f"/api/blob/{item.blob}/thumb", "File": item.name}
    if view.promise is not None:
        row["Answer"] = item.answer or "–"
        if view.promise.by == "group":
            row["Group"] = item.group if item.own else f"{item.group} (not known)" if item.group else "Not known"
    row["Best guess" if view.promise else "Model says"] = item.said
    if view.classes:
        row["Sure"] = None if item.confidence is None else round(100 * item.confidence)
    if view.promise is not None:
        row["Why no answer"] = ", ".join(REASONS[key] for key in item.reasons)  # "Answer" lists what is possible
    if everything:
        row.update({name: round(100 * share) for name, share in zip(view.classes, item.probabilities, strict=True)})
    return row


def opened_picture(item: PredictedPicture) -> PictureView:
    """A new picture as the viewer opens it."""
    return PictureView(
        image=None, blob=item.blob, name=item.name, truth="", truth_set=(), said=item.said, said_set=item.said_set,
        wrong=False, confidence=item.confidence, answer=_answer(item),
    )  # fmt: skip


def _answer(item: PredictedPicture) -> str:
    """What is answered, and where there is no answer, why not."""
    return f"{item.answer}: {item.why}" if item.answer == NO_ANSWER else item.answer


def doubtful(view: PredictionsView) -> None:
    """Pictures the model should not decide alone, to be labelled by someone who knows."""
    known, reasons, below = view.reasons, list[str](), 0.0
    if not view.classes and not known:
        return
    st.header("Let an expert decide the doubtful ones")
    if known:
        reasons = st.pills(
            "Doubtful because it is",
            list(known),
            selection_mode="multi",
            default=list(known),
            format_func=lambda key: f"{REASONS[key]} ({known[key]:,})",
        )
    if view.classes:
        # Where a promise says what is unsure, a second limit is the expert's own choice.
        usual = 0 if view.promise and view.promise.possible else 70
        below = st.slider("Doubtful is less sure than", 0, 100, usual, step=5, format="%d%%") / 100
    found = view.doubtful(reasons, below)
    if not found:
        st.caption("No picture is that doubtful.")
        return
    they_join = "It joins" if len(found) == 1 else "They join"
    st.caption(f"{len(found):,} of {count(len(view.items), 'picture')}. {they_join} the project without a label.")
    if st.button(f"Send {count(len(found), 'picture')} to labelling", icon=":material/sell:", type="primary"):
        added = graft().predictions.send_to_labelling(view.run.id, [item.id for item in found])
        there = len(found) - added
        rest = f" {count(there, 'picture')} had been there already." if there else ""
        st.success(f"{count(added, 'picture')} added to the project.{rest}", icon=":material/check:")
        page_link("Label them", "label", icon=":material/sell:")


def rejected(view: PredictionsView) -> None:
    """Files that could not be read, or not as their names or pages would have it, each with its reason."""
    if view.rejected:
        st.header(f"{count(len(view.rejected), 'file')} could not be read")
        file_lines([{"File": item.name, "Why": item.error} for item in view.rejected[:MOST_ROWS]])
    remarks = [{"File": item.name, "What": item.note} for item in view.items if item.note]
    if remarks:
        st.header(f"{count(len(remarks), 'remark')} on files")
        file_lines(remarks[:MOST_ROWS])
