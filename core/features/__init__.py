"""Features of frozen backbones, computed once. Torch; no database."""
