/* Errors: how every fallible function below the applets says what went wrong.
 *
 * A fallible function takes a `struct err *` last and returns 0 (or something useful, >= 0) or -1.
 * The first error set wins: it is the one that explains the rest. Texts say what was wrong, with
 * which value, and what to do. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum err_code {
#define E(number, name, text) ERR_##name = (number),
#include "core/util/errors.def"
#undef E
};

struct err {
	int code;       /* enum err_code; 0: no error */
	char text[500]; /* for people; "" when the code's own text says it all */
};

/* Sets the error unless one is set already; returns -1, so that failing is one line:
 * `return err_set(err, ERR_INVALID_TIME, "invalid time limit: %s", text);`. err may be NULL. */
int err_set(struct err *err, enum err_code code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* The same, with ": " and strerror(errno_value) after the text. */
int err_sys(struct err *err, int errno_value, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Puts `prefix: ` before the text of an error that is set (e.g. the file's name). */
void err_prefix(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

void err_clear(struct err *err);

/* Slurm's words for a code (errors.def); "Unknown error N" for one that the table lacks. */
const char *err_code_text(int code);

/* err->text, or the code's words when the text is empty. Never NULL. */
const char *err_text(const struct err *err);
