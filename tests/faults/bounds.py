"""What a figure of a promise is held to: itself, wherever nothing else runs beside it."""

import os

from deploy.faults_report import ALONE


def bound(promised: float, wide: float) -> float:
    """`promised` under ./deploy/faults; `wide` where other tests have the processors too."""
    return promised if os.environ.get(ALONE) else wide
