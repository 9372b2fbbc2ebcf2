"""`git gage export`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import RunName, sign_options
from git_gage.cli.parsing import RUN_NOTE, Command
from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.trust.keys import SigningKey


@click.command(
    "export",
    cls=Command,
    usage="git gage export <run>... [--format in-toto] [-o <file>] [--no-sign]",
    examples=["git gage export @ -o run.intoto.jsonl"],
    note="in-toto: a statement with SLSA provenance in a signed envelope, a line a run.\n"
    "What it says, and how others check it, is told in docs/export.md\n\n" + RUN_NOTE,
)
@click.argument("runs", metavar="<run>", nargs=-1, required=True, type=RunName())
@click.option(
    "--format",
    "form",
    metavar="<form>",
    type=click.Choice(["in-toto"]),
    default="in-toto",
    help="Form of what is written: in-toto (default)",
)
@click.option(
    *("-o", "--output"),
    metavar="<file>",
    type=click.Path(),
    default="-",
    help="Write it to this file (- for standard output)",
)
@sign_options
@click.pass_obj
def command(
    app: App,
    runs: tuple[str, ...],
    form: str,  # noqa: ARG001 - there is one alone
    output: str,
) -> None:
    """Write what is known of runs for tools that are not ours"""
    lines = [_export(app, app.document(run)) for run in app.select(runs)]
    app.write_page(output, "".join(lines))


def _export(app: App, document: dict[str, Any]) -> str:
    import json

    from git_gage.share.statement import PAYLOAD_TYPE, make_statement
    from git_gage.trust.envelope import make_envelope

    found = make_statement(app.store, app.catalog, document)
    for notice in found.notices:
        app.progress().warning(notice)
    envelope = make_envelope(PAYLOAD_TYPE, found.payload, _choose_key(app, document))
    return json.dumps(envelope) + "\n"


def _choose_key(app: App, document: dict[str, Any]) -> SigningKey | None:
    """The user's key; None where nothing is to be signed, or there is nothing to sign with.

    Raises: RequestError where the key, or the run, is not one to be signed with or for.
    """
    from git_gage.records import short_id
    from git_gage.trust.signer import Unsigned

    if app.asked_to_sign is False:
        return None
    if app.asked_to_sign is None and document["writer"] not in app.store.my_lanes:
        run = short_id(document["id"])
        raise RequestError(
            f"run {run} was recorded by another clone: what it says is not yours to sign",
            hint=f"git gage export --no-sign {run}, or --sign if you vouch for it",
        )
    signer = app.signer
    if isinstance(signer, Unsigned):
        app.progress().warning(f"not signed: {signer.reason}")
        return None
    if signer.raw is None:
        raise RequestError(
            f"{signer.means} cannot sign this: an envelope needs an SSH key that we or an agent"
            " hold",
            hint="git gage export --no-sign <run>, or --sign=<key> with an SSH key",
        )
    return signer.raw
