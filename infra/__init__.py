"""How the shop is packaged, deployed and run."""
