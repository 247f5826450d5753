"""What a statement really does: a syntax tree and a scope in, accesses, lineage, effects and doubts out. Pure."""
