"""What a report is made of beside Python: its style and its player."""
