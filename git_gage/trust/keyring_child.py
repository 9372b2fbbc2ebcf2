"""Asks the system's keyring, in a process of its own: some of them hang, or fail in odd ways.

`python -I -m git_gage.trust.keyring_child <get | set | delete> <account>`; what is to be kept comes
on standard input, what is kept goes to standard output. Any failure is a traceback.
"""

from __future__ import annotations

import sys

import keyring

SERVICE = "git-gage"


def main(action: str, account: str) -> None:
    if action == "set":
        keyring.set_password(SERVICE, account, sys.stdin.read())
    elif action == "delete":
        keyring.delete_password(SERVICE, account)
    else:
        sys.stdout.write(keyring.get_password(SERVICE, account) or "")


if __name__ == "__main__":  # pragma: no branch - nobody imports it
    main(*sys.argv[1:])
