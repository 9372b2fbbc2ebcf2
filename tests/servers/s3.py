"""moto, which is a server that talks S3, with a bucket `lab`."""

from __future__ import annotations

import os

from tests.servers.serving import serve

if __name__ == "__main__":
    # Before moto asks for them.
    os.environ |= {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}
    from moto.server import DomainDispatcherApplication, create_backend_app

    serve(DomainDispatcherApplication(create_backend_app))
