"""The steps that an operation takes for a resource."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pulumi_openrouter.offline.state.model import Resource


class Op(str, Enum):
    """The operations, under the names by which Pulumi's `summary.resource_changes` counts them."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    REFRESH = "refresh"
    DISCARD = "discard"
    DISCARD_REPLACED = "discard-replaced"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"
    IMPORT = "import"


CREATES = frozenset({Op.CREATE, Op.CREATE_REPLACEMENT})
DELETES = frozenset({Op.DELETE, Op.DELETE_REPLACED, Op.DISCARD, Op.DISCARD_REPLACED})
READS = frozenset({Op.READ, Op.READ_REPLACEMENT})

# Parts of a replacement; the replacement itself is what is counted.
_PARTS = frozenset(
    {
        Op.CREATE_REPLACEMENT,
        Op.DELETE_REPLACED,
        Op.READ_REPLACEMENT,
        Op.DISCARD_REPLACED,
        Op.REMOVE_PENDING_REPLACE,
        Op.REFRESH,
    }
)


@dataclass(slots=True, eq=False)
class Step:
    """One operation: from the state `old`, unless it creates, to `new`, unless it deletes."""

    op: Op
    old: Resource | None = None
    new: Resource | None = None
    # A replacement that is created first leaves the old resource for the end of the run.
    pending_delete: bool = False
    # A resource that is deleted before it is replaced stays in the state until created again.
    pending_replacement: bool = False
    # The resource goes together with another one that is deleted, without a call to the provider.
    with_another: bool = False
    ignore_changes: list[str] = field(default_factory=list)
    # In a preview: a dependency does not exist yet, so there may be nothing to read.
    unread: bool = False
    # A new resource that --target leaves out: the step does nothing and is not recorded.
    skipped: bool = False
    # For a refresh: whether the resource is unchanged, updated or deleted.
    result: Op | None = None
    # For an import: what the provider finds wrong with the inputs, by property.
    failures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def resource(self) -> Resource:
        """The state that the step is about: the new one, unless it goes."""
        return self.before if self.new is None else self.new

    @property
    def before(self) -> Resource:
        """The old state of a step that has one."""
        return self._required(self.old)

    @property
    def after(self) -> Resource:
        """The new state of a step that has one."""
        return self._required(self.new)

    def _required(self, resource: Resource | None) -> Resource:
        if resource is None:
            msg = f"a step of the kind {self.op.value} lacks a state"
            raise ValueError(msg)
        return resource

    @property
    def urn(self) -> str:
        """The URN of the resource."""
        return self.resource.urn

    @property
    def counted(self) -> bool:
        """Whether the step counts as a change of its own."""
        return self.op not in _PARTS

    @property
    def internal(self) -> bool:
        """Whether this is the default provider, which nobody asked for."""
        return self.resource.is_provider
