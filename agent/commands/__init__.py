"""The command line's commands: what people and programs ask of the service from a shell."""
