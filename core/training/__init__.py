"""The training loop. Torch; no database."""
