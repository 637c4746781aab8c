"""Servers whose certificate chain is whole, is completed, or is wrong: real TLS on loopback with a root of the test's own."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID
from fault_server import FaultServer, Proxy, SecureServer

from ckanext.kagoshima.harvesting import problems
from ckanext.kagoshima.harvesting.client import Client, FetchError, Limits

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]
NOW = datetime.datetime.now(datetime.timezone.utc)


def certificate(name: str, issuer: Pair | None = None, *, ca: bool = True, aia: str = "", host: str = "") -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=1))
        .not_valid_after(NOW + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    )
    if host:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
        builder = builder.add_extension(names, critical=False)
    if aia:
        address = x509.UniformResourceIdentifier(aia)
        access = x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, address)
        builder = builder.add_extension(x509.AuthorityInformationAccess([access]), critical=False)
    return builder.sign(issuer[1] if issuer else key, hashes.SHA256()), key


def pem(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.PEM)


class Site:
    """A root that is trusted, an intermediate that the server does not send, and where it can be fetched."""

    def __init__(self, folder: Path) -> None:
        self.issuers = FaultServer()
        self.root = certificate("見本ルート")
        self.middle = certificate("見本中間", self.root)
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(pem(self.root[0]))
        self.folder = folder
        self.servers: list[SecureServer] = []

    def server(self, *, aia: str = "", host: str = "127.0.0.1", whole: bool = False) -> SecureServer:
        leaf, key = certificate("server", self.middle, ca=False, aia=aia, host=host)
        place = self.folder / f"{len(self.servers)}"
        place.mkdir()
        (place / "c.pem").write_bytes(pem(leaf) + (pem(self.middle[0]) if whole else b""))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        (place / "k.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
        server = SecureServer(str(place / "c.pem"), str(place / "k.pem"))
        server.pages["/a.csv"] = b"a\r\n1\r\n"
        self.servers.append(server)
        return server

    def client(self, server: SecureServer, roots: str = "") -> Client:
        allow = frozenset({server.pair, self.issuers.pair})
        limits = Limits(connect=3, read=3, total=5, retries=0)
        return Client(allow=allow, limits=limits, verify=roots or str(self.roots))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    for server in (*made.servers, made.issuers):
        server.close()


def code_of(client: Client, url: str) -> str:
    with pytest.raises(FetchError) as caught:
        client.get(url)
    return caught.value.code


def test_a_missing_intermediate_is_fetched_from_the_address_in_the_certificate(site: Site) -> None:
    site.issuers.pages["/middle.cer"] = site.middle[0].public_bytes(serialization.Encoding.DER)
    server = site.server(aia=site.issuers.url("/middle.cer"))
    client = site.client(server)
    assert client.get(server.url("/a.csv")).body == b"a\r\n1\r\n"
    assert client.get(server.url("/a.csv")).status == 200 and site.issuers.gets["/middle.cer"] == 1, "asked for once"
    whole = site.server(whole=True)
    assert site.client(whole).get(whole.url("/a.csv")).status == 200 and site.issuers.gets["/middle.cer"] == 1


def test_a_chain_that_cannot_be_completed_is_reported_with_the_cure(site: Site) -> None:
    server = site.server(aia=site.issuers.url("/nothing.cer"))
    assert code_of(site.client(server), server.url("/a.csv")) == "tls-chain"
    silent = site.server()
    assert code_of(site.client(silent), silent.url("/a.csv")) == "tls-chain"
    # What is fetched is a link and no root: another root is trusted, so the completed chain is not.
    site.issuers.pages["/middle.cer"] = site.middle[0].public_bytes(serialization.Encoding.DER)
    named = site.server(aia=site.issuers.url("/middle.cer"))
    other = site.folder / "other.pem"
    other.write_bytes(pem(certificate("別のルート")[0]))
    assert code_of(site.client(named, str(other)), named.url("/a.csv")).startswith("tls-")
    elsewhere = site.server(aia=site.issuers.url("/middle.cer"), host="127.0.0.9")
    assert code_of(site.client(elsewhere), elsewhere.url("/a.csv")) == "tls-certificate"
    # The address in a certificate is somebody else's text: it opens nothing inside.
    inside = site.server(aia="http://169.254.169.254/latest/meta-data")
    assert code_of(site.client(inside), inside.url("/a.csv")) == "tls-chain"
    words = problems.both(problems.Problem("tls-chain", {"url": server.url("/a.csv")}))
    assert "中間証明書" in words and "full chain" in words


def test_requests_go_through_the_proxy_that_is_configured() -> None:
    proxy = Proxy()
    try:
        client = Client(proxy=proxy.base, limits=Limits(retries=0, total=5))
        assert b"through the proxy" in client.get("http://opendata.example.invalid/a.csv").body
        assert proxy.asked == ["http://opendata.example.invalid/a.csv"]
        assert code_of(client, "http://192.168.0.1/a.csv") == "address-forbidden" and len(proxy.asked) == 1
    finally:
        proxy.close()
