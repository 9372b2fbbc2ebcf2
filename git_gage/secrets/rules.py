"""What keys and tokens look like, as those who issue them say.

A rule costs next to nothing where its words are not in a text: they are looked for first, and the
pattern is tried at the places where they are.
"""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """A kind of secret.

    words: each of its texts begins with one of them, or has it at most `back` bytes behind. whole:
    whether it must not go on before or behind. folded: words and pattern are for lower case. The
    secret is the first group of the pattern, or all of it.
    """

    kind: str
    words: tuple[bytes, ...]
    pattern: bytes
    back: int = 0
    whole: bool = True
    folded: bool = False


def _rule(
    kind: str,
    words: str,
    pattern: bytes,
    *,
    back: int = 0,
    whole: bool = True,
    folded: bool = False,
) -> Rule:
    return Rule(kind, tuple(words.encode().split()), pattern, back, whole, folded)


_GAP = rb"(?:[\s>*#\"',|]|\\+[nrt])"
_BODY = (
    # Lines of base64, and before them what is said of it in some kinds.
    rb"(?:" + _GAP + rb"{0,64}(?:[A-Z][A-Za-z-]{2,20}: [^\n\\]{0,80}|[A-Za-z0-9+/=]{16,}+))+"
    rb"(?:" + _GAP + rb"{1,64}[A-Za-z0-9+/=]{1,63}(?=" + _GAP + rb"{1,64}-----END))?"
)

RULES: tuple[Rule, ...] = (
    _rule(
        "private key",
        "-----BEGIN",
        rb"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----" + _BODY,
        whole=False,
    ),
    # Where a text begins in the middle of one.
    _rule(
        "private key",
        "-----END",
        rb"((?:[A-Za-z0-9+/=]{24,}+" + _GAP + rb"{1,64})+"
        rb"(?:[A-Za-z0-9+/=]{1,63}+" + _GAP + rb"{1,64})?)-----END [A-Z0-9 ]{0,30}PRIVATE KEY",
        back=16_384,
    ),
    _rule("private key", "Private-Lines", rb"Private-Lines: \d+\s+((?:[A-Za-z0-9+/=]{16,}\s*)+)"),
    _rule("age secret key", "AGE-SECRET-KEY-1", rb"AGE-SECRET-KEY-1[0-9A-Z]{40,64}"),
    _rule("AWS access key", "AKIA", rb"AKIA[A-Z0-9]{16}"),
    _rule("AWS access key", "ASIA", rb"ASIA[A-Z0-9]{16}"),
    _rule(
        "AWS secret key",
        "aws_ secret",
        rb"(?:aws[\w. -]{0,20}?secret|secret[_-]?access)[\w.-]{0,24}[\"'\]]{0,3}"
        rb"\s{0,4}[:=,>]{1,2}\s{0,4}"
        rb"\\?[\"']?([a-z0-9/+]{40})",
        folded=True,
    ),
    _rule("Google API key", "AIza", rb"AIza[0-9A-Za-z_-]{35}"),
    _rule("Google token", "ya29.", rb"ya29\.[0-9A-Za-z_-]{20,}"),
    _rule("Google client secret", "GOCSPX-", rb"GOCSPX-[0-9A-Za-z_-]{20,40}"),
    _rule(
        "Google service account",
        "private_key_id",
        rb"private_key_id\\?\"\s{0,4}:\s{0,4}\\?\"([0-9a-f]{40})",
    ),
    _rule("Azure storage key", "AccountKey", rb"AccountKey=([A-Za-z0-9+/]{40,88}={0,2})"),
    _rule("Azure storage key", "+ASt", rb"([A-Za-z0-9+/]{76}\+ASt[A-Za-z0-9+/]{6}==)", back=76),
    _rule("Azure signature", "sig=", rb"sig=([A-Za-z0-9%]{40,64}%3D)"),
    _rule("Azure client secret", "Q~", rb"([A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34})", back=4),
    _rule("GitHub token", "ghp_ gho_ ghu_ ghs_ ghr_", rb"gh[pousr]_[A-Za-z0-9]{30,251}"),
    _rule("GitHub token", "github_pat_", rb"github_pat_[A-Za-z0-9_]{30,251}"),
    _rule(
        "GitLab token",
        "glpat- gldt- glrt- glcbt- glptt- glft- glimt- glsoat- gloas- glagent-",
        rb"gl(?:pat|dt|rt|cbt|ptt|ft|imt|soat|oas|agent)-[A-Za-z0-9_.-]{20,100}",
    ),
    _rule("Slack token", "xox", rb"xox[abeoprs](?:\.xox[a-z])?-[A-Za-z0-9-]{10,250}"),
    _rule("Slack token", "xapp-", rb"xapp-\d-[A-Za-z0-9-]{20,250}"),
    _rule(
        "Slack webhook",
        "hooks.slack.com",
        rb"hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{20,})",
    ),
    _rule("Stripe key", "k_live_ k_test_", rb"[rs]k_(?:live|test)_[A-Za-z0-9]{10,250}", back=1),
    _rule("Stripe key", "whsec_", rb"whsec_[A-Za-z0-9+/=]{24,}"),
    _rule("Anthropic key", "sk-ant-", rb"sk-ant-[A-Za-z0-9]{2,12}-[A-Za-z0-9_-]{20,250}"),
    _rule(
        "OpenAI key", "T3BlbkFJ", rb"(sk-[A-Za-z0-9_-]{16,}T3BlbkFJ[A-Za-z0-9_-]{16,})", back=160
    ),
    _rule("OpenAI key", "sk-", rb"sk-(?:proj|svcacct|admin|None|or-v1)-[A-Za-z0-9_-]{20,250}"),
    _rule("API key", "sk-", rb"sk-[A-Za-z0-9]{32,}"),
    _rule("Hugging Face token", "hf_", rb"hf_[A-Za-z0-9]{30,200}"),
    _rule("Hugging Face token", "api_org_", rb"api_org_[A-Za-z0-9]{30,}"),
    _rule("npm token", "npm_", rb"npm_[A-Za-z0-9]{30,}"),
    _rule("npm token", "_authToken", rb"_authToken\s{0,2}=\s{0,2}[\"']?([A-Za-z0-9_./+=-]{16,})"),
    _rule("PyPI token", "pypi-", rb"pypi-[A-Za-z0-9_-]{40,}"),
    _rule("Twilio key", "SK", rb"SK[0-9a-f]{32}"),
    _rule("SendGrid key", "SG.", rb"SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{16,64}"),
    _rule("Mailgun key", "key-", rb"key-[0-9a-f]{32}"),
    _rule("Mailchimp key", "-us", rb"([0-9a-f]{32}-us\d{1,2})", back=32),
    _rule("Telegram token", ":AA", rb"(\d{8,10}:AA[A-Za-z0-9_-]{32,33})", back=10),
    _rule("Discord webhook", "/webhooks/", rb"/webhooks/(\d{15,20}/[A-Za-z0-9_-]{40,})"),
    # Neptune's tokens are JSON that begins like that of others.
    _rule("Neptune token", "eyJhcGlf", rb"eyJhcGlf[A-Za-z0-9+/_-]{60,}={0,2}"),
    _rule(
        "JSON web token",
        "eyJ",
        rb"eyJ[A-Za-z0-9_-]{8,}\.(?:eyJ)?[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
    ),
    _rule("Databricks token", "dapi", rb"dapi[0-9a-f]{32}(?:-\d)?"),
    _rule("Weights & Biases key", "wandb_v1_", rb"wandb_v1_[A-Za-z0-9_]{40,}"),
    _rule(
        "Weights & Biases key",
        "wandb",
        rb"(?:wandb[_.]?(?:api)?[_-]?key|wandb\.login|wandb login)[^0-9a-f\n]{1,24}([0-9a-f]{40})",
        folded=True,
    ),
    _rule(
        "Kaggle key",
        "kaggle",
        rb"kaggle_key[\"']?\s{0,4}[:=]\s{0,4}[\"']?([0-9a-f]{32})",
        folded=True,
    ),
    _rule(
        "Kaggle key",
        '"key"',
        rb"\"username\"\s{0,4}:\s{0,4}\"[\w.-]{1,64}\"\s{0,4},\s{0,4}\"key\"\s{0,4}:\s{0,4}\"([0-9a-f]{32})",
        back=96,
    ),
    _rule("Replicate token", "r8_", rb"r8_[A-Za-z0-9]{30,}"),
    _rule("Groq key", "gsk_", rb"gsk_[A-Za-z0-9]{40,}"),
    _rule("NVIDIA key", "nvapi-", rb"nvapi-[A-Za-z0-9_-]{50,}"),
    _rule("xAI key", "xai-", rb"xai-[A-Za-z0-9]{60,}"),
    _rule("Perplexity key", "pplx-", rb"pplx-[A-Za-z0-9]{40,}"),
    _rule("LangSmith key", "lsv2_", rb"lsv2_[a-z]{2}_[0-9a-f]{32}_[0-9a-f]{10}"),
    _rule("Pinecone key", "pcsk_", rb"pcsk_[A-Za-z0-9_]{40,}"),
    _rule("Docker token", "dckr_", rb"dckr_[a-z]at_[A-Za-z0-9_-]{20,}"),
    _rule("DigitalOcean token", "_v1_", rb"do[opr]_v1_[0-9a-f]{64}", back=3),
    _rule("Shopify token", "shp", rb"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    _rule("Vault token", "hvs. hvb.", rb"hv[bs]\.[A-Za-z0-9_-]{24,}"),
    _rule("Grafana token", "glsa_ glc_", rb"gl(?:sa|c)_[A-Za-z0-9_+/=]{32,}"),
    _rule("Linear key", "lin_api_", rb"lin_api_[A-Za-z0-9]{32,}"),
    _rule("Heroku key", "HRKU-", rb"HRKU-[A-Za-z0-9_-]{30,}"),
    _rule(
        "Terraform token", ".atlasv1.", rb"([A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{40,})", back=14
    ),
    _rule(
        "password",
        "machine",
        rb"machine\s{1,9}\S{1,99}\s{1,9}login\s{1,9}\S{1,99}\s{1,9}password\s{1,9}(\S{6,99})",
    ),
)
