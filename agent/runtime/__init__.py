"""Events in order, ask the domain, record, then act; no protocol word may enter."""
