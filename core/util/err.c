#include "core/util/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
	int code;
	const char *text;
} words[] = {
#define E(number, name, text) {number, text},
#include "core/util/errors.def"
#undef E
};

__attribute__((format(printf, 3, 0))) static void set(struct err *err, int code, const char *fmt, va_list ap)
{
	err->code = code;
	err->text[0] = '\0';
	if (fmt)
		(void)vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int err_set(struct err *err, enum err_code code, const char *fmt, ...)
{
	if (err && !err->code) {
		va_list ap;
		va_start(ap, fmt);
		set(err, (int)code, fmt, ap);
		va_end(ap);
	}
	return -1;
}

int err_sys(struct err *err, int errno_value, const char *fmt, ...)
{
	if (err && !err->code) {
		va_list ap;
		va_start(ap, fmt);
		set(err, ERR_SYSTEM, fmt, ap);
		va_end(ap);
		size_t len = strlen(err->text);
		(void)snprintf(err->text + len, sizeof(err->text) - len, "%s%s", len ? ": " : "",
		               strerror(errno_value));
	}
	return -1;
}

void err_prefix(struct err *err, const char *fmt, ...)
{
	if (!err || !err->code)
		return;
	struct err old = *err;
	va_list ap;
	va_start(ap, fmt);
	set(err, old.code, fmt, ap);
	va_end(ap);
	size_t len = strlen(err->text);
	(void)snprintf(err->text + len, sizeof(err->text) - len, ": %s", err_text(&old));
}

void err_clear(struct err *err)
{
	if (!err)
		return;
	err->code = 0;
	err->text[0] = '\0';
}

const char *err_code_text(int code)
{
	static _Thread_local char unknown[40];
	if (code == 0)
		return "No error";
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].code == code)
			return words[i].text;
	(void)snprintf(unknown, sizeof(unknown), "Unknown error %d", code);
	return unknown;
}

const char *err_text(const struct err *err)
{
	return err->text[0] ? err->text : err_code_text(err->code);
}
