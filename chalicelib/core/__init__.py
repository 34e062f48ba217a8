"""What every module uses; knows no module."""
