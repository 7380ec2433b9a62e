#conf: MinJobAge=300;MaxJobCount=500
#live: it tells of today and tomorrow
# shellcheck shell=bash disable=SC2154
# When a job may begin, in all the ways to say it, and mistakes. Times are said without the T, so that they are compared as they are.
n=0
at() { # WHEN
	c "id=\$(sbatch --parsable -b '$1' -J b$n -o /dev/null --wrap true) && squeue -h -j \$id -o %S | tr T ' '"
	n=$((n + 1))
}
from() { # WHEN: so long after the submit
	c "id=\$(sbatch --parsable -b '$1' -J b$n -o /dev/null --wrap true) && squeue -h -j \$id -o '%S %V' | { read a b; echo \$(((\$(date -d \$a +%s) - \$(date -d \$b +%s) + 2) / 5 * 5)); }"
	n=$((n + 1))
}
for when in now+30 now+90seconds now+10minutes now+1minute now+60minute now+1hour now+36hours now+2days now+1day now+1week now+2weeks NOW+1hour now+1HOUR now+1h now+1min now+01hour 'now + 1hour' 'now +30' 'now+5 minutes'; do from "$when"; done
for when in tomorrow midnight noon elevenses fika teatime Noon TOMORROW 'tomorrow 10:00' '10:00 tomorrow' 'noon tomorrow' tomorrowT3pm Today; do at "$when"; done
for when in 23:59 00:01 23:59:58 11:58pm 11:58PM 12:01am 12:30pm 3:00pm 0:01 '10:00 pm' 13:00pm 1:5 01:5 1:05:6; do at "$when"; done
for when in 2031-01-20 2031-01-20T12:34 2031-01-20T12:34:56 2031-1-2 0120 012031 01/20/31 01/20/2031 12/31 12.31.31 2031-01-20T3:00pm 2031-02-28T24:00 01/20/31T10:00 2031-06-15T00:00:00 05.06.31 5/6 2031-01-20-10:00 '2031-01-20  10:00' 2031-04-31 '012031 10:00'; do at "$when"; done
for when in yesterday 25:00 12:60 12:00:61 2031-13-01 2031-02-30 2031-01-32 nowish now+ now+x now+1fortnight now+1.5hours 2031 '' T 1e5 2031-01-20X12:00 2031-01-20T 20310120 '2031-01-20 12:00' 12am 3pm 12 16; do at "$when"; done
# What is over begins at once.
for when in now today now-1hour now+0 2001-01-01; do c "sbatch -b '$when' -J b$n -o /dev/null --wrap true | sed 's/[0-9]*$/N/'"; done
# Held, or waiting for others, it has its time all the same.
sub held -H -b 2035-01-01 -J held -o /dev/null --wrap true
c "squeue -h -j $held -o '%r %S' | tr T ' '"
c "scontrol show job $held | grep -oE '(Start|Eligible)Time=[^ ]*' | tr T ' '"
sub dep -d "afterok:$held" -b 2035-01-01 -J dep -o /dev/null --wrap true
reason "$dep" Dependency
c "squeue -h -j $dep -o '%r %S' | tr T ' '"
c "scontrol show job $dep | grep -oE '(Start|Eligible)Time=[^ ]*' | tr T ' '"
for when in now+1hour tomorrow 2036-01-01T10:00 12:60 nowish; do c "scontrol update jobid=$held starttime='$when'; echo \$?"; done
c "squeue -h -j $held -o '%r %S' | tr T ' '"
c "srun -b whenever true"
c "salloc -b whenever true"
c "srun -Q -b 2001-01-01 hostname | sed 's/worker-.*/a worker/'"
clear_
