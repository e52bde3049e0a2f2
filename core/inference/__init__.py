"""Pictures in, probabilities and features out. Torch; no database."""
