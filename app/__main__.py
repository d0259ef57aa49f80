"""python -m hotmesa: the same as the command hotmesa (for mpirun: python -P -m mpi4py -m hotmesa)."""

import sys


def start() -> int:
    """Run the command; modules in the working folder, which -m has put first on the path, are none of its parts."""
    if not sys.flags.safe_path:
        del sys.path[0]
    from hotmesa.cli import main

    return main()


if __name__ == "__main__":
    sys.exit(start())
