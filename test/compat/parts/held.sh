# shellcheck shell=bash
# `held OPTIONS...`: what scontrol shows of a held job with these options, where it differs from one without any.
cat >/home/alice/held <<'END'
#!/bin/bash
facts() { # sbatch's ARGS...
	local id
	id=$(sbatch --parsable -H "$@" --wrap 'exec true') || return
	scontrol show job "$id" | awk -v RS='[ \n]+' '!/^([A-Za-z]+Time|LastSchedEval)=.*T/ && !/^(JobId|Priority)=/ { gsub(/slurm-[0-9]+/, "slurm-ID"); print }'
}
[[ -e plain ]] || facts >plain
facts "$@" >this || exit
grep -vxFf plain this
exit 0
END
chmod 755 /home/alice/held
held() { c "./held $*"; }
