"""Expressions in x and y as a user writes them: read as a tree of known parts, never run as Python."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from hotmesa.scenarios.arrays import Array
from hotmesa.scenarios.errors import HotmesaError
from hotmesa.scenarios.problems import did_you_mean

LONGEST, DEEPEST = 2000, 50
"""Letters of an expression, and levels of its brackets."""
FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    **{name: (getattr(np, name), 1) for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "abs")},
    "min": (np.minimum, 2),
    "max": (np.maximum, 2),
    "hypot": (np.hypot, 2),
    "where": (np.where, 3),
}
"""Functions by name, with the number of their arguments; where(condition, a, b) is a where the condition holds."""
CONSTANTS = {"pi": np.pi}
_TWO: dict[type[ast.AST], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: np.divide,
    ast.Pow: np.power,
    ast.BitAnd: np.logical_and,
    ast.BitOr: np.logical_or,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}
_ONE: dict[type[ast.AST], Callable[[Any], Any]] = {ast.USub: operator.neg, ast.UAdd: operator.pos}
KNOWN = f"numbers, x, y, pi, + - * / ^, comparisons, & |, and {', '.join(FUNCTIONS)}"


class ExpressionError(HotmesaError, ValueError):
    """An expression that cannot be read; the text says why."""


@dataclass(frozen=True)
class Expression:
    """A function of x and y (µm).

    Attributes:
        text: as it was written.
        tree: of it.
    """

    text: str
    tree: ast.expr

    def __call__(self, x: Array, y: Array) -> Array:
        """Return the values at places, shape of x; not finite where a division or a logarithm is not."""
        with np.errstate(all="ignore"):
            values = _value(self.tree, {"x": x, "y": y} | CONSTANTS)
            return np.asarray(np.broadcast_to(np.asarray(values, dtype=np.float64), x.shape))


def read_expression(text: str) -> Expression:
    """Return an expression; ^ and ** both raise to a power.

    Raises:
        ExpressionError: it holds something else than KNOWN.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"has {len(text)} letters, {LONGEST} at most")
    try:
        tree = ast.parse(text.strip().replace("^", "**"), mode="eval").body
        _check(tree, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        if isinstance(error, ExpressionError):
            raise
        raise ExpressionError(f'"{text}" is no expression; it may hold {KNOWN}') from None
    return Expression(text, tree)


def _check(node: ast.expr, depth: int) -> None:
    """Refuse a part that is not known."""
    if depth > DEEPEST:
        raise ExpressionError(f"has more than {DEEPEST} levels of brackets")
    parts: list[ast.expr] = []
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
        return
    if isinstance(node, ast.Name):
        names = ("x", "y", *CONSTANTS)
        if node.id not in names:
            raise ExpressionError(f'"{node.id}" is not known{did_you_mean(node.id, names)}; it may hold {KNOWN}')
    elif isinstance(node, ast.BinOp) and type(node.op) in _TWO:
        parts = [node.left, node.right]
    elif isinstance(node, ast.UnaryOp) and type(node.op) in _ONE:
        parts = [node.operand]
    elif isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _TWO:
        parts = [node.left, *node.comparators]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and not node.keywords:
        parts = _arguments(node.func.id, node.args)
    else:
        raise ExpressionError(f'"{ast.unparse(node)[:40]}" has no place here; it may hold {KNOWN}')
    for part in parts:
        _check(part, depth + 1)


def _arguments(name: str, given: list[ast.expr]) -> list[ast.expr]:
    if name not in FUNCTIONS:
        raise ExpressionError(f"{name}() is not known{did_you_mean(name, FUNCTIONS)}; it may hold {KNOWN}")
    needed = FUNCTIONS[name][1]
    if len(given) != needed:
        raise ExpressionError(f"{name}() takes {needed} argument{'s' * (needed > 1)}, not {len(given)}")
    return given


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """Return the value of a part that has been checked."""
    if isinstance(node, ast.Constant):
        return np.float64(str(node.value))  # whole numbers of any size, too
    if isinstance(node, ast.Name):
        return names[node.id]
    if isinstance(node, ast.BinOp):
        return _TWO[type(node.op)](_value(node.left, names), _value(node.right, names))
    if isinstance(node, ast.UnaryOp):
        return _ONE[type(node.op)](_value(node.operand, names))
    if isinstance(node, ast.Compare):
        return _TWO[type(node.ops[0])](_value(node.left, names), _value(node.comparators[0], names))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return FUNCTIONS[node.func.id][0](*(_value(part, names) for part in node.args))
    raise TypeError(f"{type(node).__name__} was not checked")
