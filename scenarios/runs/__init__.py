"""What is each kind of run? One module a kind, found by its word: facts, contradictions of its keys, and words."""
