"""Reads a statement, and refuses what sqlglot reads though Athena does not. Pure.

sqlglot is lenient: it takes the words and functions of other dialects. Such a query would run here and fail on AWS.
Sources: Trino's grammar (SqlBase.g4), and the Amazon Athena User Guide, "SELECT".
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from local_aws.athena import known
from local_aws.athena.errors import QueryFailedError, not_supported

LONGEST = 262144
"""Bytes of a query (Amazon Athena User Guide, "Service Quotas")."""
# Words that can stand before a parenthesis, and are no function. Some are refused later, by what they mean.
_WORDS = known.words(
    """
    all and any array as bernoulli between by case cast char cube decimal distinct else escape except exclude exists
    filter from group having in intersect is join lateral like map materialized not on or over replace rollup row select
    sets some system then time timestamp try_cast union unnest using values varchar when where with
    """
)
_UNIT_FIRST = {"date_add", "date_diff", "date_trunc"}
_AT_THE_END = {TokenType.FROM, TokenType.R_PAREN, TokenType.SEMICOLON}


def parse(sql: str) -> exp.Expr:
    """Return one statement. Raises QueryFailedError."""
    if len(sql.encode()) > LONGEST:
        raise QueryFailedError(f"SYNTAX_ERROR: a query has at most {LONGEST} bytes")
    try:
        tokens = sqlglot.tokenize(sql, read="athena")
        trees = sqlglot.parse(sql, read="athena", error_level=ErrorLevel.RAISE)
    except SqlglotError as error:
        reason = re.sub("\x1b\\[[0-9;]*m", "", str(error)).partition("\n")[0]
        reason = re.sub(r"^Required keyword: .*?>", "Something is missing", reason)
        if "`" in sql and re.match(r"\s*(SELECT|WITH)\b", sql, re.IGNORECASE):
            reason = "backquoted identifiers are not supported; use double quotes to quote identifiers"
        raise QueryFailedError(f"SYNTAX_ERROR: {reason}") from None
    found = [each for each in trees if each and not isinstance(each, exp.Semicolon)]
    if len(found) != 1:
        raise QueryFailedError("SYNTAX_ERROR: Only one sql statement is allowed, and there are " + str(len(found)))
    tree = _with_values(found[0])
    if isinstance(tree, exp.Query):
        _check(tokens, tree)
    return tree


def bare(sql: str) -> str:
    """Return a statement without the comments and semicolons around it."""
    try:
        tokens = [each for each in sqlglot.tokenize(sql, read="trino") if each.token_type is not TokenType.SEMICOLON]
    except SqlglotError:
        return sql.strip()
    statement = sql[tokens[0].start : tokens[-1].end + 1] if tokens else ""
    # sqlglot takes all that follows SHOW as one token, comments included.
    return re.sub(r"(?s)(--[^\n']*|/\*[^']*\*/|;|\s)+$", "", statement)


def _with_values(tree: exp.Expr) -> exp.Expr:
    """Return VALUES, where it is the whole statement, as a query with its columns' names."""
    if not isinstance(tree, exp.Values):
        return tree
    columns = [exp.to_identifier(f"_col{place}") for place, _ in enumerate(tree.expressions[0].expressions)]
    tree.set("alias", exp.TableAlias(this=exp.to_identifier("t"), columns=columns))
    return exp.Select(expressions=[exp.Star()]).from_(tree)


def _check(tokens: Sequence[Token], tree: exp.Query) -> None:
    if wrong := next(_mistakes(tokens), None):
        raise QueryFailedError(f"SYNTAX_ERROR: mismatched input '{wrong}'")
    joined = [each for each in tree.find_all(exp.Join) if each.kind == "CROSS" or {"on", "using"} & {*each.args}]
    if sum(token.token_type is TokenType.JOIN for token in tokens) != len(joined):
        raise QueryFailedError("SYNTAX_ERROR: JOIN without ON or USING")
    names = {each.name.lower() for each in tree.find_all(exp.TableAlias) if each.args.get("columns")}
    for token, following in pairwise(tokens):
        name = token.text.lower()
        if (
            following.token_type is TokenType.L_PAREN
            and re.fullmatch(r"\w+", name)
            and token.token_type not in {TokenType.NUMBER, TokenType.STRING}
            and name not in _WORDS | names | known.FUNCTIONS
        ):
            raise not_supported(f"the function {name}")


def _mistakes(tokens: Sequence[Token]) -> Iterator[str]:
    """Yield what Athena's grammar does not have where it stands."""
    if tokens[0].token_type is TokenType.FROM:
        yield tokens[0].text
    for place, token in enumerate(tokens):
        kind, text = token.token_type, token.text
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        after = following.token_type if following else None
        beyond = tokens[place + 2].token_type if place + 2 < len(tokens) else None
        if text in {"==", "::"}:
            yield text
        if kind is TokenType.COMMA and (after is None or after in _AT_THE_END):
            yield following.text if following else "<EOF>"
        if following and (
            (kind is TokenType.SELECT and after is TokenType.COMMA)
            or (kind is TokenType.L_PAREN and after is TokenType.FROM)
            or (kind is TokenType.STRING and after is TokenType.STRING)
            or (kind is TokenType.NUMBER and following.start == token.end + 1 and re.match(r"\w", following.text))
            or (kind is TokenType.INTERVAL and after is TokenType.NUMBER)
        ):
            yield following.text
        if kind is TokenType.INTERVAL and after is TokenType.STRING and beyond is not TokenType.VAR:
            yield text
        if text.lower() in _UNIT_FIRST and after is TokenType.L_PAREN and beyond is not TokenType.STRING:
            yield tokens[place + 2].text
        if kind is TokenType.LIMIT and beyond is TokenType.OFFSET:  # OFFSET comes first
            yield tokens[place + 2].text
