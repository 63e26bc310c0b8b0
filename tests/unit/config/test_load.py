from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.load import load_config
from hub.config.model import Config
from hub.config.problem import ConfigError
from hub.domain.store_place import ServerPlace
from tests.unit.config.conftest import MINIMAL, Load, Problems


def with_pbx(more: str) -> str:
    return MINIMAL.replace('secret: "${AMI_SECRET}"', 'secret: "${AMI_SECRET}", ' + more)


def test_the_smallest_useful_configuration_loads(load: Load, tmp_path: Path) -> None:
    """Everything that is not written has its default, and paths are taken from the file's folder."""
    config = load(MINIMAL)
    assert "s3cret-ami" == config.pbx["main"].secret.get_secret_value()
    assert 5038 == config.pbx["main"].port
    assert tmp_path / "ctihub.db" == config.store.place
    assert (str(tmp_path / "mappings"),) == config.hub.mappings
    assert ("127.0.0.1", 8080) == (config.listen_host, config.listen_port)


def test_a_store_on_a_server_is_read(load: Load, tmp_path: Path) -> None:
    """With its parts, quoted ones too; the password comes from the environment and shows nowhere."""
    (tmp_path / "ca.pem").write_text("a certificate")
    url = "postgres://hub:${AMI_SECRET}%40@db.example.com/cti"
    section = load(MINIMAL + f"store: {{url: '{url}', ca_file: ca.pem}}\n").store
    place = section.place
    assert isinstance(place, ServerPlace)
    assert ("db.example.com", 5432, "cti", "hub", "s3cret-ami@") == (
        place.host,
        place.port,
        place.database,
        place.user,
        place.password,
    )
    assert (True, str(tmp_path / "ca.pem")) == (place.verified, place.ca_file)
    assert "postgresql://db.example.com:5432/cti" == str(place)
    assert "s3cret-ami" not in f"{place!r} {section!r}"


def test_an_absolute_store_path_stays(load: Load) -> None:
    """Four slashes name an absolute path."""
    assert Path("/var/lib/x.db") == load(MINIMAL + "store: {url: 'sqlite:////var/lib/x.db'}\n").store.place


def test_numbers_may_come_from_the_environment(load: Load) -> None:
    """A value from the environment is text, and still fits where a number belongs."""
    config = load(with_pbx('port: "${PORT}"'), {"AMI_SECRET": "x", "PORT": "5039"})
    assert 5039 == config.pbx["main"].port


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("desk: {langauge: en}", "6:8: unknown key 'langauge' in desk; did you mean 'language'?"),
        ("agnets: {}", "6:1: unknown key 'agnets'; did you mean 'agents'?"),
        (
            "context: {zzz: 1}",
            (
                "6:11: unknown key 'zzz' in context; known here: budget_s, cache_s, cache_stale_s, cache_negative_s, "
                "cache_entries, cache_bytes, interactions, remember, repeats, identity, "
                "merge, anticipation, warm, privacy"
            ),
        ),
        ("context: {cache_entries: many}", "6:26: context.cache_entries: must be a whole number, not text"),
        ("context: {cache_entries: 1.5}", "6:26: context.cache_entries: must be a whole number"),
        ("context: {cache_entries: [1]}", "6:26: context.cache_entries: must be a whole number, not a list"),
        ("context: {budget_s: soon}", "6:21: context.budget_s: must be a number, not text"),
        ("context: {budget_s: .nan}", "6:21: context.budget_s: must be a number, not text"),
        ("context: {budget_s: true}", "6:21: context.budget_s: must be a number, not true or false"),
        ("context: {budget_s: 31}", "6:21: context.budget_s: must be at most 30"),
        ("context: {budget_s: 0}", "6:21: context.budget_s: must be more than 0"),
        ("context: {budget_s: }", "6:21: context.budget_s: is empty: it must be a number"),
        ("context: 5", "6:10: context: must be a section of keys, not a number"),
        ("context: []", "6:10: context: must be a section of keys, not a list"),
        ("desk: {public_url: 5}", "6:20: desk.public_url: must be text, not a number; put it in quotes"),
        ("desk: {language: de}", "6:18: desk.language: must be one of 'en', 'zh'"),
        (
            "store: {url: 'mysql://x'}",
            (
                '6:14: store.url: must be sqlite:///PATH, as in "sqlite:///ctihub.db", '
                "or postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
            ),
        ),
        (
            "store: {url: 'postgresql://u:p@ss/w@h/d'}",
            (
                "6:14: store.url: must be postgresql://USER:PASSWORD@HOST:5432/NAME; in a user or password "
                "write %40 for @, %2F for /, %3A for :, %23 for #, %3F for ?, %25 for %"
            ),
        ),
        (
            "store: {url: 'postgresql://h/d'}",
            "6:14: store.url: must name the user, as in postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
        ),
        (
            "store: {tls: true}",
            "6:8: store: a file has no connection to encrypt: take `tls` and `ca_file` out",
        ),
        ("bus: {}", "6:1: key 'url' is missing in bus"),
        (
            "bus: {url: 'http://secret'}",
            "6:12: bus.url: must be amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://...",
        ),
        (
            "bus: {url: 'amqp://h:port/'}",
            "6:12: bus.url: must be amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://...",
        ),
        (
            "bus: {url: 'amqp://u:pa#ss@h/'}",
            "6:12: bus.url: must be amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://...",
        ),
        (
            "bus: {url: 'amqp://u:p@h/v?heartbeat=5'}",
            "6:12: bus.url: must hold no ? or #: in a password or virtual host write %3F and %23 for them",
        ),
        ("desk: {public_url: cti.example.com}", "6:20: desk.public_url: must be an address, as in https://host/path"),
        (
            "auth: {tokens: {ci: short}}",
            "6:21: auth.tokens.ci: too short to be a token: at least 8 characters",
        ),
        (
            "auth: {tokens: {'a b': longenough}}",
            "6:17: name 'a b': must have 1 to 64 letters, digits, _ . or -, and begin with a letter",
        ),
        ("connectors: {x: {}}", "6:14: key 'kind' is missing in connectors.x"),
        ("connectors: {x: none}", "6:17: connectors.x: must be a section of keys, not text"),
    ],
)
def test_a_wrong_value_is_said_in_plain_words_at_its_place(problems: Problems, text: str, expected: str) -> None:
    """Key, type, range, choice and missing key: one problem each, where the value or key stands."""
    assert [expected] == problems(f"{MINIMAL}{text}\n")


def test_an_unknown_connector_kind_names_the_nearest(problems: Problems) -> None:
    """The kind is what tells the models apart, so a typo there gets a suggestion of its own."""
    assert ["6:24: connectors.x.kind: kind 'soup' is unknown; did you mean 'soap'?"] == problems(
        MINIMAL + "connectors: {x: {kind: soup}}\n"
    )


def test_a_key_inside_a_connector_is_placed_without_the_kind(problems: Problems) -> None:
    """What pydantic adds to the path for the union's member is not in the file."""
    found = problems(MINIMAL + "connectors:\n  x:\n    kind: odata\n    timout_s: 3\n")
    assert "9:5: unknown key 'timout_s' in connectors.x; did you mean 'timeout_s'?" in found


def test_a_misspelt_required_key_is_one_problem(problems: Problems) -> None:
    """It is not also reported as missing."""
    assert ["3:42: unknown key 'sercet' in pbx.main; did you mean 'secret'?"] == problems(
        MINIMAL.replace("secret: ", "sercet: ")
    )


def test_a_missing_key_is_placed_at_its_section(problems: Problems) -> None:
    """There is no place of something that is not there."""
    assert ["3:3: key 'host' is missing in pbx.main"] == problems(MINIMAL.replace("host: 127.0.0.1, ", ""))


def test_a_missing_section_is_placed_at_the_top(problems: Problems) -> None:
    """A configuration without a PBX says so once."""
    assert ["1:1: key 'pbx' is missing"] == problems("hub: {region: DE}\n")


def test_all_problems_come_at_once_in_the_order_of_the_file(problems: Problems) -> None:
    """Typing, references and missing secrets are told together."""
    text = MINIMAL.replace("DE", "XX").replace("[", "[PJSIP/1001, ") + "nope: 1\n"
    assert [
        '1:41: hub.region: must be a two-letter country code in capitals, as in "DE" or "CN"',
        "3:50: the environment variable AMI_SECRET is not set: set it before starting ctihub",
        "5:46: device 'PJSIP/1001' already belongs to agent 'alice': a device has one agent",
        f"6:1: unknown key 'nope'; known here: {', '.join(Config.model_fields)}",
    ] == problems(text, {})


@pytest.mark.parametrize("device", ["1001", "PJSIP/", "PJSIP/10 01", "PJSIP/a;b", ""])
def test_a_device_is_named_as_asterisk_does(problems: Problems, device: str) -> None:
    """A bare extension is the usual mistake."""
    assert [
        "5:34: agents.alice.devices[0]: must be a device as Asterisk names it: TECHNOLOGY/NAME, as in PJSIP/1001"
    ] == problems(MINIMAL.replace("PJSIP/1001", device))


def test_a_ca_file_must_be_there(load: Load, problems: Problems, tmp_path: Path) -> None:
    """A wrong path is found before the first connection, and a right one is taken from the file's folder."""
    text = with_pbx("tls: {ca_file: ca.pem}")
    assert [f"3:82: pbx.main.tls.ca_file: there is no file {tmp_path / 'ca.pem'}"] == problems(text)
    (tmp_path / "ca.pem").write_text("x")
    tls = load(text).pbx["main"].tls
    assert tls is not None
    assert str(tmp_path / "ca.pem") == tls.ca_file


@pytest.mark.parametrize("text", ["- a\n", "just text\n", "5\n"])
def test_a_file_that_is_no_mapping_is_refused(problems: Problems, text: str) -> None:
    """A list or a single value is no configuration."""
    assert ["1:1: a configuration is a list of keys with values: `hub:`, `pbx:`"] == problems(text)


def test_the_error_names_the_file(tmp_path: Path) -> None:
    """Editors and people jump to FILE:LINE:COLUMN."""
    path = tmp_path / "other.yaml"
    path.write_text("hub: {region: XX}\npbx: {}\n")
    with pytest.raises(ConfigError) as caught:
        load_config(path, {})
    assert str(caught.value).startswith(f"{path}:1:15: hub.region: must be")


def test_the_united_kingdom_is_gb(problems: Problems) -> None:
    """The one code that is often written and does not exist is told with the right one."""
    found = problems(MINIMAL.replace("region: DE", "region: UK"))
    assert len(found) == 1
    assert found[0].endswith('as in "DE" or "CN": the United Kingdom is GB')
