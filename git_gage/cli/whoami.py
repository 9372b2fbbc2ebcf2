"""`git gage whoami`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from git_gage.cli.params import json_option
from git_gage.cli.parsing import Command

if TYPE_CHECKING:
    from git_gage.cli.app import App

_SHOWN = {
    "name": "name",
    "email": "email",
    "key": "key",
    "means": "signs",
    "reason": "because",
    "known_as": "known as",
    "line": "line",
    "error": "error",
}
_NOBODY = "nobody: no allowed signers file has this key"


@click.command(
    "whoami",
    cls=Command,
    usage="git gage whoami [--json]",
    examples=["git gage whoami"],
    note="""\
The line is for the allowed signers file of a colleague, who can tell by it that
a record is yours.
""",
)
@json_option
@click.pass_obj
def command(app: App, as_json: bool) -> int:
    """Show who you are in records, and what signs them"""
    from git_gage.safe import clean

    found = _find_out(app)
    if as_json:
        import json

        click.echo(json.dumps(found))
    else:
        texts = {**found, "means": found["means"] or "nothing", "known_as": _known(found)}
        for key, name in _SHOWN.items():
            if texts[key]:
                click.echo(f"{name:<9} {clean(texts[key])}")
    return 0 if found["error"] is None else 1


def _find_out(app: App) -> dict[str, Any]:
    from git_gage.git.author import read_author
    from git_gage.trust.errors import SigningError
    from git_gage.trust.known_as import find_principals, signers_line
    from git_gage.trust.signer import Signer

    by = read_author(app.here) or {}
    found: dict[str, Any] = {
        **dict.fromkeys(("name", "email", "key", "form", "means", "reason")),
        **dict.fromkeys(("known_as", "line", "error")),
        **by,
    }
    try:
        signer = app.find_signer(make=False)
    except SigningError as error:
        return {**found, "error": error.message}
    found["reason"] = signer.reason
    if not isinstance(signer, Signer):
        return found
    found |= {"key": signer.name, "form": signer.form, "means": signer.means}
    if signer.public is not None:
        found["known_as"] = find_principals(app.trust_settings, app.here, signer.public)
        found["line"] = signers_line(signer.public, by)
    return found


def _known(found: dict[str, Any]) -> str | None:
    names = found["known_as"]
    return None if names is None else ", ".join(names) or _NOBODY
