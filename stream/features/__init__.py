"""What is known of an event's two sides when it is scored."""
