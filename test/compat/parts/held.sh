# shellcheck shell=bash
# `held OPTIONS...`: what scontrol shows of a held job with these options, where it differs from one without any.
cat >/home/alice/held <<'END'
#!/bin/bash
facts() { # sbatch's ARGS...
	local id
	id=$(sbatch --parsable -H "$@" --wrap 'exec true') || return
	scontrol show job "$id" | tr -s ' ' '\n' | sed -E '/^(JobId|[A-Za-z]+Time|Priority|LastSchedEval)=.*T/d; /^(JobId|Priority)=/d; s/slurm-[0-9]+/slurm-ID/'
	scancel "$id"
}
[[ -e plain ]] || facts >plain
facts "$@" >this || exit
diff plain this | sed -n 's/^> //p'
END
chmod 755 /home/alice/held
held() { c "./held $*"; }
