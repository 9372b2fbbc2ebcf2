"""Names that say that a value is secret, and the words of a command without such values."""

from __future__ import annotations

import re
from collections.abc import Sequence

from git_gage.secrets.masks import MASK
from git_gage.secrets.values import is_random

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
# Whatever else is in the name.
_SECRET = re.compile(
    r".*(?:passw(?:or)?d|passphrase|passcode|secret)|pwd|secrets|credentials?"
    r"|.*(?:api|secret|access|private|auth)key|.*(?:auth|access)token"
)
# At the end of a name.
_LAST = frozenset({"token", "auth", "authorization", "bearer", "cookie", "pass", "pw"})
# Keys of something that opens; others are those of tables, of arrays and of layers.
_OPENING = frozenset(
    (
        *("api", "access", "secret", "private", "auth", "encryption", "signing", "account"),
        *("license", "deploy", "service", "storage", "subscription", "client", "admin", "master"),
        *(
            "app",
            "ssh",
            "gpg",
            "aws",
            "azure",
            "gcp",
            "openai",
            "anthropic",
            "hf",
            "wandb",
            "comet",
        ),
        *("neptune", "kaggle", "groq", "stripe", "session", "hmac", "jwt", "webhook", "shared"),
    )
)
# What models call the pieces that they read and write, and passes over data.
_OF_MODELS = frozenset(
    (
        *("pad", "eos", "bos", "unk", "sep", "cls", "mask", "special", "start", "end", "stop"),
        *(
            "image",
            "video",
            "audio",
            "text",
            "per",
            "max",
            "min",
            "num",
            "n",
            "new",
            "next",
            "first",
        ),
        *(
            "last",
            "prompt",
            "begin",
            "decoder",
            "class",
            "answer",
            "question",
            "register",
            "target",
        ),
        *(
            "source",
            "blank",
            "null",
            "prev",
            "extra",
            "sot",
            "eot",
            "other",
            "single",
            "each",
            "by",
        ),
        *(
            "multi",
            "two",
            "one",
            "forward",
            "backward",
            "low",
            "high",
            "band",
            "all",
            "cross",
            "self",
        ),
    )
)
# What is said of a secret, and is none itself.
_SAID = frozenset(
    (
        *("file", "path", "dir", "name", "id", "ids", "length", "len", "hash", "type", "policy"),
        *("field", "url", "enabled", "required", "size", "count", "env", "var", "manager", "dim"),
        *("mode", "version", "limit", "index", "rate", "loss", "weight", "prob", "only"),
    )
)
_HARMLESS = re.compile(
    r"|true|false|none|null|yes|no|auto|[$<{\[(].*|\*+|.*\.(?:json|ya?ml|toml|txt|pem|env)|[~.]?/.*",
    re.I,
)
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?", re.I)

_ASSIGNED = re.compile(
    r"(?P<head>[-+~]{0,2}(?:[^=\s]*#)?(?P<name>[A-Za-z][\w.-]*)(?::\w+)?=)(?P<value>.+)", re.DOTALL
)
_OPTION = re.compile(r"--?([A-Za-z][\w.-]*)|([A-Z][A-Z0-9_]{2,})")
_HEADER = re.compile(r"(?P<head>(?P<name>[A-Za-z][\w-]*):\s*)(?P<value>\S.*)", re.DOTALL)
_USERS = ("-u", "--user", "--proxy-user")
_IN_SHELL = re.compile(
    r"(?<![^\s;&|(\"'])(--?(?P<option>[A-Za-z][\w.-]*)(?:=|[ \t]+)|(?P<name>[A-Za-z_]\w*)=)"
    r"(?P<value>\"[^\"\n]*\"|'[^'\n]*'|(?!-)[^\s;&|)\"']+)"
)
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^/\s@\"'<>]+)@")
_QUERY = re.compile(r"([?&;]([A-Za-z][\w.-]*)=)([^&;#\s\"']+)")


def is_secret(name: str, value: str) -> bool:
    """Whether a setting, option or variable of this name is one that nobody else may see.

    `max_tokens`, `pad_token`, `n_keys` and `sort_key` are none; a plain `key` is, if its value is
    drawn by lot.
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    if not words or words[-1] in _SAID or _HARMLESS.fullmatch(value):
        return False
    if any(_SECRET.fullmatch(word) for word in words):
        return True
    before = words[-2] if len(words) > 1 else ""
    if words[-1] in _LAST:
        return before not in _OF_MODELS and not _NUMBER.fullmatch(value)
    if words[-1] != "key":
        return False
    return before in _OPENING or is_random(value.encode(errors="surrogatepass"))


def mask_words(words: Sequence[str]) -> tuple[str, ...]:
    """Words of a command with `***` for the values of secret options and users in URLs."""
    masked = []
    before = ""
    for word in words:
        masked.append(_mask_word(word, before))
        before = word
    return tuple(masked)


def _mask_word(word: str, before: str) -> str:
    option = _OPTION.fullmatch(before)
    name = (option[1] or option[2]) if option else ""
    if name and not word.startswith("--") and is_secret(name, word):
        return MASK
    if before in _USERS and ":" in word:
        return MASK
    for pattern in (_ASSIGNED, _HEADER):
        found = pattern.fullmatch(word)
        if found is not None and is_secret(found["name"], found["value"]):
            return found["head"] + MASK
    return mask_urls(word)


def mask_shell(text: str) -> str:
    """The same of a text that a shell reads."""

    def cover(found: re.Match[str]) -> str:
        name, value = found["option"] or found["name"], found["value"].strip("\"'")
        return found[1] + MASK if is_secret(name, value) else found[0]

    return mask_urls(_IN_SHELL.sub(cover, text))


def mask_urls(text: str) -> str:
    """A text whose URLs name no password, nor whoever signs in to a web server."""

    def cover_user(found: re.Match[str]) -> str:
        scheme, user = found.groups()
        if ":" in user or scheme.lower().startswith(("http", "ftp")):
            return f"{scheme}{MASK}@"
        return found[0]

    def cover_query(found: re.Match[str]) -> str:
        return found[1] + MASK if is_secret(found[2], found[3]) else found[0]

    if "://" not in text:
        return text
    return _QUERY.sub(cover_query, _URL.sub(cover_user, text))
