"""The examples of formats work as they stand: each configuration, given the message shown below it."""

import re
from pathlib import Path

import pytest

import hub.bus
from hub.bus.intake import Intake
from hub.config.load import load_config
from hub.config.mapping_files import find_mapping
from hub.domain.event import Event
from hub.domain.inbound import InboundMessage, Transport
from hub.mapping.mapping import load_mapping

HEAD = "hub: {region: DE}\npbx: {main: {host: h, username: u, secret: s}}\nbus: {url: 'amqp://h'}\n"
OWN = (
    "source: CloudEvents\nversion: 1\ntarget: interaction\nfields:\n  id: id\n  channel: {const: web}\n  at: time\n"
    "  subject: data.page\n  customer.ids.shop: data.customer\n"
)
TEXT = (Path(hub.bus.__file__).parent / "README.md").read_text("utf-8")
FORMATS = TEXT[TEXT.index("### Formats\n") :]
EXAMPLES = re.findall(r"```yaml\n(inbound:\n.*?)```\n```\w+\n(.*?)```", FORMATS, re.DOTALL)


@pytest.mark.parametrize(("configuration", "message"), EXAMPLES, ids=lambda text: re.findall(r"\w+", text)[1])
def test_each_message_is_understood(tmp_path: Path, configuration: str, message: str) -> None:
    """By the mapping that is named, as many records as are shown."""
    (tmp_path / "mappings/own").mkdir(parents=True)
    (tmp_path / "mappings/own/visit.yaml").write_text(OWN)
    file = tmp_path / "ctihub.yaml"
    file.write_text(HEAD + configuration)
    config = load_config(file, {})
    ((name, feed),) = config.inbound.items()
    mapping = find_mapping(feed.mapping, config.hub.mappings)
    assert mapping is not None

    intake = Intake(name, feed, load_mapping(mapping), region="DE")
    parts = list(intake.parts(InboundMessage(body=message.encode(), transport=Transport.QUEUE, id="m1")))

    assert 1 + (feed.format == "json_lines") == len(parts)
    assert all(isinstance(part.outcome, Event) for part in parts), parts


def test_every_format_has_its_example() -> None:
    """And every example is one of a format."""
    shown = [re.findall(r"format: (\w+)", configuration)[0] for configuration, _ in EXAMPLES]

    assert ["json", "json_lines", "xml", "csv", "fixed_width", "idoc", "cloudevents", "email"] == shown
