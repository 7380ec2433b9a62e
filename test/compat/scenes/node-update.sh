#workers: 3
# shellcheck shell=bash disable=SC2154
# scontrol update nodename=: everything but states of jobs: words, mistakes, who may, several at once.
u() { r "scontrol update nodename=$1"; }
for command in "update" "update nodename" "update nodename=" "update nodename=worker-1" "update nodename=worker-1 word" "update nodename=worker-1 bogus=1" \
	"update nodename=worker-9 weight=3" "update nodename=worker-[1-4] weight=3" "update nodename=worker-[1-2 weight=3" "update nodename=worker-[2-1] weight=3" "update nodename=worker-[1-3],worker-2 weight=1" "update node=worker-1 weight=3" "update nodes=worker-1 weight=3" \
	"update nodename=worker-1 state=" "update nodename=worker-1 state=nosuch" "update nodename=worker-1 state=drain" "update nodename=worker-1 state=down" "update nodename=worker-1 state=fail" \
	"update nodename=worker-1 state=drain reason=" "update nodename=worker-1 reason=alone" "update nodename=worker-1 state=resume" "update nodename=worker-1 state=undrain" \
	"update nodename=worker-1 state=allocated" "update nodename=worker-1 state=mixed" "update nodename=worker-1 state=unknown" "update nodename=worker-1 state=error" \
	"update nodename=worker-1 state=cancel_reboot" "update nodename=worker-1 state=reboot" "update nodename=worker-1 state=maint" "update nodename=worker-1 state=comp" \
	"update nodename=worker-1 state=power_up" "update nodename=worker-1 state=power_down" "update nodename=worker-1 state=power_down_asap" "update nodename=worker-1 state=power_down_force" \
	"update nodename=worker-1 state=power" "update nodename=worker-1 state=power_" "update nodename=worker-1 state=d" "update nodename=worker-1 state=do" "update nodename=worker-1 state=id" "update nodename=worker-1 state=res" "update nodename=worker-1 state=al" "update nodename=worker-1 state=mi" "update nodename=worker-1 state=no" "update nodename=worker-1 state=fa" "update nodename=worker-1 state=fai" "update nodename=worker-1 state=fu" "update nodename=worker-1 state=dow" "update nodename=worker-1 state=can" "update nodename=worker-1 state=dr" "update nodename=worker-1 state=f" "update nodename=worker-1 state=r" \
	"update nodename=worker-1 state=re" "update nodename=worker-1 state=u" "update nodename=worker-1 state=un" "update nodename=worker-1 state=und" "update nodename=worker-1 state=i" "update nodename=worker-1 state=a" "update nodename=worker-1 state=n"; do
	r "scontrol $command"
	c "scontrol show node worker-1 | grep -oE 'State=[A-Z+_]*|Reason=.*' | sed s/[+]NOT_RESPONDING//"
done
u "worker-1 state=undrain"
u "worker-1 state=resume"
place() { c "scontrol show node worker-1 | grep -oE 'Node(Addr|HostName)=[^ ]*|Comment=.*|Extra=.*|CpuBind=[^ ]*|Gres=.*'"; }
later='not supported, and refused by name'
for what in comment=hello comment="'several words'" comment= extra=more extra="'x=1 y=2'" extra= cpubind=cores cpubind=core cpubind=none cpubind=nosuch cpubind=off cpubind= gres=gpu:1 gres=craynetwork gres= \
	nodeaddr=10.9.9.9 nodeaddr=worker-1 nodehostname=elsewhere nodehostname=worker-1 "comment=a extra=b" "comment=a bogus=b" "reason=x comment=c" "com=d" "ext=e" "r=f" "w=3" "nodea=worker-1" "nodeh=worker-1"; do
	[[ $what != @(cpubind|gres)=* ]] || differs "$later"
	u "worker-1 $what"
	[[ $what != @(cpubind=c|cpubind=n|gres=[gc])* ]] || differs "$later"
	place
done
u "worker-[2-3] nodeaddr=worker-[2-3] nodehostname=worker-[2-3]"
u "worker-[2-3] nodeaddr=worker-2"
u "worker-[2-3] comment=pair"
c "scontrol show node worker-[2-3] | grep -oE 'NodeAddr=[^ ]*|Comment=.*'"
c "sinfo -N -h -O nodelist,comment,extra"
u "worker-[2-3] nodeaddr=worker-[2-3]"
u "ALL comment=everyone"
u "all extra=everyone"
c "sinfo -N -h -O nodelist,comment,extra"
u "worker-2,worker-3 weight=4"
u "worker-2,worker-9 weight=6"
c "sinfo -N -h -o '%N %w'"
for what in state=drain\ reason=x weight=3 comment=x features=x state=resume bogus=1; do
	c "scontrol update nodename=worker-1 $what"
	b "scontrol update nodename=worker-9 $what"
done
