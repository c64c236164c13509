"""Reads many sources at the same time, in batches, with a bound on the batches that wait."""

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Generic, TypeVar

Source = TypeVar("Source")
Batch = TypeVar("Batch")

_POLL_SECONDS = 0.2


def batches(read: Callable[[Source], Iterable[Batch]], sources: Iterable[Source], workers: int) -> Iterator[Batch]:
    """Yield the batches of every source, in no order. At most two batches per worker wait.

    Each worker is a thread, which takes the next source when it has read one. The first error of any worker, or of
    `sources`, ends them all, and is raised here.
    """
    readers = _Readers(read, sources, workers)
    threads = [threading.Thread(target=readers.work, daemon=True) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        while workers:
            batch = readers.waiting.get()
            if isinstance(batch, BaseException):
                raise batch
            if batch is None:
                workers -= 1
            else:
                yield batch
    finally:
        readers.stop.set()
        for thread in threads:
            thread.join()


class _Readers(Generic[Source, Batch]):
    def __init__(self, read: Callable[[Source], Iterable[Batch]], sources: Iterable[Source], workers: int) -> None:
        self.waiting: queue.Queue[Batch | BaseException | None] = queue.Queue(2 * workers)
        self.stop = threading.Event()
        self._read = read
        self._sources = iter(sources)
        self._lock = threading.Lock()

    def work(self) -> None:
        """Read until no source is left, and then give None."""
        try:
            while (source := self._next()) is not None:
                for batch in self._read(source):
                    self._give(batch)
                    if self.stop.is_set():
                        return
        except BaseException as error:  # noqa: BLE001 - it is raised where the batches are taken
            self._give(error)
        self._give(None)

    def _next(self) -> Source | None:
        with self._lock:
            return None if self.stop.is_set() else next(self._sources, None)

    def _give(self, batch: Batch | BaseException | None) -> None:
        while not self.stop.is_set():
            try:
                self.waiting.put(batch, timeout=_POLL_SECONDS)
            except queue.Full:
                continue
            else:
                return
