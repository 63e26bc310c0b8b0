"""Who is this: parallel lookup under a budget, merge with provenance, cache."""
