"""What a call, a consultation and a ticket are, and what must happen next; no clock, socket, file or SQL may enter."""
