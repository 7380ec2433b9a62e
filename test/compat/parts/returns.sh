#conf: PartitionName=compute Nodes=ALL Default=YES State=UP;SlurmdTimeout=6;NodeName=worker-1 CPUs=1 RealMemory=1000;NodeName=extra NodeHostname=head NodeAddr=head Port=7001 CPUs=1 RealMemory=100
# shellcheck shell=bash
lost() { # STATE that it has when it is back
	begin extra
	node_is extra idle
	look extra
	end
	node_is extra 'down*'
	look extra
	c "scontrol show node extra | grep -o State=.*RESP[A-Z]*"
	begin extra
	node_is extra "$1"
	look extra
	quiet "scontrol update nodename=extra state=resume"
	node_is extra idle
}
set_down() { # STATE
	r "scontrol update nodename=extra state=down reason=mine"
	look extra
	end
	begin extra
	node_is extra "$1"
	look extra
	quiet "scontrol update nodename=extra state=resume"
	node_is extra idle
}
drained() {
	r "scontrol update nodename=extra state=drain reason='a disk'"
	end
	begin extra
	node_is extra drained
	look extra
	r "scontrol update nodename=extra state=undrain"
	end
	node_is extra 'down*'
	r "scontrol update nodename=extra state=drain reason='and drained'"
	look extra
	begin extra
	node_is extra drained
	look extra
	end
}
