"""The errors and notices that a visitor sees, by their codes.

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
        "unexpected": "An unexpected error occurred on the server; nothing was changed. Please "
        "try again.",
        "answer_timeout": "The server is busy: the request was not finished within {seconds:g} "
        "seconds. Please try again.",
        "unknown_page": "The server no longer knows this page: reload it.",
        "no_session": "You have no session yet: open the page first.",
        "session_gone": "This session is no longer in memory: reload the page.",
        "session_taken_over": "Another server has taken over this session: reload the page.",
        "server_full": "This server is full: {limit:,} sessions are open. Please try again in a "
        "few minutes.",
        "server_stopping": "The server is restarting. Please try again in a moment.",
        "store_unreachable": "The server can't reach its database, where your network is stored. "
        "Please wait: it is retrying.",
        "no_node": "No machine is available to train your network. It is stored and resumes when "
        "one is available: please try again in a moment.",
        # -------------------------------------------------------- limits
        "pages_per_session": "This network is open in {limit:,} pages, the maximum. Close one of "
        "them, and this page connects automatically.",
        "sessions_per_address": "{limit:,} networks are open from your address, the maximum, "
        "or too many were opened in the last hour. Close pages that you no longer need; this page "
        "connects when one is free.",
        "shares_per_address": "{limit:,} copies were shared from your address in an hour, the "
        "maximum. Please try again later.",
        "texts_per_address": "{limit:,} large texts were uploaded from your address in an hour, "
        "the maximum. Please try again later.",
        "events_per_second": "This page sent more than {limit:g} events per second, the maximum. "
        "Wait a moment and try again.",
        "samples_per_second": "Your address asked for samples more than {limit:g} times per "
        "second, the maximum. Wait a moment and try again.",
        "network_too_large": "This network would have {weights:,} weights; the limit is "
        "{limit:,}. Use fewer or smaller hidden layers.",
        "network_over_limit": "With {weights:,} weights in {layers:,} layers, this network is "
        "larger than the server now allows, or its lines are too long. You can download it, but "
        "not train it.",
        "too_many_layers": "This network has {count:,} layers. Use one of {limit:,} at most.",
        "requests_pending": "{limit:,} earlier requests of this network are waiting. Please try "
        "again when one is answered.",
        "memory_full": "All networks and texts together may use {limit:,.0f} MB; {used:,.1f} MB "
        "are in use, so {needed:,.1f} MB more do not fit. Use a smaller network or a shorter "
        "text, or try again later.",
        "line_too_long_for_network": "A line of {characters:,} characters is too long for a "
        "network of {weights:,} weights: use lines of {limit:,} at most, or a smaller network.",
        "sequence_too_long_for_network": "A sequence of {characters:,} characters is too long for "
        "a network of {weights:,} weights: use a sequence length of {limit:,} at most, or a "
        "smaller network.",
        "batch_too_large_for_network": "A batch of {batch_size:,} sequences of up to "
        "{characters:,} characters is too large for a network of {weights:,} weights: use a batch "
        "size of {limit:,} at most, or a smaller network.",
        # -------------------------------------------------------- the form of an event
        "unknown_event": "Unknown event. Send one of {known}.",
        "malformed_event": "{event} takes one object with its fields: send that.",
        "missing_field": '"{field}" is missing: send it.',
        "unknown_field": "This event does not take that field. Send only these: {known}.",
        "not_an_object": '"{field}" must be an object with its fields: send that.',
        "not_text": '"{field}" must be text: send a string.',
        "invalid_field": '"{field}" is invalid: {reason}. Send another value.',
        "unknown_choice": "{name}: choose {known} or {last}.",
        "nothing_entered": "{name}: nothing was entered. Write {rule}.",
        "not_a_number": "{name}: {entry} is not a number. Write {rule}.",
        "too_small": "{name}: {entry} is too small. Write {rule}.",
        "too_large": "{name}: {entry} is too large. Write {rule}.",
        "not_whole": "{name}: {entry} is not a whole number. Write {rule}.",
        "empty_entry": "{name}: {entry} has an empty entry. Write {rule}.",
        "too_many_entries": "{name}: {entry} has {count} entries, which is too many. Write {rule}.",
        # -------------------------------------------------------- texts
        "text_too_long_for_event": "A text of {characters:,} characters is too long for an event, "
        "which may have {limit:,}: send it to PUT /api/text-file, and here its checksum.",
        "text_gone": "The server does not have this text any more: open it again.",
        "text_files_full": "{limit} text files are being read. Please try again soon.",
        "text_file_too_large": "This file is larger than any text that can be trained on "
        "here: use one of {limit:,} bytes at most.",
        "unknown_text": "Unknown text. Choose one of {known}.",
        "probe_empty": "The probe text is empty: enter a text, or use a sample or a training line.",
        "prime_empty": "The prompt is empty: enter a beginning.",
        "prime_too_long": "The prompt has {characters:,} characters. Shorten it to {limit:,} at "
        "most.",
        "probe_too_long_for_network": "The text has {characters:,} characters. With its "
        "{weights:,} weights, this network reads {limit:,} at once: shorten the text.",
        "prime_too_long_for_network": "The prompt has {characters:,} characters. With its "
        "{weights:,} weights, this network reads {limit:,} at most: shorten it.",
        # -------------------------------------------------------- the network
        "no_network": "There is no network yet: press learn first.",
        "compiling": "The server is still compiling the code for this. Please try again in a few "
        "seconds.",
        "no_best_weights": "The validation loss has not been measured yet, so there are no best "
        "weights: wait for it, or train on a text with a validation set.",
        "nothing_to_undo": "There is no network to restore: a replaced network is stored for "
        "five minutes while the server has memory for it. Download a network before you replace "
        "it.",
        "no_such_layer": "Layer {number} does not exist: choose one from 1 to {count}.",
        "no_such_unit": "Unit {number} does not exist in this layer: choose one from 1 to {count}.",
        "no_cell_state": "A layer of kind {kind} has no cell state: choose h.",
        "network_replaced": "The network was replaced since you asked: reload the page.",
        "network_diverged": "The network has diverged and has no letter vectors to show: restart "
        "it with a lower learning rate.",
        "check_too_large": "With {weights:,} weights in {matrices:,} matrices, this network is too "
        "large to check its gradients here. Use a smaller one.",
        "check_pending": "A gradient check of this network is already running. Please wait for "
        "its result.",
        "checks_full": "{limit} networks are waiting for a gradient check. Please try again soon.",
        "check_lost": "The gradient check was interrupted. Please try again.",
        # -------------------------------------------------------- model files
        "no_pretrained": "This server has no pretrained models: load a model of your own.",
        "unknown_pretrained": "Unknown pretrained model. Choose one of {known}.",
        "text_unreadable": "Every sentence of the text contains a character that this model does "
        "not know ({unknown}). Train on a text that fits the model first, then load it.",
        "model_memory": "This JSON needs more memory than any model that can be trained here: "
        "choose a smaller one.",
        "model_timeout": "Reading or writing this model took too long, and was stopped. Please try "
        "again later, or use a smaller model.",
        "models_full": "{limit} large models are being read or written. Please try again soon.",
        "uploads_full": "{limit} models are being uploaded. Please try again soon.",
        "upload_displaced": "The upload was too slow while other visitors were waiting to upload; "
        "nothing was changed. Please try again later.",
        "downloads_full": "{limit} models are being downloaded. Please try again soon.",
        "texts_full": "Many texts are being sent. Please try again soon.",
        "upload_incomplete": "The upload ended early; nothing was changed. Please try again.",
        "upload_too_large": "This file is larger than any model that can be trained here: use "
        "one of {limit:,} bytes at most.",
        "disk_full": "The server cannot write this file to its disk. Please try again later.",
        "too_large_to_load": "A model of more than {limit:,} characters is too large for this "
        "event: use PUT /api/model.json.",
        "too_large_to_save": "This model is too large for this event: use GET /api/model.json.",
        # -------------------------------------------------------- shared copies
        "no_such_copy": "There is no shared network at this link: it was withdrawn, or the link "
        "is incomplete. Ask the person who shared it for a new link.",
        "not_your_copy": "You have no shared copy with this id, or it was already withdrawn. "
        "Reload the page to see yours.",
        "too_many_copies": "You have {limit} shared copies, the maximum. Withdraw one that is no "
        "longer needed.",
        "copies_full": "{limit} copies are being shared or opened. Please try again soon.",
        "copies_unreachable": "The server can't reach its database, where shared copies are "
        "stored, and nothing was changed. Please try again in a moment.",
        "store_full": "This server has no space for more networks: its store is full. Please try "
        "again later.",
        "copy_damaged": "The stored copy is corrupted. Ask its owner to share it again.",
        # -------------------------------------------------------- access and transport
        "token_needed": "This server needs its access token: open the address that it printed at "
        'its start, or send "Authorization: Bearer" and the token.',
        "token_wrong": "This token is wrong. Use the one in the address that the server printed "
        "at its start.",
        "token_wait": "Too many wrong tokens came from your address. Wait {seconds:,} seconds, "
        "then enter the right one.",
        "metrics_private": "The metrics are not available through the proxy: ask the server "
        "itself.",
        "other_site": "This request comes from the page of another site and was refused. Open "
        "charnn's own page. If charnn runs behind a proxy, start it with --trust-proxy, and let "
        "the proxy pass on the host name with its port (with nginx, $http_host).",
        "other_host": "This server does not answer to this host name: use localhost, or start it "
        "with --allowed-hosts and the name. If it runs behind a proxy, start it with "
        "--trust-proxy.",
        "malformed_packet": "This is not a valid Socket.IO packet. Reconnect with a client of "
        "Engine.IO 4.",
        "packet_too_large": "This packet exceeds the size limit. Send a smaller one.",
        "event_too_large": "This event is too large. Send at most {limit:,} characters besides a "
        "text to learn or a model to load.",
        "answers_unread": "Earlier answers have not been read. Reconnect, and read them.",
        "no_socket": "This socket does not exist any more: open a new one.",
        "invalid_handshake": "Not a valid WebSocket (version 13) handshake: use a client that "
        "supports it.",
        # -------------------------------------------------------- notices, with no request to blame
        "rolled_back": "The network diverged, so it was rolled back to its last good state and "
        "continues at half the learning rate, {learning_rate:g}.",
        "rolled_back_often": "The network diverged {times} times, so it was rolled back to its "
        "last good state and continues at a lower learning rate, {learning_rate:g}.",
        "training_hopeless": "The network diverges however low the learning rate is, so training "
        "was paused. Restart it, or load another model.",
        "sentences_skipped": "{skipped} left out: this model does not know {unknown}.",
        "training_failed": "An unexpected error occurred while this network was training, and it "
        "was paused. Press resume to try again.",
        "kernels_failed": "The server could not compile the code for this kind of network. "
        "Choose another kind.",
        "checkpoint_damaged": "The saved copy of your network is corrupted and was set aside; a "
        "new one was started.",
        "checkpoint_newer": "Your network was saved by a newer version of charnn. It was set aside "
        "and comes back when the server is updated; a new one was started.",
        "checkpoint_recovered": "Your earlier network can be read again and is back. Undo returns "
        "to the network that was in its place.",
        "machine_lost": "The machine that trained your network failed. Training continues on "
        "another from the last checkpoint: {lost} lost.",
        "machine_lost_paused": "The machine that held your network failed. The network was "
        "paused, so nothing is lost.",
        "machine_lost_unsaved": "The machine that trained your network failed before the first "
        "checkpoint; a new network was started.",
        # -------------------------------------------------------- before the server closes a socket
        "restarting": "The server is restarting. Your network is saved and resumes when the "
        "server is back.",
        "restarting_unsaved": "The server is restarting and could not save the last moments of "
        "your training.",
        "cluster_lost": "The machines that train have failed. Your network resumes from its last "
        "checkpoint when they are back.",
    }
)
"""The message of each code. Errors say what to change; notices say what happened."""


def message_of(code: str, **values: object) -> str:
    """The message of a code, with its values filled in."""
    return MESSAGES[code].format(**values)


@dataclass(frozen=True)
class Notice:
    """A message to a visitor that no request of theirs caused."""

    code: str
    values: Mapping[str, object] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The message, with its values filled in."""
        return message_of(self.code, **self.values)


class UserError(Exception):
    """A request that cannot be fulfilled; nothing was changed.

    Attributes:
        code: a name for programs; it stays when the message is reworded.
        message: tells the person who asked what to change.
        field: the invalid field of the request, where the page shows the message; None for none.
        status: of the HTTP response.
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
        """Pickle all attributes."""
        return _rebuilt, (type(self), self.code, self.field, self.message)

    @property
    def answer(self) -> dict[str, Any]:
        """The answer over HTTP, sockets and middleware."""
        return {"ok": False, "code": self.code, "error": self.message, "field": self.field}


class BusyError(UserError):
    """A request that can succeed at another time."""

    status = HTTPStatus.SERVICE_UNAVAILABLE


class LimitExceeded(UserError):  # noqa: N818  (as HTTP libraries name it)
    """A limit is reached. The code is the name of the limit."""

    status = HTTPStatus.TOO_MANY_REQUESTS


class PayloadTooLarge(UserError):  # noqa: N818  (as HTTP libraries name it)
    """A body is larger than the limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def from_model(error: ModelError, field: str | None = None) -> UserError:
    """An error of the library as a `UserError`, at this field if one is given."""
    return UserError(error.code, field or error.field, message=error.message)


def _rebuilt(kind: type[UserError], code: str, field: str | None, message: str) -> UserError:
    return kind(code, field, message=message)
