"""DynamoDB's condition and update expressions: parsed strictly, and evaluated on items as DynamoDB writes them."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from moto.dynamodb.parsing.reserved_keywords import ReservedKeywords

Value = dict[str, Any]
Image = dict[str, Value]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>()+,\-]|[#:]?[A-Za-z_][A-Za-z0-9_]*|[#:][0-9]+)")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}
_FUNCTIONS = {"attribute_exists": 1, "attribute_not_exists": 1, "begins_with": 2}
_RESERVED = frozenset(ReservedKeywords.get_reserved_keywords())


class Invalid(Exception):
    """What DynamoDB answers with a ValidationException."""


class _Reader:
    """The tokens of one expression, looked at one by one."""

    def __init__(self, text: str) -> None:
        self.text, self.place = text, 0
        self.tokens: list[str] = []
        end = len(text.rstrip())
        place = 0
        while place < end:
            match = _TOKEN.match(text, place)
            if match is None:
                raise Invalid(f"Syntax error near {text[place : place + 20]!r} in {text!r}")
            self.tokens.append(match[1])
            place = match.end()

    def peek(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def word(self) -> str:
        return self.peek().upper()

    def take(self, expected: str | None = None) -> str:
        token = self.peek()
        if not token or (expected is not None and token.upper() != expected):
            raise Invalid(f"Syntax error; token: {token!r}, expected {expected!r} in {self.text!r}")
        self.place += 1
        return token

    def end(self) -> None:
        if self.peek():
            raise Invalid(f"Syntax error; token: {self.peek()!r} in {self.text!r}")

    def operand(self) -> tuple[str, str]:
        token = self.take()
        if token.startswith(":"):
            return ("value", token)
        return self._path(token)

    def path(self) -> tuple[str, str]:
        return self._path(self.take())

    def _path(self, token: str) -> tuple[str, str]:
        if token.startswith("#"):
            return ("name", token)
        if not (token[0].isalpha() or token[0] == "_"):
            raise Invalid(f"Syntax error; token: {token!r} in {self.text!r}")
        if token.upper() in _RESERVED:
            raise Invalid(f"Attribute name is a reserved keyword; reserved keyword: {token}")
        return ("raw", token)


@cache
def parse_condition(text: str) -> tuple[Any, ...]:
    reader = _Reader(text)
    tree = _either(reader)
    reader.end()
    return tree


def _either(reader: _Reader) -> tuple[Any, ...]:
    left = _both(reader)
    while reader.word() == "OR":
        reader.take()
        left = ("OR", left, _both(reader))
    return left


def _both(reader: _Reader) -> tuple[Any, ...]:
    left = _negated(reader)
    while reader.word() == "AND":
        reader.take()
        left = ("AND", left, _negated(reader))
    return left


def _negated(reader: _Reader) -> tuple[Any, ...]:
    if reader.word() == "NOT":
        reader.take()
        return ("NOT", _negated(reader))
    if reader.peek() == "(":
        reader.take()
        inner = _either(reader)
        reader.take(")")
        return inner
    return _claim(reader)


def _claim(reader: _Reader) -> tuple[Any, ...]:
    if reader.peek() in _FUNCTIONS:
        function = reader.take()
        reader.take("(")
        arguments = [reader.path()]
        for _ in range(_FUNCTIONS[function] - 1):
            reader.take(",")
            arguments.append(reader.operand())
        reader.take(")")
        return (function, *arguments)
    left = _measured(reader)
    operator = reader.take().upper()
    if operator == "BETWEEN":
        low = reader.operand()
        reader.take("AND")
        return ("BETWEEN", left, low, reader.operand())
    if operator == "IN":
        return ("IN", left, *_listed(reader))
    if operator not in {*_COMPARE, "=", "<>"}:
        raise Invalid(f"Syntax error; token: {operator!r}")
    return (operator, left, reader.operand())


def _measured(reader: _Reader) -> tuple[Any, ...]:
    if reader.peek() != "size":
        return reader.operand()
    reader.take()
    reader.take("(")
    path = reader.path()
    reader.take(")")
    return ("size", path)


def _listed(reader: _Reader) -> list[tuple[str, str]]:
    reader.take("(")
    found = [reader.operand()]
    while reader.peek() == ",":
        reader.take()
        found.append(reader.operand())
    reader.take(")")
    return found


@cache
def parse_update(text: str) -> tuple[tuple[Any, ...], ...]:
    """("SET", path, operands and operators), ("REMOVE", path), ("ADD", path, value), ("DELETE", path, value), in their
    order."""
    reader = _Reader(text)
    found: list[tuple[Any, ...]] = []
    clauses: set[str] = set()
    while reader.peek():
        clause = reader.take().upper()
        if clause in clauses:
            raise Invalid(f"The {clause!r} section can only be used once in an update expression")
        if clause not in ("SET", "REMOVE", "ADD", "DELETE"):
            raise Invalid(f"Syntax error; token: {clause!r}")
        clauses.add(clause)
        found.append(_step(reader, clause))
        while reader.peek() == ",":
            reader.take()
            found.append(_step(reader, clause))
    if not found:
        raise Invalid("The expression can not be empty")
    return tuple(found)


def _step(reader: _Reader, clause: str) -> tuple[Any, ...]:
    path = reader.path()
    if clause == "REMOVE":
        return (clause, path)
    if clause in ("ADD", "DELETE"):
        return (clause, path, reader.operand())
    reader.take("=")
    left = _term(reader)
    if reader.peek() in ("+", "-"):
        return (clause, path, left, reader.take(), _term(reader))
    return (clause, path, left)


def _term(reader: _Reader) -> tuple[Any, ...]:
    if reader.peek() != "if_not_exists":
        return reader.operand()
    reader.take()
    reader.take("(")
    path = reader.path()
    reader.take(",")
    default = reader.operand()
    reader.take(")")
    return ("if_not_exists", path, default)


class Names:
    """A request's expression names and values, and which of them its expressions used."""

    def __init__(self, request: Mapping[str, Any]) -> None:
        self.names: dict[str, str] = request.get("ExpressionAttributeNames") or {}
        self.values: dict[str, Value] = request.get("ExpressionAttributeValues") or {}
        self.used: set[str] = set()

    def name(self, operand: tuple[str, str]) -> str:
        kind, token = operand
        if kind == "raw":
            return token
        self.used.add(token)
        if token not in self.names:
            raise Invalid(f"An expression attribute name used in the document path is not defined: {token}")
        return self.names[token]

    def read(self, operand: tuple[Any, ...], item: Image) -> Value | None:
        if operand[0] == "if_not_exists":
            default = self.read(operand[2], item)
            return item.get(self.name(operand[1]), default)
        if operand[0] == "size":
            return _size(item.get(self.name(operand[1])))
        if operand[0] != "value":
            return item.get(self.name(operand))
        self.used.add(operand[1])
        if operand[1] not in self.values:
            raise Invalid(f"An expression attribute value used in expression is not defined: {operand[1]}")
        return self.values[operand[1]]

    def all_used(self) -> None:
        if unused := {*self.names, *self.values} - self.used:
            raise Invalid(f"Value unused in expressions: keys: {sorted(unused)}")


def holds(tree: tuple[Any, ...], item: Image, names: Names) -> bool:
    """Whether a parsed condition holds. Both sides of AND and OR are read, so that every name counts as used."""
    operator, *parts = tree
    if operator in ("AND", "OR"):
        left, right = holds(parts[0], item, names), holds(parts[1], item, names)
        return (left and right) if operator == "AND" else (left or right)
    if operator == "NOT":
        return not holds(parts[0], item, names)
    if operator in ("attribute_exists", "attribute_not_exists"):
        return (names.name(parts[0]) in item) == (operator == "attribute_exists")
    values = [names.read(part, item) for part in parts]
    if operator == "begins_with":
        if values[1] is None or "S" not in values[1]:
            raise Invalid("Incorrect operand type for operator or function; operator or function: begins_with")
        return values[0] is not None and str(values[0].get("S", "\0")).startswith(values[1]["S"])
    if operator == "IN":
        return any(same(values[0], other) for other in values[1:])
    if operator == "BETWEEN":
        return compare(">=", values[0], values[1]) and compare("<=", values[0], values[2])
    if operator in ("=", "<>"):
        return same(values[0], values[1]) == (operator == "=")
    return compare(operator, values[0], values[1])


def same(left: Value | None, right: Value | None) -> bool:
    if left is None or right is None:
        return False
    return ordered(left) == ordered(right) if "N" in left and "N" in right else left == right


def compare(operator: str, left: Value | None, right: Value | None) -> bool:
    if left is None or right is None or left.keys() != right.keys():
        return False
    if not left.keys() & {"S", "N", "B"}:
        raise Invalid(f"Incorrect operand type for operator or function; operator: {operator}")
    return _COMPARE[operator](ordered(left), ordered(right))


def ordered(value: Value) -> Any:
    """What a scalar is compared and sorted by."""
    if "N" in value:
        return Decimal(value["N"])
    return value["S"].encode() if "S" in value else value.get("B")


def updated(steps: tuple[tuple[Any, ...], ...], item: Image, names: Names, keys: set[str]) -> Image:
    """The item after an update. All right hand sides are read from the item as it was."""
    after = dict(item)
    touched: set[str] = set()
    for clause, path, *rest in steps:
        name = names.name(path)
        if name in keys:
            raise Invalid(f"Cannot update attribute {name}. This attribute is part of the key")
        if name in touched:
            raise Invalid(f"Two document paths overlap with each other; path one: [{name}], path two: [{name}]")
        touched.add(name)
        if clause == "REMOVE":
            after.pop(name, None)
        elif clause == "ADD":
            after[name] = _added(item.get(name), names.read(rest[0], item))
        elif clause == "DELETE":
            after.pop(name, None)
            if left := _without(item.get(name), names.read(rest[0], item)):
                after[name] = left
        else:
            after[name] = _assigned(rest, item, names)
    return after


def _added(old: Value | None, added: Value | None) -> Value:
    """A number or a string set with something added to it."""
    if added is not None and "N" in added and "N" in (old or {"N": "0"}):
        return _sum("+", old or {"N": "0"}, added)
    if added is None or not added.get("SS") or "SS" not in (old or {"SS": []}):
        raise Invalid("An operand in the update expression has an incorrect data type")
    return {"SS": sorted({*(old or {"SS": []})["SS"], *added["SS"]})}


def _without(old: Value | None, gone: Value | None) -> Value | None:
    """A string set without some of its members; nothing is left where none is."""
    if gone is None or not gone.get("SS") or "SS" not in (old or {"SS": []}):
        raise Invalid("An operand in the update expression has an incorrect data type")
    left = sorted({*(old or {"SS": []})["SS"]} - {*gone["SS"]})
    return {"SS": left} if left else None


def _size(value: Value | None) -> Value | None:
    if value is None:
        return None
    ((kind, content),) = value.items()
    if kind in ("N", "BOOL", "NULL"):
        raise Invalid("Incorrect operand type for operator or function; operator or function: size")
    return {"N": str(len(content.encode()) if kind == "S" else len(content))}


def _assigned(rest: list[Any], item: Image, names: Names) -> Value:
    left = names.read(rest[0], item)
    if left is None:
        raise Invalid("The provided expression refers to an attribute that does not exist in the item")
    if len(rest) == 1:
        return left
    right = names.read(rest[2], item)
    if right is None:
        raise Invalid("The provided expression refers to an attribute that does not exist in the item")
    if "N" not in left or "N" not in right:
        raise Invalid("An operand in the update expression has an incorrect data type")
    return _sum(rest[1], left, right)


def _sum(operator: str, left: Value, right: Value) -> Value:
    a, b = Decimal(left["N"]), Decimal(right["N"])
    return {"N": format(a + b if operator == "+" else a - b, "f")}
