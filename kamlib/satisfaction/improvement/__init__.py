"""What to mend first: items against rivals and markets, importance and performance, promises."""
