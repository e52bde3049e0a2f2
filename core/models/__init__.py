"""Networks: building, weights, saving, loading. Torch; no database."""
