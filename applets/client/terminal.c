#include "applets/client/terminal.h"

#include "core/util/log.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct {
	struct termios before;
	bool taken, told, stopped;
} terminal;

bool terminal_size(uint32_t *rows, uint32_t *columns)
{
	struct winsize size = {0};
	bool ok = ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0;
	*rows = size.ws_row;
	*columns = size.ws_col;
	return ok;
}

void terminal_take(void)
{
	if (!terminal.taken && tcgetattr(STDIN_FILENO, &terminal.before) != 0)
		return;
	struct termios raw = terminal.before;
	cfmakeraw(&raw);
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) != 0) {
		log_verbose("the terminal stays as it is: %s", strerror(errno));
		return;
	}
	terminal.taken = true;
	log_set_raw(true);
	if (!terminal.told)
		terminal.told = atexit(terminal_give_back) == 0;
}

void terminal_give_back(void)
{
	sigset_t ttou, old;
	if (!terminal.taken)
		return;
	terminal.taken = false;
	log_set_raw(false);
	/* It is given back also when we were put into the background meanwhile. */
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &old);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal.before);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

void terminal_stop(void)
{
	terminal.stopped = terminal.taken;
	terminal_give_back();
	raise(SIGSTOP);
}

void terminal_resume(void)
{
	/* Stopped by SIGSTOP we could not give it back, and the shell did. */
	if (terminal.stopped || terminal.taken)
		terminal_take();
	terminal.stopped = false;
}

const char *terminal_line_end(void)
{
	return terminal.taken ? "\r\n" : "\n";
}
