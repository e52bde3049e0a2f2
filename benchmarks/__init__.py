"""How fast Graft is, measured beside a floor or a peer in the same run. See README.md."""
