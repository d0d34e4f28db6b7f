"""A certificate made for a test, and names that lead to this machine."""

import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


def certify_good_example(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a PEM file with key and certificate for good.example, which is trusted; every such name leads to us."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "good.example")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    names = x509.SubjectAlternativeName([x509.DNSName("good.example")])
    made = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    both, trusted = folder / "both.pem", folder / "trusted.pem"
    trusted.write_bytes(made.public_bytes(pem))
    both.write_bytes(private + made.public_bytes(pem))
    monkeypatch.setattr(certifi, "where", lambda: str(trusted))
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *rest, **more: real(
            "127.0.0.1" if str(host).endswith(".example") else host, port, *rest, **more
        ),
    )
    return both
