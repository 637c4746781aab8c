"""A stack is set up once and found again; what cannot work is said in words."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest
import redis

from stack import databases, demo, rendering, services, supervision
from stack.progress import Failure
from stack.settings import PORTS, load


@pytest.fixture(autouse=True)
def no_ports_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PORTS:
        monkeypatch.delenv(name, raising=False)


def test_a_stack_keeps_its_ports_and_passwords(tmp_path: Path) -> None:
    first, again = load(str(tmp_path / "run")), load(str(tmp_path / "run"))
    assert (first.ports, first.passwords) == (again.ports, again.passwords)
    assert len(set(first.passwords.values())) == len(first.passwords)


def test_the_passwords_are_readable_by_their_owner_alone(tmp_path: Path) -> None:
    load(str(tmp_path / "run"))
    assert (tmp_path / "run" / "stack.json").stat().st_mode & 0o077 == 0


def test_the_environment_decides_the_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CKAN_PORT", "5050")
    assert load(str(tmp_path / "run")).site_url == "http://127.0.0.1:5050"


def test_a_worker_waits_for_its_queue_longer_than_redis_py_would(tmp_path: Path) -> None:
    client = redis.Redis.from_url(load(str(tmp_path / "run")).redis_url("catalogue"))
    assert client.connection_pool.connection_kwargs["socket_timeout"] >= 24 * 60 * 60


def test_a_new_cluster_is_not_taken_for_a_catalogue_that_was_set_up(tmp_path: Path) -> None:
    stack = load(str(tmp_path / "run"), free_ports=True)
    try:
        assert databases.make_cluster(stack)
        stack.set_up.touch()
        assert not databases.make_cluster(stack) and stack.set_up.exists()
        shutil.rmtree(databases.data_folder(stack))
        assert databases.make_cluster(stack) and not stack.set_up.exists()
    finally:
        databases.remove(stack)


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1"])
def test_a_port_that_is_none_is_refused_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("SOLR_PORT", port)
    with pytest.raises(Failure, match=f"SOLR_PORT={port}"):
        load(str(tmp_path / "run"))


def test_two_services_on_one_port_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOLR_PORT", "5000")
    with pytest.raises(Failure, match="Two services on one port"):
        load(str(tmp_path / "run"))


def test_a_port_in_use_is_named_with_its_holder_and_a_way_out(tmp_path: Path) -> None:
    stack = load(str(tmp_path / "run"), free_ports=True)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stack.ports["REDIS_PORT"] = other.getsockname()[1]
        with pytest.raises(Failure, match=rf"Port {stack.ports['REDIS_PORT']} is in use by .* REDIS_PORT="):
            supervision.check_port(stack, "REDIS_PORT")


def test_exactly_the_local_servers_of_a_sources_file_are_allowed(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    urls = ["http://127.0.0.1:8765/a", "http://127.0.0.1:8765/b", "http://localhost/c", "http://10.0.0.7:81/d", "http://[::1]:90/"]
    entries = [{"municipality_code": "462012", "url": url} for url in [*urls, "https://www.example.jp/e"]]
    file.write_text(json.dumps(entries), encoding="utf-8")
    assert demo.local_addresses(file) == ["10.0.0.7:81", "127.0.0.1:8765", "[::1]:90", "localhost:80"]


def test_a_file_of_no_sources_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "sources.yaml"
    file.write_text("sources: none", encoding="utf-8")
    with pytest.raises(Failure, match="no sources file"):
        demo.local_addresses(file)


def test_a_missing_sources_file_is_named_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="there is no such file"):
        demo.demo(load(str(tmp_path / "run"), free_ports=True), tmp_path / "nowhere.yaml")
    assert not supervision.is_up(load(str(tmp_path / "run")))


def test_a_template_never_keeps_an_unfilled_name(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="DATABASE_URL|SECRET_KEY"):
        rendering.render("ckan.ini", {})


def test_everything_listens_on_loopback_alone(tmp_path: Path) -> None:
    filled = services.values(load(str(tmp_path / "run"), free_ports=True))
    extra = {"PLUGINS": "", "ALLOW": "", "CKAN_PUBLIC": "/x", "NGINX_TYPES": "/y"}
    assert "listen 127.0.0.1:" in rendering.render("nginx.conf", filled | extra)
    assert "bind 127.0.0.1" in rendering.render("redis.conf", filled)
    assert "0.0.0.0" not in "".join(path.read_text("utf-8") for path in rendering.TEMPLATES.iterdir())


def test_the_catalogue_starts_with_safe_settings(tmp_path: Path) -> None:
    filled = services.values(load(str(tmp_path / "run"), free_ports=True))
    ini = rendering.render("ckan.ini", filled | {"PLUGINS": demo.PLUGINS, "ALLOW": ""})
    for line in (
        "debug = false",
        "ckan.auth.user_create_organizations = false",
        "ckan.auth.create_user_via_web = false",
        "ckan.auth.create_unowned_dataset = false",
        "ckan.display_timezone = Asia/Tokyo",
        "ckan.locale_default = ja",
    ):
        assert line in ini.splitlines()
