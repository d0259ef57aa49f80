"""python -m hotmesa: the same as the command hotmesa (for mpirun: python -m mpi4py -m hotmesa)."""

import sys

from hotmesa.cli import main

if __name__ == "__main__":
    sys.exit(main())
