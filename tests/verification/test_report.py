"""The page docs/verification.md: complete, made from the cases, and honest about failures."""

import importlib
import math
from pathlib import Path

from verification import report
from verification.cases import Case, describe, evaluate


def case(name="c", exact=2.0, judge="relative", tolerance=1e-3, order=2.0, resolutions=(1.0, 2.0, 4.0), **others):
    return Case(name, "Group", exact, "K", "source", lambda r: exact + 0.01 * r**-order, resolutions, tolerance, judge)


def test_every_module_of_cases_is_on_the_page():
    folder = Path(report.__file__).parent
    named = {c.name for c in report.all_cases()}
    for path in sorted(folder.glob("*.py")):
        if path.stem.startswith("test_") or path.stem in ("report", "cases"):
            continue
        module = importlib.import_module(f"verification.{path.stem}")
        missing = [c.name for c in getattr(module, "CASES", ()) if c.name not in named]
        assert missing == [], f"{path.name} is not in report.MODULES"


def test_names_of_cases_are_unique_and_resolutions_are_three():
    cases = report.all_cases()
    assert len({c.name for c in cases}) == len(cases)
    # A case without a mesh (a number from the law alone) may have fewer, but never two: an order needs three.
    assert {len(c.resolutions) for c in cases} <= {1, 3}
    assert all(list(c.resolutions) == sorted(c.resolutions) for c in cases)


def test_the_page_lists_all_cases_and_all_passed():
    text = report.PAGE.read_text(encoding="utf-8")
    missing = [c.name for c in report.all_cases() if f"| {c.name}" not in text]
    assert missing == [], "make verify"
    assert "**no**" not in text
    assert f"{len(report.all_cases())} cases" in text


def test_a_page_of_made_up_cases():
    good, bad = evaluate(case("good")), evaluate(case("bad|worse", tolerance=1e-4))
    text = report.page([good, bad])
    assert "2 cases, 1 within tolerance, 1 outside." in text
    assert "| good (K) | 2 | 2.01, 2.0025, 2.00062 | 1, 2, 4 | 2.00 | 0.1 % | yes |" in text
    assert "| bad\\|worse (K) | 2 | 2.01, 2.0025, 2.00062 | 1, 2, 4 | 2.00 | 0.01 % | **no** |" in text
    assert text.count("Source: source.") == 1


def test_order_is_judged_on_the_finest_meshes():
    outcome = evaluate(case(exact=0.0, judge="order", tolerance=1.9))
    assert outcome.passed
    assert math.isclose(outcome.order, 2.0)
    assert not evaluate(case(exact=0.0, judge="order", tolerance=1.9, order=1.8)).passed
    assert "order 1.8, wanted 1.9" in describe(evaluate(case(exact=0.0, judge="order", tolerance=1.9, order=1.8)))


def test_values_that_are_no_numbers_never_pass():
    for judge in ("relative", "absolute", "order"):
        nan = Case("nan", "Group", 1.0, "", "source", lambda r: math.nan, (1.0, 2.0, 4.0), 0.1, judge)
        assert not evaluate(nan).passed


def test_the_short_run_has_its_own_meshes_and_tolerance():
    quick = Case(
        "quick", "Group", 1.0, "", "source", lambda r: 1 + 0.1 / r, (4.0, 8.0, 16.0), 0.01, "relative", (1.0,), 0.2
    )
    assert evaluate(quick, quick=True).values == (1.1,)
    assert evaluate(quick, quick=True).passed
    assert len(evaluate(quick).values) == 3
