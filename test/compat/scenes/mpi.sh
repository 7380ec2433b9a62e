# shellcheck shell=bash disable=SC2016
# srun --mpi: kinds that there are not, where they are named, and what a task finds in its environment.
differs "of Slurm's plugins there are none and pmi2 here"
c 'srun --mpi=list'
differs "of Slurm's plugins there are none and pmi2 here"
c 'SLURM_MPI_TYPE=list srun hostname'
c 'srun --mpi=bogus hostname'
c 'srun --mpi=bogus'
c 'srun --mpi=LIST'
c 'srun --mpi= hostname'
c 'srun --mpi=PMI2 hostname'
c 'srun --mpi=mpi/pmi2 hostname'
c 'srun --mpi=pmi2,none hostname'
c 'SLURM_MPI_TYPE=bogus srun hostname'
c 'SLURM_MPI_TYPE=bogus srun --mpi=none hostname'
c 'salloc -Q -n2 srun --mpi=bogus hostname'
differs "why pmix is not here, instead of which library Debian's lacks"
c 'srun --mpi=pmix hostname'
differs "why pmix is not here, instead of which library Debian's lacks"
c 'srun --mpi=pmix_v4 hostname'
differs "refused by name: it is for Cray's machines"
c 'srun --mpi=cray_shasta hostname'
c 'srun --mpi=openmpi hostname'
c 'srun --mpi=openmpi env | grep -E "_MPI|PMI_"'
c 'srun --mpi=none env | grep -E "_MPI|PMI_"'
c 'srun -N2 --mpi=pmi2 env | grep -E "_MPI|PMI_[RSJ]" | sort'
c 'SLURM_MPI_TYPE=pmi2 srun env | grep -E "_MPI|PMI_[RSJ]" | sort'
c 'salloc -Q -N2 srun --mpi=pmi2 -n2 sh -c "echo \$PMI_RANK of \$PMI_SIZE" | sort'
c 'salloc --mpi=pmi2 true'
c 'sbatch --mpi=pmi2 --wrap true'
c 'scontrol show config | grep Mpi'
pmi() { c "srun --mpi=pmi2 -N2 bash -c '$1'"; }
pmi 'exec 9<&$PMI_FD; say() { echo "$1" >&$PMI_FD; read -r line <&9; [ $PMI_RANK != 0 ] || echo "$line"; }; say "cmd=init pmi_version=1 pmi_subversion=1"; say cmd=get_maxes; say cmd=get_appnum; say cmd=get_universe_size; say "cmd=put kvsname=x key=a$PMI_RANK value=of$PMI_RANK"; say cmd=barrier_in; say "cmd=get kvsname=x key=a1"; say "cmd=get kvsname=x key=b"; say "cmd=get kvsname=x key=PMI_process_mapping"; say cmd=finalize'
