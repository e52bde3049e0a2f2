"""What a model looks at. Torch; no database."""
