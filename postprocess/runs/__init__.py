"""What is made of a run? Numbers and figure, one module a kind."""
