"""Where a training comes from: data, versions, settings, and the command that makes it again."""

from collections.abc import Mapping

import streamlit as st

from app.context import graft
from app.parts.text import md
from core.services.reports import Origin
from core.services.training import RunRecord
from core.types import RunState


def came_from(run: RunRecord) -> None:
    """All of it, folded away, of a training in whatever state."""
    if run.recipe is None or run.version_id is None:
        return
    with st.expander("Where it comes from", icon=":material/receipt_long:"):
        origin = graft().reports.origin(run.id)
        on = f" on {origin.device}" if origin.device else ""
        when = {} if run.started_at is None else {"Started": f"{run.started_at:%d %b %Y, %H:%M} UTC{on}"}
        origin_facts(origin, when, lacking="not recorded" if run.state.ended else "written down when it starts")
        st.caption("This command makes the training again." if run.state is not RunState.DONE else AGAIN)
        st.code(origin.command, language="bash", wrap_lines=True)
        reasons = run.payload.get("reasons")
        if isinstance(reasons, list) and reasons:
            st.caption("Chosen for your pictures and this machine")
            st.markdown("\n".join(f"- {md(str(reason))}" for reason in reasons))
        st.caption("Every setting")
        settings_table(origin)


AGAIN = "This command makes the run again; without a GPU, on the same machine, with the same numbers."


def origin_facts(origin: Origin, when: Mapping[str, str], *, lacking: str = "not recorded") -> None:
    """Data, splits, `when` it was made, and the versions; `lacking`: what is said of versions that are not there."""
    libraries = ", ".join(f"{name} {version}" for name, version in origin.libraries.items())
    rows = {
        "Data": f"dataset version {origin.version}, content hash {origin.dataset_hash}",
        "Splits": origin.split_rule,
        **when,
        "Code": origin.code_version or lacking,
        "Libraries": libraries or lacking,
    }
    st.markdown("  \n".join(f"**{name}**: {md(words)}" for name, words in rows.items()))


def settings_table(origin: Origin) -> None:
    """Every setting of the recipe."""
    rows = [{"Setting": name, "Value": str(value)} for name, value in origin.recipe.items()]
    st.dataframe(rows, hide_index=True, width="stretch")
