# Of a setting of its own, so that ids are the same in both.
#conf: MinJobAge=299
#cpus: 2
#part: jobs
# shellcheck shell=bash disable=SC2154,SC2016
# squeue: every letter of -o and every name of -O, of jobs of all kinds and of steps; widths, dots, suffixes, mistakes.
# Times that go on while they are looked at are made the same in both.
still='sed -E "s/([|<])[0-9:-]*[0-9]:[0-5][0-9]([|>])/\1T\2/g"'
for one in a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K L M N O P Q R S T U V W X Y Z 0 @ _; do
	[[ $one != [YSe] ]] || differs 'chance: whether the first in line has a plan yet'
	c "squeue -t all -j $all -S i -o '%i|<%$one>' | $still"
done
for one in a A b c F i j K l M N P S u U Z r t x; do
	c "squeue -s -S i -o '%i|<%$one>' | $still"
done
# Widths: cut, padded, to the right; what stands around.
for one in a b c d e f g h i j k l m n o p q r s t u v w x y z A B C D E F G H I J K N O P Q R T U V W X Y Z; do
	[[ $one != [YSe] ]] || differs 'chance: whether the first in line has a plan yet'
	c "squeue -h -t all -j $all -S i -o '%i [%.3$one] [%.1$one] [%25$one] [%.25$one] [%1$one]'"
done
for form in '%%i' '%i%%' '%' '%.' '%.5' '%5' '% i' '%-5i' '%05i' '%.0i|' '%0i|' '%i %!' 'text' '' ' ' '%i\n%j' '%i\x1f%j' $'%i\t%j' $'%i\x1f%j' '%70000i|' '%iJOB%jNAME' '%#i' \
	'%..5i' '%5.i' '%all' '%ALL' 'x%all' '%all|%i' '%alli' '%a%l'; do
	c "squeue -j $runs,$held -S i -o '$form' | $still | cut -c 1-3000 | sed -E 's/  {500,}/ MANY /g'"
done
clear_
