"""Generate the page's types and the protocol document: `python -m tools.generate_protocol`."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter
from typing import (
    Annotated,
    Any,
    Literal,
    NamedTuple,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

from app import errors, protocol
from app.protocol import inspection, results, sharing
from app.protocol.fields import (
    ChoiceField,
    Field,
    IntListField,
    NumberField,
    OptionalFlagField,
    OptionalNumberField,
)
from app.protocol.hyperparameters import HYPERPARAMETERS, Hyperparameters
from app.web.http.openapi import ENDPOINTS
from model import errors as model_errors
from tools import generate_cli_docs

ROOT = Path(__file__).resolve().parent.parent
TYPES_FILE = ROOT / "static" / "js" / "protocol.d.ts"
DOCS_FILE = ROOT / "docs" / "protocol.md"


class HyperparametersInput(Hyperparameters):
    """The hyperparameters of a new network, as numbers or as the text that was typed."""


PARTS: dict[type, str] = {
    sharing.SharedCopy: "`copies` of an answer",
    results.Completion: "`completions` of an answer",
    inspection.UnitMatch: "`found` of an answer",
    inspection.MatrixStats: "`matrices` of the answer to `weights`",
    inspection.Histogram: "A histogram in `matrices`",
    inspection.NetworkStep: "`columns` of an answer",
    inspection.MatrixCheck: "`matrices` of the answer to `gradient_check`",
}
"""The types nested in answers, with the headings of their sections."""

CODES: Mapping[str, Mapping[str, str]] = {
    "Of the application": errors.MESSAGES,
    "Of the library": model_errors.MESSAGES,
}
"""Every code that may be sent, by origin, with its message."""

WRITTEN_FROM = "Written by `python -m tools.generate_protocol` from app/protocol."


class Declared(NamedTuple):
    """One field of a payload or a frame."""

    name: str
    type: str
    optional: bool
    description: str
    rule: str


def declared_fields(message: type) -> list[Declared]:
    """The fields of a payload or a frame, in the order of their declaration."""
    hints = get_type_hints(message, include_extras=True)
    if is_typeddict(message):
        return [_declared(name, hint) for name, hint in hints.items()]
    if issubclass(message, Hyperparameters):
        entered = message is HyperparametersInput
        return [_hyperparameter(name, hints[name], entered) for name in HYPERPARAMETERS]
    fields: dict[str, FieldInfo] = message.model_fields  # type: ignore[attr-defined]
    return [
        _declared(field.alias or name, hints[name], optional=not field.is_required())
        for name, field in fields.items()
    ]


def _hyperparameter(name: str, hint: Any, entered: bool) -> Declared:
    field, description = HYPERPARAMETERS[name].field, HYPERPARAMETERS[name].description
    if entered and not isinstance(field, ChoiceField):
        return Declared(name, _as_entered(field), True, description, field.rule)
    return Declared(name, as_typescript(hint), entered, description, "")


def _declared(name: str, hint: Any, optional: bool = False) -> Declared:
    if get_origin(hint) is NotRequired:
        hint, optional = get_args(hint)[0], True
    annotation, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    entered = next((each.func for each in notes if _is_typed(each)), None)
    documented = next((each for each in notes if isinstance(each, FieldInfo)), None)
    if Hyperparameters in notes:
        annotation = Hyperparameters
    elif annotation is Hyperparameters:
        annotation = HyperparametersInput
    return Declared(
        name,
        _as_entered(entered) if entered else as_typescript(annotation),
        optional,
        documented.description or "" if documented else "",
        entered.rule if entered else "",
    )


def _is_typed(note: Any) -> bool:
    return isinstance(getattr(note, "func", None), OptionalNumberField | NumberField | IntListField)


def _as_entered(entered: Field) -> str:
    """A number may be sent as it was typed."""
    if isinstance(entered, IntListField):
        return "number[] | string"
    if isinstance(entered, OptionalFlagField):
        return "boolean | string | null"
    return (
        "number | string | null" if isinstance(entered, OptionalNumberField) else "number | string"
    )


def as_typescript(annotation: Any) -> str:
    """A Python annotation as the TypeScript type of its JSON."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return as_typescript(arguments[0])
    if origin is Literal:
        return " | ".join(_literal(each) for each in arguments)
    if origin in (Union, types.UnionType):
        return " | ".join(as_typescript(each) for each in arguments)
    if origin is list or (origin is tuple and arguments[-1] is Ellipsis):
        each = as_typescript(arguments[0])
        return f"({each})[]" if " | " in each and not each.startswith("[") else f"{each}[]"
    if origin is tuple:
        return f"[{', '.join(map(as_typescript, arguments))}]"
    plain = {int: "number", float: "number", str: "string", bool: "boolean", type(None): "null"}
    return plain.get(annotation) or str(annotation.__name__)


def _literal(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


# ------------------------------------------------------------------ output


def messages() -> list[type]:
    """Every payload, answer and frame, each before the types that use it."""
    payloads = [event.request for event in protocol.CLIENT_EVENTS.values()]
    answers = dict.fromkeys(event.result for event in protocol.CLIENT_EVENTS.values())
    refused = results.ErrorResult
    parts = [
        Hyperparameters,
        protocol.BuiltInText,
        protocol.StoredText,
        protocol.TextFile,
        protocol.SessionText,
        protocol.TextInfo,
        protocol.Curve,
        protocol.Best,
        protocol.LiveState,
    ]
    frames = protocol.SERVER_EVENTS.values()
    return [HyperparametersInput, *payloads, *PARTS, *answers, refused, *parts, *frames]


def typescript() -> str:
    """The content of protocol.d.ts: the page's types."""
    return "\n".join(
        [
            f"// {WRITTEN_FROM} Do not edit.",
            "",
            *(line for message in messages() for line in _interface(message)),
            *_event_interfaces(),
        ]
    )


def _interface(message: type) -> Iterator[str]:
    yield f"/** {summary(message)} */"
    fields, parent = declared_fields(message), _parent(message)
    if parent:
        inherited = {field.name for field in declared_fields(parent)}
        fields = [field for field in fields if field.name not in inherited]
    heading = f"{message.__name__} extends {parent.__name__}" if parent else message.__name__
    if not fields:
        yield f"export type {message.__name__} = Record<string, never>;"
    else:
        yield f"export interface {heading} {{"
        for field in fields:
            rule = f" Takes {field.rule}." if field.rule else ""
            if field.description:
                yield f"  /** {field.description}{rule} */"
            yield f"  {field.name}{'?' if field.optional else ''}: {field.type};"
        yield "}"
    yield ""


def _parent(message: type) -> type | None:
    bases = getattr(message, "__orig_bases__", ())
    return next((base for base in bases if base is protocol.LiveState), None)


def _event_interfaces() -> Iterator[str]:
    yield "/** The answer to each event on success. */"
    yield "export interface Answers {"
    for name, event in protocol.CLIENT_EVENTS.items():
        yield f"  {name}: {event.result.__name__};"
    yield "}"
    yield ""
    yield "/** What the page sends; every event is answered. */"
    yield "export interface ClientEvents {"
    for name, event in protocol.CLIENT_EVENTS.items():
        answer = f'(answer: Answers["{name}"] | ErrorResult) => void'
        yield f"  {name}: (payload: {event.request.__name__}, acknowledge: {answer}) => void;"
    yield "}"
    yield ""
    yield "/**"
    yield " * What the server sends. It waits for the acknowledgement of a state or a frame before"
    yield " * it sends the next of either: call `acknowledge` as soon as it is shown."
    yield " */"
    yield "export interface ServerEvents {"
    for name, frame in protocol.SERVER_EVENTS.items():
        acknowledge = ", acknowledge: () => void" if name in protocol.ACKNOWLEDGED else ""
        yield f"  {name}: ({name}: {frame.__name__}{acknowledge}) => void;"
    yield "}"
    yield ""


def documentation() -> str:
    """The content of docs/protocol.md."""
    sections = (_introduction, _client_section, _server_section, _http_section, _code_section)
    return "\n".join(line for section in sections for line in section())


def _introduction() -> Iterator[str]:
    yield "# The wire protocol"
    yield ""
    yield f"<!-- {WRITTEN_FROM} Do not edit. -->"
    yield ""
    yield "The page and the server use Socket.IO on the default path and namespace, and some HTTP."
    yield "A session belongs to a browser: `GET /` sets a signed cookie, and a socket without it is"
    yield "rejected. All tabs of a browser share one session, and reconnecting resumes it."
    yield ""


def _client_section() -> Iterator[str]:
    yield "## From the page"
    yield ""
    yield "Each event carries one object and is answered by an acknowledgement: `{ok: true, …}`, or"
    yield "`{ok: false, code, error, field}`, after which nothing has changed. Numbers may be sent"
    yield "as numbers or as typed text; a field that is not listed is rejected."
    yield ""
    for name, event in protocol.CLIENT_EVENTS.items():
        yield from _section(f"`{name}`", event.request)
        if event.result is not results.OkResult:
            yield f"Answered with {summary(event.result).lower()}"
            yield ""
            yield from _table(event.result)
    yield from _section("`options` of `learn`", HyperparametersInput)
    for part, title in PARTS.items():
        yield from _section(title, part)
    yield from _section("An answer that refuses", results.ErrorResult)


def _server_section() -> Iterator[str]:
    yield "## From the server"
    yield ""
    yield "A `state` or a `frame` asks for an acknowledgement, and the server sends the next of"
    yield "either only after receiving it: a slow reader gets fewer frames, never a queue of them."
    yield ""
    for name, frame in protocol.SERVER_EVENTS.items():
        yield from _section(f"`{name}`", frame)
    yield from _section("`options` of a state", Hyperparameters)
    yield from _section("`text` of a state", protocol.TextInfo)
    yield from _section("`curve`", protocol.Curve)
    yield from _section("`best`", protocol.Best)


def _http_section() -> Iterator[str]:
    yield "## HTTP"
    yield ""
    yield "| Request | What it does |"
    yield "| --- | --- |"
    yield "| `GET /` | The page; sets the cookie of the session. |"
    yield "| `GET /s/<id>` | The page, which offers to open this shared copy; 404 otherwise. |"
    for each in ENDPOINTS:
        path = each.path.replace("{", "<").replace("}", ">")
        yield f"| `{each.method.upper()} {path}` | {each.summary} |"
    yield ""
    yield "`GET /api/openapi.json` describes these requests for programs, except for the pages."
    yield ""
    yield "The socket's `save` and `load` are for models of up to 1 MB of JSON; HTTP also takes"
    yield "larger ones, without blocking other visitors. `PUT` answers as an event does, with 413"
    yield "if the body is too large, 503 if it may be tried again later and 400 if it is rejected"
    yield "for another reason. An upload that stalls is closed."
    yield ""
    yield from _section("What `POST /api/sample` takes", sharing.Sample)
    yield "It answers as the event `complete` does. For the network of a session, send the cookie"
    yield "of a browser whose page is open; a shared copy needs none:"
    yield ""
    yield '    curl --json \'{"copy": "<id>", "prime": "a", "method": "sample"}\' \\'
    yield "        <server>/api/sample"
    yield ""
    yield from _section("What `GET /api/text` answers", protocol.SessionText)
    yield from _section("What `GET /api/texts/<name>` answers", protocol.BuiltInText)
    yield from _section("What `PUT /api/text-file` answers", protocol.TextFile)
    yield from _section("A text that is stored", protocol.StoredText)
    yield "The file may be in UTF-8, UTF-16, UTF-32 or Windows-1252 and compressed by gzip, bzip2"
    yield "or xz. The query may have its `name`, for messages, and its `encoding`, such as cp1251."
    yield "The query of a download may have `weights`, as `save` does."
    yield ""


def _code_section() -> Iterator[str]:
    yield "## Codes"
    yield ""
    yield "Every error, every `notice` and every reason for closing a socket has a `code`. Programs"
    yield "should use the code: it stays the same when the sentence is reworded. Words in braces"
    yield "are placeholders."
    yield ""
    for where, messages_of_codes in CODES.items():
        yield f"### {where}"
        yield ""
        yield "| Code | Sentence |"
        yield "| --- | --- |"
        for code, message in messages_of_codes.items():
            yield f"| `{code}` | {_as_template(message)} |"
        yield ""


def _as_template(message: str) -> str:
    """A message template with the names of its values, without their format specifications."""
    parts = Formatter().parse(message)
    named = "".join(text + (f"{{{name}}}" if name else "") for text, name, _, _ in parts)
    return named.replace("|", "\\|")


def _section(title: str, message: type) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield summary(message)
    yield ""
    yield from _table(message)


def _table(message: type) -> Iterator[str]:
    fields = declared_fields(message)
    if not fields:
        return
    yield "| Field | Type | Meaning |"
    yield "| --- | --- | --- |"
    for field in fields:
        name = f"`{field.name}`" + (" (may be left out)" if field.optional else "")
        rule = f" Takes {field.rule}." if field.rule else ""
        shown = field.type.replace("|", "\\|")
        yield f"| {name} | `{shown}` | {field.description}{rule} |"
    yield ""


def summary(message: type) -> str:
    """The first line of a declaration's docstring."""
    return (inspect.getdoc(message) or "").partition("\n")[0]


def main() -> None:
    """Write both files, and docs/cli.md."""
    for file, content in ((TYPES_FILE, typescript()), (DOCS_FILE, documentation())):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    generate_cli_docs.main()


if __name__ == "__main__":
    main()
