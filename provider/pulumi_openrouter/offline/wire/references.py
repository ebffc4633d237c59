"""Stack references, which read the outputs of another stack of the same project."""

from pulumi_openrouter.offline.exceptions import OfflineError, ProjectError, StateError
from pulumi_openrouter.offline.project import Project, checked_stack_name
from pulumi_openrouter.offline.state.model import STACK_TYPE
from pulumi_openrouter.offline.state.store import StateStore
from pulumi_openrouter.offline.values import values


def read_stack(project: Project, reference: str) -> values.PropertyMap:
    """Return the properties of a stack reference, which hold the outputs that were saved last.

    Raises OfflineError if the stack is not of this project, or has no state here.
    """
    try:
        store = StateStore(project.root, project.name, checked_stack_name(project, reference))
    except ProjectError as error:
        msg = f"{error}; the offline engine reads no others, so use the Pulumi CLI for them"
        raise OfflineError(msg) from error
    if not store.exists:
        msg = f"the stack {reference!r} has no state in {project.root}: bring it up first"
        raise StateError(msg)
    resources = store.load().resources
    outputs = next((one.outputs for one in resources if one.type == STACK_TYPE), {})
    return {
        "name": reference,
        "outputs": outputs,
        "secretOutputNames": sorted(
            key for key, value in outputs.items() if values.contains_secret(value)
        ),
    }
