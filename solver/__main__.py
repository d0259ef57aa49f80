"""python -m hotmesa.solver: the same as the command hotmesa (for mpirun: python -m mpi4py -m hotmesa.solver)."""

import sys

from hotmesa.solver.cli import main

if __name__ == "__main__":
    sys.exit(main())
