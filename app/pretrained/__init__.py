"""The models that charnn brings along, as saved JSON beside this file."""

from importlib.resources import files


def names() -> list[str]:
    """The models there are, the first being the one to take when none is named."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".json") for name in entries if name.endswith(".json"))


def saved_json(name: str) -> str:
    """A model by its name, which is one of `names()`."""
    return (files(__name__) / f"{name}.json").read_text(encoding="utf-8")
