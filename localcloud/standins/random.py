"""Stand-in for pulumi-resource-random: values from the operating system's secure source.

Differs from the official plugin in what it makes up (words of a pet, numbers of a seed), never in
the names and shapes of inputs and outputs.
"""

import base64
import random
import secrets
import string
import uuid
from typing import Any, ClassVar

from localcloud.standins.provider import InvalidInputError, OperationError, Resource, run
from localcloud.standins.values import UNKNOWN, Properties, Secret, plain

VERSION = "4.21.4"

# The characters that the official provider documents for `special`.
SPECIAL = "!@#$%&*()-_=+[]{}<>:?"

# bcrypt reads no more than this of a password.
BCRYPT_LIMIT = 72

PET_ADVERBS = ("barely", "calmly", "clearly", "deeply", "evenly", "fairly", "firmly", "gladly")
PET_ADJECTIVES = (
    "able",
    "bold",
    "brave",
    "bright",
    "calm",
    "clear",
    "eager",
    "fair",
    "glad",
    "happy",
    "keen",
    "quick",
    "quiet",
)
PET_NAMES = (
    "badger",
    "bear",
    "crane",
    "deer",
    "dove",
    "falcon",
    "finch",
    "fox",
    "hare",
    "heron",
    "lark",
    "otter",
    "owl",
    "wren",
)


class Fixed(Resource):
    """Made once and kept: a changed input makes a new one, nothing is ever updated."""

    def __init_subclass__(cls) -> None:
        cls.replace_on = cls.inputs

    def defaults(self, given: Properties) -> Properties:
        return {}

    def preview(self, news: Properties, olds: Properties | None = None) -> Properties:
        return super().preview({**self.defaults(plain(news)), **news}, olds)

    def update(self, urn: str, olds: Properties, news: Properties) -> Properties:
        raise OperationError("a random value is replaced, never updated")


class Characters(Fixed):
    """Texts from chosen classes of characters, each with a minimum."""

    inputs: ClassVar[tuple[str, ...]] = (
        "keepers",
        "length",
        "lower",
        "upper",
        "numeric",
        "number",
        "special",
        "overrideSpecial",
        "minLower",
        "minUpper",
        "minNumeric",
        "minSpecial",
    )
    required: ClassVar[tuple[str, ...]] = ("length",)
    computed: ClassVar[tuple[str, ...]] = ("result",)

    def defaults(self, given: Properties) -> Properties:
        numeric = given.get("numeric", given.get("number", True))
        minimums = dict.fromkeys(("minLower", "minUpper", "minNumeric", "minSpecial"), 0)
        classes = {"lower": True, "upper": True, "special": True}
        return {**classes, "numeric": numeric, "number": numeric, **minimums}

    def check(self, news: Properties) -> Properties:
        given = {**self.defaults(plain(news)), **plain(news)}
        minimums = [given[k] for k in ("minLower", "minUpper", "minNumeric", "minSpecial")]
        length = given["length"]
        if UNKNOWN in (*minimums, length):
            return news
        if length < 1:
            raise InvalidInputError("length", f"length is {length}; it must be at least 1")
        if sum(minimums) > length:
            reason = f"length is {length}, less than the sum of the minimums, {sum(minimums)}"
            raise InvalidInputError("length", reason)
        return news

    def text(self, news: Properties) -> str:
        given = {**self.defaults(plain(news)), **plain(news)}
        classes = (
            (given["lower"], given["minLower"], string.ascii_lowercase),
            (given["upper"], given["minUpper"], string.ascii_uppercase),
            (given["numeric"], given["minNumeric"], string.digits),
            (given["special"], given["minSpecial"], given.get("overrideSpecial") or SPECIAL),
        )
        pool = "".join(characters for wanted, _, characters in classes if wanted)
        if not pool:
            raise OperationError("no class of characters is allowed: nothing to choose from")
        chosen = [secrets.choice(chars) for _, least, chars in classes for _ in range(int(least))]
        chosen += [secrets.choice(pool) for _ in range(int(given["length"]) - len(chosen))]
        secrets.SystemRandom().shuffle(chosen)
        return "".join(chosen)


class RandomString(Characters):
    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        text = self.text(news)
        return text, {**self.defaults(plain(news)), **news, "result": text}


class RandomPassword(Characters):
    computed: ClassVar[tuple[str, ...]] = ("result", "bcryptHash")

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        import bcrypt

        text = self.text(news)
        digest = bcrypt.hashpw(text.encode()[:BCRYPT_LIMIT], bcrypt.gensalt(10)).decode()
        made = {"result": Secret(text), "bcryptHash": Secret(digest)}
        return "none", {**self.defaults(plain(news)), **news, **made}


class RandomId(Fixed):
    inputs: ClassVar[tuple[str, ...]] = ("keepers", "byteLength", "prefix")
    required: ClassVar[tuple[str, ...]] = ("byteLength",)
    computed: ClassVar[tuple[str, ...]] = ("b64Std", "b64Url", "hex", "dec")

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        given = plain(news)
        raw = secrets.token_bytes(int(given["byteLength"]))
        prefix = given.get("prefix") or ""
        identity = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        return identity, {
            **news,
            "b64Url": prefix + identity,
            "b64Std": prefix + base64.b64encode(raw).decode(),
            "hex": prefix + raw.hex(),
            "dec": prefix + str(int.from_bytes(raw, "big")),
        }


class RandomBytes(Fixed):
    inputs: ClassVar[tuple[str, ...]] = ("keepers", "length")
    required: ClassVar[tuple[str, ...]] = ("length",)
    computed: ClassVar[tuple[str, ...]] = ("base64", "hex")

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        raw = secrets.token_bytes(int(plain(news)["length"]))
        made = {"base64": Secret(base64.b64encode(raw).decode()), "hex": Secret(raw.hex())}
        return "none", {**news, **made}


class RandomUuid(Fixed):
    inputs: ClassVar[tuple[str, ...]] = ("keepers",)
    computed: ClassVar[tuple[str, ...]] = ("result",)

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        text = str(uuid.uuid4())
        return text, {**news, "result": text}


class RandomInteger(Fixed):
    inputs: ClassVar[tuple[str, ...]] = ("keepers", "min", "max", "seed")
    required: ClassVar[tuple[str, ...]] = ("min", "max")
    computed: ClassVar[tuple[str, ...]] = ("result",)

    def check(self, news: Properties) -> Properties:
        least, most = plain(news)["min"], plain(news)["max"]
        if UNKNOWN not in (least, most) and least > most:
            raise InvalidInputError("max", f"max is {most}, less than min, {least}")
        return news

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        given = plain(news)
        number = _source(given).randint(int(given["min"]), int(given["max"]))
        return str(number), {**news, "result": number}


class RandomPet(Fixed):
    inputs: ClassVar[tuple[str, ...]] = ("keepers", "length", "prefix", "separator")

    def defaults(self, given: Properties) -> Properties:
        return {"length": 2, "separator": "-"}

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        given = {**self.defaults({}), **plain(news)}
        length = int(given["length"])
        words = [secrets.choice(PET_ADVERBS) for _ in range(length - 2)]
        words += [secrets.choice(PET_ADJECTIVES)] if length > 1 else []
        words += [secrets.choice(PET_NAMES)]
        if given.get("prefix"):
            words.insert(0, given["prefix"])
        return given["separator"].join(words), {**self.defaults({}), **news}


class RandomShuffle(Fixed):
    inputs: ClassVar[tuple[str, ...]] = ("keepers", "inputs", "resultCount", "seed")
    required: ClassVar[tuple[str, ...]] = ("inputs",)
    computed: ClassVar[tuple[str, ...]] = ("results",)

    def create(self, urn: str, news: Properties) -> tuple[str, Properties]:
        given = plain(news)
        count = int(given.get("resultCount") or len(given["inputs"]))
        source = _source(given)
        results: list[Any] = []
        # More results than inputs go round again, as the official provider does.
        while given["inputs"] and len(results) < count:
            results += source.sample(given["inputs"], len(given["inputs"]))
        return "-", {**news, "results": results[:count]}


def _source(given: Properties) -> random.Random:
    """Repeatable only where a seed was asked for."""
    return random.Random(given["seed"]) if given.get("seed") else secrets.SystemRandom()  # noqa: S311


KINDS: tuple[type[Resource], ...] = (
    RandomBytes,
    RandomId,
    RandomInteger,
    RandomPassword,
    RandomPet,
    RandomShuffle,
    RandomString,
    RandomUuid,
)


def token(kind: type[Resource]) -> str:
    name = kind.__name__
    return f"random:index/{name[0].lower()}{name[1:]}:{name}"


if __name__ == "__main__":
    run("random", VERSION, {token(kind): kind for kind in KINDS})
