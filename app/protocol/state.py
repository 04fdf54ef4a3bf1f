"""Messages from the server: the state of a session, its changes, and notices."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.protocol.base import Level, PauseReason, Replacement, Status
from app.protocol.hyperparameters import Hyperparameters

Point = tuple[int, float | None, float | None, float | None, float | None]
HyperparametersSent = Annotated[dict[str, Any], Hyperparameters]
"""The hyperparameters as a dictionary."""


class StoredText(TypedDict):
    """A text that the server stores: too long for a page to edit, or to be sent in an event."""

    checksum: Annotated[str, Field(description="Its checksum, to be sent with `learn`.")]
    characters: Annotated[int, Field(description="Number of characters (code points).")]
    lines: Annotated[int, Field(description="Number of lines.")]
    distinct: Annotated[
        int, Field(description="Number of distinct characters, line ends included.")
    ]
    rare: Annotated[
        list[str],
        Field(
            description="Characters that occur fewer than five times, at most 200 of them, rarest "
            "first."
        ),
    ]
    rare_count: Annotated[int, Field(description="Number of these characters.")]


class TextFile(TypedDict):
    """A text file, read for the text box."""

    ok: Literal[True]
    text: Annotated[
        str,
        Field(description="The text, its lines ended by \\n; its beginning if it is stored."),
    ]
    stored: Annotated[
        StoredText | None,
        Field(description="The text at the server, if it has more than 300,000 characters."),
    ]
    encoding: Annotated[str, Field(description="The encoding that the file was in.")]
    remarks: Annotated[
        list[str], Field(description="What a person should know: an encoding that was assumed.")
    ]


class BuiltInText(TypedDict):
    """A built-in text, by HTTP."""

    ok: Literal[True]
    text: Annotated[
        str,
        Field(description="The text, one sentence per line; its beginning if it is stored."),
    ]
    stored: Annotated[
        StoredText | None, Field(description="The text at the server, if it is a long one.")
    ]
    title: Annotated[str, Field(description="The displayed name.")]
    expect: Annotated[str, Field(description="The expected result, in one line.")]
    measured: Annotated[
        str, Field(description="A measured result, in one sentence; empty if there is none.")
    ]
    options: Annotated[HyperparametersSent, Field(description="The recommended options.")]


class Curve(TypedDict):
    """Points of the perplexity curve."""

    version: Annotated[
        int, Field(description="A new version replaces all points that the page has.")
    ]
    start: Annotated[int, Field(description="The index of the first of these points.")]
    points: Annotated[
        list[Point],
        Field(
            description="Step, training perplexity (null if the network has diverged), validation "
            "perplexity (null without a validation set), learning rate, and base learning rate: "
            "the one that was set initially, by hand, by a rollback or on a plateau, before the "
            "schedule."
        ),
    ]


class Best(TypedDict):
    """The best weights so far, by validation loss."""

    loss: Annotated[float, Field(description="Their validation loss, in nats a prediction.")]
    step: Annotated[int, Field(description="The steps that had been taken.")]


class LiveState(TypedDict):
    """The values that change during training: in every frame, and in the whole state."""

    status: Annotated[
        Status, Field(description="`compiling` until the kernels of this cell type are compiled.")
    ]
    pause_reason: Annotated[
        PauseReason | None,
        Field(
            description="Why the server paused training: it keeps diverging, exceeds a limit, or "
            "failed; null if it trains, or was paused by `pause`."
        ),
    ]
    steps: Annotated[int, Field(description="Sentences this network has trained on.")]
    epoch: Annotated[float, Field(description="Steps over the number of sentences.")]
    perplexity: Annotated[
        float | None,
        Field(description="Training perplexity, over the last half second."),
    ]
    held_out_perplexity: Annotated[
        float | None,
        Field(description="Validation perplexity, at its last evaluation; null if there is none."),
    ]
    best: Annotated[
        Best | None,
        Field(
            description="The best weights so far, for `load_best` and the field `weights` of other "
            "events; null before the first evaluation."
        ),
    ]
    overfitting_since: Annotated[
        int | None,
        Field(
            description="The step since which training perplexity falls while validation "
            "perplexity rises; null if it does not."
        ),
    ]
    ms_per_example: Annotated[
        float | None, Field(description="Milliseconds of training per sentence.")
    ]
    characters_per_second: Annotated[
        float | None, Field(description="Characters trained on per second of wall-clock time.")
    ]
    learning_rate: Annotated[float, Field(description="The current learning rate.")]
    temperature: Annotated[float, Field(description="The softmax temperature of the samples.")]
    saved_at: Annotated[
        float | None,
        Field(description="Unix time of the last save; null before the first."),
    ]
    saving: Annotated[
        bool,
        Field(description="False while saving fails; training continues, and the server retries."),
    ]


class TextInfo(TypedDict):
    """The training text in short; `GET /api/text` answers all of it."""

    checksum: Annotated[
        str, Field(description="SHA-256 of the text as UTF-8, in hexadecimal digits.")
    ]
    characters: Annotated[int, Field(description="Number of characters (code points).")]
    beginning: Annotated[str, Field(description="The first characters; all if there are few.")]
    stored: Annotated[
        bool,
        Field(description="Whether it is too long for a page to edit: `learn` names its checksum."),
    ]


class SessionText(TypedDict):
    """The training text of the session, by HTTP."""

    ok: Literal[True]
    checksum: Annotated[str, Field(description="The checksum, as in the state.")]
    text: Annotated[str, Field(description="The whole text, as it was entered.")]


class State(LiveState):
    """The whole state: on connecting, and when the network is replaced."""

    version: Annotated[int, Field(description="Counts the networks of this session.")]
    session: Annotated[str, Field(description="A short id of the session; not secret.")]
    text: Annotated[TextInfo, Field(description="The training text in short.")]
    options: Annotated[
        HyperparametersSent, Field(description="The options the network was created with.")
    ]
    seed: Annotated[
        int | None,
        Field(
            description="The seed the network was created with, drawn if its options had none; "
            "null for a loaded model."
        ),
    ]
    vocabulary: Annotated[
        list[str],
        Field(description="The first characters of the vocabulary in order of index, at most 200."),
    ]
    vocabulary_size: Annotated[int, Field(description="Number of characters of the vocabulary.")]
    weights: Annotated[int, Field(description="Number of weights of the network.")]
    sentences: Annotated[int, Field(description="Size of the training set.")]
    held_out_sentences: Annotated[int, Field(description="Size of the validation set.")]
    now: Annotated[float, Field(description="Unix time of the server, to compare `saved_at` with.")]
    recoveries: Annotated[
        int, Field(description="How often this network diverged and was rolled back.")
    ]
    undoable: Annotated[
        Replacement | None,
        Field(
            description="How this network replaced the one that `undo` restores; null if there is "
            "none."
        ),
    ]
    samples: Annotated[
        list[str], Field(description="Five samples; none until the first are ready.")
    ]
    greedy: Annotated[
        str | None, Field(description="The greedy prediction; null until the first is ready.")
    ]
    curve: Annotated[Curve, Field(description="The whole curve.")]


class Frame(LiveState):
    """The changes since the last frame; up to 10 per second, sent when the last is acknowledged."""

    seq: Annotated[int, Field(description="Increases from frame to frame.")]
    curve: NotRequired[
        Annotated[Curve, Field(description="The points that this page does not have yet.")]
    ]
    samples: NotRequired[Annotated[list[str], Field(description="Five new samples.")]]
    greedy: NotRequired[Annotated[str, Field(description="A new greedy prediction.")]]
    recoveries: NotRequired[Annotated[int, Field(description="The network was rolled back again.")]]
    undoable: NotRequired[
        Annotated[Replacement | None, Field(description="The replaced network was released.")]
    ]


class Notice(TypedDict):
    """A message for the visitor that concerns no field."""

    level: Annotated[Level, Field(description="The severity.")]
    code: Annotated[
        str, Field(description="The notice's code, for programs; see the table of codes.")
    ]
    message: Annotated[str, Field(description="The message.")]


class Closing(TypedDict):
    """The server is about to close the socket, and why."""

    code: Annotated[str, Field(description="The reason, for programs; see the table of codes.")]
    message: Annotated[str, Field(description="The message for the visitor.")]
