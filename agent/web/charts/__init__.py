"""Numbers as pictures: SVG with classes only, a table beside each; no page, no query."""
