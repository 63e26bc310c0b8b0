"""The broker's address, from the configuration to pika."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from hub.bus.errors import BrokerError
from hub.bus.parameters import broker_parameters
from hub.config.model import BusSection


def _parameters(url: str, ca_file: str | None = None) -> object:
    return broker_parameters(BusSection(url=SecretStr(url), ca_file=ca_file), "relay")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("amqp://u:p@mq", ("mq", 5672, "/", "u", "p")),
        ("amqp://u:p@mq:99/", ("mq", 99, "/", "u", "p")),
        ("amqp://u:p%40%2Fq@mq/calls%2Feast", ("mq", 5672, "calls/east", "u", "p@/q")),
        ("amqps://mq", ("mq", 5671, "/", "guest", "guest")),
        ("amqp://u:p@[::1]:5/x", ("::1", 5, "x", "u", "p")),
    ],
)
def test_an_address_is_read_as_rabbitmq_reads_it(url: str, expected: tuple[object, ...]) -> None:
    """Host, port by scheme, virtual host, user and password, percent-decoded."""
    made = broker_parameters(BusSection(url=SecretStr(url)), "relay")
    credentials = made.credentials
    assert expected == (made.host, made.port, made.virtual_host, credentials.username, credentials.password)
    assert (made.ssl_options is not None) == url.startswith("amqps")


def test_an_authority_file_without_certificate_is_named(tmp_path: Path) -> None:
    """TLS with a file that holds no certificate says which file."""
    (tmp_path / "empty.pem").write_text("no certificate")
    with pytest.raises(BrokerError, match=r"empty\.pem"):
        _parameters("amqps://mq", str(tmp_path / "empty.pem"))
