"""One page per file, each with `render()`."""
