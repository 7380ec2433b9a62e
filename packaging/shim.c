/* What Debian's static libraries, built against glibc, ask of the C library and musl lacks: three checked
 * copies that their -D_FORTIFY_SOURCE left behind, and the old name of fcntl. Where a size doesn't fit, glibc
 * ends the program; so does this. */
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void __explicit_bzero_chk(void *to, size_t n, size_t room);
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memset_chk(void *to, int byte, size_t n, size_t room);
int fcntl64(int fd, int command, ...);

void __explicit_bzero_chk(void *to, size_t n, size_t room)
{
	if (n > room)
		abort();
	explicit_bzero(to, n);
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memcpy(to, from, n);
}

void *__memset_chk(void *to, int byte, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memset(to, byte, n);
}

/* Every command's third argument, if it has one, is an int or a pointer; both arrive whole in a pointer's
 * place. */
int fcntl64(int fd, int command, ...)
{
	va_list arguments;
	va_start(arguments, command);
	void *argument = va_arg(arguments, void *);
	va_end(arguments);
	return fcntl(fd, command, argument);
}
