"""The only room that knows an ARI, AGI, CEL or PJSIP word; no SQL and no decision about a call may enter."""
