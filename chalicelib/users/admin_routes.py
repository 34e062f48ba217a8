"""Staff's work on customers' accounts."""

from chalicelib.core.staff import Permission, Staff
from chalicelib.core.web import StaffRoutes
from chalicelib.users import groups, identity, schemas

routes = StaffRoutes(__name__)


@routes.get("/admin/users", permission=Permission.CUSTOMERS_READ)
def find_users(query: schemas.FindUsers) -> schemas.Users:
    """The customer's account with this e-mail address, if there is one."""
    found = identity.find_customer(query.email)
    return schemas.Users([schemas.UserView(i, query.email, sorted(groups.of(i))) for i in found], None)


@routes.get("/admin/users/{user_id}/groups", permission=Permission.CUSTOMERS_READ)
def show_groups(user_id: str) -> schemas.GroupsView:
    """The customer groups of an account."""
    return schemas.GroupsView(user_id, sorted(groups.of(user_id)))


@routes.put("/admin/users/{user_id}/groups", permission=Permission.CUSTOMERS_WRITE)
def put_groups(user_id: str, body: schemas.PutGroups, staff: Staff) -> schemas.GroupsView:
    """Say in which customer groups an account is, and so which price lists are open to it. Holds at once."""
    return schemas.GroupsView(user_id, groups.put(user_id, body.groups, staff))
