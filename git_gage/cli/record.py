"""`git gage record`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from git_gage.cli.params import json_option
from git_gage.cli.parsing import Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.records import Record


@click.command(
    "record",
    cls=Command,
    usage="git gage record <id> [--payload | --signature | --json]",
    examples=["git gage record 3f9a21c4 --payload | sha256sum"],
    exclusive=[("--payload", "--signature", "--json")],
    note="""\
An <id> is that of a record, of which the first 6 digits or more are enough;
'git gage show @ --history' tells those of a run. docs/format.md, "Signatures",
says how ssh-keygen and gpg check what is printed.
""",
)
@click.argument("id", metavar="<id>")
@click.option("--payload", is_flag=True, help="Print the bytes that are signed")
@click.option("--signature", is_flag=True, help="Print the signature")
@json_option
@click.pass_obj
def command(app: App, id: str, payload: bool, signature: bool, as_json: bool) -> None:
    """Print one record exactly as it is stored"""
    _ = app.runs
    found = app.catalog.record(id)
    if payload:
        answer = found.payload  # a line end more would not be what was signed
    elif signature:
        answer = _signature(found)
    else:
        answer = _json(found) if as_json else found.line + b"\n"
    screen = app.screen()
    # Others wrote it: only a program gets the bytes themselves.
    screen.write(answer if screen.height is None else _make_visible(answer))


def _make_visible(answer: bytes) -> bytes:
    from git_gage.safe import clean

    lines = answer.decode(errors="surrogateescape").splitlines()
    return "".join(f"{clean(line)}\n" for line in lines).encode()


def _signature(record: Record) -> bytes:
    if record.sig is None:
        raise RequestError(
            f"record {record.id[:12]} is not signed", hint="git gage sign <run> signs a run later"
        )
    return record.sig.encode(errors="surrogatepass")


def _json(record: Record) -> bytes:
    """The record as an object, with what its line does not say: its id and its run's."""
    import json

    fields = {"id": record.id, **json.loads(record.line), "run": record.run}
    return json.dumps(fields).encode() + b"\n"
