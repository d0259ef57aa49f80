"""How are the linear systems solved? Sparse or condensed, bordered by wires and voltage."""
