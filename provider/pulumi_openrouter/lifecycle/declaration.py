"""How a resource is declared: its inputs and outputs, each with all that is known of it, once.

Validation, differences, the inputs that a refresh finds, the properties that stand in the state,
the reference tables and the tests are derived from a declaration. The constructors and their
docstrings are written out, because that is what editors show, and a test compares them with it.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any


class Change(enum.Enum):
    """What a difference in an input leads to."""

    UPDATE = "update"
    REPLACE = "replace"
    NONE = "nothing"


class LeftOut(enum.Enum):
    """What it means that a program leaves an input out."""

    REQUIRED = "the program has to give it"
    DEFAULT = "the constructor gives a value of its own"
    NULL = "the value at the API is null"
    UNCHANGED = "the value at the API stays as it is"
    UNMANAGED = "the resource manages no such thing, and deletes one that it managed"
    FALSE = "False"


@dataclass(frozen=True)
class Input:
    """An input of a resource.

    Attributes:
        name: The name, the same in the program, in the state and, where the API has it, there.
        type: What the value is: str, bool, int, float, list[str] or list[int].
        doc: What the value means, its rule and its default, as the reference says it.
        left_out: What it means that the program leaves it out.
        change: What a difference leads to.
        rule: Returns a value in the form that is compared and stored; None if it means null. Raises
            ValueError with the rule that the value breaks and the way out.
        item_rule: The same for each item of a list.
    """

    name: str
    type: Any
    doc: str
    left_out: LeftOut = LeftOut.NULL
    change: Change = Change.UPDATE
    rule: Callable[[Any], Any] | None = None
    item_rule: Callable[[Any], Any] | None = None

    @property
    def tracked(self) -> bool:
        """Whether the state has to say if the program gives the input: its value does not."""
        return self.left_out in {LeftOut.UNCHANGED, LeftOut.UNMANAGED}


@dataclass(frozen=True)
class Output:
    """An output of a resource.

    Attributes:
        name: The name of the attribute.
        type: What the value is, as its annotation writes it.
        doc: What the value means.
        secret: Whether it is encrypted in the state and hidden on screens.
        derived: Whether the program derives it from others, so that the state does not have it.
    """

    name: str
    type: str
    doc: str
    secret: bool = False
    derived: bool = False


@dataclass(frozen=True)
class Declaration:
    """A resource: what a program gives, and what it gets.

    Attributes:
        name: The name of the class, and the last part of the type.
        inputs: The inputs, in the order of the constructor.
        outputs: The outputs, those with the name of an input included, in the order of the class.
    """

    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]

    @cached_property
    def tracked(self) -> tuple[str, ...]:
        """Inputs of which the state has to say whether the program gives them."""
        return tuple(one.name for one in self.inputs if one.tracked)

    @cached_property
    def state_outputs(self) -> tuple[str, ...]:
        """Outputs that stand in the state."""
        return tuple(one.name for one in self.outputs if not one.derived)

    def left_out_as(self, *meanings: LeftOut) -> tuple[str, ...]:
        """Return the names of the inputs that mean one of these when they are left out."""
        return tuple(one.name for one in self.inputs if one.left_out in meanings)
