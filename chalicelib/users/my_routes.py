"""A customer's own account."""

from chalicelib.core.web import Customer, CustomerRoutes
from chalicelib.users import groups, profiles, schemas

routes = CustomerRoutes(__name__)


@routes.get("/me")
def show_profile(customer: Customer) -> schemas.ProfileView:
    """The customer's account."""
    return schemas.profile(customer, *profiles.find(customer))


@routes.patch("/me")
def change_profile(customer: Customer, body: schemas.ChangeProfile) -> schemas.ProfileView:
    """Change name or phone. What is left out stays; null takes it away."""
    return schemas.profile(customer, profiles.change(customer, body.name, body.phone), groups.of(customer.id))
