from pathlib import Path

from pydantic import SecretStr

from hub.config.pbx import PbxSection, TlsSection
from hub.telephony.link import ami_settings


def test_every_setting_of_the_configuration_is_taken_over(tmp_path: Path) -> None:
    """Nothing that an integrator writes under `pbx` is lost on the way to the connection."""
    ca_file = tmp_path / "ca.pem"
    ca_file.touch()
    section = PbxSection(
        host="pbx.example",
        port=5039,
        username="hub",
        secret=SecretStr("s3cret"),
        login="plain",
        tls=TlsSection(ca_file=str(ca_file), verify=False),
        keepalive_s=7,
        action_timeout_s=8,
        reconnect_min_s=1,
        reconnect_max_s=9,
        max_message_bytes=8192,
    )
    settings = ami_settings("main", section)
    assert ("main", "pbx.example", 5039, "hub", "s3cret", "plain") == (
        settings.name, settings.host, settings.port, settings.username, settings.secret, settings.login,
    )  # fmt: skip
    assert (True, str(ca_file), False) == (settings.tls, settings.ca_file, settings.verify)
    assert (7, 8, 1, 9, 8192) == (
        settings.keepalive_s, settings.action_timeout_s, settings.reconnect_min_s, settings.reconnect_max_s,
        settings.max_message_bytes,
    )  # fmt: skip
    assert "s3cret" not in repr(settings)


def test_without_a_tls_section_the_connection_is_plain() -> None:
    """And the secret is proved by challenge, so that it is not sent all the same."""
    settings = ami_settings("main", PbxSection(host="pbx", username="hub", secret=SecretStr("s")))
    assert (False, "md5") == (settings.tls, settings.login)
