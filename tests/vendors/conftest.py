"""BatchData, played by a vendor that follows a script, or by the sandbox."""

from collections.abc import Iterator

import pytest

from tests.vendors.scripted import ScriptedVendor
from tests.vendors.vendor_sandbox import Sandbox


@pytest.fixture
def vendor(settings) -> Iterator[ScriptedVendor]:
    """A scripted vendor in the place of BatchData, and no long waits between attempts."""
    scripted = ScriptedVendor()
    settings.BATCHDATA_BASE_URL = scripted.url
    settings.BATCHDATA_API_KEY = "key-that-no-one-may-see"
    settings.BATCHDATA_TIMEOUT_SECONDS = 5
    settings.BATCHDATA_RETRY_WAIT_SECONDS = 0.01
    yield scripted
    scripted.close()


@pytest.fixture
def sandbox(settings) -> Iterator[Sandbox]:
    """The sandbox of all tests as the vendor, and no long waits; the faults that a test asked for end with it."""
    settings.BATCHDATA_TIMEOUT_SECONDS = 2
    settings.BATCHDATA_RETRY_WAIT_SECONDS = 0.01
    control = Sandbox()
    yield control
    control.forget_faults()
