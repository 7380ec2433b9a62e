#include "applets/common/cluster_file.h"

#include "applets/common/configless.h"
#include "applets/common/rlimits.h"
#include "applets/common/users.h"
#include "core/util/log.h"
#include "core/util/log_flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_DIR         "/run/batchbox"
#define SLURM_CONF_PATH "/etc/slurm/slurm.conf"

static void report(const struct conf_errors *errors)
{
	for (size_t i = 0; i < errors->n; i++) {
		const struct conf_error *e = &errors->v[i];
		if (e->line)
			log_error("%s:%u: %s", e->file, e->line, e->text);
		else
			log_error("%s: %s", e->file ? e->file : "slurm.conf", e->text);
	}
}

/* In the real one's words. */
static bool debug_flags_are_known(const struct slurm_conf *conf)
{
	const char *words = conf_str(conf, P_DebugFlags), *bad;
	uint64_t flags;
	size_t n;
	if (log_flags_parse(words, &flags, &bad, &n))
		return true;
	log_error("Invalid DebugFlag: %.*s", (int)n, bad);
	log_error("DebugFlags invalid: %s", words);
	return false;
}

/* ---- where it is ---- */

static const char *from_environment(const char *name)
{
	const char *value = getenv(name);
	return value && *value ? value : NULL;
}

const char *cluster_file_find(const char *path)
{
	if (path)
		return path;
	if (from_environment("SLURM_CONF"))
		return from_environment("SLURM_CONF");
	return access(SLURM_CONF_PATH, F_OK) == 0 ? SLURM_CONF_PATH : NULL;
}

const char *cluster_file_find_fetched(void)
{
	static char path[4200];
	const char *found = cluster_file_find(NULL);
	if (found)
		return found;
	snprintf(path, sizeof(path), "%s/conf/slurm.conf", configless_link_dir());
	return access(path, F_OK) == 0 ? path : NULL;
}

/* ---- reading ---- */

void cluster_file_address(const struct cluster_file *file, const char **addr, uint16_t *port)
{
	const char *address = conf_str(&file->conf, P_SlurmctldAddr);
	*addr = address ? address : file->conf.hosts->addr;
	*port = (uint16_t)conf_u32(&file->conf, P_SlurmctldPort);
}

void cluster_file_print_ping(const struct slurm_conf *conf, bool up, struct text *out)
{
	for (size_t i = 0; i < conf->host_count; i++) {
		text_add(out, i ? "Slurmctld(backup" : "Slurmctld(primary");
		if (i && conf->host_count > 2)
			text_printf(out, "%zu", i);
		text_printf(out, ") at %s is %s\n", conf->hosts[i].name, up && i == 0 ? "UP" : "DOWN");
	}
}

static void find_controller(struct cluster_file *file)
{
	const struct conf_host *head = file->conf.hosts;
	if (!head)
		return; /* a file without SlurmctldHost is refused when it is read */
	cluster_file_address(file, &file->controller_addr, &file->controller_port);
	if (file->own->server.host) {
		file->controller_addr = file->own->server.host;
		file->controller_port = file->own->server.port;
	}
	file->controller.role = ROLE_CONTROLLER;
	text_copy(file->controller.name, sizeof(file->controller.name), head->name);
	text_copy(file->controller.cluster, sizeof(file->controller.cluster),
	          conf_str(&file->conf, P_ClusterName));
}

static int read_source(struct cluster_file *file, struct conf_errors *errors)
{
	file->own = xcalloc(1, sizeof(*file->own));
	int rc = slurm_conf_read_from(&file->conf, &file->source, errors);
	if (batchbox_conf_read_from(file->own, &file->source, errors) != 0)
		rc = -1;
	return rc;
}

static int finish(struct cluster_file *file, int rc, struct conf_errors *errors)
{
	report(errors);
	conf_errors_free(errors);
	if (rc == 0 && !debug_flags_are_known(&file->conf))
		rc = -1;
	if (rc == 0)
		find_controller(file);
	else
		cluster_file_free(file);
	return rc;
}

int cluster_file_read(struct cluster_file *file, const char *path)
{
	struct conf_errors errors = {0};
	*file = (struct cluster_file){.path = xstrdup(path)};
	file->source.path = file->path;
	int rc = read_source(file, &errors);
	return finish(file, rc, &errors);
}

/* The key is this host's own affair, so its own batchbox.conf counts, where it has one. */
static int read_own_key_file(struct cluster_file *file)
{
	struct conf_batchbox local;
	struct conf_errors errors = {0};
	int rc = batchbox_conf_read(&local, SLURM_CONF_PATH, &errors);
	file->own->key_file = local.key_file ? arena_strdup(&file->own->arena, local.key_file) : NULL;
	report(&errors);
	conf_errors_free(&errors);
	batchbox_conf_free(&local);
	return rc;
}

int cluster_file_read_texts(struct cluster_file *file, const struct conf_texts *texts)
{
	struct conf_errors errors = {0};
	*file = (struct cluster_file){.path = xstrdup("slurm.conf")};
	file->source = (struct conf_source){.path = file->path, .texts = texts};
	int rc = read_source(file, &errors);
	if (read_own_key_file(file) != 0)
		rc = -1;
	return finish(file, rc, &errors);
}

void cluster_file_set_path(struct cluster_file *file, const char *path)
{
	free(file->path);
	file->path = xstrdup(path);
	file->source = (struct conf_source){.path = file->path};
}

void cluster_file_free(struct cluster_file *file)
{
	slurm_conf_free(&file->conf);
	companions_free(&file->companions);
	if (file->own)
		batchbox_conf_free(file->own);
	free(file->own);
	free(file->path);
	file->own = NULL;
	file->path = NULL;
}

void cluster_file_log_again(struct daemon_log *log, const char *path)
{
	struct cluster_file file;
	if (cluster_file_read(&file, path) != 0) {
		log_error("slurm.conf has errors, so the log's level stays");
		return;
	}
	daemon_log_again(log, &file.conf);
	cluster_file_free(&file);
}

static void check_limits(const struct slurm_conf *conf, enum param which, struct conf_errors *errors)
{
	const char *word = "";
	size_t n = 0;
	if (!rlimits_valid(conf_str(conf, which), &word, &n))
		conf_error_add(errors, conf->values[which].file, conf->values[which].line,
		               "%s: there is no resource limit %.*s", param_rows[which].name, (int)n, word);
}

int cluster_file_check(struct cluster_file *file)
{
	struct conf_errors errors = {0};
	struct text harmless = TEXT_EMPTY;
	companions_free(&file->companions);
	slurm_conf_check_unsafe(&file->conf, file->own->unsafe, &errors);
	if (companions_read(&file->companions, &file->source, &file->conf, &errors) == 0)
		companions_check_unsafe(&file->companions, &file->conf, file->own->unsafe, &errors);
	check_limits(&file->conf, P_PropagateResourceLimits, &errors);
	check_limits(&file->conf, P_PropagateResourceLimitsExcept, &errors);
	report(&errors);
	int rc = errors.n ? -1 : 0;
	conf_errors_free(&errors);
	slurm_conf_limited(&file->conf, &harmless);
	if (rc == 0 && harmless.len)
		log_info("slurm.conf asks for more or less than can be: %s", harmless.s);
	text_clear(&harmless);
	slurm_conf_harmless(&file->conf, &harmless);
	if (rc == 0 && harmless.len)
		log_info("set in slurm.conf, and without effect here: %s", harmless.s);
	text_clear(&harmless);
	companions_harmless(&file->companions, &harmless);
	if (rc == 0 && harmless.len)
		log_info("set in %s, and without effect here: %s", companion_names[COMPANION_CGROUP],
		         harmless.s);
	text_free(&harmless);
	return rc;
}

/* ---- what others are sent ---- */

static void add_text(struct conf_texts *out, struct arena *arena, const struct conf_text *text,
                     const char *name)
{
	struct conf_text copy = *text;
	const char *slash = strrchr(text->name, '/');
	copy.name = name ? name : slash ? slash + 1 : text->name;
	if (text->beside && !conf_texts_find(out, copy.name))
		conf_texts_add(out, arena, &copy);
}

void cluster_file_texts(const struct cluster_file *file, struct arena *arena, struct conf_texts *out)
{
	const struct conf_texts *main_texts = &file->conf.texts;
	*out = (struct conf_texts){0};
	for (size_t i = 0; i < main_texts->n; i++)
		add_text(out, arena, &main_texts->v[i], i == 0 ? "slurm.conf" : NULL);
	for (int k = 0; k < COMPANION_FILES; k++) {
		const struct conf_texts *texts = &file->companions.files[k].texts;
		for (size_t i = 0; i < texts->n; i++)
			add_text(out, arena, &texts->v[i], NULL);
	}
	if (!file->own->unsafe || !*file->own->unsafe)
		return;
	char *own = arena_printf(arena, "[accept]\nunsafe = %s\n", file->own->unsafe);
	const struct conf_text accepted = {
	        .name = BATCHBOX_CONF, .text = own, .n = strlen(own), .beside = true};
	add_text(out, arena, &accepted, NULL);
}

/* ---- the key ---- */

static const char *first_key_path(struct err *err)
{
	static const char *const paths[] = {"/etc/batchbox/batchbox.key", "/etc/munge/munge.key"};
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], F_OK) == 0)
			return paths[i];
	err_set(err, ERR_CONFIG,
	        "no key: neither %s nor %s is there; make one with `batchbox keygen %s` and copy it to every "
	        "host",
	        paths[0], paths[1], paths[0]);
	return NULL;
}

const char *cluster_file_key_path(const struct cluster_file *file, struct err *err)
{
	return file->own->key_file ? file->own->key_file : first_key_path(err);
}

int cluster_file_slurm_user(const struct cluster_file *file, uid_t *uid, gid_t *gid, struct err *err)
{
	struct user user;
	uint32_t number;
	const char *name = conf_str(&file->conf, P_SlurmUser);
	if (user_by_name(name, &user) == 0 ||
	    (text_to_u32(name, &number) && user_by_uid(number, &user) == 0)) {
		*uid = user.uid;
		*gid = user.gid;
		return 0;
	}
	/* An empty image has no user database; root is root all the same. */
	if (strcmp(name, "root") == 0) {
		*uid = *gid = 0;
		return 0;
	}
	if (text_to_u32(name, &number) && number == geteuid()) {
		*uid = geteuid();
		*gid = getegid();
		return 0;
	}
	return err_set(err, ERR_CONFIG,
	               "SlurmUser=%s does not exist on this host: useradd --system --no-create-home %s", name,
	               name);
}

/* Root and the caller may own a key anyway; Debian's munge.key is munge's. */
static void add_munge(struct key_files *files)
{
	struct user munge;
	if (user_by_name("munge", &munge) == 0)
		files->owners[files->owner_count++] = munge.uid;
}

int cluster_file_key_files(const struct cluster_file *file, struct key_files *files, struct err *err)
{
	gid_t group;
	files->path = cluster_file_key_path(file, err);
	files->owner_count = 1;
	if (!files->path || cluster_file_slurm_user(file, &files->owners[0], &group, err) != 0)
		return -1;
	add_munge(files);
	return 0;
}

struct key_master *cluster_file_read_key(const struct cluster_file *file, struct err *err)
{
	struct key_files files;
	if (cluster_file_key_files(file, &files, err) != 0)
		return NULL;
	return key_master_read(files.path, files.owners, files.owner_count, err);
}

struct key_master *cluster_file_read_first_key(struct err *err)
{
	struct conf_batchbox local;
	struct conf_errors errors = {0};
	struct key_files files = {.owners = {geteuid()}, .owner_count = 1};
	struct key_master *master = NULL;
	add_munge(&files);
	if (batchbox_conf_read(&local, SLURM_CONF_PATH, &errors) != 0)
		err_set(err, ERR_CONFIG, "batchbox.conf of this host has errors");
	else if ((files.path = local.key_file ? local.key_file : first_key_path(err)))
		master = key_master_read(files.path, files.owners, files.owner_count, err);
	report(&errors);
	conf_errors_free(&errors);
	batchbox_conf_free(&local);
	return master;
}

void key_master_log(const struct key_master *master)
{
	struct text ids = TEXT_EMPTY;
	key_master_print(master, &ids);
	log_info("the cluster's key has id %s", ids.s);
	text_free(&ids);
}

struct key_host *cluster_file_host_key(const struct cluster_file *file, enum key_class class,
                                       const char *name, struct err *err)
{
	struct key_master *master = cluster_file_read_key(file, err);
	struct key_host *key =
	        master ? key_host_derive(master, file->controller.cluster, class, name, 0, err) : NULL;
	if (key)
		key_master_log(master);
	key_master_free(master);
	return key;
}

bool cluster_file_single_user(const struct cluster_file *file)
{
	uid_t uid = 0;
	gid_t gid = 0;
	return geteuid() != 0 && cluster_file_slurm_user(file, &uid, &gid, NULL) == 0 && uid == geteuid() &&
	       cluster_file_run_dir(file) != NULL && strcmp(cluster_file_run_dir(file), RUN_DIR) != 0;
}

const char *cluster_file_listen_at(const char *addr)
{
	return addr && (strncmp(addr, "127.", 4) == 0 || strcmp(addr, "localhost") == 0) ? "127.0.0.1" : NULL;
}

const char *cluster_file_run_dir(const struct cluster_file *file)
{
	const char *dir = getenv("BATCHBOX_RUN_DIR");
	struct stat st;
	(void)file;
	/* Whose it is decides whom a client can meet there. */
	if (dir && *dir == '/' && lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    (st.st_uid == geteuid() || st.st_uid == 0) && !(st.st_mode & 022))
		return dir;
	return RUN_DIR;
}
