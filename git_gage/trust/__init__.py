"""Who says so: keys, signatures, allowed signers, verdicts."""
