"""The errors that a visitor is told about, and every sentence that they are told.

The command line and the operator's log have messages of their own, written where they are printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from model import ModelError

MESSAGES: Mapping[str, str] = MappingProxyType(
    {
        # -------------------------------------------------------- any request
        "unexpected": "Something went wrong on the server, and nothing was changed. Please try "
        "again.",
        "answer_timeout": "The server is too busy for this now: it has not been done within "
        "{seconds:g} seconds. Please try again.",
        "unknown_page": "This page is not known here any more: reload it.",
        "no_session": "There is no session here yet: open the page first.",
        "session_gone": "This session is not here any more: reload the page.",
        "session_taken_over": "This session goes on elsewhere: reload the page.",
        "server_full": "This server is full: {limit:,} sessions are open. Please try again in a "
        "few minutes.",
        "server_stopping": "The server is restarting. Please try again in a moment.",
        "store_unreachable": "The server can't reach its database, where your network is stored. "
        "Please wait: it tries again.",
        "no_node": "No machine is available to train your network now. It is stored, and goes on "
        "as soon as there is one: please try again in a moment.",
        # -------------------------------------------------------- limits
        "pages_per_session": "This network is open in {limit:,} pages, as many as one may have "
        "here. Close one of them, and this page opens by itself.",
        "sessions_per_address": "{limit:,} networks are open from your address, as many as one "
        "may have here. Wait until some have been left: this page opens by itself then.",
        "events_per_second": "This page has sent more than {limit:g} events a second, as many as "
        "are taken. Wait a moment and try again.",
        "network_too_large": "This network would have {weights:,} weights; up to {limit:,} are "
        "trained here. Use fewer or smaller hidden layers.",
        "memory_full": "The networks of all visitors together may have {limit:,} weights, and "
        "{used:,} are in use: there is no room for {weights:,} more now. Use a smaller network, "
        "or try again later.",
        "line_too_long_for_network": "A line of {characters:,} characters is too long for a "
        "network of {weights:,} weights: use lines of {limit:,} at most, or a smaller network.",
        # -------------------------------------------------------- the form of an event
        "unknown_event": "There is no such event. Send one of {known}.",
        "malformed_event": "{event} takes one object with its fields: send that.",
        "missing_field": '"{field}" is missing: send it.',
        "unknown_field": "This event has a field that it does not take. Send these: {known}.",
        "not_an_object": '"{field}" must be an object with its fields: send that.',
        "not_text": '"{field}" must be text: send a string.',
        "invalid_field": '"{field}" cannot be used: {reason}. Send another value.',
        "unknown_choice": "{name}: choose {known} or {last}.",
        "nothing_entered": "{name}: nothing was entered. Write {rule}.",
        "not_a_number": "{name}: {entry} is not a number. Write {rule}.",
        "too_small": "{name}: {entry} is too small. Write {rule}.",
        "too_large": "{name}: {entry} is too large. Write {rule}.",
        "not_whole": "{name}: {entry} is not a whole number. Write {rule}.",
        "empty_entry": "{name}: {entry} has an empty entry. Write {rule}.",
        "too_many_entries": "{name}: {entry} has {count} entries, which is too many. Write {rule}.",
        # -------------------------------------------------------- texts
        "text_empty": "There is no sentence to learn: write at least one, one a line.",
        "text_too_long": "The text has {characters:,} characters. Shorten it to {limit:,} at most.",
        "line_too_long": "A line has {characters:,} characters. Break it into lines of {limit:,} "
        "at most: each line is one sentence.",
        "unknown_text": "There is no such text. Choose one of {known}.",
        "probe_empty": "There is nothing to read: type a text, or use a sample or a line.",
        "prime_empty": "There is nothing to go on from: type a beginning.",
        "prime_too_long": "The beginning has {characters:,} characters. Shorten it to {limit:,} at "
        "most.",
        "prime_too_long_for_network": "The beginning has {characters:,} characters. This network "
        "is large, with {weights:,} weights: shorten it to {limit:,} at most.",
        # -------------------------------------------------------- the network
        "no_network": "Nothing is learning here yet: press learn first.",
        "compiling": "The server is still compiling what this takes. Please try again in a few "
        "seconds.",
        "nothing_to_undo": "There is no network to bring back: the last one is kept for five "
        "minutes after a restart or a load, while the server has room for it. Download it before "
        "you replace it.",
        "no_such_layer": "There is no layer {number}: choose one from 1 to {count}.",
        "no_such_unit": "There is no unit {number} in this layer: choose one from 1 to {count}.",
        "no_cell_state": "A layer of kind {kind} has no cell state: choose h.",
        "network_replaced": "This network is another than the one that was asked about: reload "
        "the page.",
        "network_diverged": "The network has diverged and has no letter vectors to show: restart "
        "it with a lower learning rate.",
        "check_too_large": "With {weights:,} weights in {matrices:,} matrices, this network is too "
        "large to check its gradients here. Use a smaller one.",
        "check_pending": "The gradients of this network are being checked already. Please wait "
        "for the answer.",
        "checks_full": "{limit} networks wait for their gradient check already. Please try again "
        "soon.",
        "check_lost": "The gradient check was interrupted. Please try again.",
        # -------------------------------------------------------- model files
        "no_pretrained": "This charnn has no pretrained model: load one of your own.",
        "unknown_pretrained": "There is no such pretrained model. Choose one of {known}.",
        "text_unreadable": "This model does not know {unknown}, and every sentence of the text has "
        "one of them. Learn a text that the model can read first, then load it.",
        "model_not_utf8": "This file is not text in UTF-8: choose a model's JSON.",
        "model_memory": "This JSON needs more memory than a model that can be trained here: "
        "choose a smaller one.",
        "models_full": "{limit} large models are being read and written already. Please try again "
        "soon.",
        "uploads_full": "{limit} models are being uploaded already. Please try again soon.",
        "downloads_full": "{limit} models are being downloaded already. Please try again soon.",
        "upload_incomplete": "The upload ended before the whole file was here, and nothing was "
        "changed. Please try again.",
        "upload_too_large": "This file is too large to be a model that can be trained here: use "
        "one of {limit:,} bytes at most.",
        "disk_full": "The server cannot write this file to its disk now. Please try again later.",
        "too_large_to_load": "A model of more than {limit:,} characters is too large for this "
        "event: send it by PUT /api/model.json.",
        "too_large_to_save": "This model is too large for this event: fetch it by GET "
        "/api/model.json.",
        # -------------------------------------------------------- shared copies
        "no_such_copy": "There is no shared network at this link: it has been withdrawn, or the "
        "link is incomplete. Ask the person who shared it for a new link.",
        "not_your_copy": "You have shared no such copy, or it is withdrawn already. Reload the "
        "page to see yours.",
        "too_many_copies": "You have shared {limit} copies, as many as one may have. Withdraw one "
        "that is no longer needed.",
        "copies_full": "{limit} copies are being shared and opened already. Please try again soon.",
        "copies_unreachable": "The server can't reach its database, where shared copies are "
        "stored, and nothing was changed. Please try again in a moment.",
        "copy_damaged": "The stored copy is corrupted. Ask its owner to share it again.",
        # -------------------------------------------------------- access and transport
        "token_needed": "This server needs its access token: open the address that it printed "
        'when it started, or send "Authorization: Bearer" and the token.',
        "token_wrong": "This is not the token. Use the one in the address that the server printed "
        "when it started.",
        "other_site": "This request comes from another site's page, and is refused. Open charnn's "
        "own page; if charnn stands behind a proxy, start it with --trust-proxy.",
        "other_host": "This server answers to localhost only. Open it by that name; if it stands "
        "behind a proxy, start it with --trust-proxy.",
        "malformed_packet": "This is not a valid Socket.IO packet. Open the socket again with a "
        "client of Engine.IO 4.",
        "packet_too_large": "This packet is larger than the server takes. Send a smaller one.",
        "answers_unread": "The answers before this have not been read. Open the socket again, and "
        "read them.",
        "no_socket": "There is no such socket any more: open a new one.",
        "invalid_handshake": "Not a valid WebSocket (version 13) handshake: use a client that "
        "speaks it.",
        # -------------------------------------------------------- notices, with no request to blame
        "rolled_back": "The network diverged, so it was rolled back to its last good state and "
        "goes on at half the learning rate, {learning_rate:g}.",
        "rolled_back_often": "The network diverged {times} times, so it was rolled back to its "
        "last good state and goes on at a lower learning rate, {learning_rate:g}.",
        "sentences_skipped": "{skipped} left out: this model does not know {unknown}.",
        "training_failed": "Something went wrong on the server while this network was learning, "
        "and it was paused. Press resume to try again.",
        "kernels_failed": "The server could not compile the training of this kind of network. "
        "Choose another kind.",
        "checkpoint_damaged": "The saved copy of your network is corrupted; a new one is started.",
        "machine_lost": "The machine that trained your network has failed. It goes on from its "
        "last checkpoint on another: {lost} of training lost.",
        "machine_lost_paused": "The machine that held your network has failed. It was paused, and "
        "nothing is lost.",
        "machine_lost_unsaved": "The machine that trained your network failed before the network "
        "was saved for the first time, so a new one is started.",
        # -------------------------------------------------------- before the server closes a socket
        "restarting": "The server is restarting. Your network is saved, and goes on when it is "
        "back.",
        "restarting_unsaved": "The server is restarting, and could not save the last moments of "
        "your network.",
        "cluster_lost": "The machines that train have failed. Your network goes on from where it "
        "was last saved, as soon as they are back.",
    }
)
"""What each code says. Requests' errors say what to change; notices say what happened."""


def message_of(code: str, **values: object) -> str:
    """The sentence of a code, with its values filled in."""
    return MESSAGES[code].format(**values)


@dataclass(frozen=True)
class Notice:
    """Something that a visitor is told of, which no request of theirs has caused."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """Its sentence."""
        return message_of(self.code, **self.values)


class UserError(Exception):
    """What was asked for cannot be done, and changed nothing.

    Attributes:
        code: a name for programs, which stays when the message is reworded.
        message: says what to change, to the person who asked.
        field: the field of the request at fault, where a page shows the message; None: the whole.
        status: of an HTTP answer.
    """

    status = HTTPStatus.BAD_REQUEST

    def __init__(
        self, code: str, field: str | None = None, *, message: str | None = None, **values: object
    ) -> None:
        self.code = code
        self.field = field
        self.message = message_of(code, field=field, **values) if message is None else message
        super().__init__(code, field, self.message)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        """It crosses processes whole."""
        return _rebuilt, (type(self), self.code, self.field, self.message)

    @property
    def answer(self) -> dict[str, Any]:
        """What HTTP, the sockets and the middleware answer with."""
        return {"ok": False, "code": self.code, "error": self.message, "field": self.field}


class BusyError(UserError):
    """It could be done at another time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class LimitExceeded(UserError):  # noqa: N818  (as HTTP libraries name it)
    """A limit is reached that others, or other pages, use up. Its code is the limit's name."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class PayloadTooLarge(UserError):  # noqa: N818  (as HTTP libraries name it)
    """A body has more bytes than are accepted."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def from_model(error: ModelError, field: str | None = None) -> UserError:
    """An error of the library as an answer, at another field than the library's if one is given."""
    return UserError(error.code, field or error.field, message=error.message)


def _rebuilt(kind: type[UserError], code: str, field: str | None, message: str) -> UserError:
    return kind(code, field, message=message)
