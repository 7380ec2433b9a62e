#include "applets/worker/pmi.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define FRAME_HEAD 6 /* digits of a PMI-2 request's length */

/* ---- taking a request apart ---- */

/* The fields of a request, in place: "cmd=put kvsname=4.0 key=a", or with semicolons, of which two in a value
 * stand for one. */
#define FIELDS_MAX 64
struct fields {
	const char *names[FIELDS_MAX], *values[FIELDS_MAX];
	size_t n;
};

static char *value_end(char *p, char separator)
{
	char *to = p;
	for (; *p; p++) {
		if (*p == separator) {
			if (separator != ';' || p[1] != ';')
				break;
			p++;
		}
		*to++ = *p;
	}
	char *next = *p ? p + 1 : p;
	*to = '\0';
	return next;
}

/* What is no NAME=VALUE is passed over. */
static void fields_read(struct fields *f, char *p, char separator)
{
	f->n = 0;
	while (*p && f->n < FIELDS_MAX) {
		if (*p == separator) {
			p++;
			continue;
		}
		const char stops[] = {'=', separator, '\0'};
		char *name = p;
		p += strcspn(p, stops);
		if (*p != '=')
			continue;
		*p++ = '\0';
		f->names[f->n] = name;
		f->values[f->n++] = p;
		p = value_end(p, separator);
	}
}

static const char *field(const struct fields *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->names[i], name) == 0)
			return f->values[i];
	return NULL;
}

static const char *field_or_empty(const struct fields *f, const char *name)
{
	const char *value = field(f, name);
	return value ? value : "";
}

/* Of "name=7"; another: dflt. */
static int field_number(const struct fields *f, const char *name, int dflt)
{
	int64_t v;
	return text_to_i64(field_or_empty(f, name), &v) && v >= INT_MIN && v <= INT_MAX ? (int)v : dflt;
}

/* ---- PMI-1 ---- */

struct request {
	struct pmi_task *t;
	const struct fields *f;
	const char *command;
	struct text more;  /* of a PMI-2 answer, behind rc */
	const char *wrong; /* why it failed */
	struct err *err;
};

typedef enum pmi_event (*request_fn)(struct request *r);

static enum pmi_event say(struct request *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static enum pmi_event say(struct request *r, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	text_vprintf(&r->t->out, fmt, ap);
	va_end(ap);
	text_add_char(&r->t->out, '\n');
	return PMI_ANSWERED;
}

static enum pmi_event on_maxes(struct request *r)
{
	return say(r, "cmd=maxes rc=0 kvsname_max=%d keylen_max=%d vallen_max=%d", PMI_NAME_MAX, PMI_KEY_MAX,
	           PMI_VALUE_MAX);
}

static enum pmi_event on_appnum(struct request *r)
{
	return say(r, "cmd=appnum rc=0 appnum=-1");
}

static enum pmi_event on_kvsname(struct request *r)
{
	return say(r, "cmd=my_kvsname rc=0 kvsname=%s", r->t->step->name);
}

static enum pmi_event on_universe(struct request *r)
{
	return say(r, "cmd=universe_size rc=0 size=%u", r->t->step->size);
}

static enum pmi_event on_put(struct request *r)
{
	struct err why = {0};
	if (pmi_kvs_put(&r->t->step->kvs, field_or_empty(r->f, "key"), field_or_empty(r->f, "value"), true,
	                &why) != 0)
		return say(r, "cmd=put_result rc=-1 msg=refused");
	return say(r, "cmd=put_result rc=0");
}

/* What the step's own attributes are, by their key. */
static const char *attribute(const struct pmi_step *step, const char *key, struct text *room)
{
	if (strcmp(key, "PMI_process_mapping") == 0)
		return step->mapping;
	if (strcmp(key, "universeSize") != 0)
		return NULL;
	text_printf(room, "%u", step->size);
	return text_str(room);
}

static enum pmi_event on_get(struct request *r)
{
	const struct pmi_step *step = r->t->step;
	const char *key = field_or_empty(r->f, "key"), *value = pmi_kvs_get(&step->kvs, key);
	if (!value && strcmp(key, "PMI_process_mapping") == 0)
		value = step->mapping;
	return value ? say(r, "cmd=get_result rc=0 value=%s", value) : say(r, "cmd=get_result rc=1");
}

static enum pmi_event on_barrier(struct request *r)
{
	r->t->in_fence = true;
	return PMI_FENCE;
}

static enum pmi_event on_getbyidx(struct request *r)
{
	return say(r, "cmd=getbyidx_results rc=1 reason=not_supported");
}

static enum pmi_event on_publish(struct request *r)
{
	return say(r, "cmd=publish_result rc=1 msg=not_supported");
}

static enum pmi_event on_unpublish(struct request *r)
{
	return say(r, "cmd=unpublish_result rc=1 msg=not_supported");
}

static enum pmi_event on_lookup(struct request *r)
{
	return say(r, "cmd=lookup_result rc=1 msg=not_supported");
}

static enum pmi_event on_finalize(struct request *r)
{
	r->t->version = 0;
	return say(r, "cmd=finalize_ack rc=0");
}

static enum pmi_event on_abort(struct request *r)
{
	r->t->abort_code = field_number(r->f, "exitcode", 1);
	return PMI_ABORT;
}

struct request_row {
	const char *command;
	request_fn fn;
};

static const struct request_row requests_1[] = {
        {"get_maxes", on_maxes},
        {"get_appnum", on_appnum},
        {"get_my_kvsname", on_kvsname},
        {"get_universe_size", on_universe},
        {"put", on_put},
        {"get", on_get},
        {"barrier_in", on_barrier},
        {"getbyidx", on_getbyidx},
        {"publish_name", on_publish},
        {"unpublish_name", on_unpublish},
        {"lookup_name", on_lookup},
        {"finalize", on_finalize},
        {"abort", on_abort},
};

/* ---- PMI-2 ---- */

/* A field of the answer. */
static void add(struct request *r, const char *name, const char *value)
{
	text_printf(&r->more, "%s=", name);
	for (; *value; value++) {
		text_add_char(&r->more, *value);
		if (*value == ';')
			text_add_char(&r->more, ';');
	}
	text_add_char(&r->more, ';');
}

static void answer_2(struct pmi_task *t, const char *command, const char *more, const char *wrong)
{
	struct text body = TEXT_EMPTY;
	text_printf(&body, "cmd=%s-response;", command);
	if (t->thread)
		text_printf(&body, "thrid=%s;", t->thread);
	text_printf(&body, "rc=%d;", wrong ? 1 : 0);
	if (wrong)
		text_printf(&body, "errmsg=%s;", wrong);
	text_add(&body, more);
	text_printf(&t->out, "%-*zu%s", FRAME_HEAD, body.len, text_str(&body));
	text_free(&body);
	text_set(&t->thread, NULL);
}

static enum pmi_event on_fullinit(struct request *r)
{
	text_printf(
	        &r->more,
	        "pmi-version=2;pmi-subversion=0;rank=%u;size=%u;appnum=-1;debugged=FALSE;pmiverbose=FALSE;",
	        r->t->rank, r->t->step->size);
	return PMI_ANSWERED;
}

static enum pmi_event on_job_id(struct request *r)
{
	add(r, "jobid", r->t->step->name);
	return PMI_ANSWERED;
}

static void add_found(struct request *r, const char *value)
{
	add(r, "found", value ? "TRUE" : "FALSE");
	if (value)
		add(r, "value", value);
}

static enum pmi_event on_get_job_attribute(struct request *r)
{
	struct text room = TEXT_EMPTY;
	add_found(r, attribute(r->t->step, field_or_empty(r->f, "key"), &room));
	text_free(&room);
	return PMI_ANSWERED;
}

static enum pmi_event put_into(struct request *r, struct pmi_kvs *kvs, bool fresh)
{
	struct err why = {0};
	if (pmi_kvs_put(kvs, field_or_empty(r->f, "key"), field_or_empty(r->f, "value"), fresh, &why) != 0)
		r->wrong = why.code == ERR_LIMIT ? "no room" : "invalid key or value";
	return PMI_ANSWERED;
}

static enum pmi_event on_put_node_attribute(struct request *r)
{
	put_into(r, &r->t->step->node, false);
	return PMI_PUT;
}

static enum pmi_event on_get_node_attribute(struct request *r)
{
	const char *key = field_or_empty(r->f, "key"), *value = pmi_kvs_get(&r->t->step->node, key);
	if (!value && strcmp(field_or_empty(r->f, "wait"), "TRUE") == 0) {
		text_set(&r->t->waits_for, key);
		return PMI_WAITS;
	}
	add_found(r, value);
	return PMI_ANSWERED;
}

static enum pmi_event on_put_2(struct request *r)
{
	return put_into(r, &r->t->step->kvs, true);
}

static enum pmi_event on_get_2(struct request *r)
{
	add_found(r, pmi_kvs_get(&r->t->step->kvs, field_or_empty(r->f, "key")));
	return PMI_ANSWERED;
}

static enum pmi_event on_finalize_2(struct request *r)
{
	r->t->version = 0;
	return PMI_ANSWERED;
}

static enum pmi_event on_abort_2(struct request *r)
{
	r->t->abort_code = field_number(r->f, "exitcode", 1);
	return PMI_ABORT;
}

static enum pmi_event on_refused(struct request *r)
{
	r->wrong = "not supported";
	return PMI_ANSWERED;
}

static const struct request_row requests_2[] = {
        {"fullinit", on_fullinit},
        {"job-getid", on_job_id},
        {"info-getjobattr", on_get_job_attribute},
        {"info-putnodeattr", on_put_node_attribute},
        {"info-getnodeattr", on_get_node_attribute},
        {"kvs-put", on_put_2},
        {"kvs-get", on_get_2},
        {"kvs-fence", on_barrier},
        {"finalize", on_finalize_2},
        {"abort", on_abort_2},
        {"job-connect", on_refused},
        {"job-disconnect", on_refused},
        {"name-publish", on_refused},
        {"name-unpublish", on_refused},
        {"name-lookup", on_refused},
        {"spawn", on_refused},
};

/* ---- one request ---- */

static enum pmi_event unknown(struct pmi_task *t, const char *command, struct err *err)
{
	struct text shown = TEXT_EMPTY;
	text_add_escaped(&shown, command, strnlen(command, 64));
	err_set(err, ERR_INVALID, "invalid pmi%u command received: '%s'", t->version == 2 ? 2 : 1,
	        text_str(&shown));
	text_free(&shown);
	return PMI_BROKEN;
}

static enum pmi_event run(struct request *r, const struct request_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].command, r->command) == 0)
			return rows[i].fn(r);
	return unknown(r->t, r->command, r->err);
}

/* What both begin with. */
static enum pmi_event init(struct pmi_task *t, const struct fields *f, struct err *err)
{
	const char *command = field_or_empty(f, "cmd");
	if (strcmp(command, "init") != 0)
		return unknown(t, command, err);
	t->version = field_number(f, "pmi_version", 1) == 2 ? 2 : 1;
	text_printf(&t->out, "cmd=response_to_init rc=0 pmi_version=%u pmi_subversion=%u\n", t->version,
	            t->version == 2 ? 0U : 1U);
	return PMI_ANSWERED;
}

/* The lines of mcmd=spawn come to an end with one of their own. */
static enum pmi_event spawn_line(struct pmi_task *t, const char *line)
{
	t->spawning = strcmp(line, "endcmd") != 0;
	if (!t->spawning)
		text_add(&t->out, "cmd=spawn_result rc=-1 msg=not_supported\n");
	return PMI_ANSWERED;
}

static enum pmi_event line_request(struct pmi_task *t, char *line, struct err *err)
{
	struct fields f;
	if (t->spawning || strcmp(line, "mcmd=spawn") == 0)
		return spawn_line(t, line);
	fields_read(&f, line, ' ');
	if (t->version == 0)
		return init(t, &f, err);
	struct request r = {.t = t, .f = &f, .command = field_or_empty(&f, "cmd"), .err = err};
	return run(&r, requests_1, sizeof(requests_1) / sizeof(requests_1[0]));
}

static enum pmi_event frame_request(struct pmi_task *t, char *body, struct err *err)
{
	struct fields f;
	fields_read(&f, body, ';');
	struct request r = {.t = t, .f = &f, .command = field_or_empty(&f, "cmd"), .err = err};
	const char *thread = field(&f, "thrid");
	if (thread && strlen(thread) <= PMI_KEY_MAX && !strchr(thread, ';'))
		text_set(&t->thread, thread);
	enum pmi_event event = run(&r, requests_2, sizeof(requests_2) / sizeof(requests_2[0]));
	if (event == PMI_ANSWERED || event == PMI_PUT)
		answer_2(t, r.command, text_str(&r.more), r.wrong);
	text_free(&r.more);
	return event;
}

/* "22    " or "    22". 0: none. */
static size_t frame_size(const char *head)
{
	char digits[FRAME_HEAD + 1];
	uint32_t n;
	memcpy(digits, head, FRAME_HEAD);
	digits[FRAME_HEAD] = '\0';
	return text_to_u32(text_trim(digits), &n) && n <= PMI_REQUEST_MAX ? n : 0;
}

/* The whole request that t->in begins with, apart from its NUL, is *size bytes behind *skip. PMI_MORE: not
 * yet.
 */
static enum pmi_event whole(const struct pmi_task *t, size_t *skip, size_t *size, struct err *err)
{
	const char *p = t->in.s + t->in_at;
	const size_t there = t->in.len - t->in_at;
	*skip = t->version == 2 ? FRAME_HEAD : 0;
	if (there == 0 || (t->version == 2 && there < FRAME_HEAD))
		return PMI_MORE;
	if (t->version == 2) {
		*size = frame_size(p);
		if (*size > 0)
			return there >= FRAME_HEAD + *size ? PMI_ANSWERED : PMI_MORE;
		err_set(err, ERR_INVALID, "a request has no length");
		return PMI_BROKEN;
	}
	const char *end = memchr(p, '\n', there);
	*size = end ? (size_t)(end - p) : there;
	if (*size <= PMI_REQUEST_MAX)
		return end ? PMI_ANSWERED : PMI_MORE;
	err_set(err, ERR_INVALID, "a request is longer than %d bytes", PMI_REQUEST_MAX);
	return PMI_BROKEN;
}

static void drop_taken(struct pmi_task *t)
{
	if (t->in_at < t->in.len && t->in_at < PMI_REQUEST_MAX)
		return;
	if (t->in_at < t->in.len)
		memmove(t->in.s, t->in.s + t->in_at, t->in.len - t->in_at);
	text_cut(&t->in, t->in.len - t->in_at);
	t->in_at = 0;
}

void pmi_take(struct pmi_task *t, const void *bytes, size_t n)
{
	drop_taken(t);
	text_add_n(&t->in, bytes, n);
}

enum pmi_event pmi_next(struct pmi_task *t, struct err *err)
{
	size_t skip, size;
	enum pmi_event event = whole(t, &skip, &size, err);
	if (event != PMI_ANSWERED)
		return event;
	const char *request = t->in.s + t->in_at + skip;
	t->in_at += skip + size + (skip == 0);
	if (memchr(request, '\0', size)) {
		err_set(err, ERR_INVALID, "a request has a NUL in it");
		return PMI_BROKEN;
	}
	char *copy = xstrndup(request, size);
	event = t->version == 2 ? frame_request(t, copy, err) : line_request(t, copy, err);
	free(copy);
	return event;
}

void pmi_fence_over(struct pmi_task *t, const char *why)
{
	if (!t->in_fence)
		return;
	t->in_fence = false;
	if (t->version == 2)
		answer_2(t, "kvs-fence", "", why);
	else
		text_printf(&t->out, "cmd=barrier_out rc=%d\n", why ? 1 : 0);
}

bool pmi_wake(struct pmi_task *t)
{
	const char *value = t->waits_for ? pmi_kvs_get(&t->step->node, t->waits_for) : NULL;
	if (!value)
		return false;
	struct request r = {.t = t};
	add_found(&r, value);
	answer_2(t, "info-getnodeattr", text_str(&r.more), NULL);
	text_free(&r.more);
	text_set(&t->waits_for, NULL);
	return true;
}

void pmi_task_free(struct pmi_task *t)
{
	free(t->waits_for);
	free(t->thread);
	text_free(&t->in);
	text_free(&t->out);
}
