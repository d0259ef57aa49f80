"""Expressions in x and y: what they give, and that nothing else is read."""

from __future__ import annotations

import numpy as np
import pytest

from hotmesa.scenarios.expression import LONGEST, ExpressionError, read_expression

X, Y = np.array([0.0, 3.0, -2.0]), np.array([1.0, 4.0, 0.5])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2", np.full(3, 2.0)),
        ("1 + 0.2*exp(-((x-3)^2 + (y-4)^2)/4)", 1 + 0.2 * np.exp(-((X - 3) ** 2 + (Y - 4) ** 2) / 4)),
        ("-x**2 + 3", 3 - X**2),
        ("hypot(x, y)/5", np.hypot(X, Y) / 5),
        ("where((x > 1) & (y >= 4), 0.5, 1)", np.array([1.0, 0.5, 1.0])),
        ("where((x > 1) | (y < 0.7), 0.5, 1)", np.array([1.0, 0.5, 0.5])),
        ("max(x, 0) + min(y, 2) + abs(x)*0 + sqrt(4) + cos(pi)", np.maximum(X, 0) + np.minimum(Y, 2) + 1),
        ("10^400 * 0 + 1", np.full(3, np.nan)),
    ],
)
def test_values(text: str, expected: np.ndarray) -> None:
    assert read_expression(text)(X, Y) == pytest.approx(expected, rel=1e-14, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("__import__('os').system('true')", "has no place here"),
        ("exp.__class__", "has no place here"),
        ("[x for x in (1, 2)]", "has no place here"),
        ("lambda: 1", "has no place here"),
        ("x if x > 1 else 2", "has no place here"),
        ("'a' * 3", "has no place here"),
        ("1j", "has no place here"),
        ("True", "has no place here"),
        ("0 < x < 1", "has no place here"),
        ("exp(x=1)", "has no place here"),
        ("z + 1", '"z" is not known'),
        ("expo(x)", "did you mean exp"),
        ("eval(x)", r"eval\(\) is not known"),
        ("exp(x, y)", r"exp\(\) takes 1 argument, not 2"),
        ("where(x > 1, 2)", r"takes 3 arguments, not 2"),
        ("1 +", "is no expression"),
        ("", "is no expression"),
        ("x\n+ 1; y", "is no expression"),
        ("(" * 60 + "x" + ")" * 60 + "-" * 60 + "x", "levels of brackets"),
        ("1+" * LONGEST + "1", "letters"),
    ],
)
def test_what_is_not_known_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ExpressionError, match=reason):
        read_expression(text)
