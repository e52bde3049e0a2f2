"""One chart per file: info -> figure. Pure; plotly."""
