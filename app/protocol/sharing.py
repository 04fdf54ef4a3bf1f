"""Events about shared copies, and their results."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.protocol.base import Payload, field_error
from app.protocol.ids import is_share_id
from app.protocol.requests import Complete


def _check_share_id(code: str, share_id: str) -> str:
    if not is_share_id(share_id):
        raise field_error(code)
    return share_id


def _check_optional_share_id(code: str, share_id: str | None) -> str | None:
    return None if share_id is None else _check_share_id(code, share_id)


class Share(Payload):
    """Share a frozen copy of the network; return the same link while the network is unchanged."""


class ListShares(Payload):
    """Return the copies that this session has shared."""


class Withdraw(Payload):
    """Delete a copy that this session has shared; its link stops working."""

    id: Annotated[
        str,
        AfterValidator(partial(_check_share_id, "not_your_copy")),
        Field(description="The share id, as returned by `shares`."),
    ]


class OpenShared(Payload):
    """Continue with a copy of a shared network, its text and its options; start training it."""

    id: Annotated[
        str,
        AfterValidator(partial(_check_share_id, "no_such_copy")),
        Field(description="The share id, the last part of the link."),
    ]


class Sample(Complete):
    """Return completions of a prompt by the session's network, or by a shared copy. Read-only."""

    copy_id: Annotated[
        str | None,
        AfterValidator(partial(_check_optional_share_id, "no_such_copy")),
        Field(
            alias="copy",
            description="The share id of a copy; null for the network of the session's cookie.",
        ),
    ] = None


class ShareResult(TypedDict):
    """The link to a shared copy."""

    ok: Literal[True]
    id: Annotated[str, Field(description="The share id.")]
    path: Annotated[str, Field(description="The URL path of the link: `/s/` and the id.")]


class SharedCopy(TypedDict):
    """A copy that this session has shared."""

    id: Annotated[str, Field(description="The share id.")]
    path: Annotated[str, Field(description="The URL path of the link.")]
    created: Annotated[float, Field(description="Unix time when it was shared.")]
    steps: Annotated[int, Field(description="Sentences the network had trained on by then.")]
    sentences: Annotated[int, Field(description="Number of sentences of the text.")]
    perplexity: Annotated[
        float | None, Field(description="Training perplexity at that time; null if unknown.")
    ]


class ListSharesResult(TypedDict):
    """The shared copies of a session."""

    ok: Literal[True]
    copies: Annotated[list[SharedCopy], Field(description="The copies, newest first.")]
