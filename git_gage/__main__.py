"""`python -m git_gage`, for where no script was installed."""

from __future__ import annotations

import sys

from git_gage.cli.door import main

sys.exit(main())
