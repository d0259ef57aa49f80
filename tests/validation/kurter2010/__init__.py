"""The computations behind docs/kurter2010.md and docs/kurter2010-parameters.md, through the public functions only."""
