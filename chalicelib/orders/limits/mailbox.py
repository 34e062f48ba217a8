"""Which mailbox an e-mail address leads to: a rule by which limits count addresses."""


def of(email: str) -> str:
    """The same for all ways to write an address, whatever somebody adds behind a plus: those end in one mailbox."""
    box, _, domain = email.strip().lower().rpartition("@")
    return f"{box.partition('+')[0]}@{domain}"
