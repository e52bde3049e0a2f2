"""HTTP routes beside the pages: pictures, label events, uploads, heatmaps, tables."""
