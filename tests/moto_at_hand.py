"""moto's DynamoDB without the way there and back, and without copies of whole tables.

Both are most of the time that a test of the shop would take. What moto knows and what it refuses stays what it is.
"""

import json
from collections import defaultdict
from copy import copy
from types import SimpleNamespace
from typing import Any

from botocore.model import OperationModel
from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

Json = dict[str, Any]

# What is done to items: moto works with the very JSON that is sent.
_DONE = {
    "BatchGetItem": DynamoHandler.batch_get_item,
    "BatchWriteItem": DynamoHandler.batch_write_item,
    "DeleteItem": DynamoHandler.delete_item,
    "GetItem": DynamoHandler.get_item,
    "PutItem": DynamoHandler.put_item,
    "Query": DynamoHandler.query,
    "Scan": DynamoHandler.scan,
    "TransactWriteItems": DynamoHandler.transact_write_items,
    "UpdateItem": DynamoHandler.update_item,
}


def bring(client: Any) -> None:
    """This client of DynamoDB finds moto at hand from now on: nothing is signed, sent, routed and parsed."""
    client.meta.events.register("before-call.dynamodb", _answer, unique_id="at-hand")


def _answer(model: OperationModel, params: Json, context: Json, **_: Any) -> tuple[Any, Json] | None:
    """What botocore would make of moto's answer; with None it goes and asks."""
    if model.name not in _DONE:
        return None
    moto = DynamoHandler()
    moto.current_account, moto.region = DEFAULT_ACCOUNT_ID, context["client_region"]
    moto.body = json.loads(params["body"])
    try:
        result = _DONE[model.name](moto).result
    except Exception:  # a refusal changed nothing, so it can be asked for again, in the words that are sent
        return None
    own = json.loads(json.dumps(result))  # nobody shall write into what moto keeps
    told = {name: own[name] for name in model.output_shape.members if own.get(name) is not None}
    return SimpleNamespace(status_code=200), told | {"ResponseMetadata": {"HTTPStatusCode": 200, "HTTPHeaders": {}}}


# moto copies each table before a transaction, to go back to, and each item that it reads. Only an update writes into an
# item: where that takes a copy, an item never changes and needs no other.

_copied, _updated = Item.__deepcopy__, DynamoDBBackend.update_item


def _copy_of_table(table: Table, memo: Json) -> Table:
    other = copy(table)
    other.items = defaultdict(dict, {pk: dict(items) for pk, items in table.items.items()})
    return other


def _update_a_copy(moto: DynamoDBBackend, table_name: str, key: Json, *how: Any, **more: Any) -> Item:
    table = moto.get_table(table_name)
    if item := table.get_item(*(DynamoType(key[name]) for name in table.table_key_attrs)):
        table.items[item.hash_key][item.range_key] = _copied(item, {})
    return _updated(moto, table_name, key, *how, **more)


Item.__deepcopy__ = lambda item, memo: item
Table.__deepcopy__ = _copy_of_table
DynamoDBBackend.update_item = _update_a_copy
