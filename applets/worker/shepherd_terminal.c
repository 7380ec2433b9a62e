/* Task 0's terminal (srun --pty). It is opened in the child that has become the user: the kernel makes it the
 * user's own then, and no name in /dev is followed, given away or trusted by root. */
#include "applets/worker/shepherd.h"
#include "core/util/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

int terminal_open(int *master, int *slave)
{
	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0)
		return errno;
	if (unlockpt(*master) == 0)
		*slave = ioctl(*master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave >= 0)
		return 0;
	int error = errno;
	close(*master);
	*master = -1;
	return error;
}

int terminal_check(int fd)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return errno;
	return S_ISCHR(st.st_mode) && isatty(fd) ? 0 : ENOTTY;
}

int terminal_control(void)
{
	return setsid() >= 0 && ioctl(0, TIOCSCTTY, 0) == 0 ? 0 : errno;
}

static void set_size(int fd, uint32_t rows, uint32_t columns)
{
	const struct winsize size = {.ws_row = rows < UINT16_MAX ? (unsigned short)rows : UINT16_MAX,
	                             .ws_col = columns < UINT16_MAX ? (unsigned short)columns : UINT16_MAX};
	if (ioctl(fd, TIOCSWINSZ, &size) != 0)
		log_verbose("cannot set the size of the terminal: %s", strerror(errno));
}

int terminal_set_up(struct shepherd *s, int master, struct err *err)
{
	if (fcntl(master, F_SETFL, O_RDWR | O_NONBLOCK) != 0)
		return err_sys(err, errno, "cannot set up a terminal");
	if (s->launch.rows > 0 && s->launch.columns > 0)
		set_size(master, s->launch.rows, s->launch.columns);
	return 0;
}

/* The kernel tells the foreground processes by SIGWINCH. */
void terminal_resize(struct shepherd *s, uint32_t rows, uint32_t columns)
{
	if (s->terminal && s->terminal->out[0].fd >= 0)
		set_size(s->terminal->out[0].fd, rows, columns);
}
