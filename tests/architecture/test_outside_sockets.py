import socket

import pytest
import requests

from tests.servers import OutsideConnectionError


def test_a_connection_to_an_address_beyond_this_machine_fails():
    with socket.socket() as outside, pytest.raises(OutsideConnectionError, match=r"203\.0\.113\.5"):
        outside.connect(("203.0.113.5", 80))


def test_a_look_up_of_a_name_beyond_this_machine_fails():
    with pytest.raises(OutsideConnectionError, match="example"):
        requests.get("http://vendor.example/", timeout=1)
