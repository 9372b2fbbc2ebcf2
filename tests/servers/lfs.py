"""giftless, which is a real LFS server, for anybody."""

from __future__ import annotations

from typing import Any

from giftless.app import init_app
from giftless.auth.identity import Identity

from tests.servers.serving import FOLDER, serve


class Anybody(Identity):  # type: ignore[misc]
    def is_authorized(self, *_: Any, **__: Any) -> bool:
        return True


def admit(_: Any) -> Anybody:
    return Anybody("anybody")


if __name__ == "__main__":
    storage = {
        "storage_class": "giftless.storage.local_storage:LocalStorage",
        "storage_options": {"path": str(FOLDER / "store")},
    }
    streaming = {"factory": "giftless.transfer.basic_streaming:factory", "options": storage}
    serve(
        init_app(
            additional_config={
                "AUTH_PROVIDERS": ["tests.servers.lfs:admit"],
                "PRE_AUTHORIZED_ACTION_PROVIDER": None,
                "TRANSFER_ADAPTERS": {"basic": streaming},
            }
        )
    )
