"""What may be wrong with a data set before anyone trusts a score: duplicates, leaks, short cuts, labels. Pure."""
