/* The user's terminal while a step has one of its own (srun --pty): bytes go through it untouched. It is as
 * it was before when this program ends, by whatever it can notice. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* The size of the terminal that is standard input; false, with errno, and both 0, where it is none. */
bool terminal_size(uint32_t *rows, uint32_t *columns);
/* Every key is a byte for the step, ^C too. Messages of ours begin their lines at the left all the same. */
void terminal_take(void);
/* As it was. Again after that does nothing. */
void terminal_give_back(void);
/* Stops this process, as SIGTSTP does, with the terminal given back meanwhile; after SIGCONT it is taken
 * again by terminal_resume. */
void terminal_stop(void);
void terminal_resume(void);
/* What ends a line on stderr now. */
const char *terminal_line_end(void);
