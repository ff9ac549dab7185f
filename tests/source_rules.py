"""What the source has to keep to, read off its syntax tree: `problems` returns a sentence for each broken rule."""

import ast
import re
from collections.abc import Iterator

PACKAGES = ("app", "bench", "documents", "engine", "evaluation", "storage", "training")
INNERMOST = {"documents": {"documents"}, "storage": {"storage"}, "engine": {"engine"}}
TOOLS = {
    "training": {"engine", "documents", "training"},
    "bench": {"engine", "documents", "bench"},
    "evaluation": {"engine", "documents", "training", "evaluation"},
}
# From the outside in. A layer may use the ones after it, never the ones before it.
APP_LAYERS = (
    "app.pages",
    "app.handlers",
    "app.api",
    "app.cli",
    "app.markup",
    "app.doctor",
    "app.library",
    "app.answering",
    "app.reading",
    "app.models",
)
OUTER = ("app.pages", "app.handlers", "app.api", "app.cli", "app.terminal", "app.markup", "app.views")
INNER = ("app.doctor", "app.library", "app.answering", "app.reading", "app.models", "app.errors")

TENSOR_LIBRARIES = {"torch", "transformers", "safetensors", "peft", "gguf", "accelerate", "tokenizers"}
SQL_LIBRARIES = {"sqlite3", "sqlite_utils", "sqlalchemy"}
UNSAFE_LIBRARIES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"}
SQL = re.compile(
    r"^\s*(SELECT\s.+\sFROM\s|INSERT\s+(OR\s+\w+\s+)?INTO\s|UPDATE\s+\S+\s+SET\s|DELETE\s+FROM\s|CREATE\s+(TABLE|INDEX|"
    r"TRIGGER|VIEW|UNIQUE)\s|ALTER\s+TABLE\s|DROP\s+TABLE\s|PRAGMA\s)",
    re.IGNORECASE | re.DOTALL,
)
MAKES_MUTABLE = {"list", "dict", "set", "bytearray", "defaultdict", "deque", "Counter", "OrderedDict"}
MUTATES = {"append", "add", "update", "extend", "insert", "pop", "popitem", "clear", "remove", "discard", "setdefault"}


def problems(module: str, source: str) -> list[str]:
    """Every rule that the module breaks; `module` is its dotted name, such as "app.library" or "launch"."""
    tree = ast.parse(source)
    found = [*layers(module, tree), *libraries(module, tree), *conduct(module, tree)]
    return [f"{module}: {problem}" for problem in found]


def within(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def imported(module: str, tree: ast.Module) -> set[str]:
    """Dotted names of everything imported anywhere in the module, in functions and for type checking too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")[: -node.level]
                base = ".".join([*parents, base] if base else parents)
            names |= {base} | {f"{base}.{alias.name}" for alias in node.names}
    return names


def layers(module: str, tree: ast.Module) -> Iterator[str]:
    """launch -> everything; pages -> handlers -> library -> {engine, storage, documents}; these three know nobody."""
    names = imported(module, tree)
    ours = {name.split(".")[0] for name in names} & {*PACKAGES, "launch", "tests"}
    package = module.split(".")[0]
    if module == "launch":
        return
    allowed = INNERMOST.get(package) or TOOLS.get(package) or {"app", "engine", "storage", "documents"}
    for name in sorted(ours - allowed):
        yield f"may not import {name}"
    if any(within(module, outer) for outer in OUTER):
        for name in sorted(ours & set(INNERMOST)):
            yield f"may not import {name}: it goes through app.library"
    elif package == "app" and not any(within(module, inner) for inner in INNER) and {"engine", "storage"} <= ours:
        yield f"knows engine and storage; only {', '.join(INNER)} may"
    if package == "app":
        rank = next((index for index, layer in enumerate(APP_LAYERS) if within(module, layer)), len(APP_LAYERS))
        for layer in APP_LAYERS[:rank]:
            if any(within(name, layer) for name in names):
                yield f"may not import {layer}, which lies further out"


def libraries(module: str, tree: ast.Module) -> Iterator[str]:
    """torch and its kin in engine, training, evaluation and bench; gradio in pages, handlers and launch; SQLite in storage."""
    names = {name.split(".")[0] for name in imported(module, tree)}
    if module.split(".")[0] not in ("engine", "training", "bench", "evaluation"):
        yield from (f"may not import {name}" for name in sorted(names & TENSOR_LIBRARIES))
    if "gradio" in names and not any(within(module, place) for place in ("app.pages", "app.handlers", "launch")):
        yield "may not import gradio"
    if not within(module, "storage"):
        yield from (f"may not import {name}" for name in sorted(names & SQL_LIBRARIES))
    yield from (f"may not import {name}: what it loads can run code" for name in sorted(names & UNSAFE_LIBRARIES))


def conduct(module: str, tree: ast.Module) -> Iterator[str]:
    """No swallowed errors, the environment only in launch.py, SQL only in storage, no state in modules."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        if isinstance(node, ast.ExceptHandler) and catches_everything(node) and not raises(node):
            yield f"line {line} catches every exception and does not raise"
        if isinstance(node, ast.Global):
            yield f"line {line} changes a module's variable"
        if module != "launch" and reads_environment(node):
            yield f"line {line} reads the environment"
        if not within(module, "storage") and isinstance(node, ast.Constant) and is_sql(node.value):
            yield f"line {line} holds SQL"
        if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
            yield f"line {node.value.lineno} trusts remote code"
    if not ast.get_docstring(tree) and tree.body:
        yield "has no docstring"
    yield from module_state(tree)


def catches_everything(node: ast.ExceptHandler) -> bool:
    caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    return any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException")) for kind in caught
    )


def raises(node: ast.ExceptHandler) -> bool:
    return any(isinstance(inner, ast.Raise) for inner in ast.walk(node))


def is_sql(value: object) -> bool:
    """A statement in SQL begins with a keyword all in capitals or all in small letters; a sentence does not."""
    return (
        isinstance(value, str) and bool(SQL.match(value)) and (word := value.split()[0]) in (word.upper(), word.lower())
    )


def reads_environment(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "os":
        return any(alias.name in ("environ", "getenv", "environb", "putenv") for alias in node.names)
    is_os = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os"
    return is_os and node.attr in ("environ", "getenv", "environb", "putenv")


def module_state(tree: ast.Module) -> Iterator[str]:
    """Module-level containers are constants in capitals that nothing in the module changes; nothing runs at import."""
    containers = set()
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None and is_mutable(node.value):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            containers |= {target.id for target in targets if isinstance(target, ast.Name)} - {"__all__"}
        elif isinstance(node, ast.For | ast.While | ast.With | ast.AugAssign):
            yield f"line {node.lineno} does work at import"
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield f"line {node.lineno} calls something at import"
    yield from (
        f"{name} is a variable of the module"
        for name in sorted(containers)
        if name.strip("_") != name.strip("_").upper()
    )
    for node in ast.walk(tree):
        name = changed_name(node)
        if name in containers:
            yield f"line {node.lineno} changes {name}"


def is_mutable(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return called in MAKES_MUTABLE
    return isinstance(node, ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp)


def changed_name(node: ast.AST) -> str | None:
    """The name of the container that this node changes in place, if it changes one."""
    target: ast.AST | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATES:
        target = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
        target = node.value
    elif isinstance(node, ast.AugAssign):
        target = node.target
    return target.id if isinstance(target, ast.Name) else None
