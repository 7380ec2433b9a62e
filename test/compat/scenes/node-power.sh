#workers: 2
# shellcheck shell=bash disable=SC2154
# scontrol reboot and its like without a RebootProgram; power saving without its programs.
look() { c "scontrol show node worker-[1-2] | grep -oE 'State=[A-Z+_]*|Reason=.*'"; }
for command in "reboot" "reboot nosuch" "reboot worker-1" "reboot worker-[1-2] reason=x" "reboot asap worker-1" "reboot asap nextstate=resume reason=x worker-1" "reboot asap nextstate=down worker-1" "reboot nextstate=nosuch worker-1" "reboot worker-1 bogus=1" \
	"reboot ALL" "cancel_reboot" "cancel_reboot worker-1" "cancel_reboot nosuch" "reboot_nodes worker-1"; do
	r "scontrol $command"
	look
	r "scontrol update nodename=worker-[1-2] state=cancel_reboot"
done
c "scontrol reboot worker-1"
c "scontrol cancel_reboot worker-1"
