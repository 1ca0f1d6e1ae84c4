"""BatchData, played by a vendor that follows a script."""

from collections.abc import Iterator

import pytest

from tests.vendors.scripted import ScriptedVendor


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
