#conf: MaxArraySize=100
# shellcheck shell=bash disable=SC2154
# Dependencies in circles, arrays beyond the limits, specifications that can't be read.
sub a -J a -H -o /dev/null --wrap true
sub b -J b -H -o /dev/null -d "afterok:$a" --wrap true
sub c_ -J c -H -o /dev/null -d "afterany:$b" --wrap true
c "scontrol update jobid=$a dependency=afterok:$a"
c "scontrol update jobid=$a dependency=afterok:$b"
c "scontrol update jobid=$a dependency=after:$c_"
c "scontrol update jobid=$a dependency=afterok:$c_?afterok:$b"
c "scontrol update jobid=$b dependency=afterok:$a,afterany:$c_"
for id in $a $b $c_; do c "scontrol show job $id | grep -o 'Dependency=.*'"; done
for what in 'afterok:x' 'afterok:' 'afterok' after 'nosuch:1' "afterok:$a:" "afterok:$a,"  "afterok:$a?afterany:$b,afterok:$b" 'afterok:999999' "afterok:$a+5" "after:$a+x" "after:$a+5" 'singleton:1' ',' "afterok::$a" "aftercorr:$a" "afterok:${a}_1"; do
	c "sbatch -H -o /dev/null -d '$what' --wrap true"
done
for what in 0-99 100 0-100 5-1 1- -1 1,1 a '1-9:0' '1-9:x' '1-9%0' '1-9%x' '1-9%' '1;2' '1-5,3-7' '' ' ' '0x10' 99999999999 '1-9:20' '1,2,' '1--3' '*'; do
	c "sbatch -H -o /dev/null -a '$what' --wrap true"
	quiet "scancel -u alice -n wrap"
done
for what in "-n 0" "-n -1" "-n x" "-N 3-1" "-N x" "-N 1-" "-c 0" "-c x" "-t x" "-t 1:2:3:4" "--mem=x" "--mem=-5" "--mem=5X" "--mem-per-cpu=x" "--nice=x" "--begin=x" "--deadline=x" "--tmp=x" "-w worker-9" "-w 'worker-['" "-x worker-9" "-x 'worker-[1-'" "-p ''" \
	"-B x" "-B 1:2:3:4" "--ntasks-per-node=x" "--hint=x" "--mincpus=x" "--mincpus=-1" "-L ','" "-m x" "-C ' '" "--signal=x" "--nodelist=" "--exclusive=x"; do
	c "sbatch -H -o /dev/null $what --wrap true"
	quiet "scancel -u alice -n wrap"
done
differs 'there are no burst buffers'
c "sbatch -H -o /dev/null -d 'afterburstbuffer:$a' --wrap true"
differs 'a job of that number there is not'
c "sbatch -H -o /dev/null -d 'afterok:-1' --wrap true"
for what in '%2' ',1'; do
	differs 'the real one takes what names no tasks, or a comma before the first, for an array'
	c "sbatch -H -o /dev/null -a '$what' --wrap true"
done
for what in "-N 0" "-N -2" "-t -5"; do
	differs 'a number that means nothing is refused here'
	c "sbatch -H -o /dev/null $what --wrap true"
done
clear_
