"""Breaks each rule in every small way and asks whether its own proof notices.

`python -m tests.policies.mutation [RULE ...]`: minutes, and no part of `make test`. Every mutant
is one change of the check (never of its words): a comparison turned round, `and` for `or`, a
condition made constant, a `not`, a violation or a list entry taken out, a value altered. What the
rules share is broken too, and held against the proofs of all rules. Prints the survivors and fails
under 90 %.
"""

import ast
import copy
import importlib
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType

from policies.rule import Rule
from policies.testing import judge
from tests.policies.cases import CASES
from tests.policies.table import Case, changed

POLICIES = Path(__file__).resolve().parents[2] / "policies"
SHARED = (
    "buckets",
    "documents",
    "end_of_support",
    "firewall_rules",
    "inputs",
    "openings",
    "policy_checks",
    "secret_text",
    "stack",
)
WANTED = 0.9

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
# A mutant is made by changing, in a copy, the node at the same place.
Mutation = tuple[int, str, Callable[[ast.AST], ast.AST | None]]


def proof_holds(rule: Rule, case: Case) -> bool:
    """Whether every line of the case comes out as it says."""
    subject = case.good[0].name
    if not all(judge(rule, case.good, preview=preview).passes for preview in (True, False)):
        return False
    for change in case.refused:
        names = {name for name, _ in judge(rule, changed(case.good, change)).violations}
        if names != {subject}:
            return False
    if not all(judge(rule, changed(case.good, change)).passes for change in case.allowed):
        return False
    if case.unknown is None:
        return True
    verdict = judge(rule, changed(case.good, case.unknown))
    return verdict.undecided is not None and not verdict.violations


def mutations(tree: ast.Module) -> Iterator[Mutation]:
    """Every small change of the code, by the index of its node in a walk."""
    wording = set(_wording(tree))
    for index, node in enumerate(ast.walk(tree)):
        if id(node) in wording:
            continue
        match node:
            case ast.Compare(ops=[operator, *_]):
                for other in COMPARISONS.get(type(operator), ()):
                    yield index, f"{type(operator).__name__} -> {other.__name__}", _operator(other)
            case ast.BoolOp(op=operator):
                other = ast.Or if isinstance(operator, ast.And) else ast.And
                yield index, f"-> {other.__name__}", _boolean(other)
            case ast.UnaryOp(op=ast.Not()):
                yield index, "without not", _operand
            case ast.If() | ast.IfExp():
                for value in (True, False):
                    yield index, f"if {value}", _condition(value)
            case ast.Expr(value=ast.Yield() | ast.YieldFrom()):
                yield index, "yields nothing", _nothing
            case ast.Return() if node.value is None:
                yield index, "goes on", _nothing
            case ast.Constant(value=bool(value)):
                yield index, f"{value} -> {not value}", _constant(not value)
            case ast.Constant(value=int(value)):
                yield index, f"{value} -> {value + 1}", _constant(value + 1)
            case ast.Constant(value=str(value)) if value:
                yield index, f"{value!r} altered", _constant(f"{value}~")
            case ast.Call(func=ast.Name(id="any" | "all" as name)):
                yield index, f"{name} turned", _call("all" if name == "any" else "any")
            case ast.Tuple(elts=entries) | ast.Set(elts=entries) if len(entries) > 1:
                for number in range(len(entries)):
                    yield index, f"without entry {number}", _without(number)
            case _:
                pass


def _wording(tree: ast.Module) -> Iterator[int]:
    """What is said and not done: docstrings, declarations, annotations, texts of violations."""
    said: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            said += node.decorator_list
        if isinstance(node, ast.FunctionDef):
            said += [node.args] + ([node.returns] if node.returns else [])
        if isinstance(node, ast.AnnAssign):
            said.append(node.annotation)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            said.append(node)
        if isinstance(node, ast.Yield) and isinstance(node.value, ast.JoinedStr | ast.Constant):
            said.append(node.value)
        if isinstance(node, ast.JoinedStr):
            said.append(node)
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "cast"
        ):
            said.append(node.args[0])
    for node in said:
        yield from (id(inner) for inner in ast.walk(node))


def _operator(other: type[ast.cmpop]) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Compare)
        node.ops = [other(), *node.ops[1:]]
        return node

    return change


def _boolean(other: type[ast.boolop]) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.BoolOp)
        node.op = other()
        return node

    return change


def _operand(node: ast.AST) -> ast.AST:
    assert isinstance(node, ast.UnaryOp)
    return node.operand


def _condition(value: bool) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.If | ast.IfExp)
        node.test = ast.copy_location(ast.Constant(value), node.test)
        return node

    return change


def _nothing(node: ast.AST) -> ast.AST:
    return ast.copy_location(ast.Pass(), node)


def _constant(value: object) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Constant)
        node.value = value  # type: ignore[assignment]  # any constant is one
        return node

    return change


def _call(name: str) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Call)
        node.func = ast.copy_location(ast.Name(name, ast.Load()), node.func)
        return node

    return change


def _without(number: int) -> Callable[[ast.AST], ast.AST]:
    def change(node: ast.AST) -> ast.AST:
        assert isinstance(node, ast.Tuple | ast.Set)
        del node.elts[number]
        return node

    return change


def mutants(tree: ast.Module) -> Iterator[tuple[int, str, ast.Module]]:
    """Line, what was done, and the changed tree."""
    for index, what, change in list(mutations(tree)):
        mutant = copy.deepcopy(tree)
        target = list(ast.walk(mutant))[index]
        line = getattr(target, "lineno", 0)
        put = change(target)
        if put is not target:
            _Replace(target, put).visit(mutant)
        yield line, what, ast.fix_missing_locations(mutant)


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST | None) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST | None:
        return self._new if node is self._old else self.generic_visit(node)


def rule_of(tree: ast.Module, name: str, path: Path) -> Rule:
    """The rule that a changed file declares."""
    space: dict[str, object] = {"__name__": f"mutant.{name}"}
    exec(compile(tree, str(path), "exec"), space)  # noqa: S102 - our own code, changed by us
    rule = space[name]
    assert isinstance(rule, Rule)
    return rule


def killed(attempt: Callable[[], bool]) -> bool:
    """Whether the proofs fail, or the mutant cannot run at all."""
    try:
        return not attempt()
    except Exception:
        return True


def _rule_holds(tree: ast.Module, name: str, path: Path, case: Case) -> bool:
    return proof_holds(rule_of(tree, name, path), case)


def of_rules(only: set[str]) -> Iterator[tuple[str, int, str, bool]]:
    for case in CASES:
        name = case.rule.id.replace("-", "_")
        if only and case.rule.id not in only:
            continue
        path = POLICIES / "rules" / f"{name}.py"
        for line, what, mutant in mutants(ast.parse(path.read_text())):
            attempt = partial(_rule_holds, mutant, name, path, case)
            yield case.rule.id, line, what, killed(attempt)


def of_shared() -> Iterator[tuple[str, int, str, bool]]:
    for name in SHARED:
        path = POLICIES / f"{name}.py"
        module = importlib.import_module(f"policies.{name}")
        users = [case for case in CASES if _uses(case, name)]
        for line, what, mutant in mutants(ast.parse(path.read_text())):
            yield f"({name})", line, what, killed(partial(_holds_with, module, mutant, users))


def _uses(case: Case, name: str) -> bool:
    """Whether the rule imports the shared module, itself or through another."""
    wanted = {name, *(other for other in SHARED if f"policies.{name} " in _text(other))}
    text = (POLICIES / "rules" / f"{case.rule.id.replace('-', '_')}.py").read_text()
    return name == "stack" or any(f"policies.{each} " in text for each in wanted)


def _text(name: str) -> str:
    return (POLICIES / f"{name}.py").read_text()


def _holds_with(module: ModuleType, tree: ast.Module, users: list[Case]) -> bool:
    """Run the proofs with the changed code put into the functions that all rules already hold."""
    space: dict[str, object] = {"__name__": module.__name__}
    exec(compile(tree, str(module.__file__), "exec"), space)  # noqa: S102 - our own code
    kept = dict(vars(module))
    holders = [
        holder
        for holder in list(sys.modules.values())
        if getattr(holder, "__name__", "").startswith("policies.")
    ]
    changes = [
        (holder, key, value)
        for holder in holders
        for key, value in list(vars(holder).items())
        if key in space and key in kept and value is kept[key] and not key.startswith("__")
    ]
    try:
        for holder, key, _ in changes:
            setattr(holder, key, space[key])
        return all(proof_holds(case.rule, case) for case in users)
    finally:
        for holder, key, value in changes:
            setattr(holder, key, value)


def main(only: set[str]) -> int:
    began = time.monotonic()
    found = list(of_rules(only)) + ([] if only else list(of_shared()))
    for where, line, what, dead in found:
        if not dead:
            print(f"survived: {where}, line {line}: {what}")
    rules = [dead for where, _, _, dead in found if not where.startswith("(")]
    shared = [dead for where, _, _, dead in found if where.startswith("(")]
    for kind, results in (("rules", rules), ("what they share", shared)):
        if results:
            share = sum(results) / len(results)
            print(f"{kind}: {sum(results)} of {len(results)} mutants killed ({share:.1%})")
    print(f"{time.monotonic() - began:.0f} s")
    return 0 if sum(rules) >= WANTED * len(rules) else 1


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))
