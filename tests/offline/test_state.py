"""The state on disk: what a kill at any moment leaves, and what is refused."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from pulumi_openrouter.offline.exceptions import StateError
from pulumi_openrouter.offline.state.model import Resource
from pulumi_openrouter.offline.state.snapshot import Snapshot
from pulumi_openrouter.offline.state.store import StateStore, saved_stacks
from pulumi_openrouter.offline.values.values import secret


def resource(name: str, **fields: Any) -> Resource:
    """Make a resource's state."""
    fields = {"custom": True, "id": f"{name}-id", "created": "2026-01-01T00:00:00Z", **fields}
    return Resource(
        f"urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::{name}",
        "pulumi-python:dynamic/toy:Thing",
        **fields,
    )


def content(store: StateStore, snapshot: Snapshot) -> dict[str, Any]:
    """Return what a state holds, without the time at which it was written."""
    deployment: dict[str, Any] = store.document(snapshot)["deployment"]
    del deployment["manifest"]
    return deployment


@pytest.fixture
def store(tmp_path: Path) -> StateStore:
    """A store with two resources saved."""
    store = StateStore(tmp_path, "toy", "dev")
    with store.locked():
        store.save(Snapshot([resource("a"), resource("b", inputs={"size": 1})], []))
    return store


def journaled(store: StateStore) -> list[dict[str, Any]]:
    """Change a state in every way there is; return what it held after each line of the journal."""
    snapshot = store.load()
    held = [content(store, snapshot)]
    a, b = snapshot.base
    changed = a.copy(inputs={"size": 2, "pin": secret("hush")})
    made = resource("c", dependencies=[b.urn])
    with store.locked(), store.journal() as journal:
        snapshot.write_to(journal.write)
        snapshot.begin(changed, "updating")
        held.append(content(store, snapshot))
        snapshot.finish(changed, drop=[a], put=[changed])
        held.append(content(store, snapshot))
        snapshot.begin(made, "creating")
        held.append(content(store, snapshot))
        snapshot.finish(made, put=[made])
        held.append(content(store, snapshot))
        b.delete = True
        snapshot.finish(b, put=[b])
        held.append(content(store, snapshot))
        snapshot.begin(b, "deleting")
        held.append(content(store, snapshot))
        snapshot.finish(b, drop=[b])
        held.append(content(store, snapshot))
        failed = resource("d")
        snapshot.begin(failed, "creating")
        held.append(content(store, snapshot))
        snapshot.finish(failed)
        held.append(content(store, snapshot))
        snapshot.rebase([made])
        held.append(content(store, snapshot))
    return held


def test_every_cut_of_a_journal_gives_the_state_of_its_last_whole_line(store: StateStore) -> None:
    """A kill at any byte of the journal loses at most the line that was being written."""
    held = journaled(store)
    journal = store.file.with_suffix(".journal")
    text = journal.read_bytes()
    assert text.count(b"\n") == len(held)
    for cut in range(len(text) + 1):
        journal.write_bytes(text[:cut])
        whole_lines = text[:cut].count(b"\n")
        assert content(store, store.load()) == held[max(whole_lines - 1, 0)]


def test_a_journal_that_was_folded_already_is_not_applied_again(store: StateStore) -> None:
    """A kill between saving the state and removing the journal changes nothing."""
    journaled(store)
    journal = store.file.with_suffix(".journal")
    left = journal.read_bytes()
    with store.locked():
        store.save(store.load())
    saved = content(store, store.load())
    journal.write_bytes(left)
    assert content(store, store.load()) == saved


def test_a_state_comes_back_as_it_was_saved(store: StateStore) -> None:
    """Every field of a resource survives the file."""
    full = resource(
        "full",
        inputs={"label": secret({"deep": [1, None]}), "size": 1.5},
        outputs={"token": "t"},
        delete=True,
        parent="urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::a",
        protect=True,
        external=True,
        dependencies=["urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::a"],
        provider="urn:pulumi:dev::toy::pulumi:providers:pulumi-python::default::1-2",
        property_dependencies={"size": []},
        pending_replacement=True,
        additional_secret_outputs=["token"],
        custom_timeouts={"create": 60.0},
        retain_on_delete=True,
        deleted_with="urn:pulumi:dev::toy::pulumi-python:dynamic/toy:Thing::a",
        modified="2026-01-02T00:00:00Z",
        ignore_changes=["size"],
        replace_on_changes=["label"],
        extra={"sourcePosition": "project:///__main__.py#1"},
    )
    provider = {"secrets_providers": {"type": "passphrase"}, "metadata": {}}
    before = Snapshot([resource("a"), full], [(resource("x"), "creating")], provider)
    with store.locked():
        store.save(before)
    assert content(store, store.load()) == content(store, before)


def test_references_to_a_former_name_are_saved_under_the_present_one(store: StateStore) -> None:
    """A renamed resource's dependents and children name it as it is called now."""
    old = resource("a").urn
    renamed = resource("z", aliases=[old])
    child = resource("child", parent=old, dependencies=[old], deleted_with=old)
    with store.locked():
        store.save(Snapshot([renamed, child], []))
    _, saved = store.load().resources
    assert saved.parent == saved.deleted_with == saved.dependencies[0] == renamed.urn


def test_files_are_for_their_owner_only(store: StateStore) -> None:
    """Folders are 0700 and files 0600, whatever the umask."""
    journaled(store)
    folder = store.file.parent
    modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in (folder, *folder.iterdir())}
    names = ("dev.json", "dev.lock", "dev.journal", "dev.key")
    assert modes == {"toy": 0o700, **dict.fromkeys(names, 0o600)}
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


def test_no_secret_is_readable_on_disk(store: StateStore) -> None:
    """Neither in a state nor in a journal; loading either gives it back."""
    hidden = resource("a", inputs={"pin": secret("hush"), "list": [1, secret({"deep": "hush"})]})
    with store.locked(), store.journal() as journal:
        snapshot = store.load()
        snapshot.write_to(journal.write)
        snapshot.begin(hidden, "updating")
        snapshot.finish(hidden, put=[hidden])
        files = {file.name: file.read_text() for file in store.file.parent.iterdir()}
        assert "ciphertext" in files["dev.journal"]
        assert hidden.inputs in [one.inputs for one in store.load().resources]
        store.save(store.load())
    files |= {file.name: file.read_text() for file in store.file.parent.iterdir()}
    assert "ciphertext" in files["dev.json"]
    assert not [name for name, text in files.items() if "hush" in text]
    again = StateStore(store.file.parents[2], "toy", "dev")
    assert hidden.inputs in [one.inputs for one in again.load().resources]


def test_a_state_with_readable_secrets_is_encrypted_by_the_next_save(store: StateStore) -> None:
    """Earlier versions wrote them so, and so does whoever puts an exported state there."""
    hidden = resource("a", inputs={"pin": secret("hush")})
    store.file.write_text(json.dumps(store.document(Snapshot([hidden], []))))
    assert "hush" in store.file.read_text()
    with store.locked():
        store.save(store.load())
    assert "hush" not in store.file.read_text()
    assert [one.inputs for one in store.load().resources] == [hidden.inputs]


UNUSABLE = {
    "none": (None, "is missing"),
    "empty": (b"", "is damaged"),
    "text": (b"hello", "is damaged"),
    "another": (b"A" * 43 + b"=", "is another one"),
}


@pytest.mark.parametrize(("key", "reason"), UNUSABLE.values(), ids=UNUSABLE)
def test_without_its_key_a_state_is_refused_and_kept(
    store: StateStore, key: bytes | None, reason: str
) -> None:
    """One line says what the key lacks; with the right one back, the state is as it was."""
    hidden = resource("a", inputs={"pin": secret("hush")})
    with store.locked():
        store.save(Snapshot([hidden], []))
    file = store.file.with_suffix(".key")
    right, text = file.read_bytes(), store.file.read_text()
    file.unlink()
    if key is not None:
        file.write_bytes(key)

    def again() -> StateStore:
        return StateStore(store.file.parents[2], "toy", "dev")

    words = rf"cannot be decrypted: the key .*dev\.key {reason}; put back the key that"
    with pytest.raises(StateError, match=words):
        again().load()
    with pytest.raises(StateError, match=words), again().locked():
        again().load()
    assert store.file.read_text() == text
    assert file.exists() is (key is not None)
    file.write_bytes(right + b"\n")
    assert [one.inputs for one in again().load().resources] == [hidden.inputs]


@pytest.mark.parametrize("key", [b"", b"hello", None], ids=["empty", "text", "folder"])
def test_a_key_that_nothing_needs_is_made_anew_or_refused_first(
    store: StateStore, key: bytes | None
) -> None:
    """Nothing is encrypted with it yet, so nothing is lost; a folder in its place is named."""
    file = store.file.with_suffix(".key")
    file.unlink()
    again = StateStore(store.file.parents[2], "toy", "dev")
    if key is None:
        file.mkdir()
        with pytest.raises(StateError, match=r"dev\.key.*; nothing was done"), again.locked():
            pass
        return
    file.write_bytes(key)
    with again.locked():
        again.save(Snapshot([resource("a", inputs={"pin": secret("hush")})], []))
    assert "hush" not in store.file.read_text()
    assert len(StateStore(store.file.parents[2], "toy", "dev").load().resources) == 1


def test_a_stack_of_which_only_a_journal_is_left_is_known(store: StateStore) -> None:
    """Its first operation was killed."""
    with store.locked(), store.journal():
        store.file.unlink()
    assert saved_stacks(store.file.parents[2], "toy") == ["dev"]


def test_a_locked_stack_is_refused_by_its_holder_name(store: StateStore) -> None:
    """The second operation on a stack is told which process has it, and the lock ends with that."""
    with (
        store.locked(),
        pytest.raises(StateError, match=r"stack 'dev' is in use by process \d+, since 20"),
        StateStore(store.file.parents[2], "toy", "dev").locked(),
    ):
        pass
    with store.locked() as first:
        assert not first


def test_a_lock_file_left_by_a_crash_is_taken_over(store: StateStore) -> None:
    """What a dead process has left in the lock file locks nobody out."""
    store.file.with_suffix(".lock").write_text("process 1, since 2020-01-01\n")
    with store.locked():
        pass


DAMAGED = {
    "no JSON": ("{", "is damaged, it is not JSON"),
    "no deployment": ("[]", "is not a Pulumi deployment"),
    "another version": ('{"version": 4, "deployment": {}}', "has deployment version 4"),
    "no version": ('{"deployment": {}}', "has deployment version None"),
    "an entry without a URN": (
        '{"version": 3, "deployment": {"resources": [{"type": "t"}]}}',
        "holds an entry that is no resource (KeyError('urn'))",
    ),
    "another stack": (
        '{"version": 3, "deployment": {"resources": '
        '[{"urn": "urn:pulumi:prod::toy::t::n", "type": "t"}]}}',
        "urn:pulumi:prod::toy::t::n is not of stack 'dev' of project 'toy'",
    ),
    "a resource of a plugin": (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::toy::aws:s3:B::b", '
        '"type": "aws:s3:B", "custom": true, "id": "b"}]}}',
        "holds urn:pulumi:dev::toy::aws:s3:B::b, which needs a plugin",
    ),
    "a secret as ciphertext": (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::toy::t::n", '
        '"type": "t", "inputs": {"x": {"4dabf18193072939515e22adb298388d": '
        '"1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1"}}}]}}',
        "holds encrypted secrets; export it with --show-secrets",
    ),
}


@pytest.mark.parametrize(("text", "reason"), DAMAGED.values(), ids=DAMAGED)
def test_a_state_that_cannot_be_used_is_refused_and_kept(
    store: StateStore, text: str, reason: str
) -> None:
    """The error names the file and what is wrong with it; the file stays as it is."""
    store.file.write_text(text)
    with pytest.raises(StateError) as refusal:
        store.load()
    assert str(store.file) in str(refusal.value)
    assert reason in str(refusal.value)
    assert store.file.read_text() == text


def test_a_damaged_journal_is_refused(store: StateStore) -> None:
    """A whole line that is no JSON is no cut: it is named, and nothing is guessed."""
    journaled(store)
    journal = store.file.with_suffix(".journal")
    journal.write_text("what\n" + journal.read_text())
    with pytest.raises(StateError, match=r"dev\.journal is damaged"):
        store.load()


def test_the_saved_document_is_pulumi_s_own(store: StateStore) -> None:
    """The file has the version, manifest and resources of a Pulumi deployment."""
    document = json.loads(store.file.read_text())
    assert document["version"] == 3
    assert set(document["deployment"]) == {"manifest", "resources", "metadata"}
    assert set(document["deployment"]["manifest"]) == {"time", "magic", "version"}
