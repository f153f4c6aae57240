"""What the command line shows and asks; presentation only, everything known comes from database."""
