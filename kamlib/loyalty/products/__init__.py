"""Products held: what each account buys, what like accounts buy besides, what goes together."""
