#include "applets/common/users.h"

#include "applets/common/getent.h"
#include "core/util/arena.h"
#include "core/util/map.h"
#include "core/util/text.h"

#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USERS_BUFFER     65536
#define USERS_GROUPS_MAX 65536
#define USERS_CACHE_US   60000000
#define USERS_STACK      (512 * 1024)

/* ---- one user ---- */

static int user_from_passwd(const struct passwd *pw, struct user *out)
{
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	/* A home or shell that does not fit is no reason to refuse the user: the step then says that it can't
	 * be used. */
	if (!text_copy(out->name, sizeof(out->name), pw->pw_name))
		return -1;
	text_copy(out->home, sizeof(out->home), pw->pw_dir ? pw->pw_dir : "/");
	text_copy(out->shell, sizeof(out->shell), pw->pw_shell && *pw->pw_shell ? pw->pw_shell : "/bin/sh");
	return 0;
}

/* name:x:uid:gid:gecos:home:shell */
static int user_from_getent(const char *key, struct user *out)
{
	struct text line = TEXT_EMPTY;
	int rc = -1;
	if (getent_line("passwd", key, &line)) {
		char *rest = line.s, *f[7] = {NULL};
		for (size_t i = 0; i < 7; i++)
			f[i] = text_split(&rest, ':');
		if (f[6] && *f[0] && text_to_u32(f[2], &out->uid) && text_to_u32(f[3], &out->gid) &&
		    text_copy(out->name, sizeof(out->name), f[0])) {
			text_copy(out->home, sizeof(out->home), f[5]);
			text_copy(out->shell, sizeof(out->shell), *f[6] ? f[6] : "/bin/sh");
			rc = 0;
		}
	}
	text_free(&line);
	return rc;
}

/* There is a root wherever there is a system, also where no file says so, as in an image of one program. */
static int user_is_root(struct user *out)
{
	*out = (struct user){.name = "root", .home = "/", .shell = "/bin/sh"};
	return 0;
}

int user_by_name(const char *name, struct user *out)
{
	struct passwd pw, *found = NULL;
	char *buf = xmalloc(USERS_BUFFER);
	int rc = getpwnam_r(name, &pw, buf, USERS_BUFFER, &found) == 0 && found ? user_from_passwd(&pw, out)
	                                                                        : -1;
	free(buf);
	if (rc != 0 && user_from_getent(name, out) == 0 && strcmp(out->name, name) == 0)
		rc = 0;
	return rc != 0 && strcmp(name, "root") == 0 ? user_is_root(out) : rc;
}

int user_by_uid(uid_t uid, struct user *out)
{
	struct passwd pw, *found = NULL;
	char *buf = xmalloc(USERS_BUFFER), key[16];
	int rc = getpwuid_r(uid, &pw, buf, USERS_BUFFER, &found) == 0 && found ? user_from_passwd(&pw, out)
	                                                                       : -1;
	free(buf);
	snprintf(key, sizeof(key), "%u", (unsigned)uid);
	if (rc != 0 && user_from_getent(key, out) == 0 && out->uid == uid)
		rc = 0;
	return rc != 0 && uid == 0 ? user_is_root(out) : rc;
}

int user_parse(const char *s, uid_t *out)
{
	struct user u;
	uint32_t number;
	if (user_by_name(s, &u) == 0) {
		*out = u.uid;
		return 0;
	}
	if (!text_to_u32(s, &number) || number == UINT32_MAX)
		return -1;
	*out = number;
	return 0;
}

int group_by_name(const char *name, gid_t *out)
{
	struct group gr, *found = NULL;
	char *buf = xmalloc(USERS_BUFFER);
	int rc = -1;
	if (getgrnam_r(name, &gr, buf, USERS_BUFFER, &found) == 0 && found) {
		*out = gr.gr_gid;
		rc = 0;
	}
	free(buf);
	struct text line = TEXT_EMPTY;
	if (rc != 0 && getent_line("group", name, &line)) {
		char *rest = line.s;
		const char *first = text_split(&rest, ':'), *pass = text_split(&rest, ':'),
		           *gid = text_split(&rest, ':');
		if (first && pass && gid && strcmp(first, name) == 0 && text_to_u32(gid, out))
			rc = 0;
	}
	text_free(&line);
	uint32_t number;
	if (rc != 0 && text_to_u32(name, &number)) {
		*out = number;
		rc = 0;
	}
	return rc;
}

/* ---- names for printing, kept for the life of the process ---- */

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER;
static struct map user_names, group_names;
static bool names_ready;

static const char *name_cached(struct map *m, uint32_t id, bool is_group)
{
	pthread_mutex_lock(&names_lock);
	if (!names_ready) {
		map_init_u64(&user_names);
		map_init_u64(&group_names);
		names_ready = true;
	}
	char *name = map_get(m, id);
	pthread_mutex_unlock(&names_lock);
	if (name)
		return name;
	struct user u;
	struct text line = TEXT_EMPTY;
	if (is_group) {
		struct group gr, *found = NULL;
		char *buf = xmalloc(USERS_BUFFER), key[16];
		snprintf(key, sizeof(key), "%u", (unsigned)id);
		if (getgrgid_r(id, &gr, buf, USERS_BUFFER, &found) == 0 && found) {
			name = xstrdup(gr.gr_name);
		} else if (getent_line("group", key, &line)) {
			char *rest = line.s;
			name = xstrdup(text_split(&rest, ':'));
		}
		free(buf);
	} else if (user_by_uid(id, &u) == 0) {
		name = xstrdup(u.name);
	}
	text_free(&line);
	if (!name)
		name = xprintf("%u", (unsigned)id);
	pthread_mutex_lock(&names_lock);
	char *other = map_get(m, id);
	if (other) {
		free(name);
		name = other;
	} else {
		map_put(m, id, name);
	}
	pthread_mutex_unlock(&names_lock);
	return name;
}

const char *user_name_of(uid_t uid)
{
	return name_cached(&user_names, uid, false);
}

const char *group_name_of(gid_t gid)
{
	return name_cached(&group_names, gid, true);
}

/* ---- identities ---- */

static void identity_groups_getent(const char *user, gid_t primary, struct identity *out)
{
	struct text line = TEXT_EMPTY;
	size_t cap = 0, n = 0;
	gid_t *groups = xgrow(NULL, &cap, 1, sizeof(*groups));
	groups[n++] = primary;
	/* "name   gid gid gid" */
	if (getent_line("initgroups", user, &line)) {
		char *rest = line.s;
		for (char *word = text_split(&rest, ' '); word; word = text_split(&rest, ' ')) {
			uint32_t gid;
			if (!text_to_u32(word, &gid) || gid == primary || n >= USERS_GROUPS_MAX)
				continue;
			groups = xgrow(groups, &cap, n + 1, sizeof(*groups));
			groups[n++] = gid;
		}
	}
	text_free(&line);
	out->groups.v = groups;
	out->groups.n = (uint32_t)n;
}

static void identity_groups(const struct user *u, struct identity *out)
{
	struct passwd pw, *found = NULL;
	char *buf = xmalloc(USERS_BUFFER);
	bool local = getpwnam_r(u->name, &pw, buf, USERS_BUFFER, &found) == 0 && found;
	free(buf);
	if (!local) {
		identity_groups_getent(u->name, u->gid, out);
		return;
	}
	int n = 32;
	gid_t *groups = xmalloc(sizeof(*groups) * (size_t)n);
	while (getgrouplist(u->name, u->gid, groups, &n) < 0 && n <= USERS_GROUPS_MAX)
		groups = xrealloc(groups, sizeof(*groups) * (size_t)n);
	out->groups.v = groups;
	out->groups.n = (uint32_t)n;
}

static bool identity_has_group(const struct identity *who, gid_t gid)
{
	for (uint32_t i = 0; i < who->groups.n; i++)
		if (who->groups.v[i] == gid)
			return true;
	return false;
}

int user_identity(uid_t uid, uint32_t gid, bool accept_unknown, struct identity *out, struct err *err)
{
	struct user u = {.uid = uid, .gid = gid == CORE_NO_VAL ? getgid() : gid};
	schema_init(schema_of_identity(), out);
	bool known = user_by_uid(uid, &u) == 0;
	if (!known && !accept_unknown)
		return err_set(err, ERR_USER_UNKNOWN,
		               "uid %u is not known on the controller's host: add the user there",
		               (unsigned)uid);
	if (!known) {
		snprintf(u.name, sizeof(u.name), "%u", (unsigned)uid);
		text_copy(u.home, sizeof(u.home), "/");
		text_copy(u.shell, sizeof(u.shell), "/bin/sh");
		out->groups.v = xmalloc(sizeof(gid_t));
		out->groups.v[0] = u.gid;
		out->groups.n = 1;
	} else {
		identity_groups(&u, out);
	}
	out->uid = uid;
	out->gid = gid == CORE_NO_VAL ? u.gid : gid;
	if (out->gid != u.gid && uid != 0 && !identity_has_group(out, out->gid)) {
		schema_free(schema_of_identity(), out);
		return err_set(err, ERR_GROUP_UNKNOWN, "user %s is not in group %u", u.name, (unsigned)gid);
	}
	out->user_name = xstrdup(u.name);
	out->group_name = xstrdup(group_name_of(out->gid));
	out->home = xstrdup(u.home);
	out->shell = xstrdup(u.shell);
	return 0;
}

/* ---- off the loop ---- */

struct lookup {
	struct loop *loop;
	uid_t uid;
	uint32_t gid;
	bool accept_unknown;
	users_done done;
	void *ctx;
	int rc;
	struct identity who;
	struct err err;
	int64_t until; /* in the cache */
};

static struct map identities; /* uid << 32 | gid -> struct lookup; used by the loop's thread alone */
static bool identities_ready;

static uint64_t lookup_key(uid_t uid, uint32_t gid)
{
	return (uint64_t)uid << 32 | gid;
}

static void lookup_free(struct lookup *l)
{
	schema_free(schema_of_identity(), &l->who);
	free(l);
}

static void lookup_finished(void *ctx)
{
	struct lookup *l = ctx;
	l->done(l->ctx, l->rc == 0 ? &l->who : NULL, &l->err);
	if (l->rc != 0) {
		lookup_free(l);
		return;
	}
	struct lookup *old = map_del(&identities, lookup_key(l->uid, l->gid));
	if (old)
		lookup_free(old);
	l->until = loop_clock() + USERS_CACHE_US;
	map_put(&identities, lookup_key(l->uid, l->gid), l);
}

static void *lookup_thread(void *ctx)
{
	struct lookup *l = ctx;
	l->rc = user_identity(l->uid, l->gid, l->accept_unknown, &l->who, &l->err);
	loop_post(l->loop, lookup_finished, l);
	return NULL;
}

void users_resolve_async(struct loop *loop, uid_t uid, uint32_t gid, bool accept_unknown, users_done done,
                         void *ctx)
{
	if (!identities_ready) {
		map_init_u64(&identities);
		identities_ready = true;
	}
	struct lookup *l = map_get(&identities, lookup_key(uid, gid));
	if (l && l->until > loop_clock()) {
		done(ctx, &l->who, NULL);
		return;
	}
	l = xcalloc(1, sizeof(*l));
	*l = (struct lookup){.loop = loop,
	                     .uid = uid,
	                     .gid = gid,
	                     .accept_unknown = accept_unknown,
	                     .done = done,
	                     .ctx = ctx};
	schema_init(schema_of_identity(), &l->who);
	pthread_attr_t attr;
	pthread_t thread;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, USERS_STACK);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	int rc = pthread_create(&thread, &attr, lookup_thread, l);
	pthread_attr_destroy(&attr);
	if (rc != 0) {
		err_sys(&l->err, rc, "cannot start a thread to look up uid %u", (unsigned)uid);
		l->rc = -1;
		loop_post(loop, lookup_finished, l);
	}
}
