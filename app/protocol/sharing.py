"""Events about shared copies, and their answers."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.protocol.base import Payload, field_error
from app.protocol.ids import is_share_id


def _check_share_id(code: str, share_id: str) -> str:
    if not is_share_id(share_id):
        raise field_error(code)
    return share_id


class Share(Payload):
    """Answer with a link to a frozen copy of the network; of an unchanged one, the same link."""


class ListShares(Payload):
    """Answer with the copies that this session has shared."""


class Withdraw(Payload):
    """Forget a copy that this session has shared: its link leads nowhere from then on."""

    id: Annotated[
        str,
        AfterValidator(partial(_check_share_id, "not_your_copy")),
        Field(description="Which one, as `shares` names it."),
    ]


class OpenShared(Payload):
    """Go on with a shared copy, on its text and options; it learns at once, and is one's own."""

    id: Annotated[
        str,
        AfterValidator(partial(_check_share_id, "no_such_copy")),
        Field(description="What its link ends with."),
    ]


class ShareResult(TypedDict):
    """Where the copy is."""

    ok: Literal[True]
    id: Annotated[str, Field(description="It opens the copy.")]
    path: Annotated[str, Field(description="The link's path on this server: `/s/` and the id.")]


class SharedCopy(TypedDict):
    """A copy that this session has shared."""

    id: Annotated[str, Field(description="Its name.")]
    path: Annotated[str, Field(description="The link's path on this server.")]
    created: Annotated[float, Field(description="Unix time when it was shared.")]
    steps: Annotated[int, Field(description="Sentences its network had trained on by then.")]
    sentences: Annotated[int, Field(description="How many its text has.")]
    perplexity: Annotated[
        float | None, Field(description="As it was seen last; null where it was not yet.")
    ]


class ListSharesResult(TypedDict):
    """The copies, the newest first."""

    ok: Literal[True]
    copies: Annotated[list[SharedCopy], Field(description="At most as many as one may have.")]
