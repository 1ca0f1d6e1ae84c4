"""Faults on request: the next calls of an endpoint go wrong in a named way, which the vendor's side carries out.

Beside them an endpoint may be given a latency, for benchmarks.
"""

import threading
from collections.abc import Collection
from dataclasses import asdict, dataclass, replace

ANY = "*"


@dataclass(frozen=True)
class Fault:
    """``mode`` goes wrong on the next ``times`` calls of ``endpoint`` ("*" for any); ``seconds`` where it waits."""

    endpoint: str
    mode: str
    times: int = 1
    seconds: float = 1.0


class Faults:
    """The queue of faults, whose modes the vendors know. Safe for many threads."""

    def __init__(self, modes: Collection[str]) -> None:
        self._modes = modes
        self._queue: list[Fault] = []
        self._latency: dict[str, float] = {}
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Queue a fault. Raises ``ValueError`` for an unknown mode or a number out of range."""
        if fault.mode not in self._modes:
            raise ValueError(f"mode must be one of {', '.join(self._modes)}")
        if not 1 <= fault.times <= 1_000_000 or not 0 <= fault.seconds <= 600:
            raise ValueError("times must be from 1, seconds from 0 to 600")
        with self._lock:
            self._queue.append(fault)

    def take(self, endpoint: str) -> Fault | None:
        """Return the first fault that is queued for an endpoint, and use it once."""
        with self._lock:
            for place, fault in enumerate(self._queue):
                if fault.endpoint in (ANY, endpoint):
                    if fault.times == 1:
                        del self._queue[place]
                    else:
                        self._queue[place] = replace(fault, times=fault.times - 1)
                    return fault
        return None

    def set_latency(self, endpoint: str, seconds: float) -> None:
        """Let each answer of an endpoint ("*" for any) take this long. Raises ``ValueError`` out of range."""
        if not 0 <= seconds <= 60:
            raise ValueError("seconds must be from 0 to 60")
        with self._lock:
            self._latency[endpoint] = seconds

    def latency_of(self, endpoint: str) -> float:
        """Return the seconds that an answer of this endpoint takes at least."""
        with self._lock:
            return self._latency.get(endpoint, self._latency.get(ANY, 0.0))

    def latencies(self) -> dict[str, float]:
        """Return the latencies that are set, by endpoint."""
        with self._lock:
            return dict(self._latency)

    def list(self) -> list[dict[str, object]]:
        """Return what is queued."""
        with self._lock:
            return [asdict(fault) for fault in self._queue]

    def clear(self) -> None:
        """Forget all faults and latencies."""
        with self._lock:
            self._queue.clear()
            self._latency.clear()
