"""What a statement says of itself: where its values stand, and whether it only looks."""

import pytest
from sqlalchemy import bindparam, text
from sqlalchemy.engine import make_url

from hub.config.sql_text import SqlText


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ("SELECT 1 FROM t WHERE a = :a AND b IN (:b)", {"a": False, "b": True}),
        ("SELECT 1 FROM t WHERE b in ( :b ) OR c IN (:c, :d)", {"b": True, "c": False, "d": False}),
        ("SELECT ':a', \":b\", `:c` -- :d\n/* :e /* :f */ :g */ FROM t WHERE x=:x", {"x": False}),
        ("SELECT a::text, '12:30' FROM t WHERE b = :b::int", {"b": False}),
        ("SELECT E'it\\'s :a', $$ :b $$, $x$ $$ :c $x$ FROM t", {}),
        ("SELECT q'[it's :a]', nq'!:b'!', 'it''s :c' FROM dual", {}),
        ("(SELECT 1 WHERE 1=:a) UNION (SELECT 2)", {"a": False}),
    ],
)
def test_where_values_stand(statement: str, values: dict[str, bool]) -> None:
    """Only what is outside of texts, names in quotes and comments is a value; alone in IN it takes a list."""
    assert values == dict(SqlText.read(statement).values)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT ':a', \":b\" -- :d\n/* :e */ , '\\:f', '12:30' FROM t WHERE b::text = :b OR x BETWEEN :c AND 7",
        "SELECT id FROM t WHERE b = :b AND c=:c",
    ],
)
def test_the_template_is_the_statement(statement: str) -> None:
    """Compiled for a database, everything but the values is as it was written."""
    template = SqlText.read(statement).template
    compiled = (
        text(template).bindparams(bindparam("b"), bindparam("c")).compile(dialect=make_url("oracle://").get_dialect()())
    )
    assert statement.replace(" ", "") == str(compiled).replace(" ", "")
    assert {"b", "c"} == set(compiled.params)


@pytest.mark.parametrize("url", ["sqlite://", "postgresql+asyncpg://", "oracle+oracledb://"])
def test_a_list_stands_in_one_pair_of_brackets(url: str) -> None:
    """Two numbers make `IN (.., ..)`, in every database."""
    template = SqlText.read("SELECT 1 FROM t WHERE (a = 1 AND n IN (:n) AND b = 2)").template
    statement = text(template).bindparams(bindparam("n", ["1", "2"], expanding=True))
    dialect = make_url(url).get_dialect()()
    compiled = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    assert "(a=1ANDnIN('1','2')ANDb=2)" == compiled.split("WHERE")[1].replace(" ", "")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("SELECT 1; DROP TABLE t", "holds a ;"),
        ("SELECT 1;", "holds a ;"),
        ("DROP TABLE t", "must begin with SELECT"),
        ("", "must begin with SELECT"),
        ("-- nothing", "must begin with SELECT"),
        ("PRAGMA writable_schema = 1", "must begin with SELECT"),
        ("DELETE FROM t", "must begin with SELECT"),
        ("WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "DELETE has no place"),
        ("UPDATE t SET a = 1", "without WHERE"),
        ("SELECT 'a", "quote in it is not closed"),
        ("SELECT /* a", "comment in it is not closed"),
        ("SELECT 1 FROM t WHERE a IN (:a) OR b = :a", "two different names"),
    ],
)
def test_what_no_connector_runs(statement: str, words: str) -> None:
    """More than one statement, and what neither looks nor writes rows, is refused with the reason."""
    with pytest.raises(ValueError, match=words):
        SqlText.read(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (1)",
        "UPDATE t SET a = 1 WHERE b = 2",
        "MERGE INTO t USING s ON (1 = 1)",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
        "SELECT * INTO copied FROM t",
        "SELECT * FROM t FOR UPDATE",
    ],
)
def test_what_no_lookup_runs(statement: str) -> None:
    """A statement that would change or lock something does not look only."""
    read = SqlText.read(statement)
    assert not read.only_looks
    with pytest.raises(ValueError, match=r"has no place here|only looks"):
        read.check_only_looks()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM t",
        "with x as (select 1) select replace(a, 'DELETE', ';') from x",
        "SELECT \"update\", 'insert into' FROM t -- delete",
        "/* first */ ( SELECT 1 )",
    ],
)
def test_what_a_lookup_runs(statement: str) -> None:
    """Words in texts, names and comments change nothing."""
    read = SqlText.read(statement)
    read.check_only_looks()
    assert read.only_looks
