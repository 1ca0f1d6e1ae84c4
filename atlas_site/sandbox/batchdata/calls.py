"""What every BatchData call needs: the market, the account, the clock, a request id, and the shape of an answer."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from atlas_site.sandbox.batchdata import datasets
from atlas_site.sandbox.batchdata.account import Account
from atlas_site.sandbox.batchdata.errors import EMPTY_WALLET, VendorRefusal
from atlas_site.sandbox.batchdata.finder import Finder
from atlas_site.sandbox.clock import Clock
from atlas_site.sandbox.market.catalog import Catalog
from atlas_site.sandbox.web import Request

ULID_DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
API_VERSION = "1.0"
DATASET_TOKEN = "sandbox-datasets-"  # noqa: S105 -- a prefix, not a token


@dataclass(frozen=True)
class Vendor:
    """The vendor's state: one market, one customer's account, one clock."""

    catalog: Catalog
    finder: Finder
    account: Account
    clock: Clock


@dataclass
class Call:
    """One call being answered."""

    vendor: Vendor
    request: Request
    endpoint: str
    token: str
    request_id: str = field(default_factory=lambda: "".join(secrets.choice(ULID_DIGITS) for _ in range(26)))
    started: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> datetime:
        return self.vendor.clock.now()

    @property
    def today(self) -> int:
        return self.now.date().toordinal()

    @property
    def permitted(self) -> list[str] | None:
        """The datasets that the token allows: ``sandbox-datasets-core+valuation`` allows two, others all."""
        if not self.token.startswith(DATASET_TOKEN):
            return None
        return self.token.removeprefix(DATASET_TOKEN).split("+")

    @property
    def date_modified(self) -> str:
        """The day on which the vendor last changed a record: the day on which the market was made."""
        return f"{date.fromordinal(self.vendor.catalog.day)}T00:00:00.000Z"

    def body(self) -> dict[str, Any]:
        """Return the JSON object of the request. Raises ``VendorRefusal`` (400) where there is none."""
        try:
            body = self.request.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise VendorRefusal(400, "Invalid Request body")
        return body

    def afford(self, price: Decimal) -> None:
        """Raise ``VendorRefusal`` (403) where the wallet cannot pay; the vendor does nothing then."""
        balance = self.vendor.account.balance
        if balance <= 0 or balance < price:
            raise VendorRefusal(403, EMPTY_WALLET)

    def meta(self, *, found: int, returned: int, traces: dict[str, int]) -> dict[str, Any]:
        """Return ``results.meta``."""
        spent = time.monotonic() - self.started
        return {
            "apiVersion": API_VERSION,
            "requestId": self.request_id,
            "performance": {
                "totalRequestTime": int(spent * 1000),
                "startTime": iso_moment(self.now),
                "endTime": iso_moment(self.now),
            },
            "results": {"resultsFound": found, "resultCount": returned, **traces},
        }


def iso_moment(moment: datetime) -> str:
    """Return a moment as the vendor writes it, in UTC with milliseconds."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def options_of(body: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a request."""
    options = body.get("options")
    return options if isinstance(options, dict) else {}


def answer(results: dict[str, Any]) -> dict[str, Any]:
    """Return a good answer around these results."""
    return {"status": {"code": 200, "text": "OK"}, "results": results}


def has_phone(record: dict[str, Any]) -> bool:
    """Tell whether a trace of the owner is a match."""
    owner = record.get("owner")
    return isinstance(owner, dict) and bool(owner.get("phoneNumbers"))


def deliver(
    call: Call, records: list[dict[str, Any]], enabled: list[str], *, is_traced: bool, is_billed: bool = True
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Cut the records to the enabled datasets and bill them; return the properties and the trace counts of the meta.

    Raises ``VendorRefusal`` (403) where the wallet cannot pay for all of them.
    """
    traced = {record["_id"] for record in records if has_phone(record)} if is_traced else set()
    if is_billed and records:
        price = datasets.cost(enabled) * len(records) + datasets.SKIP_TRACE_PRICE * len(traced)
        call.afford(price)
        ids = [record["_id"] for record in records]
        call.vendor.account.bill_records(call.request_id, call.endpoint, call.now, ids, enabled, traced=traced)
    properties = [datasets.cut(record, enabled, with_contact=is_traced) for record in records]
    asked = len(records) if is_traced else 0
    return properties, {
        "skipTraceRequestCount": asked, "skipTraceMatchCount": len(traced),
        "skipTraceNoMatchCount": asked - len(traced), "skipTraceErrorCount": 0,
    }  # fmt: skip
