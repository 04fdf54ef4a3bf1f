"""What the server sends: the state of a session, its changes, and notices."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from app.protocol.base import Level, Replacement, Status
from app.protocol.hyperparameters import Hyperparameters

Point = tuple[int, float | None, float | None, float | None, float | None]
HyperparametersSent = Annotated[dict[str, Any], Hyperparameters]
"""The hyperparameters as a dictionary."""


class BuiltInText(TypedDict):
    """A text that charnn brings along, by HTTP."""

    ok: Literal[True]
    text: Annotated[str, Field(description="Its sentences, one a line.")]
    title: Annotated[str, Field(description="Its name for people.")]
    expect: Annotated[str, Field(description="What will come of it, in a line.")]
    measured: Annotated[
        str, Field(description="What was measured of it, in a sentence; empty where nothing was.")
    ]
    options: Annotated[
        HyperparametersSent, Field(description="What the network for it is best made with.")
    ]


class Curve(TypedDict):
    """Points of the perplexity curve."""

    version: Annotated[
        int, Field(description="A new version replaces every point that the page has.")
    ]
    start: Annotated[int, Field(description="The index of the first of these points.")]
    points: Annotated[
        list[Point],
        Field(
            description="Step, perplexity (null if the network has diverged), perplexity of the "
            "validation set (null without one), learning rate, and what that was "
            "set to: by hand, at the beginning or after the network ran off, not by a schedule."
        ),
    ]


class Figures(TypedDict):
    """What changes while the network learns: in every frame, and in the whole state."""

    status: Annotated[
        Status, Field(description="`compiling` until the kernels of this kind are ready.")
    ]
    steps: Annotated[int, Field(description="Sentences this network has trained on.")]
    epoch: Annotated[float, Field(description="Steps over the number of sentences.")]
    perplexity: Annotated[
        float | None,
        Field(description="exp of the mean cost of a prediction, over the last second or so."),
    ]
    held_out_perplexity: Annotated[
        float | None,
        Field(description="Of the validation set, as last measured; null without one."),
    ]
    memorising_since: Annotated[
        int | None,
        Field(
            description="The step since which training perplexity falls while validation "
            "perplexity rises; null if it does not."
        ),
    ]
    ms_per_example: Annotated[
        float | None, Field(description="Milliseconds of training a sentence.")
    ]
    characters_per_second: Annotated[
        float | None, Field(description="Characters trained on per second of wall-clock time.")
    ]
    learning_rate: Annotated[float, Field(description="What the network is trained with now.")]
    temperature: Annotated[float, Field(description="What the samples are drawn with now.")]
    saved_at: Annotated[
        float | None,
        Field(description="Unix time when the server last saved it; null before the first time."),
    ]
    saving: Annotated[
        bool,
        Field(description="False while the server cannot save; it learns on, and tries again."),
    ]


class State(Figures):
    """Everything: on connecting, and to every tab when the network is replaced."""

    version: Annotated[int, Field(description="Counts the networks of this session.")]
    session: Annotated[str, Field(description="A short name of the session, not a secret.")]
    text: Annotated[str, Field(description="What the network learns.")]
    options: Annotated[HyperparametersSent, Field(description="What the network was made with.")]
    vocabulary: Annotated[
        list[str], Field(description="The characters the network knows, in its order.")
    ]
    weights: Annotated[int, Field(description="How many numbers the network learns.")]
    sentences: Annotated[int, Field(description="How many sentences it learns.")]
    held_out_sentences: Annotated[int, Field(description="The size of the validation set.")]
    now: Annotated[float, Field(description="Unix time of the server, to compare `saved_at` with.")]
    recoveries: Annotated[
        int, Field(description="How often this network ran off and was brought back, as of late.")
    ]
    undoable: Annotated[
        Replacement | None,
        Field(
            description="How this network took the place of one that `undo` can bring back; null "
            "where there is none."
        ),
    ]
    samples: Annotated[
        list[str], Field(description="Five sampled sentences; none until the first are written.")
    ]
    greedy: Annotated[
        str | None, Field(description="The greedy prediction; null until the first is written.")
    ]
    curve: Annotated[Curve, Field(description="The whole curve.")]


class Frame(Figures):
    """What has changed: up to 10 a second, the next only after the last was acknowledged."""

    seq: Annotated[int, Field(description="Grows from frame to frame.")]
    curve: NotRequired[
        Annotated[Curve, Field(description="The points that this page does not have yet.")]
    ]
    samples: NotRequired[Annotated[list[str], Field(description="Five new samples.")]]
    greedy: NotRequired[Annotated[str, Field(description="A new greedy prediction.")]]
    recoveries: NotRequired[
        Annotated[int, Field(description="It ran off again, and was brought back.")]
    ]
    undoable: NotRequired[
        Annotated[Replacement | None, Field(description="The replaced one is not kept any longer.")]
    ]


class Notice(TypedDict):
    """A sentence for the person, not bound to a field."""

    level: Annotated[Level, Field(description="How much it matters.")]
    code: Annotated[
        str, Field(description="Which notice this is: a name for programs, see the table of codes.")
    ]
    message: Annotated[str, Field(description="The sentence.")]


class Closing(TypedDict):
    """The server is about to close the socket, and why."""

    code: Annotated[
        str, Field(description="Why it closes: a name for programs, see the table of codes.")
    ]
    message: Annotated[str, Field(description="A sentence for the person.")]
