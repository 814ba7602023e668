"""What satisfaction is worth: delivered value, and satisfaction joined to money."""
