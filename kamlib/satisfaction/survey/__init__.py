"""One survey wave read with care: whom it heard, the index, its items, and every other reading."""
