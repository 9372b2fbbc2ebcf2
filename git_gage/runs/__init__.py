"""The life of a run: plan, stage, process, output, close; and what people say about runs.

`list` needs `settle` alone and must start fast, so the face of this room is its modules: `run`
(run_command), `settle` (settle, with_status), `attributes` (set_label), `request`.
"""

from __future__ import annotations
