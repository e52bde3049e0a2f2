"""The model card that goes with an exported model: Markdown for people who did not train it."""

from core.exchange.model_card.facts import ModelFacts
from core.exchange.model_card.whole import model_card_text

__all__ = ["ModelFacts", "model_card_text"]
