"""The sandbox that the gateway of these tests speaks to, seen from its control side."""

import os
from typing import Any

import requests


class Sandbox:
    """The control side of the sandbox: faults to come, and its own account of what it billed."""

    def __init__(self) -> None:
        self.url = os.environ["BATCHDATA_BASE_URL"]
        self.seen = max((unit["n"] for unit in self._bill()["units"]), default=0)

    def will_fail(self, endpoint: str, mode: str, *, times: int = 1, seconds: float = 0.1) -> None:
        fault = {"endpoint": endpoint, "mode": mode, "times": times, "seconds": seconds}
        requests.post(f"{self.url}/_sandbox/faults", json=fault, timeout=5).raise_for_status()

    def forget_faults(self) -> None:
        requests.delete(f"{self.url}/_sandbox/faults", timeout=5).raise_for_status()

    def billed_units(self) -> list[dict[str, Any]]:
        """What was billed since this object was made."""
        return self._bill(self.seen)["units"]

    def _bill(self, since: int = 0) -> dict[str, Any]:
        return requests.get(f"{self.url}/_sandbox/billing", params={"since": since}, timeout=5).json()
