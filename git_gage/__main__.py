"""`python -m git_gage`, for where no script was installed."""

from __future__ import annotations

import sys

from git_gage.cli.app import main

sys.exit(main())
