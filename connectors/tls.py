"""Certificates: whose are trusted, which one the hub shows, and what is wrong with them in plain words."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from connectors.base import ConnectorError
from connectors.clock import this_clock
from hub.config.http_access import Trust
from hub.domain.customer import Problem

MAX_FILE_BYTES = 256 * 1024


def tls_context(trust: Trust) -> ssl.SSLContext:
    """Return what decides whose certificate is trusted and which is shown. Raises ConnectorError, naming the file.

    It is made once for all connectors that say the same, and anew when a file has changed.
    """
    return _context(trust, tuple(_changed_at(file) for file in (trust.ca_file, trust.cert_file, trust.key_file)))


def _changed_at(file: str | None) -> int:
    try:
        return Path(file).stat().st_mtime_ns if file else 0
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _context(trust: Trust, _changed: tuple[int, ...]) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=trust.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise _unusable("tls.ca_file", trust.ca_file or "", error) from None
    if not trust.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if trust.cert_file is not None:
        _show(context, trust, trust.cert_file)
    return context


def _show(context: ssl.SSLContext, trust: Trust, file: str) -> None:
    _check_dates(file)
    password = trust.key_password.get_secret_value() if trust.key_password else ""
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(file, trust.key_file, password=lambda: password)
    except (OSError, ssl.SSLError, ValueError) as error:
        raise _unusable_key(trust, file, error) from None


def _check_dates(file: str) -> None:
    """Refuse a certificate that has run out, or does not count yet, before a backend does without saying why."""
    from cryptography import x509

    try:
        with Path(file).open("rb") as opened:
            certificate = x509.load_pem_x509_certificate(opened.read(MAX_FILE_BYTES))
    except (OSError, ValueError) as error:
        raise _unusable("tls.cert_file", file, error) from None
    now = datetime.now(UTC)
    if now > certificate.not_valid_after_utc:
        words = f"it ran out on {certificate.not_valid_after_utc:%Y-%m-%d}; {this_clock()}"
    elif now < certificate.not_valid_before_utc:
        words = f"it is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC; {this_clock()}"
    else:
        return
    raise ConnectorError(Problem.INTERNAL, f"tls.cert_file {file}: {words}")


def _unusable(key: str, file: str, error: Exception) -> ConnectorError:
    is_missing = isinstance(error, OSError) and not isinstance(error, ssl.SSLError)
    reason = (getattr(error, "strerror", None) or "it can't be read") if is_missing else "it holds no certificate"
    return ConnectorError(Problem.INTERNAL, f"{key} {file}: {reason}")


def _unusable_key(trust: Trust, file: str, error: Exception) -> ConnectorError:
    place = f"tls.key_file {trust.key_file}" if trust.key_file else f"tls.cert_file {file}"
    if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
        words = "the key is not that of the certificate"
    elif _is_locked(trust.key_file or file):
        words = "the `key_password` is wrong" if trust.key_password else "the key needs a `key_password`"
    elif isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        words = error.strerror or "it can't be read"
    else:
        words = "it holds no private key"
    return ConnectorError(Problem.INTERNAL, f"{place}: {words}")


def _is_locked(file: str) -> bool:
    """Whether a private key is encrypted, in PKCS #8 or as OpenSSL used to write it."""
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES)
    except OSError:
        return False
    return b"BEGIN ENCRYPTED PRIVATE KEY" in content or b"Proc-Type: 4,ENCRYPTED" in content


def distrust(error: Exception) -> str:
    """Say what is wrong with a backend's certificate and what to do, by OpenSSL's X509_V_ERR number."""
    reason = getattr(error, "verify_message", "") or "it is not trusted"
    match getattr(error, "verify_code", 0):
        case 9:
            return f"{reason}; {this_clock()}: set it if that is wrong"
        case 10:
            return f"{reason}; have the backend's administrator renew it, or set this machine's clock ({this_clock()})"
        case 62 | 64:  # host name or IP address mismatch
            return f"{reason}; write the name that it was made for in the url"
        case _:
            return f"{reason}; give its authority in tls.ca_file"


def unwelcome(error: BaseException, shows_one: bool) -> str:
    """Say why a backend broke TLS off over the hub's own certificate, nothing if it was not over that."""
    reasons = {str(getattr(cause, "reason", "") or "") for cause in _causes(error)}
    if any("CERTIFICATE_EXPIRED" in reason for reason in reasons):
        return f"the backend says that the certificate of tls.cert_file has run out; {this_clock()}"
    if not shows_one and any("HANDSHAKE_FAILURE" in reason for reason in reasons):
        return "the backend breaks TLS off: it may want a client certificate (tls.cert_file), or another version of TLS"
    wanted = ("CERTIFICATE_REQUIRED", "ALERT_BAD_CERTIFICATE", "ALERT_UNKNOWN_CA", "CERTIFICATE_UNKNOWN")
    if not any(word in reason for reason in reasons for word in wanted):
        return ""
    if shows_one:
        return "the backend does not accept the certificate of tls.cert_file: have its administrator add it"
    return "the backend wants a client certificate: give it as tls.cert_file"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        inner = getattr(error, "os_error", None)
        if isinstance(inner, BaseException):
            yield inner
        error = error.__cause__ or error.__context__
