"""Signing up and in. Staff have a pool of their own; these paths are open, since nobody has a token yet."""

from chalicelib.core.web import Routes
from chalicelib.users import identity, schemas
from chalicelib.users.identity import Tokens
from chalicelib.users.schemas import Outcome

routes = Routes(__name__)


@routes.post("/admin/auth/login")
def log_staff_in(body: schemas.LogIn) -> Tokens:
    """Log a member of staff in. Send `id_token` as Authorization with every staff request."""
    return identity.log_staff_in(body.email, body.password)


@routes.post("/admin/auth/refresh")
def refresh_staff(body: schemas.Refresh) -> Tokens:
    """New tokens from a refresh token."""
    return identity.refresh_staff(body.refresh_token)


@routes.post("/auth/register", status=202)
def register(body: schemas.Register) -> Outcome:
    """Ask for a customer's account. A code is mailed; the answer is the same whether the address is known or not."""
    identity.register(body.email, body.password, body.name)
    return Outcome("code_sent")


@routes.post("/auth/confirm")
def confirm(body: schemas.Confirm) -> Outcome:
    """Confirm the e-mail address with the code that was mailed."""
    identity.confirm(body.email, body.code)
    return Outcome("confirmed")


@routes.post("/auth/login")
def log_in(body: schemas.LogIn) -> Tokens:
    """Log a customer in. Send `id_token` as Authorization with every request below /me."""
    return identity.log_in(body.email, body.password)


@routes.post("/auth/refresh")
def refresh(body: schemas.Refresh) -> Tokens:
    """New tokens from a customer's refresh token."""
    return identity.refresh(body.refresh_token)


@routes.post("/auth/logout")
def log_out(body: schemas.Refresh) -> Outcome:
    """End a customer's login. Its refresh token gives no more tokens; those that it gave run out within minutes."""
    identity.log_out(body.refresh_token)
    return Outcome("logged_out")


@routes.post("/auth/forgot-password", status=202)
def forgot_password(body: schemas.ForgotPassword) -> Outcome:
    """Ask for a code to set a new password. The answer is the same whether the address is known or not."""
    identity.forgot_password(body.email)
    return Outcome("code_sent")


@routes.post("/auth/reset-password")
def reset_password(body: schemas.ResetPassword) -> Outcome:
    """Set a new password with the code that was mailed."""
    identity.reset_password(body.email, body.code, body.password)
    return Outcome("password_set")
