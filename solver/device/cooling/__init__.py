"""How much heat does a surface give off at its temperature? One module a kind of sink, each with `build`."""
