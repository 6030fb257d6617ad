"""What the installed pulumi_aws says of its own kinds, read from its generated source.

The package carries no schema file, but its code is generated and regular: getters name the
properties, and their annotations give the shapes.
"""

import importlib.util
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

GETTER = re.compile(
    r'@pulumi\.getter(?:\(name="(\w+)"\))?\n'
    r'(?:    @_utilities\.deprecated\("""[\s\S]*?"""\)\n)?'
    r"    def (\w+)\(self\) -> (.+):\n"
)
WRAPPER = re.compile(r"(?:pulumi\.Output|pulumi\.Input|Optional|Awaitable)\[(.*)\]")
SCALARS = ("bool", "int", "float", "str")


@dataclass(frozen=True)
class Annotation:
    """A property's type: a scalar's name, list, map, object, or any."""

    kind: str
    item: "Annotation | None" = None
    name: str = ""


ANY = Annotation("any")
Properties = dict[str, Annotation]


@dataclass
class SdkKind:
    token: str
    folder: str
    """Of its module, relative to the package: its outputs.py holds the nested classes."""
    properties: Properties
    inputs: list[str]
    required: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    @property
    def module(self) -> str:
        return self.token.split(":")[1].split("/")[0]

    @property
    def name(self) -> str:
        return self.token.split(":")[2]


class Sdk:
    def __init__(self, root: Path | None = None) -> None:
        self.root = root or _installed()

    @property
    def version(self) -> str:
        return json.loads((self.root / "pulumi-plugin.json").read_text())["version"]

    def resources(self) -> Iterator[SdkKind]:
        for module in self._modules():
            for token, class_name in module["classes"].items():
                name = module["mod"].split("/")[-1]
                folder = Path(*module["fqn"].split(".")[1:])
                file = self.root / folder / f"{snake(name)}.py"
                if file.exists():
                    found = _resource(token, class_name, str(folder), file.read_text())
                    if found:
                        yield found

    def functions(self) -> Iterator[SdkKind]:
        for file in sorted(self.root.rglob("get_*.py")):
            text = file.read_text()
            called = re.search(r"pulumi\.runtime\.invoke\('(aws:[^']+)'", text)
            if called:
                result = text[text.find("Result:\n") : text.find("class Awaitable")]
                inputs = sorted(set(re.findall(r"__args__\['(\w+)'\]", text)))
                folder = str(file.parent.relative_to(self.root))
                yield SdkKind(called.group(1), folder, getters(result), inputs)

    @cache  # noqa: B019 - one Sdk a run, and its modules are read many times
    def nested(self, folder: str) -> dict[str, Properties]:
        """The nested output classes of a module: their properties by class name."""
        file = self.root / folder / "outputs.py"
        if not file.exists():
            return {}
        parts = re.split(r"^class (\w+)\(dict\):\n", file.read_text(), flags=re.M)
        return {name: getters(body) for name, body in zip(parts[1::2], parts[2::2], strict=True)}

    def _modules(self) -> list[dict[str, Any]]:
        text = (self.root / "__init__.py").read_text()
        found = re.search(r'resource_modules="""\s*(\[.*?\])\s*"""', text, re.S)
        return json.loads(found.group(1)) if found else []


def _installed() -> Path:
    package = importlib.util.find_spec("pulumi_aws")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("pulumi_aws is not installed in this environment")
    return Path(package.origin).parent


def _resource(token: str, class_name: str, folder: str, text: str) -> SdkKind | None:
    start = text.find(f"class {class_name}(pulumi.CustomResource)")
    if start < 0:
        return None
    arguments = text.find(f"class {class_name}Args:")
    end = text.find("\n@pulumi.input_type", arguments + 10)
    inputs = getters(text[arguments : end if end > 0 else start]) if arguments >= 0 else {}
    signature = re.search(
        rf"class {class_name}Args:\n    def __init__\(__self__, \*,\n(.*?)\):\n", text, re.S
    )
    listed = signature.group(1) if signature else ""
    required = [
        name
        for name, annotation in re.findall(r"^\s+(\w+): (.+?),?$", listed, re.M)
        if "= None" not in annotation
    ]
    secrets = re.search(r"additional_secret_outputs=\[(.*?)\]", text)
    return SdkKind(
        token,
        folder,
        getters(text[start:]),
        list(inputs),
        [camel(name) for name in required],
        re.findall(r'"(\w+)"', secrets.group(1)) if secrets else [],
    )


def getters(text: str) -> Properties:
    return {name or method: annotation(kind) for name, method, kind in GETTER.findall(text)}


def annotation(text: str) -> Annotation:
    text = text.strip()
    while wrapped := WRAPPER.fullmatch(text):
        text = wrapped.group(1).strip()
    if found := re.fullmatch(r"Sequence\[(.*)\]", text):
        return Annotation("list", annotation(found.group(1)))
    if found := re.fullmatch(r"Mapping\[str, (.*)\]", text):
        return Annotation("map", annotation(found.group(1)))
    if found := re.search(r"'?(?:_?\w+\.)*outputs\.(\w+)'?", text):
        return Annotation("object", name=found.group(1))
    scalar = text.removeprefix("_builtins.")
    return Annotation(scalar) if scalar in SCALARS else ANY


def snake(name: str) -> str:
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)
