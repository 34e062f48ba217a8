"""What buyers say of products, with pictures, read by staff first."""
