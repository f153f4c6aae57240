"""Pages and API over HTTP; writes only through runtime, reads only through database.reports."""
