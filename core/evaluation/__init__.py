"""Scores with their uncertainty. Pure; numpy and scikit-learn."""
