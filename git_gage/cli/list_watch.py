"""`git gage list --watch`, `git gage watch`: again and again, on a screen of its own."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from git_gage.errors import RequestError

if TYPE_CHECKING:
    from git_gage.cli.app import App
    from git_gage.render.screen import Screen

EVERY_S = 2.0
_OPEN, _CLOSE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
_HOME, _TO_LINE_END, _TO_SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"


def watch_list(app: App, draw: Callable[[], tuple[str, Screen]], once: str) -> None:
    """Show what `draw` gives until Ctrl-C; then the screen is as it was before.

    once: what to type to see it one time.
    """
    screen = app.screen()
    if screen.height is None:
        raise RequestError("to watch takes a terminal", hint=once)
    shown = ""
    _write(screen, _OPEN)
    try:
        while True:
            text, screen = draw()  # it may have another size by now
            trouble = f"{screen.cut(app.trouble, screen.width)}\n" if app.trouble else ""
            fresh = _fitted(trouble + (text or "no runs yet\n"), screen)
            if fresh != shown:
                _write(screen, fresh)
                shown = fresh
            time.sleep(EVERY_S)
            app.look_again()
    except KeyboardInterrupt:
        pass  # how it ends
    finally:
        _write(screen, _CLOSE)


def _fitted(text: str, screen: Screen) -> str:
    """As many lines as the screen has, each over what stood there."""
    lines = text.splitlines()[: (screen.height or 1) - 1]
    return _HOME + "".join(f"{line}{_TO_LINE_END}\r\n" for line in lines) + _TO_SCREEN_END


def _write(screen: Screen, text: str) -> None:
    screen.write(screen.encode(text))
    screen.stream.flush()
