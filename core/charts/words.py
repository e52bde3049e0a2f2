"""People's words in a chart."""


def plain(text: str) -> str:
    """`text` as it is: plotly would read tags and entities in it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
