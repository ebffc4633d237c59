"""What Pulumi calls for a Workspace: one object at the API, found by its UUID.

Everything changes in place, with one PATCH that carries only what differs. What may be null is
authoritative: left out of the program means null at the API. What may not is left as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pulumi import dynamic

from pulumi_openrouter.errors import (
    AmbiguousError,
    ApiError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    RefusedError,
)
from pulumi_openrouter.lifecycle.base import Change, Lifecycle, Properties, is_get, notice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi_openrouter.api.models import Workspace

NULLABLE = (
    "description",
    "default_text_model",
    "default_image_model",
    "default_provider_sort",
    "io_logging_api_key_ids",
    "disabled_server_tools",
)
"""The fields that a program leaves out to have null at the API."""

OPTIONAL = (
    "is_observability_io_logging_enabled",
    "is_observability_broadcast_enabled",
    "is_data_discount_logging_enabled",
    "io_logging_sampling_rate",
)
"""The fields that a program leaves out to leave them as they are."""

COMPUTED = ("created_at", "created_by", "default_guardrail_id", "include_byok_in_budgets")


class WorkspaceProvider(Lifecycle):
    """The lifecycle of `Workspace`."""

    changes: ClassVar[Mapping[str, Change]] = {
        "name": Change.UPDATE,
        "slug": Change.UPDATE,
        **dict.fromkeys(NULLABLE, Change.UPDATE),
        **dict.fromkeys(OPTIONAL, Change.UPDATE),
        "adopt": Change.NONE,
    }
    optional = OPTIONAL
    manageable = OPTIONAL

    def check(self, olds: Properties, news: Properties) -> dynamic.CheckResult:
        """Validate, and hold on to the slug for whoever deletes later in this run."""
        result = super().check(olds, news)
        slug = result.inputs.get("slug")
        if not result.failures and isinstance(slug, str):
            self.session.claims.add("workspace", slug, ["itself"])
        return result

    def diff(self, _id: str, olds: Properties, news: Properties) -> dynamic.DiffResult:
        """Compare what the program manages; what it leaves to others is no difference."""
        return self.diff_result(self.differences(olds, news))

    def create(self, props: Properties) -> dynamic.CreateResult:
        """Create the workspace, or take over the one with its slug where that is wanted."""
        fields = _given(props)
        try:
            workspace = self.session.client.workspaces.create(fields)
        except (RefusedError, AmbiguousError) as error:
            workspace = self._take_over(fields, props, error)
        else:
            self.session.made[workspace.id] = workspace.include_byok_in_budgets
        self.session.claims.add("workspace", workspace.id, ["itself"])
        outputs = _outputs(workspace, props, self.managed_inputs(props))
        return dynamic.CreateResult(workspace.id, outputs)

    def read(self, id_: str, props: Properties) -> dynamic.ReadResult:
        """Return the live workspace, and as inputs the live values of what the program manages."""
        try:
            workspace = self.session.client.snapshots.workspace(id_)
        except NotFoundError:
            if is_get(props):
                raise
            return dynamic.ReadResult(None, {})
        managed = [*OPTIONAL] if is_get(props) else props.get("managed_inputs", [])
        outputs = _outputs(workspace, props, managed)
        inputs = {
            name: outputs[name] for name in ("name", "slug", *NULLABLE, *managed) if name in outputs
        }
        return dynamic.ReadResult(id_, outputs, inputs)

    def update(self, id_: str, olds: Properties, news: Properties) -> dynamic.UpdateResult:
        """Send what differs, and nothing where only what is managed has changed."""
        changed = {
            name: news.get(name)
            for name in self.differences(olds, news)
            if name in news or name in NULLABLE
        }
        managed = self.managed_inputs(news)
        if not changed:
            return dynamic.UpdateResult({**olds, "managed_inputs": managed})
        try:
            workspace = self.session.client.workspaces.update(id_, changed)
        except NotFoundError as error:
            msg = "Run `pulumi up --refresh` to create it again."
            raise error.with_next_step(msg) from None
        return dynamic.UpdateResult(_outputs(workspace, {**olds, **news}, managed))

    def delete(self, id_: str, props: Properties) -> None:
        """Delete the workspace with its budgets and memberships; one already gone is fine."""
        slug = props.get("slug")
        if self._is_taken_over(id_, str(slug)):
            notice(f'workspace "{slug}" now belongs to another resource of this program: kept.')
            return
        try:
            self.session.client.workspaces.delete(id_)
        except NotFoundError:
            return
        except ForbiddenError as error:
            msg = (
                "The default workspace cannot be deleted: set retain_on_delete=True on the "
                "resource and run `pulumi up` before you take it out."
            )
            raise error.with_next_step(msg) from None
        except RefusedError as error:
            msg = (
                f'Delete the API keys of workspace "{slug}" first, or keep it with '
                "retain_on_delete=True."
            )
            raise error.with_next_step(msg) from None

    def _is_taken_over(self, id_: str, slug: str) -> bool:
        """Tell whether another resource of this run has this workspace, made or found by its slug.

        It may have taken over in a run before this one, whose deletes were never reached.
        """
        if self.session.claims.held("workspace", id_):
            return True
        if not self.session.claims.held("workspace", slug):
            return False
        try:
            return self.session.client.workspaces.get(id_).slug == slug
        except NotFoundError:
            return False

    def _take_over(
        self, fields: Mapping[str, object], props: Properties, refusal: ApiError
    ) -> Workspace:
        """Take over the workspace whose slug is in the way, or say what it is."""
        client = self.session.client
        try:
            existing = client.workspaces.get(str(fields["slug"]))
        except ApiError:
            # Not this look is the news, but what it was to clear up.
            raise refusal from None
        outputs = _outputs(existing, {}, [])
        different = {
            name: props.get(name)
            for name in ("name", *NULLABLE, *self.managed_inputs(props))
            if props.get(name) != outputs.get(name)
        }
        if not (props.get("adopt") or self.session.settings.adopt_existing):
            raise ConflictError(_conflict(existing, equal=not different)) from None
        notice(
            f'took over the existing workspace "{existing.slug}" ({existing.id})'
            + (f" and set {', '.join(different)}." if different else " as it is.")
        )
        return client.workspaces.update(existing.id, different) if different else existing


def _conflict(existing: Workspace, *, equal: bool) -> str:
    return (
        f'creating workspace "{existing.slug}": it exists already: "{existing.name}" '
        f"({existing.id}), created {existing.created_at} by {existing.created_by or 'nobody named'}"
        + (
            "; every field equals what this program asks for, so it is likely this stack's own, "
            "whose creation was cut off. "
            if equal
            else "; its fields are not what this program asks for. "
        )
        + "To take it over run once with OPENROUTER_ADOPT_EXISTING=1, or set adopt=True, or import "
        "it; if the resource was renamed, give it aliases; else choose another slug."
    )


def _given(props: Properties) -> dict[str, object]:
    names = ("name", "slug", *NULLABLE, *OPTIONAL)
    return {name: props[name] for name in names if name in props}


def _outputs(workspace: Workspace, known: Properties, managed: list[str]) -> dict[str, Any]:
    """Return the outputs: what the API says, with lists in the order in which inputs have them.

    Null where the API always has a value says nothing about it: what was known stays.
    """
    outputs = {name: known[name] for name in ("name", "slug", *OPTIONAL) if name in known}
    for name in ("name", "slug", *NULLABLE, *OPTIONAL, *COMPUTED):
        value = getattr(workspace, name)
        if value is not None:
            outputs[name] = sorted(value) if isinstance(value, tuple) else value
    if not outputs.get("disabled_server_tools", True):
        del outputs["disabled_server_tools"]
    return {**outputs, "managed_inputs": managed}
