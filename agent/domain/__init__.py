"""What a call and a consultation are, and what must happen next; no clock, socket or SQL."""
