"""What can go wrong at the speech door."""


class SpeechUnavailable(Exception):
    """Nothing could be said: the prompt or a number is unfit, or no sound of it exists."""


class EngineFailed(Exception):
    """A speech engine gave no usable sound; the text is the reason in a few words."""


class SoundInvalid(Exception):
    """These bytes are no sound that we can use; the text says why."""


class PromptFileInvalid(Exception):
    """The file of prompts cannot be used; the text names the place."""
