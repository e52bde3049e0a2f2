"""The commands of `graft`, a module per group. Each has `register(app)`; none holds logic of its own."""
