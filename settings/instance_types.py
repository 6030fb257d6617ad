"""What the name of an instance type says of the machine."""

import re


def architecture_of(instance_type: str) -> str:
    """x86_64 or arm64; AWS marks its ARM families with a g after the generation (t4g, m7gd)."""
    family = instance_type.removeprefix("db.").removeprefix("cache.").split(".")[0]
    generation = next((i for i, letter in enumerate(family) if letter.isdigit()), len(family))
    return "arm64" if family == "a1" or "g" in family[generation:] else "x86_64"


# GiB of a virtual processor by family, and of the burstable sizes (EC2 user guide, instance types);
# generations from the fifth on, before which the figures were odd.
GIB_OF_A_PROCESSOR = {"c": 2, "m": 4, "r": 8}
GIB_OF_A_BURSTABLE = {
    "nano": 0.5,
    "micro": 1,
    "small": 2,
    "medium": 4,
    "large": 8,
    "xlarge": 16,
    "2xlarge": 32,
}


# Megabits a second that a burstable size of the third generation on has for good, and that even the
# smallest of the other families has (EC2 user guide, network specifications).
MBPS_OF_A_BURSTABLE = {
    "nano": 32,
    "micro": 64,
    "small": 128,
    "medium": 256,
    "large": 512,
    "xlarge": 1024,
    "2xlarge": 2048,
}
LEAST_MBPS = 500


SIZE = re.compile(r"nano|micro|small|medium|large|\d*xlarge|metal(-\d+xl)?")


def has_a_size(instance_type: str) -> bool:
    """Whether EC2 has such a size: a burstable type has its own, any other one of a series."""
    family, _, size = instance_type.partition(".")
    if family.startswith("t"):
        return size in GIB_OF_A_BURSTABLE
    return bool(SIZE.fullmatch(size))


def processors_of(instance_type: str) -> int | None:
    """Virtual processors of an instance type; None where its size is none that is known here."""
    family, _, size = instance_type.partition(".")
    if size.removesuffix("xlarge").isdigit():
        return 4 * int(size.removesuffix("xlarge"))
    if family.startswith("t") and size in ("nano", "micro", "small", "medium"):
        return 2
    return {"medium": 1, "large": 2, "xlarge": 4}.get(size)


def memory_of(instance_type: str) -> int | None:
    """MiB of an instance type; None where the type is none of those that are known here."""
    family, _, size = instance_type.partition(".")
    if family.startswith("t"):
        gib = GIB_OF_A_BURSTABLE.get(size)
        return None if gib is None else int(gib * 1024)
    per_processor = GIB_OF_A_PROCESSOR.get(family[0])
    generation = "".join(letter for letter in family if letter.isdigit())
    processors = processors_of(instance_type)
    if per_processor is None or processors is None or not generation or int(generation) < 5:
        return None
    return per_processor * processors * 1024


def mbps_of(instance_type: str) -> int | None:
    """Megabits a second that an instance type has at least; None where that is not known here."""
    family, _, size = instance_type.partition(".")
    if family[:2] in ("t3", "t4"):
        return MBPS_OF_A_BURSTABLE.get(size)
    return None if family.startswith("t") or memory_of(instance_type) is None else LEAST_MBPS
