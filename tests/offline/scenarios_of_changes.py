"""Scenarios of one program after another: updates, replacements, options, names."""

from .scenario import DESTROY, REFRESH, Fail, Scenario, preview, up

CHANGES = (
    Scenario(
        "life",
        "A resource is previewed, created, left alone, updated, and destroyed.",
        (
            preview("one"),
            up("one"),
            up("one"),
            REFRESH,
            preview("one_larger"),
            up("one_larger"),
            up("one_without_label"),
            preview("nothing"),
            DESTROY,
            up("nothing"),
        ),
    ),
    Scenario(
        "replacement",
        "A replacement creates the new resource first and deletes the old one at the end.",
        (up("one"), preview("one_tagged"), up("one_tagged"), up("one_tagged"), DESTROY),
    ),
    Scenario(
        "rename",
        "A new logical name creates a new resource, and deletes the old one after that.",
        (up("one"), preview("one_renamed"), up("one_renamed")),
    ),
    Scenario(
        "chain",
        "Changed outputs flow to dependents, and are unknown in the preview of that.",
        (
            preview("chain"),
            up("chain"),
            preview("chain_larger"),
            up("chain_larger"),
            preview("chain_tagged"),
            up("chain_tagged"),
            DESTROY,
        ),
    ),
    Scenario(
        "delete-first",
        "A provider that deletes first takes along only dependents that must be replaced too.",
        (up("chain"), preview("chain_pinned"), up("chain_pinned"), DESTROY),
    ),
    Scenario(
        "delete-first-cascade",
        "Dependents that must be replaced too are deleted first, in order, and created again.",
        (
            up("pinned_chain"),
            preview("pinned_chain_changed"),
            up("pinned_chain_changed"),
            up("pinned_chain_changed"),
            DESTROY,
        ),
    ),
    Scenario(
        "delete-first-cut",
        "A dependent that was deleted first and has left the program is gone from the state.",
        (up("pinned_chain"), preview("pinned_chain_cut"), up("pinned_chain_cut"), DESTROY),
    ),
    Scenario(
        "delete-first-by-option",
        "The program's delete_before_replace comes before the provider's wish.",
        (
            up("option_replaces_first"),
            preview("option_replaces_first_changed"),
            up("option_replaces_first_changed"),
            DESTROY,
        ),
    ),
    Scenario(
        "create-first-by-option",
        "delete_before_replace=False comes before the provider's wish to delete first.",
        (
            up("option_replaces_last"),
            preview("option_replaces_last_changed"),
            up("option_replaces_last_changed"),
        ),
    ),
    Scenario(
        "delete-first-fails",
        "A replacement that fails after its delete is taken up again by the next run.",
        (
            up("pinned_chain"),
            Fail("create", "a"),
            up("pinned_chain_changed"),
            preview("pinned_chain_changed"),
            REFRESH,
            Fail("create", "a", off=True),
            up("pinned_chain_changed"),
            DESTROY,
        ),
    ),
    Scenario(
        "replacement-fails",
        "The old resource of a replacement that fails stays.",
        (
            up("one"),
            Fail("create", "a"),
            up("one_tagged"),
            Fail("create", "a", off=True),
            Fail("delete", "a"),
            up("one_tagged"),
            Fail("delete", "a", off=True),
            preview("one_tagged"),
            up("one_tagged"),
            DESTROY,
        ),
    ),
    Scenario(
        "protect",
        "A protected resource is neither replaced nor deleted, and what it needs stays with it.",
        (
            up("protected"),
            preview("protected_tagged"),
            up("protected_tagged"),
            preview("protected_gone"),
            up("protected_gone"),
            DESTROY,
            up("unprotected"),
            DESTROY,
        ),
    ),
    Scenario(
        "retain-on-delete",
        "A retained resource leaves the state and stays where it is.",
        (up("retained"), preview("nothing"), up("nothing")),
        ordered=False,
    ),
    Scenario(
        "ignore-changes",
        "Changes at ignored paths are no changes, and travel along with others.",
        (
            up("ignoring"),
            preview("ignoring_changed"),
            up("ignoring_changed"),
            up("ignoring_changed_more"),
            preview("ignoring_everything"),
            up("ignoring_everything"),
        ),
    ),
    Scenario(
        "replace-on-changes",
        "replace_on_changes replaces for the named path only.",
        (
            up("replace_on_changes"),
            preview("replace_on_changes_changed"),
            up("replace_on_changes_changed"),
            up("replace_on_changes_inner"),
        ),
        ordered=False,
    ),
    Scenario(
        "alias-by-name",
        "A resource renamed with an alias is the same resource.",
        (up("one"), preview("aliased_by_name"), up("aliased_by_name"), up("aliased_by_name")),
    ),
    Scenario(
        "alias-by-urn",
        "A resource renamed with a URN is the same resource, updated.",
        (up("one"), preview("aliased_by_urn"), up("aliased_by_urn"), DESTROY),
    ),
    Scenario(
        "alias-twice",
        "Two resources cannot have the same former name.",
        (up("one"), preview("aliased_twice"), up("aliased_twice")),
    ),
    Scenario(
        "duplicate",
        "Two resources cannot have one name.",
        (preview("duplicate"), up("duplicate")),
    ),
)
