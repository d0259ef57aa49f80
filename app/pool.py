"""Cases computed side by side: in processes of this machine, over the ranks of MPI, or one by one in this process."""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import resource_tracker
from types import TracebackType
from typing import Any, Protocol

from hotmesa.case import STOPPED, Outcome, Task, compute_case, lost
from hotmesa.kinds import solver_of
from hotmesa.processes import outside_mpi, safe_path
from hotmesa.solver.errors import RequestError
from hotmesa.stopping import end_with_parent, stop_on_signal
from hotmesa.surroundings import rank_and_size

_DEAD = "its process died (out of memory, or a crash in a library)"
_FOR_GOOD = contextlib.ExitStack()
Kind = type[BaseException] | None


class Workers(Protocol):
    """Something that computes cases; used in a with statement."""

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield how the cases end, in the order in which they do."""

    def __enter__(self) -> Workers:
        """Start."""

    def __exit__(self, kind: Kind, error: BaseException | None, trace: TracebackType | None) -> None:
        """End everything that still runs."""


class InThisProcess:
    """One case after the other, here."""

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield the outcomes in order; a request to end stops the case at work, and no other is begun.

        Raises:
            KeyboardInterrupt: after the outcome of the case that was interrupted.
        """
        with stop_on_signal() as asked:
            for task in tasks:
                outcome = compute_case(task)
                yield outcome
                if asked() or outcome.status == STOPPED:
                    raise KeyboardInterrupt

    def __enter__(self) -> InThisProcess:
        """Nothing to start."""
        return self

    def __exit__(self, kind: Kind, error: BaseException | None, trace: TracebackType | None) -> None:
        """Nothing to end."""


class Processes:
    """A pool of processes; one that dies takes no other case with it."""

    def __init__(self, count: int) -> None:
        """Take the number of processes.

        Raises:
            RequestError: it is not positive.
        """
        if count < 1:
            raise RequestError(f"--workers {count}: at least one process is needed (0: in the process of the command)")
        self.count = count
        self._executor: Executor | None = None

    def __enter__(self) -> Processes:
        """Start lazily: the first case does."""
        return self

    def __exit__(self, kind: Kind, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the processes; after an error or Ctrl-C at once, their cases are incomplete then."""
        if self._executor is None:
            return
        if kind is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
            for child in multiprocessing.active_children():
                child.terminate()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield the outcomes as the cases end.

        When a process dies nobody knows in which case: those that ran are computed again, each in a process of its own.
        """
        waiting, running = deque(tasks), dict[Future[Outcome], Task]()
        while waiting or running:
            try:
                # No more than can run: what has not begun is not under suspicion.
                while waiting and len(running) < self.count:
                    with safe_path():
                        running[self._pool().submit(compute_case, waiting[0])] = waiting[0]
                    waiting.popleft()
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    outcome = future.result()
                    del running[future]
                    yield outcome
            except BrokenProcessPool:
                suspects = list(running.values())
                running.clear()
                self._end_pool()
                for task in suspects:
                    yield _alone(task)

    def _pool(self) -> Executor:
        if self._executor is None:
            self._executor = _executor(self.count)
        return self._executor

    def _end_pool(self) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None


def _executor(count: int) -> ProcessPoolExecutor:
    """Return a pool of processes.

    Raises:
        RequestError: this machine has no shared memory for them.
    """
    context = multiprocessing.get_context("spawn")
    try:
        with _deaf_to_hangups():
            resource_tracker.ensure_running()
        return ProcessPoolExecutor(count, mp_context=context, initializer=_begin, initargs=(os.getpid(),))
    except (OSError, NotImplementedError) as error:
        raise RequestError(
            f"no processes side by side here ({error}): they need /dev/shm; --workers 0 computes in this one"
        ) from None


@contextlib.contextmanager
def _deaf_to_hangups() -> Iterator[None]:
    """Let what is started meanwhile outlive a closed terminal, as the tracker does other requests to end."""
    try:
        before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    except ValueError:  # not the main thread
        yield
        return
    try:
        with safe_path():
            yield
    finally:
        signal.signal(signal.SIGHUP, before)


def _alone(task: Task) -> Outcome:
    with _executor(1) as executor:
        try:
            with safe_path():
                future = executor.submit(compute_case, task)
            return future.result()
        except BrokenProcessPool:
            return lost(task, _DEAD)


def _begin(parent: int) -> None:
    """Prepare a new process: Ctrl-C is the parent's business, and without a parent there is nothing to do."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in os.environ.keys() - outside_mpi(os.environ).keys():
        del os.environ[name]
    end_with_parent(parent)


class Ranks:
    """The processes of mpirun: the first one hands out the cases, the others compute them. Collective.

    A request to end reaches all of them or some: those that compute stop at their next point and begin no other case,
    and the first one waits for them.

    PETSc is started on all of them together, because its start waits for all: begun inside a case it would never end.
    """

    def __init__(self) -> None:
        """Look at the processes.

        Raises:
            RequestError: there is only one, or the others wait in a way that cannot be used.
        """
        from mpi4py import MPI

        self._comm = MPI.COMM_WORLD
        # python -m mpi4py.futures leaves only the first process to us.
        self._served = "mpi4py.futures" in sys.orig_argv
        if self._comm.size < 2:
            raise RequestError(
                "--mpi needs two processes or more: mpirun -n 4 python -P -m mpi4py -m hotmesa study FILE --mpi"
            )
        self._stack = contextlib.ExitStack()
        self._executor: Any = None

    @property
    def leads(self) -> bool:
        """Whether this process hands out the cases."""
        return bool(self._comm.rank == 0)

    def __enter__(self) -> Ranks:
        """Start PETSc everywhere; processes that compute stay here until all cases are done."""
        from mpi4py.futures import MPICommExecutor, MPIPoolExecutor

        if self._served:
            self._executor = self._stack.enter_context(MPIPoolExecutor(initializer=_begin_rank))
            self._executor.bootup(wait=False)
            start_petsc()
            return self
        start_petsc()
        if not self.leads:  # between its cases nothing would take a request to end
            self._stack.enter_context(stop_on_signal())
        self._executor = self._stack.enter_context(MPICommExecutor(self._comm, root=0))
        return self

    def __exit__(self, kind: Kind, error: BaseException | None, trace: TracebackType | None) -> None:
        """Send the others home."""
        if self._executor is not None and kind is not None:
            self._executor.shutdown(wait=False, cancel_futures=True)
        self._stack.__exit__(kind, error, trace)

    def outcomes(self, tasks: Sequence[Task]) -> Iterator[Outcome]:
        """Yield the outcomes as the cases end.

        Raises:
            KeyboardInterrupt: after the outcome of a case that was interrupted.
        """
        if self._executor is None:
            return
        running = {self._executor.submit(_unless_asked_to_end, task) for task in tasks}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                outcome = future.result()
                yield outcome
                if outcome.status == STOPPED:
                    raise KeyboardInterrupt


def _unless_asked_to_end(task: Task) -> Outcome:
    """Compute a case, on a process that has not been asked to end."""
    with stop_on_signal() as asked:
        return Outcome(task.name, STOPPED, "interrupted") if asked() else compute_case(task)


def _begin_rank() -> None:
    """Prepare a process of mpirun that does nothing but compute cases."""
    _FOR_GOOD.enter_context(stop_on_signal())
    end_with_parent()
    start_petsc()


def start_petsc() -> None:
    """Start MPI, PETSc and the solver in this process: they begin and end on all processes together. Collective."""
    with contextlib.suppress(ModuleNotFoundError):  # the uniform model needs neither
        importlib.import_module("hotmesa.meshes.libraries")  # importing starts them
    with contextlib.suppress(ModuleNotFoundError):
        solver_of("branch")


def usable_processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers_of(count: int | None, mpi: bool) -> Workers:
    """Return who computes: so many processes (None: as many as processors, 0: this one), or those of mpirun.

    Raises:
        RequestError: neither fits how the command was started.
    """
    if mpi:
        return Ranks()
    if rank_and_size()[1] > 1:
        raise RequestError("several MPI processes were started: add --mpi, so that they share the cases")
    count = usable_processors() if count is None else count
    return InThisProcess() if count == 0 else Processes(count)
