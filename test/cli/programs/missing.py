"""Rows that are not as they should be, yet: the feature that is missing. One that has it must be struck here."""
from cluster import MISSING

MISSING.update({
    "scontrol create reservation": "reservations",
    "variables of GPUs": "GPUs",
    "srun --cpu-bind=q": "a cluster with task/affinity, without which the real one says that it can't bind",
    "srun --mpi=pmi2: the PMI-1 wire": "MPI",
    "srun --mpi=list, --mpi=pmix": "MPI",
    "sacct: a separator of its own, units, times": "ReqTRES in the history",
    "scancel --clusters": "scancel --clusters",
})
