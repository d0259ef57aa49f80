"""What a user writes: TOML scenarios, their schema and loader; no DOLFINx."""
