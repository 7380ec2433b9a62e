/* JSON, written as programs read it from Slurm's commands: indented by two blanks, keys in the order in which
 * they are given,
 * '/' escaped. What is written is always valid: bytes that are no UTF-8 become U+FFFD. Nothing fails; keys
 * and closing brackets are the caller's to keep right (asserted).
 *
 *     struct json j = json_begin(&out);
 *     json_object(&j);
 *     json_key(&j, "id");
 *     json_int(&j, 7);
 *     json_end(&j);
 */
#pragma once
#include "core/util/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSON_DEPTH_MAX 24

struct json {
	struct text *out; /* the caller's */
	unsigned depth;
	bool keyed;                   /* a key was written, its value comes */
	bool filled[JSON_DEPTH_MAX];  /* something is in it already */
	char closing[JSON_DEPTH_MAX]; /* '}' or ']' */
};

struct json json_begin(struct text *out);
void json_object(struct json *j);
void json_list(struct json *j);
void json_end(struct json *j); /* of the innermost object or list */
void json_key(struct json *j, const char *key);

void json_null(struct json *j);
void json_bool(struct json *j, bool value);
void json_int(struct json *j, int64_t value);
void json_real(struct json *j, double value);   /* "3.0", "0.25"; what is no number: null */
void json_str(struct json *j, const char *s);   /* NULL: null */
void json_text(struct json *j, const char *s);  /* NULL: "" */
void json_words(struct json *j, const char *s); /* a list of the comma-separated words; NULL, "": none */

/* An object by a table: a row a member. */
struct json_row {
	const char *key;
	void (*value)(struct json *j, const void *record, const void *ctx);
	bool (*when)(const void *record, const void *ctx); /* NULL: always */
};
void json_rows(struct json *j, const struct json_row *rows, size_t n, const void *record, const void *ctx);
