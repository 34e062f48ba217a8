"""The arithmetic of an order: prices, promotions, tax. It knows no table and no clock."""
