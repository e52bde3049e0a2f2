"""Sections with pictures: where the model fails, and what it looks at."""

from core.exchange.html import paragraph, picture
from core.exchange.report.facts import ReportFacts


def failures(facts: ReportFacts) -> str:
    """The worst mistakes."""
    if not facts.failures:
        return paragraph("No test picture was named wrongly.") if facts.sizes.get("test") else ""
    shown = "".join(picture([item.jpeg], item.caption) for item in facts.failures)
    words = "Test pictures on which it was wrong, the most confident or farthest off first."
    return paragraph(words) + f"<div class=pictures>{shown}</div>"


def heatmaps(facts: ReportFacts) -> str:
    """Pictures beside what the model looked at in them."""
    shown = "".join(picture([item.jpeg, item.over], item.caption) for item in facts.heatmaps)
    return paragraph(facts.heat_words) + (f"<div class='pictures pairs'>{shown}</div>" if shown else "")
