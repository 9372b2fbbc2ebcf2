"""`git gage export`: what it says is true, and tools that are not ours can check who says it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from tests.signing import SIGNING, config, make_key, run
from tests.support import Result, clone, commit, gage_inside, git, make_repo, write_files

SCRIPT = """\
import os
lr = 0.1
os.makedirs("out")
open("out/model.bin", "w").write("weights")
os.symlink("model.bin", "out/last")
print("loss:", lr)
"""
GAGEFILE = """\
[train]
exec = "python train.py"
config = "train.py"
sourcecode = ["train.py"]
depends = ["file:data.csv"]
"""


@pytest.fixture
def project(repo: Path) -> Path:
    """A project with a run of its operation, made by somebody with a local key."""
    files = {"train.py": SCRIPT, "gage.toml": GAGEFILE, "data.csv": "1\n"}
    write_files(repo, files)
    commit(repo)
    git(repo, "remote", "add", "origin", "https://ana:pw@example.com/x.git")
    assert gage_inside(repo, "run", "-q", "train", "lr=0.5", env=SIGNING).code == 0
    return repo


def export(where: Path, *words: str, **environ: str) -> Result:
    return gage_inside(where, "export", *words, env={**SIGNING, **environ})


def envelope(where: Path, *words: str) -> dict[str, Any]:
    done = export(where, *(words or ("@",)))
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def statement(where: Path, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(base64.b64decode(envelope(where, *words)["payload"]))
    return found


def sha256(text: str) -> dict[str, str]:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def require_descriptors(found: list[dict[str, Any]]) -> None:
    """As in-toto's resource_descriptor.md wants them."""
    for each in found:
        assert set(each) <= {"name", "uri", "digest", "annotations"}
        assert {"uri", "digest", "annotations"} & set(each)
        for algorithm, value in each.get("digest", {}).items():
            assert algorithm in ("sha256", "gitCommit", "gitGageInput")
            assert set(value) <= set("0123456789abcdef")


def test_what_a_statement_says(project: Path) -> None:
    document = json.loads(gage_inside(project, "show", "--json").out)
    found = statement(project)
    assert set(found) == {"_type", "subject", "predicateType", "predicate"}
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {each["name"]: each["digest"] for each in found["subject"]}
    assert subjects == {
        "out/model.bin": sha256("weights"),
        "git-gage:output": sha256("loss: 0.5\n"),
        "git-gage:snapshot": {"gitCommit": document["source"]["snapshot"]},
    }
    built, details = (found["predicate"][key] for key in ("buildDefinition", "runDetails"))
    assert built["externalParameters"]["config"] == {"lr": 0.5}
    assert built["externalParameters"]["operation"] == "train"
    assert built["internalParameters"]["sourceDigest"] == document["source"]["digest"]
    dependencies = built["resolvedDependencies"]
    require_descriptors([*found["subject"], *dependencies, *details["byproducts"]])
    head = {"gitCommit": git(project, "rev-parse", "HEAD").strip()}
    assert dependencies[:2] == [
        {"name": "commit", "uri": "git+https://example.com/x.git", "digest": head},
        {"name": "data.csv", "digest": sha256("1\n")},
    ]
    assert details["builder"]["id"] == "urn:git-gage:local"
    assert details["metadata"] == {
        "invocationId": document["id"],
        "startedOn": document["started"],
        "finishedOn": document["ended"],
    }
    assert details["byproducts"][0]["annotations"]["metrics"] == {"loss": 0.5}


def test_links_and_files_of_a_later_time_are_left_out(project: Path) -> None:
    told = export(project, "@").err
    assert told == "warning: 'out/last' is no plain file of the run, and not among the subjects\n"
    shown = json.loads(gage_inside(project, "show", "--json", "--files").out)
    made = Path(shown["directory"]) / "out" / "model.bin"
    made.chmod(0o644)
    made.write_text("forgery")
    refused = export(project, "@")
    assert (refused.code, refused.out) == (128, "")
    assert "are not those that it made\nhint: git gage check " in refused.err


def test_the_local_key_signs_and_another_library_verifies(project: Path, tmp_path: Path) -> None:
    found = envelope(project)
    private = Path(os.environ["XDG_DATA_HOME"], "git-gage", "id_ed25519")
    public = load_ssh_public_key(run("ssh-keygen", "-y", "-f", private))
    key = SSlibKey.from_crypto(public, keyid=found["signatures"][0]["keyid"])
    assert Envelope.from_dict(found).verify([key], 1)


def test_several_runs_are_lines_of_a_file(project: Path, tmp_path: Path) -> None:
    assert gage_inside(project, "run", "-q", "--", "true", env=SIGNING).code == 0
    done = export(project, "@", "@~1", "--no-sign", "-o", str(tmp_path / "runs.jsonl"))
    assert (done.code, done.out) == (0, f"Wrote 2 runs to {tmp_path / 'runs.jsonl'}\n")
    lines = [json.loads(line) for line in (tmp_path / "runs.jsonl").read_text().splitlines()]
    assert [line["signatures"] for line in lines] == [[], []]


def test_a_key_that_cannot_sign_bytes_is_refused(project: Path, tmp_path: Path) -> None:
    config(project, gpg__format="openpgp", user__signingKey="ana@example.com")
    refused = export(project, "@")
    assert (refused.code, refused.out) == (128, "")
    assert "cannot sign this: an envelope needs an SSH key" in refused.err
    assert envelope(project, "@", "--no-sign")["signatures"] == []
    make_key(tmp_path / "key")
    assert envelope(project, "@", f"--sign={tmp_path / 'key'}")["signatures"] != []


def test_without_a_key_it_is_unsigned_and_says_so(project: Path) -> None:
    done = export(project, "@", CI="true")
    assert done.code == 0
    assert "warning: not signed: CI is set, and git's config names no key\n" in done.err
    assert json.loads(done.out)["signatures"] == []


def test_the_run_of_another_clone_is_not_vouched_for(project: Path, tmp_path: Path) -> None:
    hub = make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    git(project, "push", "-q", str(hub), "main")
    gage_inside(project, "push", str(hub), env=SIGNING)
    other = clone(hub, tmp_path / "other")
    gage_inside(other, "fetch", env=SIGNING)
    run_ = json.loads(gage_inside(other, "list", "--json").out)[0]["id"]
    refused = export(other, run_)
    assert (refused.code, refused.out) == (128, "")
    assert "was recorded by another clone: what it says is not yours to sign" in refused.err
    assert envelope(other, run_, "--sign")["signatures"] != []
    done = export(other, run_, "--no-sign")
    told = "warning: 'out/last' is no plain file of the run, and not among the subjects\n"
    assert done.err == told
    # Short files travel with the run.
    names = [each["name"] for each in statement(other, run_, "--no-sign")["subject"]]
    assert names == ["out/model.bin", "git-gage:output", "git-gage:snapshot"]


def test_files_that_are_not_here_are_told_with_the_way_to_get_them(
    repo: Path, tmp_path: Path
) -> None:
    make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    git(repo, "remote", "add", "origin", str(tmp_path / "hub.git"))
    write_files(repo, {"big.py": "open('big.bin', 'wb').write(bytes(300_000))\n"})
    for words in (
        ("run", "-q", "big.py"),
        ("push",),
        ("files", "push", "@"),
        ("files", "drop", "@"),
    ):
        done = gage_inside(repo, *words, env=SIGNING)
        assert done.code == 0, done.err
    run_ = json.loads(gage_inside(repo, "show", "--json").out)["id"][10:17]
    pull = f"git gage files pull {run_}"
    done = export(repo, "@")
    assert done.err == f"warning: run {run_} goes without 1 of its files: not here: {pull}\n"
    assert "big.bin" not in [each["name"] for each in statement(repo)["subject"]]
    assert gage_inside(repo, *pull.split()[2:], env=SIGNING).code == 0
    assert export(repo, "@").err == ""
    digest = {"sha256": hashlib.sha256(bytes(300_000)).hexdigest()}
    assert {"name": "big.bin", "digest": digest} in statement(repo)["subject"]


def test_a_list_of_files_that_has_not_come(repo: Path, tmp_path: Path) -> None:
    hub = make_repo(tmp_path / "hub.git", files={}, commit=False, options=("--bare",))
    write_files(repo, {"many.py": "for i in range(250): open(f'{i:090}', 'w').write('x')\n"})
    assert gage_inside(repo, "run", "-q", "many.py", env=SIGNING).code == 0
    other = make_repo(tmp_path / "other")
    for each in (repo, other):
        git(each, "remote", "add", "origin", str(hub))
    assert gage_inside(repo, "push", env=SIGNING).code == 0
    assert gage_inside(other, "fetch", "--meta", env=SIGNING).code == 0
    run_ = json.loads(gage_inside(other, "list", "--json").out)[0]["id"][10:17]
    told = f"warning: run {run_} goes without its files: not here: git gage fetch\n"
    assert export(other, "--no-sign", run_).err == told
    assert told in export(other, "--format", "mlflow", run_, "-o", str(tmp_path / "mlruns")).err
    assert gage_inside(other, "fetch", env=SIGNING).code == 0
    assert export(other, "--no-sign", run_).err == ""


def test_before_the_first_commit(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", commit=False)
    assert gage_inside(repo, "run", "-q", "--", "true", env=SIGNING).code == 0
    found = statement(repo)
    assert [each["name"] for each in found["subject"]] == ["git-gage:snapshot"]
    dependencies = found["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert "commit" not in {each.get("name") for each in dependencies}


def test_a_run_that_has_not_ended(repo: Path) -> None:
    gage_inside(repo, "run", "-q", "--stage", "train.py", env=SIGNING)
    refused = export(repo, "@")
    assert (refused.code, "has not ended" in refused.err) == (128, True)


def test_a_run_of_which_nothing_has_a_digest(tmp_path: Path) -> None:
    bare = make_repo(tmp_path / "bare.git", files={}, commit=False, options=("--bare",))
    done = gage_inside(bare, "run", "-q", "--", "no-such-program", env=SIGNING)
    assert done.code == 127
    refused = export(bare, "@")
    assert (refused.code, "has a digest" in refused.err) == (128, True)


def test_an_input_of_too_many_files_has_a_digest_of_ours(repo: Path) -> None:
    gagefile = "[count]\nexec = 'ls many'\ndepends = ['dir:many']\n"
    many = {f"many/{number}": "" for number in range(1001)}
    write_files(repo, {"gage.toml": gagefile, ".gitignore": "many\n", **many})
    assert gage_inside(repo, "run", "-q", "count", env=SIGNING).code == 0
    dependencies = statement(repo)["predicate"]["buildDefinition"]["resolvedDependencies"]
    (found,) = [each for each in dependencies if each.get("name") == "many"]
    assert set(found["digest"]) == {"gitGageInput"}


def test_submodules_and_inputs_from_runs_are_dependencies(repo: Path, tmp_path: Path) -> None:
    part = make_repo(tmp_path / "part")
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part), "part")
    gagefile = (
        "[prepare]\nexec = 'echo 1 > data'\n"
        "[train]\nexec = 'cat data'\ndepends = [{run-select = 'prepare', files = 'data'}]\n"
    )
    write_files(repo, {"gage.toml": gagefile})
    commit(repo)
    for operation in ("prepare", "train"):
        assert gage_inside(repo, "run", "-q", operation, env=SIGNING).code == 0
    prepared = json.loads(gage_inside(repo, "list", "--json").out)[1]["id"]
    found = statement(repo)["predicate"]["buildDefinition"]["resolvedDependencies"]
    module = {"gitCommit": git(part, "rev-parse", "HEAD").strip()}
    assert {"name": "part", "digest": module} in found
    uri = f"urn:git-gage:run:{prepared}"
    assert {"name": "data", "uri": uri, "digest": sha256("1\n")} in found
