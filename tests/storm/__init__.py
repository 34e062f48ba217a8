"""The chain in one process, on virtual time, in weather that a seed decides."""
