#include "applets/worker/cgroup.h"

#include "core/util/arena.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How often a group that is being frozen is looked at: what forks faster is killed again a moment later. */
#define FREEZE_LOOKS 20

const char *const cgroup_controllers[CGROUP_USES] = {"freezer", "cpuset", "memory"};

/* ---- files ---- */

int cgroup_write(const char *dir, const char *file, const char *value)
{
	char *path = xprintf("%s/%s", dir, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW), error = fd < 0 ? errno : 0;
	free(path);
	if (fd < 0)
		return error;
	const size_t n = strlen(value);
	const ssize_t done = write(fd, value, n);
	error = done == (ssize_t)n ? 0 : done < 0 ? errno : EIO;
	close(fd);
	return error;
}

static bool slurp(const char *path, struct text *out)
{
	char buf[4096];
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		text_add_n(out, buf, (size_t)n);
	close(fd);
	return n == 0;
}

bool cgroup_read(const char *dir, const char *file, struct text *out)
{
	char *path = xprintf("%s/%s", dir, file);
	bool read = slurp(path, out);
	free(path);
	return read;
}

uint64_t cgroup_count(const char *dir, const char *file, const char *key)
{
	struct text lines = TEXT_EMPTY;
	const size_t n = strlen(key);
	uint64_t count = 0;
	char *rest = cgroup_read(dir, file, &lines) ? lines.s : NULL;
	for (char *line; rest && (line = text_split(&rest, '\n'));)
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			text_to_u64(line + n + 1, &count);
	text_free(&lines);
	return count;
}

/* ---- what is in it ---- */

size_t cgroup_signal(const char *dir, int signo)
{
	struct text lines = TEXT_EMPTY;
	size_t found = 0;
	uint32_t pid;
	char *rest = cgroup_read(dir, "cgroup.procs", &lines) ? lines.s : NULL;
	/* 0: a process that this pid namespace doesn't know. */
	for (char *line; rest && (line = text_split(&rest, '\n'));)
		if (text_to_u32(line, &pid) && pid > 0 && (pid_t)pid != getpid() &&
		    kill((pid_t)pid, signo) == 0)
			found++;
	text_free(&lines);
	return found;
}

static bool freeze(const char *dir, bool frozen)
{
	return cgroup_write(dir, "cgroup.freeze", frozen ? "1" : "0") == 0 ||
	       cgroup_write(dir, "freezer.state", frozen ? "FROZEN" : "THAWED") == 0;
}

/* Version 1's: what is being frozen can't fork any more once the state says FROZEN. */
static bool is_frozen(const char *dir)
{
	struct text state = TEXT_EMPTY;
	bool frozen = cgroup_read(dir, "freezer.state", &state) && strncmp(state.s, "FROZEN", 6) == 0;
	text_free(&state);
	return frozen;
}

void cgroup_kill(const char *dir)
{
	if (cgroup_write(dir, "cgroup.kill", "1") == 0)
		return;
	if (!freeze(dir, true)) {
		cgroup_signal(dir, SIGKILL);
		return;
	}
	for (int i = 0; i < FREEZE_LOOKS && !is_frozen(dir); i++)
		cgroup_signal(dir, SIGKILL);
	cgroup_signal(dir, SIGKILL);
	freeze(dir, false);
}

bool cgroup_remove(const char *path)
{
	if (rmdir(path) == 0 || errno == ENOENT)
		return true;
	cgroup_kill(path);
	DIR *dir = opendir(path);
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		char *below = xprintf("%s/%s", path, e->d_name);
		if (e->d_type == DT_DIR && e->d_name[0] != '.')
			cgroup_remove(below);
		free(below);
	}
	if (dir)
		closedir(dir);
	return rmdir(path) == 0 || errno == ENOENT;
}

/* ---- where the hierarchies are ---- */

struct mount {
	const char *root, *at, *options, *type, *super;
};

/* "36 35 98:0 /root /at rw,noatime master:1 - type source super", cut in place. */
static bool mount_read(char *line, struct mount *out)
{
	char *rest = line, *words[6] = {NULL};
	for (int i = 0; i < 6; i++)
		if (!(words[i] = text_split(&rest, ' ')))
			return false;
	*out = (struct mount){.root = words[3], .at = words[4], .options = words[5]};
	for (char *word; (word = text_split(&rest, ' '));)
		if (strcmp(word, "-") == 0)
			break;
	out->type = text_split(&rest, ' ');
	text_split(&rest, ' ');
	out->super = text_split(&rest, ' ');
	return out->super != NULL;
}

static bool is_below(const char *path, const char *dir)
{
	const size_t n = strlen(dir);
	return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* Is it what a controller (NULL: version 2) is mounted at? */
static bool is_wanted(const struct mount *m, const char *controller, const char *mountpoint, bool below)
{
	if (strcmp(m->type, controller ? "cgroup" : "cgroup2") != 0 ||
	    (controller && !text_list_has(m->super, controller, strlen(controller))))
		return false;
	return strcmp(m->at, mountpoint) == 0 || (below && is_below(m->at, mountpoint));
}

/* The last one that is wanted: it covers those before. The strings are in *lines, which is malloc'ed. */
static bool find_mount(const char *mounts, const char *controller, const char *mountpoint, bool below,
                       char **lines, struct mount *out)
{
	char *rest = *lines = xstrdup(mounts);
	bool found = false;
	for (char *line; (line = text_split(&rest, '\n'));) {
		struct mount m;
		if (mount_read(line, &m) && is_wanted(&m, controller, mountpoint, below) &&
		    (!found || below || strcmp(m.at, out->at) == 0)) {
			*out = m;
			found = true;
		}
	}
	return found;
}

/* Our own group in that hierarchy (controller NULL: version 2's), malloc'ed, as it is seen from `root`; ""
 * for the topmost. */
static char *own_group(const char *own, const char *controller, const char *root)
{
	char *lines = xstrdup(own), *rest = lines, *path = NULL;
	for (char *line; !path && (line = text_split(&rest, '\n'));) {
		char *at = line, *number = text_split(&at, ':'), *names = text_split(&at, ':');
		if (!number || !names || !at)
			continue;
		if (controller ? text_list_has(names, controller, strlen(controller))
		               : strcmp(line, "0") == 0)
			path = at;
	}
	/* Another namespace's root is not ours to reckon with. */
	if (!path || strncmp(path, "/..", 3) == 0 || strncmp(root, "/..", 3) == 0)
		path = "";
	else if (strcmp(root, "/") != 0)
		path = strcmp(path, root) == 0 ? "" : is_below(path, root) ? path + strlen(root) : "";
	char *out = xstrdup(strcmp(path, "/") == 0 ? "" : path);
	free(lines);
	return out;
}

/* A unit of systemd is not ours to make groups in, other than beside it: version 2 has them there, version 1
 * at the top. */
static void leave_unit(char *path, bool unified)
{
	char *slash = strrchr(path, '/');
	const char *end = slash ? strrchr(slash, '.') : NULL;
	if (!end || (strcmp(end, ".service") != 0 && strcmp(end, ".scope") != 0))
		return;
	*(unified ? slash : path) = '\0';
}

/* The base for a use, or NULL with *why. */
static char *find_base(const struct cgroup_sources *from, const char *controller, const char *mountpoint,
                       const char *name, const char **why)
{
	struct mount m = {0};
	char *lines = NULL, *base = NULL;
	bool unified = !controller;
	*why = "is not mounted";
	if (find_mount(from->mounts, controller, mountpoint, !unified, &lines, &m) ||
	    (unified && (free(lines), find_mount(from->mounts, NULL, mountpoint, true, &lines, &m)))) {
		*why = "is mounted read-only";
		if (!text_list_has(m.options, "ro", 2)) {
			char *own = own_group(from->own, controller, m.root);
			leave_unit(own, unified);
			base = xprintf("%s%s/%s", m.at, own, name);
			free(own);
		}
	}
	free(lines);
	return base;
}

static void say_missing(struct text *missing, enum cgroup_use use, bool unified, const char *why)
{
	static const char *const without[CGROUP_USES] = {"processes are tracked by their parents",
	                                                 "cores are not constrained",
	                                                 "memory is not constrained"};
	text_printf(missing, "%s%s %s, so %s", missing->len ? "; " : "",
	            unified && use == CGROUP_TRACK ? "cgroup2" : cgroup_controllers[use], why, without[use]);
}

void cgroup_tree_find(struct cgroup_tree *out, const struct cgroup_sources *from, const char *mountpoint,
                      enum cgroup_version version, unsigned wanted, const char *name, struct text *missing)
{
	struct mount m = {0};
	char *lines = NULL, *slurm = xprintf("slurm_%s", name), *scope = xprintf("%s_slurmstepd.scope", name);
	*out = (struct cgroup_tree){0};
	out->unified =
	        version == CGROUP_V2 || (version == CGROUP_AUTODETECT &&
	                                 find_mount(from->mounts, NULL, mountpoint, false, &lines, &m));
	for (int use = 0; use < CGROUP_USES; use++) {
		const char *why = NULL;
		if (!(wanted & 1u << use))
			continue;
		out->base[use] = find_base(from, out->unified ? NULL : cgroup_controllers[use], mountpoint,
		                           out->unified ? scope : slurm, &why);
		if (!out->base[use])
			say_missing(missing, (enum cgroup_use)use, out->unified, why);
	}
	free(scope);
	free(slurm);
	free(lines);
}

void cgroup_tree_find_here(struct cgroup_tree *out, const char *mountpoint, enum cgroup_version version,
                           unsigned wanted, const char *name, struct text *missing)
{
	struct text mounts = TEXT_EMPTY, own = TEXT_EMPTY;
	slurp("/proc/self/mountinfo", &mounts);
	slurp("/proc/self/cgroup", &own);
	const struct cgroup_sources from = {text_str(&mounts), text_str(&own)};
	cgroup_tree_find(out, &from, mountpoint, version, wanted, name, missing);
	text_free(&mounts);
	text_free(&own);
}

void cgroup_tree_free(struct cgroup_tree *tree)
{
	for (int use = 0; use < CGROUP_USES; use++)
		free(tree->base[use]);
	*tree = (struct cgroup_tree){0};
}

/* ---- making the bases ---- */

/* Version 1: a set without CPUs takes no process. */
int cgroup_inherit_cpus(const char *dir)
{
	static const char *const files[] = {"cpuset.cpus", "cpuset.mems"};
	char *parent = xstrdup(dir);
	int error = 0;
	*strrchr(parent, '/') = '\0';
	for (size_t i = 0; error == 0 && i < 2; i++) {
		struct text value = TEXT_EMPTY, own = TEXT_EMPTY;
		if (!cgroup_read(parent, files[i], &value) || !cgroup_read(dir, files[i], &own))
			error = ENOENT;
		else if (own.len <= 1)
			error = cgroup_write(dir, files[i], text_str(&value));
		text_free(&value);
		text_free(&own);
	}
	free(parent);
	return error;
}

static bool lets_act(const char *dir, const char *controller)
{
	struct text on = TEXT_EMPTY;
	bool has = false;
	char *rest = cgroup_read(dir, "cgroup.subtree_control", &on) && on.len ? text_trim(on.s) : NULL;
	for (char *word; rest && (word = text_split(&rest, ' '));)
		has |= strcmp(word, controller) == 0;
	text_free(&on);
	return has;
}

/* Version 2: from the top of the mount (a directory without cgroup.procs is above it) down to dir. */
static int let_act(const char *dir, const char *controller)
{
	char *parent = xstrdup(dir), *slash = strrchr(parent, '/'), value[32];
	struct stat st;
	int error = 0;
	if (slash && slash != parent) {
		*slash = '\0';
		char *procs = xprintf("%s/cgroup.procs", parent);
		if (stat(procs, &st) == 0)
			error = let_act(parent, controller);
		free(procs);
	}
	free(parent);
	snprintf(value, sizeof(value), "+%s", controller);
	return error || lets_act(dir, controller) ? error
	                                          : cgroup_write(dir, "cgroup.subtree_control", value);
}

int cgroup_let_act(const char *dir, const char *controller)
{
	char value[32];
	snprintf(value, sizeof(value), "+%s", controller);
	return cgroup_write(dir, "cgroup.subtree_control", value);
}

void cgroup_tree_make(struct cgroup_tree *tree, struct text *missing)
{
	for (int use = 0; use < CGROUP_USES; use++) {
		int error = 0;
		if (!tree->base[use])
			continue;
		const mode_t mask = umask(022);
		if (mkdir(tree->base[use], 0755) != 0 && errno != EEXIST)
			error = errno;
		umask(mask);
		if (!error && tree->unified && use != CGROUP_TRACK)
			error = let_act(tree->base[use], cgroup_controllers[use]);
		else if (!error && use == CGROUP_CPUSET)
			error = cgroup_inherit_cpus(tree->base[use]);
		if (!error && access(tree->base[use], W_OK) != 0)
			error = errno;
		if (!error)
			continue;
		char *why = xprintf("can't be used in %s: %s", tree->base[use],
		                    tree->unified && error == EINVAL ? "there is no such controller"
		                                                     : strerror(error));
		say_missing(missing, (enum cgroup_use)use, tree->unified, why);
		free(why);
		free(tree->base[use]);
		tree->base[use] = NULL;
	}
}
