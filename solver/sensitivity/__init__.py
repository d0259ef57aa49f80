"""By how much do states change with a number of the scenario? One adjoint a point answers for all numbers."""
