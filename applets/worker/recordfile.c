#include "applets/worker/recordfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define RECORDFILE_HEADER 16
#define RECORDFILE_MAX    (64u << 20)

static const char magic[4] = {'B', 'B', 'X', '1'};

/* FNV-1a: finds torn and damaged files; who can forge them is root already. */
static uint64_t checksum(const uint8_t *p, size_t n)
{
	uint64_t h = 14695981039346656037u;
	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 1099511628211u;
	return h;
}

static void put_le(uint8_t *to, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get_le(const uint8_t *from, size_t n)
{
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)from[i] << (8 * i);
	return v;
}

static int write_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int recordfile_write(int dir_fd, const char *name, const struct schema *schema, const void *record,
                     bool durable, struct err *err)
{
	struct text bytes = TEXT_EMPTY;
	char header[RECORDFILE_HEADER] = {0}, temporary[64];
	int rc = -1, fd = -1;
	if (snprintf(temporary, sizeof(temporary), "%s.new", name) >= (int)sizeof(temporary))
		return err_set(err, ERR_INTERNAL, "the record's name is too long: %s", name);
	text_add_n(&bytes, header, sizeof(header));
	schema_encode(schema, record, &bytes);
	uint8_t *head = (uint8_t *)bytes.s;
	memcpy(head, magic, sizeof(magic));
	put_le(head + 4, bytes.len - RECORDFILE_HEADER, 4);
	put_le(head + 8, checksum(head + RECORDFILE_HEADER, bytes.len - RECORDFILE_HEADER), 8);
	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		err_sys(err, errno, "cannot create %s in the spool", temporary);
	else if (write_all(fd, bytes.s, bytes.len) != 0 || (durable && fdatasync(fd) != 0))
		err_sys(err, errno, "cannot write %s in the spool", temporary);
	else if (renameat(dir_fd, temporary, dir_fd, name) != 0)
		err_sys(err, errno, "cannot rename %s in the spool", temporary);
	else
		rc = 0;
	if (fd >= 0)
		close(fd);
	if (rc != 0)
		unlinkat(dir_fd, temporary, 0);
	text_free(&bytes);
	return rc;
}

int recordfile_slurp(int dir_fd, const char *name, size_t limit, struct text *out, struct err *err)
{
	char buf[16384];
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && errno == ENOENT)
		return err_set(err, ERR_NOT_FOUND, "there is no file %s", name);
	if (fd < 0)
		return err_sys(err, errno, "cannot open %s", name);
	int rc = 0;
	for (;;) {
		ssize_t n = read(fd, buf, sizeof(buf));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = err_sys(err, errno, "cannot read %s", name);
		if (n <= 0)
			break;
		text_add_n(out, buf, (size_t)n);
		if (out->len > limit) {
			rc = err_set(err, ERR_LIMIT, "%s is longer than %zu bytes", name, limit);
			break;
		}
	}
	close(fd);
	return rc;
}

int recordfile_read(int dir_fd, const char *name, const struct schema *schema, void *record, struct err *err)
{
	struct text bytes = TEXT_EMPTY;
	if (recordfile_slurp(dir_fd, name, RECORDFILE_MAX, &bytes, err) != 0) {
		text_free(&bytes);
		return -1;
	}
	const uint8_t *head = (const uint8_t *)bytes.s;
	int rc;
	if (bytes.len < RECORDFILE_HEADER || memcmp(head, magic, sizeof(magic)) != 0 ||
	    get_le(head + 4, 4) != bytes.len - RECORDFILE_HEADER ||
	    get_le(head + 8, 8) != checksum(head + RECORDFILE_HEADER, bytes.len - RECORDFILE_HEADER))
		rc = err_set(err, ERR_CORRUPT, "the file %s of the spool is damaged", name);
	else
		rc = schema_decode(schema, record, head + RECORDFILE_HEADER, bytes.len - RECORDFILE_HEADER,
		                   NULL, err);
	text_free(&bytes);
	return rc;
}
