"""A drawn area with as many corners as are allowed fits into an address that the web server takes."""

import http.client
import math
import os
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlencode

from atlas_site.management.processes import pick_free_port
from properties.search.areas import MOST_CORNERS
from properties.search.form import SearchForm

USUAL = {
    "q": "Phoenix, AZ",
    "equity_min": "40",
    "value_max": "450000",
    "beds_min": "3",
    "area_min": "1200",
    "last_sale_max": "2015-12-31",
    "all": ["absentee-owner", "high-equity", "out-of-state-owner"],
    "none": ["on-market"],
    "exclude": [f"list:{number:024x}" for number in range(5)],
}


def polygon(corners: int) -> str:
    turns = (2 * math.pi * number / corners for number in range(corners))
    return "polygon:" + ";".join(f"{33.45 + math.sin(turn):.5f},{-112.07 + math.cos(turn):.5f}" for turn in turns)


@contextmanager
def web_server():
    """Gunicorn as it serves Atlas, with an application that only answers."""
    port = pick_free_port()
    command = [sys.executable, "-m", "gunicorn", "wsgiref.simple_server:demo_app", "--workers", "1"]
    options = ["--config", "python:atlas_site.gunicorn_conf", "--bind", f"127.0.0.1:{port}"]
    with subprocess.Popen([*command, *options], env=os.environ, stderr=subprocess.PIPE, text=True) as server:
        try:
            while "Booting worker" not in (line := server.stderr.readline()):
                assert line, "the server ended"
            yield port
        finally:
            server.terminate()


def test_the_web_server_takes_the_largest_drawn_area_with_every_field_of_the_form():
    """A browser sends the empty fields of a form as well."""
    given = {**dict.fromkeys(SearchForm().fields, ""), **USUAL, "area": polygon(MOST_CORNERS)}
    address = f"/search/?{urlencode(given, doseq=True)}"
    assert len(address) > 4094, "what gunicorn takes when nobody says more"

    with web_server() as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("GET", address)
        answer = connection.getresponse()
        assert answer.status == 200
        assert "QUERY_STRING" in answer.read().decode()
        connection.close()
