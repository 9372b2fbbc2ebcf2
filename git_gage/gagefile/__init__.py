"""Operations of a project: how each is run, as its gagefile says."""

from __future__ import annotations

from git_gage.gagefile.faults import Fault
from git_gage.gagefile.find import find_gagefile
from git_gage.gagefile.load import Checked, check_file, load_gagefile
from git_gage.gagefile.patterns import Explain

__all__ = ["Checked", "Explain", "Fault", "check_file", "find_gagefile", "load_gagefile"]
