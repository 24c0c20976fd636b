"""No kernel function may slip into single precision: every bare literal, plain-float constant and `float` parameter is found and named."""

import ast
import importlib
from pathlib import Path

import pytest
import warp as wp

import perilune

SOURCES = Path(perilune.__file__).parent
HOLDS_LITERALS = {"real", "float64", "vec2", "vec3", "quat", "mat33", "vec2d", "vec3d", "vec4d", "quatd", "mat33d", "static"}


def name_of(node):
    return getattr(node, "attr", getattr(node, "id", None)) or (name_of(node.func) if hasattr(node, "func") else "")


def kernel_functions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(name_of(d) in ("func", "kernel") for d in node.decorator_list):
            yield node


def double_types(values):
    """Names of the vectors and matrices of doubles that a module holds; like `vec3` they take a literal exactly."""
    return {name for name, value in values.items() if getattr(value, "_wp_scalar_type_", None) is wp.float64}


def slips(tree, own_types=frozenset()):
    """Every place (line, what) in which Warp would fall back to single precision without a word."""
    holds_literals = HOLDS_LITERALS | own_types
    for function in kernel_functions(tree):
        calls = [c for c in ast.walk(function) if isinstance(c, ast.Call) and name_of(c.func) in holds_literals]
        exact = {id(getattr(a, "operand", a)) for c in calls for a in c.args}
        for node in ast.walk(function):
            if isinstance(node, ast.Constant) and type(node.value) is float and id(node) not in exact:
                yield node.lineno, f"bare {node.value!r}"
            if isinstance(node, ast.arg) and node.annotation is not None and name_of(node.annotation) in ("float", "float32"):
                yield node.lineno, f"parameter {node.arg} is single precision"
            if isinstance(node, ast.Attribute) and node.attr in ("PI", "TAU", "HALF_PI", "E") and name_of(node.value) == "wp":
                yield node.lineno, f"wp.{node.attr} is single precision"
            if isinstance(node, ast.Call) and name_of(node.func) in ("real", "float64") and any(name_of(a) == "static" for a in node.args):
                yield node.lineno, "real(wp.static(x)) goes through single precision; write wp.static(real(x))"


def captured_floats(tree, values):
    """Every plain Python float of a module that one of its kernel functions reads: the compile cache keys it in single precision."""
    for function in kernel_functions(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and type(values.get(node.id)) is float:
                yield node.lineno, f"captured plain float {node.id}; make it wp.constant(real(x))"


KERNEL_FILES = [path for path in sorted(SOURCES.rglob("*.py")) if any(kernel_functions(ast.parse(path.read_text())))]


def test_there_are_kernel_files_to_look_at():
    names = {path.name for path in KERNEL_FILES}
    assert {"vector.py", "random.py", "imu.py", "engines.py"} <= names


@pytest.mark.parametrize("path", KERNEL_FILES, ids=lambda path: path.relative_to(SOURCES).as_posix())
def test_kernel_file_stays_in_double_precision(path):
    tree = ast.parse(path.read_text())
    module = importlib.import_module("perilune." + ".".join(path.relative_to(SOURCES).with_suffix("").parts))
    assert [*slips(tree, double_types(vars(module))), *captured_floats(tree, vars(module))] == []


@pytest.mark.parametrize(
    "body",
    [
        "return x * 0.5",
        "return x if x > 0.1 else x",
        "return real(1.0 / 3.0)",
        "return real(2.0 * wp.PI)",
        "return x * real(wp.PI)",
        "return real(wp.static(THIRD))",
        "return wp.sqrt(2.0)",
    ],
)
def test_the_check_finds_each_way_to_slip(body):
    source = "@wp.func\ndef f(x: real):\n    "
    assert list(slips(ast.parse(source + body)))
    assert not list(slips(ast.parse(source + "return real(1.0) / real(3.0) + x * real(-0.1) + vec3(0.0, -1.0, x)[0] + wp.static(real(0.1))")))


def test_the_check_knows_a_vector_of_doubles_from_one_of_singles():
    tree = ast.parse("@wp.func\ndef f():\n    return vec16(0.1)")
    assert not list(slips(tree, double_types({"vec16": wp.types.vector(length=16, dtype=wp.float64)})))
    assert list(slips(tree, double_types({"vec16": wp.types.vector(length=16, dtype=wp.float32)})))


def test_the_check_finds_single_precision_parameters_and_captured_floats():
    assert list(slips(ast.parse("@wp.kernel(module='unique')\ndef f(x: float):\n    pass")))
    assert list(captured_floats(ast.parse("@wp.func\ndef f(x: real):\n    return x * real(RADIUS)"), {"RADIUS": 1737400.0}))
