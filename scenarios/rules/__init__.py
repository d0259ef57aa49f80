"""What cannot be true together? Contradictions between the keys of a scenario."""
