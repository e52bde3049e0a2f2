"""What to label next. Pure."""
