"""Searches side by side: each asks for places in its turn, and what all of them ask for is computed together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TypeVar

from hotmesa.optimise_model import Iterate, Place

R = TypeVar("R")
Ask = Callable[[Sequence[Place]], list[Iterate]]
_Request = tuple[Sequence[Place], Future[list[Iterate]]]


def together(searches: Sequence[Callable[[Ask], R]], compute: Ask) -> list[R]:
    """Return what searches return, in their order.

    A round takes the places that all searches ask for, so that the processes share them and the order of what is
    computed does not depend on who is quicker; it is computed by the thread that calls this.

    Args:
        searches: functions of a function that returns the iterates at places.
        compute: returns the iterates at places.

    Raises:
        BaseException: what a search or `compute` raises; the others end then.
    """
    inbox: SimpleQueue[tuple[int, _Request | None]] = SimpleQueue()
    with ThreadPoolExecutor(max_workers=max(1, len(searches))) as threads:
        futures = [threads.submit(_run, number, search, inbox) for number, search in enumerate(searches)]
        waiting: dict[int, _Request] = {}
        alive = len(searches)
        try:
            while alive:
                number, request = inbox.get()
                if request is None:
                    alive -= 1
                else:
                    waiting[number] = request
                if alive and len(waiting) == alive:
                    _answer([waiting[number] for number in sorted(waiting)], compute)
                    waiting.clear()
        except BaseException:
            _end(waiting, inbox, alive)
            raise
        return [future.result() for future in futures]


def _run(number: int, search: Callable[[Ask], R], inbox: SimpleQueue[tuple[int, _Request | None]]) -> R:
    def ask(places: Sequence[Place]) -> list[Iterate]:
        answer: Future[list[Iterate]] = Future()
        inbox.put((number, (places, answer)))
        return answer.result()

    try:
        return search(ask)
    finally:
        inbox.put((number, None))


def _answer(requests: Sequence[_Request], compute: Ask) -> None:
    """Compute what is asked for, and hand it out."""
    found = compute([place for places, _ in requests for place in places])
    for places, answer in requests:
        answer.set_result(found[: len(places)])
        found = found[len(places) :]


def _end(waiting: dict[int, _Request], inbox: SimpleQueue[tuple[int, _Request | None]], alive: int) -> None:
    """Let all searches end at what they ask for: it raises CancelledError there."""
    for _, answer in waiting.values():
        answer.cancel()  # no effect on one that has its answer
    while alive:
        _, request = inbox.get()
        if request is None:
            alive -= 1
        else:
            request[1].cancel()
