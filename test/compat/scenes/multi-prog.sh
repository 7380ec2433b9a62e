#cpus: 2
# shellcheck shell=bash
# srun --multi-prog: what a configuration may say, and the words for mistakes in it.
mp() { printf '%s' "$2" >"$1"; chmod a+r "$1"; } # FILE TEXT
run() { c "srun -l $* 2>&1 | sort"; }
mp plain $'# a comment\n4-5 hostname\n\n1,3 echo task:%t\n0,2 echo offset:%o\n'
run -n6 --multi-prog plain
mp star $'1 echo one\n* echo rest %t %o of them\n'
run -n4 --multi-prog star
run -n4 --multi-prog star more "'two words'" "'%t'"
mp twice $'0-1 echo first %t %o\n1-2 echo second %t %o\n'
run -n3 --multi-prog twice
mp starfirst $'* echo rest %t %o\n1 echo one %o\n'
run -n3 --multi-prog starfirst
mp quotes $'0 echo \'a   %t %o\' "b   %t" c\\ \\ d  e\t f\n1 echo it\'s %%t %x %\n2 printf <%s> \'\' "" end\n'
run -n3 --multi-prog quotes
mp quotes2 $'0 printf <%s> x\'y z\'w \'a"b\' "a\'b" \\\'q \\n \\\\\n'
run -n1 --multi-prog quotes2
mp open $'0 printf <%s> \'a b\n'
run -n1 --multi-prog open
mp open2 $'0 printf <%s> "a b\n'
run -n1 --multi-prog open2
mp pct $'0 echo %t%t-%o%o t%to %T %s %%t 100%\n'
run -n1 --multi-prog pct
mp indent $'  0   echo spaces\n\t1\techo\ttab\n # not in column one\n2 echo # no comment\n'
run -n3 --multi-prog indent
mp indent2 $'  0   echo spaces\n\t1\techo\ttab\n2 echo # no comment\n'
run -n3 --multi-prog indent2
mp continued $'0 echo a \\\n  b\n1 echo c\\\nd\n'
run -n2 --multi-prog continued
mp noeol $'0 echo a\n1 echo b'
run -n2 --multi-prog noeol
mp crlf $'0 echo a\r\n1 echo b\r\n'
run -n2 --multi-prog crlf
mp more $'0-9 echo %t %o\n'
run -n2 --multi-prog more
mp missing $'0 echo a\n2 echo c\n'
c 'srun -n3 --multi-prog missing'
mp empty ''
c 'srun -n1 --multi-prog empty'
mp comment $'# nothing\n'
c 'srun -n1 --multi-prog comment'
mp noprogram $'0\n'
c 'srun -n1 --multi-prog noprogram'
mp noprogram2 $'0 echo a\n1 \n'
c 'srun -n2 --multi-prog noprogram2'
mp word $'zero echo a\n'
c 'srun -n1 --multi-prog word'
mp word2 $'0x echo a\n'
c 'srun -n1 --multi-prog word2'
mp negative $'-1 echo a\n'
c 'srun -n1 --multi-prog negative'
mp back $'1-0 echo a\n'
c 'srun -n2 --multi-prog back'
mp comma $'0,,1 echo a\n'
c 'srun -n2 --multi-prog comma'
mp comma2 $'0,1, echo a\n'
c 'srun -n2 --multi-prog comma2'
mp bracket $'[0-1] echo a\n'
c 'srun -n2 --multi-prog bracket'
mp space $'0, 1 echo a\n'
c 'srun -n2 --multi-prog space'
differs 'a number that is too large is shown as it was written'
mp big $'0-99999999999 echo %t\n'
c 'srun -n1 --multi-prog big'
c 'srun -n1 --multi-prog nofile'
c 'srun -n1 --multi-prog /etc'
c 'srun -n1 --multi-prog /etc/shadow'
c 'srun -n1 --multi-prog'
mp noexec $'0 nosuchprogram\n1 echo here\n'
c 'srun -n2 -l --multi-prog noexec'
mp noexec2 $'0 /nosuch/program\n1 echo here\n'
c 'srun -n2 -l --multi-prog noexec2'
mp fails $'0 false\n1 true\n'
c 'srun -n2 --multi-prog fails'
c 'salloc -Q -N2 bash -c "srun -n2 -l --multi-prog star | sort; srun -n1 --multi-prog missing"'
differs "chance: whether the job still completes"
c "srun -n1 --multi-prog star & srun --overlap -n1 true; wait; squeue -h"
mp slow $'0 sleep 60\n'
user alice 'srun -n1 --multi-prog slow >/dev/null 2>&1 &'
shows R squeue -h -o %t
c 'squeue -h -o "%j|%C|%D"; squeue -h -s -o "%j"'
c 'scontrol show job | grep -E "JobName|Command" | tail -n 2'
clear_
mp dup $'0 echo a\n0 echo b\n'
c 'srun -n1 --multi-prog dup'
mp env $'* sh -c \'echo $SLURM_PROCID\'\n'
run -n2 --multi-prog env
args() { c "srun -l $* 2>&1 | sort | cat -A"; }
printf '#!/bin/sh\nfor a; do printf "<%%s>" "$a"; done; echo\n' >args; chmod 755 args
cp args 'ar gs'; cp args args0; cp args args1
mp q $'0 ./args x\'y z\'w \'a"b\' "a\'b" \\\'q \\n \\\\ end\\\n'
args -n1 --multi-prog q
mp q1 $'0 ./args \\\'q \\n \\\\ \'a\\\'b \'c\\nd\\\\e\' \\%t \\%%t %\\t end\n'
args -n1 --multi-prog q1
mp q2 $'0 ./args a \\\n  b\\\n c \\\nd\n1 ./args x\\\n\ty \\ \\\n'
args -n2 --multi-prog q2
mp q3 $'0-1 ./args%t %o\n'
args -n2 --multi-prog q3
mp q4 $'0-1 \'./ar gs\' %o\n'
args -n2 --multi-prog q4
mp q5 $'0 ./args a\r\n'
args -n1 --multi-prog q5
mp q6 $'# c\n\n0 ./args a \\\nb\nx ./args\n'
args -n2 --multi-prog q6
mp q7 $'* ./args a\n* ./args b\n'
args -n2 --multi-prog q7
mp q8 $'0,* ./args a\n'
args -n2 --multi-prog q8
mp q9 $'0-* ./args a\n'
args -n2 --multi-prog q9
mp q10 $'2-0,1 ./args a\n'
args -n2 --multi-prog q10
mp q11 $'0-1-2 ./args a\n'
args -n3 --multi-prog q11
mp q12 $'0- ./args a\n'
args -n1 --multi-prog q12
mp q13 $'0,,2,1 ./args %o\n'
args -n3 --multi-prog q13
mp q14 $',0 ./args %o\n'
args -n1 --multi-prog q14
mp q15 $'3,1,0-0,2 ./args %o\n'
args -n4 --multi-prog q15
mp q16 $'0 ./args a \\\n# comment\n1 ./args b\n'
args -n2 --multi-prog q16
mp q17 $'0 ./args %0t %5t %%%t %% x%\n'
args -n1 --multi-prog q17
mp q18 $'0 %t\n1 ./args\n'
args -n2 --multi-prog q18
mp q19 $'0-1,1 ./args %o\n'
args -n2 --multi-prog q19
mp q20 $'+0 ./args %o\n'
args -n1 --multi-prog q20
mp q21 $'00-01 ./args %o\n'
args -n2 --multi-prog q21
mp star $'* ./args rest %t %o of them\n'
args -N3 --multi-prog star
args --multi-prog star
c 'salloc -Q -N3 srun --multi-prog star | sort'
c 'salloc -Q -N3 srun -n2 --multi-prog star | sort'
c 'salloc -Q -N3 srun --ntasks-per-node=2 -N2 --multi-prog star | sort'
c 'salloc -Q -N3 srun --multi-prog nofile'
c 'salloc -Q -N2 srun --multi-prog q15'
c 'salloc -Q -n6 srun --multi-prog star | sort'
c 'srun -N2 -n1 --multi-prog star'
c 'srun -n2 --multi-prog --task-prolog=/bin/true -o out.%t star; cat out.0 out.1'
c 'cd / && srun -n1 -D /home/alice --multi-prog star'
c 'cd / && srun -n1 -D /home/alice --multi-prog /home/alice/star'
mp r $'1 ./args\n* ./args b\n'
args --multi-prog r
mp r1 $'0-1,5 ./args\n'
args --multi-prog r1
mp r3 $'# c\n'
args --multi-prog r3
mp r4 $'x ./args\n'
args --multi-prog r4
mp r6 $'0,,1 ./args\n'
args --multi-prog r6
mp r7 $'1-1x,2 ./args\n'
args -n3 --multi-prog r7
mp r8 $'-x ./args\n'
args -n3 --multi-prog r8
mp r9 $'0--1 ./args\n'
args -n3 --multi-prog r9
args -n3 --multi-prog r1
