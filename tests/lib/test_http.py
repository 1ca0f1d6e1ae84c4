"""The outgoing session: what it refuses, how it ends, and what it tells the other side."""

import gzip
import socket
import time

import pytest
import requests

from atlas_site.lib import http
from atlas_site.lib.http import AnswerTooLarge, NoAnswer, NotSent, TimeLimits, UrlRefused
from tests.vendors.scripted import Reply, ScriptedVendor

SHORT = TimeLimits(connect_seconds=0.5, read_seconds=0.3, total_seconds=0.5)


@pytest.fixture
def server():
    scripted = ScriptedVendor()
    yield scripted
    scripted.close()


@pytest.mark.parametrize(
    "url",
    ["http://api.example.com/", "http://10.0.0.1/", "ftp://127.0.0.1/", "https:///path", "//127.0.0.1/", "",
     "https://name:secret@api.example.com/", "http://127.0.0.1.example.com/"],
)  # fmt: skip
def test_an_address_that_atlas_may_not_call_is_refused_before_anything_is_sent(url):
    with pytest.raises(UrlRefused):
        http.send("GET", url)


@pytest.mark.parametrize(
    ("url", "on_loopback"),
    [("http://127.0.0.1:8000/", True), ("http://localhost/", True), ("http://[::1]/", True),
     ("https://api.example.com/", False)],
)  # fmt: skip
def test_plain_http_is_for_loopback_and_https_for_all(url, on_loopback):
    assert http.check_url(url) is on_loopback


FOREIGN = "photos.example.com"
PUBLIC, PUBLIC_TOO = "93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.fixture
def name_service(monkeypatch):
    """Let names stand for these addresses."""

    def know(*addresses: str) -> None:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    return know


def test_a_foreign_address_is_followed_to_a_named_host_of_the_internet(name_service):
    name_service(PUBLIC, PUBLIC_TOO)
    http.check_foreign_url(f"https://{FOREIGN}/1.jpg", hosts=[FOREIGN])
    http.check_foreign_url(f"https://{FOREIGN}:443/1.jpg", hosts=[FOREIGN])
    http.check_foreign_url("http://127.0.0.1:8000/1.jpg", hosts=["127.0.0.1"])


@pytest.mark.parametrize(
    "url",
    ["https://other.example.com/", f"https://{FOREIGN}.evil.example/", f"http://{FOREIGN}/", f"https://{FOREIGN}:8443/",
     f"https://{FOREIGN}@evil.example/", f"https://name:word@{FOREIGN}/", "http://127.0.0.1/", "https://2130706433/",
     "https://[::1]/", "https://[::ffff:10.0.0.1]/", f"https://{FOREIGN}:port/", "https://[broken/", "file:///etc/passwd",
     ""],
)  # fmt: skip
def test_a_foreign_address_that_leads_elsewhere_is_refused(url, name_service):
    name_service(PUBLIC)
    with pytest.raises(UrlRefused):
        http.check_foreign_url(url, hosts=[FOREIGN])


@pytest.mark.parametrize(
    "inner",
    ["10.1.2.3", "172.16.0.1", "192.168.1.1", "127.0.0.1", "169.254.169.254", "100.64.0.1", "::1", "fe80::1%2",
     "fd00::1", "::ffff:10.0.0.1", "224.0.0.1", "not an address"],
)  # fmt: skip
def test_a_named_host_that_leads_to_an_inner_network_is_refused(inner, name_service):
    name_service(PUBLIC, inner)
    with pytest.raises(UrlRefused, match="inner network"):
        http.check_foreign_url(f"https://{FOREIGN}/", hosts=[FOREIGN])


def test_the_product_names_itself(server):
    server.will_answer(Reply(200, b"ok"))
    assert http.send("GET", server.url, headers={"Authorization": "Bearer mine"}).body == b"ok"
    assert server.requests[0].headers["User-Agent"] == http.USER_AGENT
    assert server.requests[0].headers["Authorization"] == "Bearer mine"


@pytest.mark.parametrize("on_loopback", [True, False])
def test_a_login_in_a_netrc_does_not_replace_the_key(tmp_path, monkeypatch, on_loopback):
    (tmp_path / "netrc").write_text("machine api.example.com login other password other\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    asked = requests.Request("GET", "https://api.example.com/", headers={"Authorization": "Bearer mine"})
    with http.open_session(on_loopback=on_loopback) as session:
        assert session.prepare_request(asked).headers["Authorization"] == "Bearer mine"
    with requests.Session() as plain:
        assert plain.prepare_request(asked).headers["Authorization"].startswith("Basic "), "what it protects from"


def test_every_status_is_an_answer(server):
    server.will_answer(Reply(500, b"broken", headers={"Retry-After": "3"}))
    answer = http.send("POST", server.url, body=b"{}")
    assert (answer.status, answer.body, answer.headers["retry-after"]) == (500, b"broken", "3")


def test_a_redirect_is_not_followed(server):
    server.will_answer(Reply(302, b"", headers={"Location": server.url + "/next"}))
    assert http.send("GET", server.url).status == 302
    assert len(server.requests) == 1


def test_nobody_there_is_not_sent():
    with pytest.raises(NotSent):
        http.send("GET", "http://127.0.0.1:9/", limits=SHORT)


def test_silence_is_no_answer(server):
    server.will_answer(Reply(200, b"late", seconds=0.6))
    with pytest.raises(NoAnswer):
        http.send("GET", server.url, limits=SHORT)


def test_a_trickle_ends_with_the_total_limit(server):
    server.will_answer(Reply(200, b"x" * 1_000, trickle_seconds=0.05))
    limits = TimeLimits(connect_seconds=1, read_seconds=1, total_seconds=1)
    started = time.monotonic()
    with pytest.raises(NoAnswer) as caught:
        http.send("GET", server.url, limits=limits)
    assert time.monotonic() - started < 30
    assert 0 < len(caught.value.partial) < 1_000
    assert caught.value.status == 200


def test_a_packed_answer_is_unpacked_and_counted_by_its_full_length(server):
    packed = gzip.compress(b"a" * 3_000_000)
    server.will_answer(Reply(200, packed, headers={"Content-Encoding": "gzip"}))
    assert len(http.send("GET", server.url).body) == 3_000_000
    with pytest.raises(AnswerTooLarge) as caught:
        http.send("GET", server.url, size_limit=1_000_000)
    assert len(caught.value.partial) == http.PARTIAL_LIMIT_BYTES


def test_a_packed_answer_that_is_broken_is_no_answer(server):
    server.will_answer(Reply(200, b"not packed", headers={"Content-Encoding": "gzip"}))
    with pytest.raises(NoAnswer):
        http.send("GET", server.url)
