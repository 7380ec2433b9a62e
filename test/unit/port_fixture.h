/* A port to listen on. */
#pragma once
#include <arpa/inet.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#define PORT_FIRST 20000
#define PORT_COUNT 12000

/* A free port of 127.0.0.1 below those that the kernel gives to others that ask for any; each process begins
 * its search elsewhere, so that tests that run at the same time don't meet. 0: there is none. */
__attribute__((unused)) static uint16_t free_port(void)
{
	static uint32_t tries;
	for (uint32_t i = 0; i < PORT_COUNT; i++) {
		uint32_t at = (uint32_t)getpid() * 37 + tries++;
		uint16_t port = (uint16_t)(PORT_FIRST + at % PORT_COUNT);
		const struct sockaddr_in a = {
		        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		int rc = fd < 0 ? -1 : bind(fd, (const struct sockaddr *)(const void *)&a, sizeof(a));
		if (fd >= 0)
			close(fd);
		if (rc == 0)
			return port;
	}
	return 0;
}
