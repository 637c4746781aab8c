"""The HTTP client against a server that misbehaves in every way, on real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import fault_server
import pytest
from fault_server import FaultServer

from ckanext.kagoshima.harvesting import addresses, guarded_connection, politeness, retries
from ckanext.kagoshima.harvesting.client import Client, FetchError, Limits


@pytest.fixture
def server() -> Iterator[FaultServer]:
    running = FaultServer()
    yield running
    running.close()


def client(server: FaultServer, **limits: Any) -> Client:
    settings: dict[str, Any] = {"connect": 2, "read": 2, "total": 3, "size": 1_000_000, "retries": 0, **limits}
    return Client(allow=frozenset({server.pair}), limits=Limits(**settings), sleep=lambda _seconds: None)


def code_of(client: Client, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value.code


def test_a_file_comes_with_its_hash_and_is_not_fetched_twice(server: FaultServer) -> None:
    server.pages["/a.csv"] = b"a,b\r\n1,2\r\n"
    first = client(server).get(server.url("/a.csv"))
    assert first.body == b"a,b\r\n1,2\r\n"
    again = client(server).get(server.url("/a.csv"), etag=first.etag)
    assert again.not_modified and again.body == b""


@pytest.mark.parametrize("behaviour", [fault_server.drip(0.05), fault_server.drip_headers(0.05)], ids=["body", "headers"])
def test_a_slow_drip_ends_at_the_deadline(server: FaultServer, behaviour: Any) -> None:
    server.pages["/slow"] = behaviour
    begin = time.monotonic()
    assert code_of(client(server, total=1), server.url("/slow")) == "too-slow"
    assert time.monotonic() - begin < 5


def test_an_endless_stream_ends_at_the_size_limit(server: FaultServer) -> None:
    server.pages["/endless"] = fault_server.endless()
    assert code_of(client(server, total=30), server.url("/endless")) == "too-large"


def test_a_file_that_announces_too_much_is_not_read(server: FaultServer) -> None:
    server.pages["/big"] = fault_server.wrong_length(b"x", 5_000_000)
    assert code_of(client(server), server.url("/big")) == "too-large"


def test_a_body_that_ends_early_is_cut_short(server: FaultServer) -> None:
    server.pages["/short"] = fault_server.wrong_length(b"a,b\r\n", 500)
    assert code_of(client(server), server.url("/short")) == "cut-short"


def test_a_gzip_bomb_is_not_unfolded(server: FaultServer) -> None:
    server.pages["/bomb"] = fault_server.bomb(50_000_000)
    assert code_of(client(server), server.url("/bomb")) in ("too-large", "zip-bomb")
    server.pages["/ratio"] = fault_server.bomb(8_000_000)
    assert code_of(client(server, size=100_000_000), server.url("/ratio")) == "zip-bomb"


def test_redirects_are_followed_and_a_loop_is_not(server: FaultServer) -> None:
    server.pages["/file.csv"] = b"a\r\n1\r\n"
    server.pages["/old"] = fault_server.redirect("/file.csv", 301)
    assert client(server).get(server.url("/old")).permanent_url == server.url("/file.csv")
    server.pages["/loop"] = fault_server.redirect("/loop2")
    server.pages["/loop2"] = fault_server.redirect("/loop")
    assert code_of(client(server), server.url("/loop")) == "redirect-loop"


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "http://169.254.169.254/latest/", "http://[::1]/", "file:///etc/passwd"])
def test_a_redirect_into_the_network_is_refused(server: FaultServer, target: str) -> None:
    server.pages["/out"] = fault_server.redirect(target)
    assert code_of(client(server), server.url("/out")) in ("address-forbidden", "address-not-http")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://0.0.0.0/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.0.1/",
        "http://100.64.0.1/",
        "http://169.254.169.254/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://224.0.0.1/",
        "http://localhost/",
    ],
)
def test_an_address_inside_is_refused_however_it_is_written(server: FaultServer, url: str) -> None:
    assert code_of(client(server, connect=1), url) == "address-forbidden"


def test_the_allow_list_opens_one_port_of_one_name(server: FaultServer) -> None:
    server.pages["/a"] = b"a"
    other = FaultServer()
    try:
        other.pages["/a"] = b"a"
        assert client(server).get(server.url("/a")).status == 200
        assert code_of(client(server), other.url("/a")) == "address-forbidden"
        assert code_of(client(server), f"http://localhost:{server.port}/a") == "address-forbidden"
    finally:
        other.close()


def test_the_allow_list_never_opens_the_metadata_address() -> None:
    opened = Client(allow=frozenset({"169.254.169.254:80"}), limits=Limits(connect=1, retries=0))
    assert code_of(opened, "http://169.254.169.254/") == "address-forbidden"


def test_a_name_that_changes_its_address_is_checked_when_it_connects(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first answer is a public address, as any check beforehand would see; what is connected to is the second.
    answers = iter(["93.184.216.34", "127.0.0.1"])

    def resolve(host: str, port: int, *_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(guarded_connection.socket, "getaddrinfo", resolve)
    assert addresses.is_public(resolve("rebinding.example", 80)[0][4][0])
    assert code_of(client(server), f"http://rebinding.example:{server.port}/a") == "address-forbidden"


def test_a_server_that_fails_once_is_asked_again(server: FaultServer) -> None:
    server.pages["/once"] = fault_server.once(500, b"a\r\n1\r\n")
    assert client(server, retries=1).get(server.url("/once")).body == b"a\r\n1\r\n"


def test_retry_after_is_waited_for_and_a_long_one_is_not(server: FaultServer) -> None:
    waited: list[float] = []
    asked = Client(allow=frozenset({server.pair}), limits=Limits(retries=1, longest_wait=10), sleep=waited.append)
    server.pages["/busy"] = fault_server.once(503, b"a", {"Retry-After": "7"})
    assert asked.get(server.url("/busy")).body == b"a"
    assert waited == [7]
    server.pages["/closed"] = fault_server.once(503, b"a", {"Retry-After": "3600"})
    assert code_of(asked, server.url("/closed")) == "http-status"
    assert waited == [7]
    assert retries.retry_after("Wed, 21 Oct 2026 07:28:10 GMT", now=1792567680) == 10


def test_a_404_is_not_asked_again(server: FaultServer) -> None:
    assert code_of(client(server, retries=2), server.url("/nothing")) == "http-status"
    assert server.gets["/nothing"] == 1


def test_we_say_who_we_are(server: FaultServer) -> None:
    server.pages["/a"] = b"a"
    Client(allow=frozenset({server.pair}), user_agent="ckanext-kagoshima (+https://example.invalid)").get(server.url("/a"))
    assert server.agents == {"ckanext-kagoshima (+https://example.invalid)"}


def test_a_host_is_asked_slowly_and_by_few_at_once(server: FaultServer, ckan_config: Any) -> None:
    from ckan.lib.redis import connect_to_redis

    server.pages["/a"] = b"a"
    connect_to_redis().delete("kagoshima:politeness:127.0.0.1", "kagoshima:politeness:127.0.0.1:now")
    slow = politeness.waiter(200, frozenset(), connect_to_redis, concurrency=1)
    begin = time.monotonic()
    asked = Client(allow=frozenset({server.pair}), wait=slow)
    for _ in range(3):
        assert asked.get(server.url("/a")).status == 200
    assert time.monotonic() - begin >= 0.4, "two waits between three requests"
    first = politeness.waiter(0, frozenset(), connect_to_redis, concurrency=1)(server.url("/a"))
    second: list[float] = []
    other = politeness.waiter(0, frozenset(), connect_to_redis, concurrency=1)
    waiting = threading.Thread(target=lambda: (other(server.url("/a"))(), second.append(time.monotonic())))
    waiting.start()
    time.sleep(0.3)
    assert not second, "the only place is taken"
    first()
    waiting.join(5)
    assert second
    allowed = politeness.waiter(60_000, frozenset({server.pair}), connect_to_redis, concurrency=1)
    assert [allowed(server.url("/a"))() for _ in range(3)] == [None] * 3, "an allow-listed server is not waited for"


def test_behind_a_proxy_a_literal_address_inside_is_still_refused(server: FaultServer) -> None:
    proxied = Client(proxy=server.base, limits=Limits(retries=0))
    assert code_of(proxied, "http://10.0.0.1/secret") == "address-forbidden"
    assert not server.gets


def test_only_loopback_addresses_of_a_sources_file_are_opened() -> None:
    urls = ["http://127.0.0.1:8765/a", "https://www.example.lg.jp/", "http://10.0.0.1/", "http://localhost/x", "ftp://127.0.0.1/"]
    assert addresses.local_pairs(urls) == ["127.0.0.1:8765", "localhost:80"]
