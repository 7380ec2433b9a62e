#include "applets/common/cluster_file.h"

#include "applets/common/rlimits.h"
#include "applets/common/users.h"
#include "conf/batchbox_conf.h"
#include "core/util/log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RUN_DIR "/run/batchbox"

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

int cluster_file_read(struct cluster_file *file, const char *path)
{
	struct conf_errors errors = {0};
	*file = (struct cluster_file){0};
	file->path = path ? path : slurm_conf_find_path();
	file->own = xcalloc(1, sizeof(*file->own));
	int rc = slurm_conf_read(&file->conf, file->path, &errors);
	if (batchbox_conf_read(file->own, file->path, &errors) != 0)
		rc = -1;
	report(&errors);
	conf_errors_free(&errors);
	if (rc != 0) {
		cluster_file_free(file);
		return -1;
	}
	const struct conf_host *head = &file->conf.hosts[0];
	const char *address = conf_str(&file->conf, P_SlurmctldAddr);
	file->controller_addr = address ? address : head->addr;
	file->controller_port = (uint16_t)conf_u32(&file->conf, P_SlurmctldPort);
	file->controller.role = ROLE_CONTROLLER;
	text_copy(file->controller.name, sizeof(file->controller.name), head->name);
	text_copy(file->controller.cluster, sizeof(file->controller.cluster),
	          conf_str(&file->conf, P_ClusterName));
	return 0;
}

void cluster_file_free(struct cluster_file *file)
{
	slurm_conf_free(&file->conf);
	if (file->own)
		batchbox_conf_free(file->own);
	free(file->own);
	file->own = NULL;
}

static void check_limits(const struct slurm_conf *conf, enum param which, struct conf_errors *errors)
{
	const char *word = "";
	size_t n = 0;
	if (!rlimits_valid(conf_str(conf, which), &word, &n))
		conf_error_add(errors, conf->values[which].file, conf->values[which].line,
		               "%s: there is no resource limit %.*s", param_rows[which].name, (int)n, word);
}

int cluster_file_check(const struct cluster_file *file)
{
	struct conf_errors errors = {0};
	struct text harmless = TEXT_EMPTY;
	slurm_conf_check_unsafe(&file->conf, file->own->unsafe, &errors);
	check_limits(&file->conf, P_PropagateResourceLimits, &errors);
	check_limits(&file->conf, P_PropagateResourceLimitsExcept, &errors);
	report(&errors);
	int rc = errors.n ? -1 : 0;
	conf_errors_free(&errors);
	slurm_conf_harmless(&file->conf, &harmless);
	if (rc == 0 && harmless.len)
		log_info("set in slurm.conf, and without effect here: %s", harmless.s);
	text_free(&harmless);
	return rc;
}

const char *cluster_file_key_path(const struct cluster_file *file, struct err *err)
{
	static const char *const paths[] = {"/etc/batchbox/batchbox.key", "/etc/munge/munge.key"};
	if (file->own->key_file)
		return file->own->key_file;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (access(paths[i], F_OK) == 0)
			return paths[i];
	err_set(err, ERR_CONFIG,
	        "no key: neither %s nor %s is there; make one with `batchbox keygen %s` and copy it to every "
	        "host",
	        paths[0], paths[1], paths[0]);
	return NULL;
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

struct key_master *cluster_file_read_key(const struct cluster_file *file, struct err *err)
{
	const char *path = cluster_file_key_path(file, err);
	struct user munge;
	uid_t owners[2];
	gid_t group;
	size_t n = 1;
	if (!path || cluster_file_slurm_user(file, &owners[0], &group, err) != 0)
		return NULL;
	/* Debian's munge.key is munge's. */
	if (user_by_name("munge", &munge) == 0)
		owners[n++] = munge.uid;
	return key_master_read(path, owners, n, err);
}

bool cluster_file_single_user(const struct cluster_file *file)
{
	uid_t uid = 0;
	gid_t gid = 0;
	return geteuid() != 0 && cluster_file_slurm_user(file, &uid, &gid, NULL) == 0 && uid == geteuid() &&
	       cluster_file_run_dir(file) != NULL && strcmp(cluster_file_run_dir(file), RUN_DIR) != 0;
}

const char *cluster_file_run_dir(const struct cluster_file *file)
{
	const char *dir = getenv("BATCHBOX_RUN_DIR");
	struct stat st;
	(void)file;
	/* Only a directory of the caller's own, closed to others, can stand in for root's. */
	if (dir && *dir == '/' && geteuid() != 0 && lstat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && !(st.st_mode & 022))
		return dir;
	return RUN_DIR;
}
