# shellcheck shell=bash disable=SC2154
# Slurm's variables as jobs, steps and salloc's commands see them: `bat OPTIONS...` of a batch script, `ste OPTIONS...` of a step with a
# job of its own, `sal OPTIONS...` of salloc's command. Which ports srun listens on is left out: our steps speak over slurmd's.
cat >/home/alice/vars <<'END'
#!/bin/bash
env | grep -E '^(SLURM|SBATCH|SALLOC|SRUN)' | grep -vE '^SLURM_(SRUN_COMM_HOST|SRUN_COMM_PORT|STEP_LAUNCHER_PORT)=' | sort
END
chmod 755 /home/alice/vars
bat() {
	sub J -o vars.out "$* vars"
	idle
	c "cat vars.out # sbatch $*"
}
ste() { idle && c "srun -Q -N1 -n1 $* ./vars"; }
sal() { idle && c "salloc -Q $* ./vars"; }
