"""Who is asking: identities, sign-in."""
