"""What of the `sql` kind can be seen of Oracle without one: no server of it can be had for these tests."""

import asyncio
from typing import Any

import oracledb
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DatabaseError

from connectors.base import ConnectorError
from connectors.sql.oracle import Oracle
from connectors.sql.values import bound, samples
from connectors.tls import tls_context
from hub.config.http_access import Trust
from hub.config.sql import SqlConnector as SqlConfig
from hub.config.sql import SqlOperation
from hub.domain.customer import Problem
from tests.conformance.behaviour import by_phone, connector_for
from tests.conformance.servers.customer_rows import sql_config
from tests.servers.ports import LOOPBACK, free_tcp_port

URL = "oracle://reader:ge%2Fheim@127.0.0.1:1521/?service_name=ORCLPDB1"


def config(**changes: Any) -> SqlConfig:
    return SqlConfig.model_validate(sql_config(URL, **changes))


async def test_what_the_driver_is_given() -> None:
    """Host, port and service; user and password unquoted; with `tls` an encrypted connection that is checked."""
    database = Oracle(config())
    await database.open()
    dialect = database.reading.sync_engine.dialect
    assert ("oracle", True) == (dialect.name, dialect.is_async)
    given = dialect.create_connect_args(database.reading.url)[1]
    assert ("reader", "ge/heim") == (given["user"], given["password"])
    await database.close()
    open_arguments = database.connect_arguments()
    assert ("127.0.0.1", 1521, "ORCLPDB1") == tuple(open_arguments[key] for key in ("host", "port", "service_name"))
    assert "ssl_context" not in open_arguments
    context = tls_context(Trust())
    encrypted = Oracle(config(tls={})).connect_arguments(context)
    assert ("tcps", context, True) == tuple(
        encrypted[key] for key in ("protocol", "ssl_context", "ssl_server_dn_match")
    )
    assert "XE" == Oracle(SqlConfig.model_validate(sql_config("oracle://u:p@h/XE"))).connect_arguments()["sid"]


def test_a_statement_for_oracle() -> None:
    """Its parameters are bound by name, a list as one parameter each; values never stand in the text."""
    operation = config().operations["by_phone"]
    assert isinstance(operation, SqlOperation)
    step = operation.steps[0]
    hostile = "x' OR 1=1 --"
    parameters = bound(step.text, step.values, {"query": {"numbers": [hostile, "0351"]}})
    dialect = make_url("oracle+oracledb_async://").get_dialect()()
    compiled = (
        text(step.text.template)
        .bindparams(*parameters)
        .compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    )
    assert str(compiled).replace("  ", " ").endswith("WHERE phone IN (:numbers_1, :numbers_2)")
    assert {"numbers_1": hostile, "numbers_2": "0351"} == dict(compiled.construct_params())
    looked_at = text(step.text.template).bindparams(*samples(step.text, step.values))
    assert "(:numbers_1)" in str(looked_at.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))


async def test_nobody_listens() -> None:
    """A port where nothing is says so, with host and port and without the password."""
    port = free_tcp_port()
    connector = connector_for(Elsewhere(port))
    await connector.start()
    for attempt in (lambda: connector.lookup(by_phone("+493515550123")), connector.check):
        with pytest.raises(ConnectorError) as raised:
            await attempt()
        assert Problem.UNREACHABLE == raised.value.problem
        assert f"no connection to {LOOPBACK}:{port}" in raised.value.message
        assert "heim" not in raised.value.message
    await connector.close()


async def test_somebody_else_listens() -> None:
    """A server that speaks something else is not waited for any longer than timeout_s."""
    server = await asyncio.start_server(lambda _reader, writer: writer.write(b"HTTP/1.1 400 \r\n\r\n"), LOOPBACK, 0)
    connector = connector_for(Elsewhere(server.sockets[0].getsockname()[1]), timeout_s=1.0)
    await connector.start()
    with pytest.raises(ConnectorError) as raised:
        await connector.lookup(by_phone("+493515550123"))
    assert raised.value.problem in {Problem.UNREACHABLE, Problem.TIMEOUT, Problem.FAULT}
    await connector.close()
    server.close()


@pytest.mark.parametrize(
    ("said", "problem", "words"),
    [
        ("ORA-01017: invalid credential or not authorized; logon denied", Problem.REFUSED, "check user and password"),
        ("ORA-28000: The account is locked.", Problem.REFUSED, "check user and password"),
        ("ORA-01031: insufficient privileges", Problem.REFUSED, "ask for the permission"),
        ("ORA-01456: may not perform insert/delete/update operation", Problem.REFUSED, "a lookup changes nothing"),
        ('ORA-00942: table or view "CRM"."CUSTMERS" does not exist', Problem.FAULT, "CUSTMERS"),
        ('ORA-00904: "NMAE": invalid identifier', Problem.FAULT, "NMAE"),
        ("ORA-12519: TNS:no appropriate service handler found", Problem.THROTTLED, "max_concurrent"),
        ("DPY-4024: call timeout of 5000 ms exceeded", Problem.TIMEOUT, "5 s (timeout_s)"),
        ("DPY-4011: the database or network closed the connection", Problem.UNREACHABLE, "127.0.0.1:1521"),
        ("ORA-12514: Cannot connect to database. Service X is not registered", Problem.UNREACHABLE, "Service X"),
        ("ORA-01722: unable to convert string value containing 'petra@example.com'", Problem.FAULT, "'***'"),
    ],
)
def test_what_its_errors_mean(said: str, problem: Problem, words: str) -> None:
    """The code decides which problem it is; the words are Oracle's, without the value that was searched for."""
    error = DatabaseError("SELECT 1", {}, oracledb.DatabaseError(f"{said}\nHelp: https://docs.oracle.com/error-help/"))
    with pytest.raises(ConnectorError) as raised:
        Oracle(config()).explain(error, ["petra@example.com"])
    assert problem is raised.value.problem
    assert words in raised.value.message
    assert "Help" not in raised.value.message


class Elsewhere:
    """A configuration that leads to a port of this machine."""

    gone = ""

    def __init__(self, port: int) -> None:
        self._port = port

    def config(self) -> dict[str, Any]:
        return sql_config(URL.replace("1521", str(self._port)))

    async def start(self) -> None: ...

    async def stop(self) -> None: ...
