"""The telephone helpdesk agent: each room's own docstring says what lives there."""
