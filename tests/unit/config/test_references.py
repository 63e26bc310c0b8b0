from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.config.conftest import MINIMAL, Load, Problems

TWO = MINIMAL.replace("agents:", '  north: {host: h, username: u, secret: "${AMI_SECRET}"}\nagents:')


def test_an_agent_of_an_unknown_pbx(problems: Problems) -> None:
    """A typo in a reference gets the nearest name."""
    text = TWO.replace('"PJSIP/1001"]', '"PJSIP/1001"], pbx: nroth')
    assert ["6:54: there is no PBX 'nroth'; did you mean 'north'?"] == problems(text)


def test_with_several_pbxs_an_agent_names_its_own(problems: Problems, load: Load) -> None:
    """A device name alone does not tell which Asterisk it is on."""
    assert ["6:3: agent 'alice' needs `pbx:`, because there are several: main, north"] == problems(TWO)
    config = load(TWO.replace('"PJSIP/1001"]', '"PJSIP/1001"], pbx: north'))
    assert {} == config.agent_devices("main")
    assert {"PJSIP/1001": "alice"} == config.agent_devices("north")


def test_one_device_has_one_agent(problems: Problems) -> None:
    """Otherwise a call would pop at two people; Asterisk does not tell device names apart by case."""
    text = MINIMAL + "  bob: {name: Bob, devices: [PJSIP/1002, pjsip/1001]}\n"
    assert ["6:42: device 'pjsip/1001' already belongs to agent 'alice': a device has one agent"] == problems(text)


def test_the_same_device_name_on_two_pbxs_is_two_devices(load: Load) -> None:
    """Each Asterisk has its own names."""
    text = TWO.replace('"PJSIP/1001"]', '"PJSIP/1001"], pbx: north')
    config = load(text + "  bob: {name: Bob, devices: [PJSIP/1001], pbx: main}\n")
    assert {"PJSIP/1001": "bob"} == config.agent_devices("main")


def test_a_feed_needs_a_way_in(problems: Problems, load: Load, tmp_path: Path) -> None:
    """Without a broker, a way of its own or a token that may publish to it, nobody can hand anything in."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/orders.yaml").write_text("x: 1\n")
    text = MINIMAL + "inbound:\n  shop: {mapping: orders}\n"
    assert [
        (
            "7:3: nobody can hand anything to feed 'shop': give it `http`, `folder`, `soap` or `imap`, name it under "
            "`feeds` of a token in auth.tokens, or add `bus:` with a broker's url"
        ),
    ] == problems(text)
    token = "auth: {tokens: {shop: {token: 0123456789, may: [publish], feeds: [shop]}}}\n"
    assert "ctihub.inbound.shop" == load(text + token).inbound["shop"].queue_of("shop")


def test_a_token_that_records_is_no_feed(problems: Problems, load: Load) -> None:
    """Both tell contacts by their own name: one of them could change what the other told."""
    feed = (
        MINIMAL
        + "bus: {url: 'amqp://a:b@localhost/'}\ninbound:\n  crm: {soap: {login: {username: a, password: geheim-12}}}\n"
    )
    token = "auth: {tokens: {crm: {token: 0123456789, may: [record]}}}\n"
    assert [
        "9:17: 'crm' is a feed, too: contacts are told apart by these names, so give the token another",
    ] == problems(feed + token)
    assert ("record",) == load(feed + token.replace("crm", "chatbot")).auth.tokens["chatbot"].may


def test_a_soap_service_needs_somebody_who_may_send(problems: Problems, load: Load) -> None:
    """A login of its own, another way's credentials, or a token that may publish to it."""
    alone = MINIMAL + "inbound:\n  erp: {soap: {}}\n"
    assert [
        (
            "7:9: nobody may send to this service: give it a `login`, or name feed 'erp' under `feeds` of a token in "
            "auth.tokens"
        ),
    ] == problems(alone)
    assert load(alone.replace("soap: {}", "soap: {login: {username: sap, password: geheim-12}}")).inbound["erp"].soap
    assert (
        load(alone + "auth: {tokens: {erp: {token: 0123456789, may: [publish], feeds: [erp]}}}\n").inbound["erp"].soap
    )


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ("{mapping: orders, soap: {login: LOGIN}}", "the hub's own messages need no mapping"),
        ("{queue: q, soap: {login: LOGIN}}", "by SOAP alone"),
        ("{id: x, soap: {login: LOGIN}}", "by SOAP alone"),
        ("{soap: {elements: [A], login: LOGIN}}", "`elements` are those of a `schema`"),
        ("{soap: {schema: main.xsd, login: LOGIN}}", "there is no file"),
        ("{http: {}}", "either `hmac` or `basic`"),
        ("{soap: {login: {username: a, password: short}}}", "at least 8"),
    ],
)
def test_what_a_soap_service_can_not_be(problems: Problems, tmp_path: Path, section: str, message: str) -> None:
    """Without a schema it takes the hub's own messages, and those by SOAP alone."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/orders.yaml").write_text("x: 1\n")
    login = "{username: sap, password: geheim-12}"
    text = MINIMAL + "bus: {url: 'amqp://h'}\ninbound:\n  erp: " + section.replace("LOGIN", login) + "\n"
    found = problems(text)
    assert 1 == len([one for one in found if message in one]), found


def test_a_queue_needs_a_bus_and_a_token_a_feed_that_exists(problems: Problems, tmp_path: Path) -> None:
    """What names something that is not there is told where it stands."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/orders.yaml").write_text("x: 1\n")
    text = MINIMAL + "inbound:\n  shop: {mapping: orders, queue: q}\n"
    text += "auth: {tokens: {shop: {token: 0123456789, may: [publish], feeds: [shopp]}}}\n"
    assert [
        "7:27: there is no broker to read a queue from: add `bus:` with its url, or take `queue:` out",
        "8:67: there is no feed 'shopp'; did you mean 'shop'?",
    ] == problems(text)


@pytest.mark.parametrize(
    ("feeds", "message"),
    [
        ("a: {MAP, queue: q}\n  b: {MAP, queue: q}", "9:31: feed 'a' reads this queue: a feed needs one of its own"),
        ("a: {MAP}\n  b: {MAP, queue: ctihub.inbound.a}", "9:31: feed 'a' reads this queue"),
        ("a: {MAP, queue: ctihub.dead}", "8:31: this queue is the hub's own"),
        ("a: {MAP, folder: {path: in}}\n  b: {MAP, folder: {path: ./in/, pattern: '*.csv'}}", "of this folder by '*'"),
        ("a: {MAP, broker_user: x, folder: {path: in}}", "8:24: this feed has no queue for `broker_user`"),
        ("a: {MAP, http: {basic: {username: 'a:b', password: geheim-12}}}", "no colon in HTTP basic"),
    ],
)
def test_what_two_feeds_can_not_share_and_what_would_have_no_effect(
    problems: Problems, tmp_path: Path, feeds: str, message: str
) -> None:
    """Of two readers each would get a part; a right that nothing asks for is no right."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/orders.yaml").write_text("x: 1\n")
    text = MINIMAL + "bus: {url: 'amqp://h'}\ninbound:\n  " + feeds.replace("MAP", "mapping: orders") + "\n"
    [problem] = problems(text)
    assert message in problem


def test_files_of_one_folder_are_told_apart_by_their_names(load: Load, tmp_path: Path) -> None:
    """Two feeds may watch it, each for names of its own."""
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings/orders.yaml").write_text("x: 1\n")
    feeds = "a: {MAP, folder: {path: in, pattern: '*.csv'}}\n  b: {MAP, folder: {path: in, pattern: '*.xml'}}\n"
    assert {"a", "b"} == load(MINIMAL + "inbound:\n  " + feeds.replace("MAP", "mapping: orders")).inbound.keys()


def test_each_machine_has_a_token_of_its_own(problems: Problems) -> None:
    """With the token of two nobody could tell what whoever shows it may do."""
    tokens = "auth: {tokens: {a: '0123456789', b: {token: '0123456789', may: [control]}}}\n"
    assert ["6:34: this is the token of 'a', too: give each machine one of its own"] == problems(MINIMAL + tokens)


def test_a_mapping_must_exist(problems: Problems, load: Load, tmp_path: Path) -> None:
    """Its name is a path below the mappings folders, and the nearest one is told."""
    (tmp_path / "mappings/shop").mkdir(parents=True)
    (tmp_path / "mappings/shop/orders.yaml").write_text("x: 1\n")
    (tmp_path / "mappings/shop/orders.test.yaml").write_text("x: 1\n")
    text = MINIMAL + "bus: {url: 'amqp://h'}\ninbound:\n  shop: {mapping: shop/order}\n"
    assert ["8:19: there is no mapping 'shop/order'; did you mean 'shop/orders'?"] == problems(text)
    assert "shop/orders" == load(text.replace("shop/order}", "shop/orders}")).inbound["shop"].mapping


def test_a_mapping_stays_in_its_folders(problems: Problems, tmp_path: Path) -> None:
    """A name with dots does not reach other files."""
    (tmp_path / "outside.yaml").write_text("x: 1\n")
    (tmp_path / "mappings").mkdir()
    text = MINIMAL + "bus: {url: 'amqp://h'}\ninbound:\n  shop: {mapping: ../outside}\n"
    assert 1 == len(problems(text))


def test_answers_that_are_not_kept_are_of_a_connector(problems: Problems, load: Load) -> None:
    """A typo would keep what is not to be kept."""
    text = MINIMAL + "connectors: {crm: {kind: rest, url: 'https://crm.example', mapping: crm/customer}}\n"
    told = problems(text + "context: {remember: {not_of: [krm]}}\n")
    assert "7:31: there is no connector 'krm'; did you mean 'crm'?" in told
    remember = load(MINIMAL + "context: {remember: {answers: false}}\n").context.remember
    assert [False, True] == [remember.remembers("crm"), load(MINIMAL).context.remember.remembers("crm")]
