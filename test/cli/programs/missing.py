"""Rows that are not as they should be, yet: the feature that is missing. One that has it must be struck here."""
from cluster import MISSING

MISSING.update({
    "scontrol create reservation": "reservations",
    "variables of GPUs": "GPUs",
    "srun --cpu-bind=q": "a cluster with task/affinity, without which the real one says that it can't bind",
    "srun --mpi=list, --mpi=pmix": "PMIx",
    "scancel --clusters": "other clusters than one without slurmdbd, as the real one says it",
})
