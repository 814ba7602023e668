"""Key account workbench."""
