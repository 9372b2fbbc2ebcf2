"""Windows as far as it can be told here: every module is imported as it would be there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import git_gage
from git_gage.errors import describe_os_error

# Only what has nothing of ours to load yet is loaded before the system changes its name.
IMPORT_ALL = """
import ctypes, ctypes.wintypes, importlib, pkgutil, platform, queue, select, selectors, shutil
import signal, socket, sqlite3, subprocess, sys, tempfile, threading, types, unittest.mock
import bcrypt, click, cryptography, jschon, keyring, PIL.Image, rfc8785, rich.console, rich.table
import concurrent.futures, email.message, http.server, tomli, urllib.request, yaml
import xml.etree.ElementTree
import importlib.metadata, asyncio, os

POSIX = ("fcntl", "grp", "posix", "pty", "pwd", "resource", "termios", "tty")
for name in POSIX:
    sys.modules[name] = None
for module, names in {
    os: "fchmod fork getpgrp getuid killpg openpty pwrite register_at_fork setsid tcgetpgrp uname"
    " O_CLOEXEC O_DIRECTORY O_NOFOLLOW O_NONBLOCK",
    signal: "SIGCHLD SIGCONT SIGHUP SIGKILL SIGQUIT SIGSTOP SIGTSTP SIGWINCH pthread_sigmask",
}.items():
    for name in names.split():
        vars(module).pop(name, None)
signal.SIGBREAK = 21
sys.modules["msvcrt"] = types.ModuleType("msvcrt")
ctypes.WinDLL = unittest.mock.MagicMock()
sys.platform = "win32"

import git_gage

for found in pkgutil.walk_packages(git_gage.__path__, "git_gage."):
    if found.name == "git_gage.__main__":
        continue
    try:
        importlib.import_module(found.name)
    except AssertionError:
        print(found.name)
"""
# Linux and macOS alone run these; nothing that Windows runs imports them.
NOT_THERE = [
    "git_gage.runs.detach",
    "git_gage.runs.process_posix",
    "git_gage.runs.start_posix",
    "git_gage.runs.terminal",
    "git_gage.runs.wires",
]


def test_every_module_but_those_for_other_systems_is_there() -> None:
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.split() == NOT_THERE


def test_those_for_other_systems_say_so() -> None:
    folder = Path(git_gage.__file__).parent
    said = {
        f"git_gage.{'.'.join(path.relative_to(folder).with_suffix('').parts)}"
        for path in folder.rglob("*.py")
        if '\nassert sys.platform != "win32"\n' in path.read_text()
    }
    assert sorted(said) == NOT_THERE


def test_who_may_make_no_links_is_told_how_to() -> None:
    error: Any = OSError(22, "A required privilege is not held by the client")
    error.winerror = 1314
    assert describe_os_error(error) == (
        "Windows lets you make no links",
        "turn on Developer Mode, or use --in-place",
    )
