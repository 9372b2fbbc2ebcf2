"""Tokens that nobody issued, made as those who issue them say. None stands in a file as a whole."""

from __future__ import annotations

import random
import string
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URL = ALNUM + "-_"


def make_tokens(seed: int) -> dict[str, str]:
    """A text with one secret for each of many kinds, by the name of the kind."""
    draw = random.Random(seed)

    def word(alphabet: str, length: int) -> str:
        return "".join(draw.choice(alphabet) for _ in range(length))

    upper = string.ascii_uppercase + "234567"
    return {
        "aws access key": "AK" + "IA" + word(upper, 16),
        "aws secret key": "aws_secret_access_key = " + word(ALNUM + "/+", 40),
        "gcp api key": "AI" + "za" + word(URL, 35),
        "gcp service account": f'"private_key_id": "{word(HEX, 40)}"',
        "azure storage": f"DefaultEndpointsProtocol=https;AccountName=a;Account{''}Key="
        + b64encode(draw.randbytes(64)).decode(),
        "github classic": "gh" + "p_" + word(ALNUM, 36),
        "github fine-grained": "github" + "_pat_" + word(ALNUM, 22) + "_" + word(ALNUM, 59),
        "gitlab": "gl" + "pat-" + word(URL, 20),
        "slack": f"xo{'xb'}-{word(string.digits, 12)}-{word(string.digits, 12)}-{word(ALNUM, 24)}",
        "stripe": "sk_" + "live_" + word(ALNUM, 24),
        "openai": "sk-" + "proj-" + word(URL, 48),
        "openai classic": "sk-" + word(ALNUM, 20) + "T3Blb" + "kFJ" + word(ALNUM, 20),
        "anthropic": "sk-" + "ant-api03-" + word(URL, 93) + "AA",
        "hugging face": "h" + "f_" + word(string.ascii_letters, 34),
        "npm": "np" + "m_" + word(ALNUM, 36),
        "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + word(URL, 70),
        "twilio": "S" + "K" + word(HEX, 32),
        "sendgrid": "S" + f"G.{word(URL, 22)}.{word(URL, 43)}",
        "telegram": f"{draw.randrange(10**9, 10**10)}:A" + "A" + word(URL, 33),
        "jwt": ".".join(
            [
                urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').decode().rstrip("="),
                urlsafe_b64encode(b'{"sub":"1234567890","name":"Sam"}').decode().rstrip("="),
                word(URL, 43),
            ]
        ),
        "private key": make_key(draw.randbytes),
        "password": f'password = "{word(ALNUM, 7)}7x"',
        "generic": f'SERVICE_API_KEY="{word(ALNUM, 22)}4b2"',
        "url": f"https://sam:{word(ALNUM, 12)}@example.com/x.git",
        "databricks": "da" + "pi" + word(HEX, 32),
        "wandb": f"WANDB_API_KEY={word(HEX, 40)}",
        "bearer": f"Authorization: Bearer {word(ALNUM, 30)}a1b2",
    }


def make_key(randbytes: Callable[[int], bytes]) -> str:
    """What looks like a private key in PEM."""
    body = b64encode(randbytes(144)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN " + "PRIVATE KEY-----", *lines, "-----END " + "PRIVATE KEY-----"])
