"""The only room that knows an ARI, AGI, CEL or PJSIP word; no SQL, no decision about a call."""
