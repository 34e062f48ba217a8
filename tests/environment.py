"""The environment of a function, for tests and benches that run the shop in one process."""

import os

BUCKET = "media"
# What the shop's secret holds.
API_KEY, WEBHOOK_SECRET = "sk_test_shop", "whsec_test"


def become_a_function(search_port: int) -> None:
    """Set what the template would set; nothing of the developer's AWS account is left."""
    for name in [key for key in os.environ if key.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        {
            f"TABLE_{module}": f"test-{module.lower()}"
            for module in ["USERS", "CATALOG", "ORDERS", "PAYMENTS", "LOGISTICS", "ADMIN"]
        },
        ARRANGE_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/arrange",
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_DEFAULT_REGION="eu-west-1",
        AWS_REGION="eu-west-1",
        CATEGORY_PATH="/categories/{category}",
        CUSTOMER_CLIENT_ID="customer-client",
        CUSTOMER_POOL_ID="customer-pool",
        EVENT_BUS="shop",
        IMPORT_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/imports",
        LOCALE_PREFIX="/{locale}",
        MEDIA_BUCKET=BUCKET,
        MEDIA_URL="https://media.jishi.example",
        OPENSEARCH_SIGNED="false",
        OPENSEARCH_URL=f"http://127.0.0.1:{search_port}",
        RECONCILE_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/reconcile",
        SHOP_CURRENCY="EUR",
        SHOP_URL="https://shop.example",
        STAFF_CLIENT_ID="client",
        STAFF_POOL_ID="pool",
        STRIPE_SECRET_ID="stripe",
        WEBHOOK_QUEUE_URL="https://sqs.eu-west-1.amazonaws.com/123456789012/webhooks",
    )
