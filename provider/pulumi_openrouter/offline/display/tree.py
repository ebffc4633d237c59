"""Showing resources as a tree of components and their children."""

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar


class _Node(Protocol):
    """A resource, of which the tree only needs to know where it belongs."""

    @property
    def urn(self) -> str: ...
    @property
    def parent(self) -> str: ...


N = TypeVar("N", bound=_Node)


def resource_tree(nodes: Iterable[N]) -> Iterator[tuple[str, N]]:
    """Yield resources in the order of a tree, each after the branch that is drawn before it.

    A resource whose parent is not among them stands at the top.
    """
    listed = list(nodes)
    known = {one.urn for one in listed}
    children: dict[str, list[N]] = {}
    for one in listed:
        children.setdefault(one.parent if one.parent in known else "", []).append(one)
    for one in children.get("", []):
        yield "", one
        yield from _below(one, children, "")


def _below(node: N, children: dict[str, list[N]], indent: str) -> Iterator[tuple[str, N]]:
    below = children.get(node.urn, [])
    for one in below:
        last = one is below[-1]
        yield indent + ("└─ " if last else "├─ "), one
        yield from _below(one, children, indent + ("   " if last else "│  "))
