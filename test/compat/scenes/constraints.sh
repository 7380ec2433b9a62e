#workers: 5
#conf: NodeName=worker-1 CPUs=1 RealMemory=1800 Features=a,rack1,x;NodeName=worker-2 CPUs=1 RealMemory=1800 Features=b,rack1,x;NodeName=worker-3 CPUs=1 RealMemory=1800 Features=a,rack2,x
#conf: NodeName=worker-4 CPUs=1 RealMemory=1800 Features=b,rack2;NodeName=worker-5 CPUs=1 RealMemory=1800 Features=c,rack3,x
# shellcheck shell=bash disable=SC2154
# --constraint in all its forms: what is kept of it, what is refused, and which nodes a job gets.
file=/home/alice/keep
printf '%s\n' 'id=$(sbatch --parsable -H -C "$1" -o /dev/null --wrap true) && scontrol show job $id | grep -oE " Features=[^ ]*" && squeue -h -j $id -o %f' >$file
for what in a 'a&x' 'a&b' 'a|b' 'a,x' 'a|b&x' 'x&a|b' nosuch 'a|nosuch' 'a&nosuch' '(a|b)&x' 'x&(b|c)' '(b&x)|c' '(a&x)|(b&rack2)' '(a)' '((a))' '(a|(b&x))' \
	'!a' 'a&' '&a' '|a' 'a|' 'a||b' 'a&&b' '(a' 'a)' '()' '[]' '[a' 'a]' 'a b' ' a' 'a ' 'a=1' 'a-b' 'a*' '*2' 'a*x' 'a*-1' 'a*0' 'a*1' 'a*2' 'a*1.5' 'a*99999999999' 'a*1*2' '[a]' '[a&b]' \
	'[a|b]' '[a*1|b*1]' '[a*1&b*1]' '[a*1&b]' '[a|b]&x' 'x&[a|b]' '[a|b]&[rack1|rack2]' '[[a|b]]' '[a|(b&x)]' '[(a&x)|b]' '[(a|b)*1&c*1]' '[a*1&b*1]&x' 'x&[a*1&b*1]' '(a*1)' 'a*1&b*1' 'a*1|b*1' 'a*1&x' 'x&a*1' 'a:1' ',' '' \
	'[a|b&x]' '[a&b|c]' '(a)b' 'a(b)' '[a]b' '[a|]' '[|a]' '[a*1&]' '(a&)' 'a*2|b' '[nosuch|a]' '[nosuch*1&a*1]'; do
	c "sh $file '$what'"
done
clear_
sub job -J job -H -o /dev/null --wrap true
for what in a 'a|b' 'a,x' '[a|b]' '[a*1&b*1]' 'a*9' 'a&b' nosuch 'a|nosuch' 'a|' '[a' 'a)' '()' ''; do
	c "scontrol update jobid=$job 'features=$what'"
	c "scontrol show job $job | grep -oE ' Features=[^ ]*'"
done
clear_
run() { # CONSTRAINT ARGS: which nodes an idle cluster has for it
	c "salloc -Q -I4 $2 -C '$1' printenv SLURM_JOB_NODELIST"
	idle
}
for what in 'a&x' 'a|b' '[a|b]' '[rack3|rack2]' '[rack1|rack2]' 'rack3|rack2' '[a*1&b*1]' '[a*1&c*1]' '[b*1&c*1]' '(a&rack2)|(b&rack1)' '[(a&x)|(b&x)]' '[(a&rack2)*1&(b&rack2)*1]' 'x&[rack3|rack1]'; do run "$what" -N2; done
for what in '[a*2&b*1]' '[a*1&b*2]' 'a*2' '[rack1*2&rack3*1]' 'x' 'a|c' '[(rack1|rack2)*1&rack3*2]'; do run "$what" -N3; done
run 'a|b' -N4
run 'rack2|a&x' "-N1 -w worker-4"
run 'a*1' "-N2 -w worker-5"
run '[a*1&b*1]' "-N2 -x worker-1"
run '[rack1|rack2]' "-N2 -w worker-4"
run '[a*1&b*1]' -N3
run '[a*2&b*1]' ""
run 'b' "-N1 -w worker-1"
differs "the real one would rather have nodes that follow each other"
run 'c*1' -N2
differs "the real one finds no nodes where one that is named is counted second"
run '[a*1&b*1]' "-N2 -w worker-4"
