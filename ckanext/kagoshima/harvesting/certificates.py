"""Certificate chains that a server sends without their middle: completed from the address that the certificate itself names.

Many municipal servers send only their own certificate. Browsers fetch the issuer's from the address in it (RFC 5280,
4.2.2.1, Authority Information Access); so do we, through the guarded client. What is fetched is only a link: the chain must
still end in a root that is trusted, and name and dates must be right.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

import certifi
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID
from urllib3.util.ssl_ import create_urllib3_context

LINKS = 3
"""How many certificates may be missing between the server's own and a root."""
SIZE = 100 * 1024

Fetch = Callable[[str], bytes]


def completed(connect: Callable[[], socket.socket], host: str, fetch: Fetch, roots: str = "") -> ssl.SSLContext | None:
    """A context that knows the certificates which the server at the end of `connect` leaves out; None where there are none.

    :param fetch: gives the bytes at an address, by the guarded client; raises where it may not or cannot
    :param roots: file of the trusted roots; empty: those of certifi
    """
    found: list[x509.Certificate] = []
    try:
        certificate = _sent(connect(), host)
        for _link in range(LINKS):
            if certificate.issuer == certificate.subject:
                break
            issuer = next((one for url in _issuer_urls(certificate) if (one := _issuer(certificate, fetch(url)))), None)
            if issuer is None:
                break
            found.append(issuer)
            certificate = issuer
    except (OSError, ValueError):
        return None
    links = [one for one in found if one.issuer != one.subject]
    if not links:
        return None
    context = create_urllib3_context()
    context.load_verify_locations(roots or certifi.where())
    context.load_verify_locations(cadata="".join(one.public_bytes(Encoding.PEM).decode() for one in links))
    # A link is no root: without this OpenSSL might stop at it (Python 3.13 asks for that by itself).
    context.verify_flags &= ~ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def _sent(sock: socket.socket, host: str) -> x509.Certificate:
    """The server's own certificate, looked at and not yet believed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with sock, context.wrap_socket(sock, server_hostname=host) as secure:
        sent = secure.getpeercert(binary_form=True)
    if not sent:
        raise ValueError("no certificate")
    return x509.load_der_x509_certificate(sent)


def _issuer_urls(certificate: x509.Certificate) -> list[str]:
    try:
        access = certificate.extensions.get_extension_for_oid(ExtensionOID.AUTHORITY_INFORMATION_ACCESS).value
    except x509.ExtensionNotFound:
        return []
    return [
        one.access_location.value
        for one in access  # type: ignore[attr-defined]
        if one.access_method == AuthorityInformationAccessOID.CA_ISSUERS
        and isinstance(one.access_location, x509.UniformResourceIdentifier)
    ]


def _issuer(certificate: x509.Certificate, data: bytes) -> x509.Certificate | None:
    """Of the certificates in `data` (DER, PEM or PKCS #7) the one that signed `certificate`."""
    loaded: list[x509.Certificate] = []
    for load in (
        lambda: [x509.load_der_x509_certificate(data)],
        lambda: x509.load_pem_x509_certificates(data),
        lambda: pkcs7.load_der_pkcs7_certificates(data),
    ):
        with suppress(ValueError):
            loaded += load()
    for one in loaded:
        with suppress(Exception):
            certificate.verify_directly_issued_by(one)
            return one
    return None
