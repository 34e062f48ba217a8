"""Signing in. Staff have a pool of their own; these two paths are open, since nobody has a token yet."""

from chalicelib.core.web import Routes
from chalicelib.users import identity, schemas
from chalicelib.users.identity import Tokens

routes = Routes(__name__)


@routes.post("/admin/auth/login")
def log_staff_in(body: schemas.LogIn) -> Tokens:
    """Log a member of staff in. Send `id_token` as Authorization with every staff request."""
    return identity.log_staff_in(body.email, body.password)


@routes.post("/admin/auth/refresh")
def refresh_staff(body: schemas.Refresh) -> Tokens:
    """New tokens from a refresh token."""
    return identity.refresh_staff(body.refresh_token)
