"""Where each account stands: the loyalty index, its test, and loyalty beside satisfaction."""
