/* Any text is a slurm.conf or a list of errors, each with its words; what was read can be asked for, whether
 * it was good or not, and the same text gives the same answer. */
#include "conf/digest.h"

#include <stdlib.h>
#include <string.h>

#define INPUT_MAX 8192u /* longer ones would only slow the search */
#define NODES_MAX 2000u

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void ask_all(const struct slurm_conf *conf, bool good)
{
	struct conf_errors errors = {0};
	struct text harmless = TEXT_EMPTY, differing = TEXT_EMPTY;
	static uint8_t digest[CONF_DIGEST_MAX];
	for (int i = 0; i < PARAM_COUNT; i++) {
		enum param p = (enum param)i;
		(void)conf_u32(conf, p);
		(void)conf_mib(conf, p);
		(void)conf_bool(conf, p);
		(void)conf_list_has(conf, p, "none");
		check(!conf_is_set(conf, p) || (conf_str(conf, p) && conf->values[i].line > 0));
	}
	slurm_conf_differences(conf, NULL, digest, slurm_conf_digest(conf, NULL, digest), &differing);
	/* A file with errors may have a name twice. */
	check(!good || differing.len == 0);
	text_free(&differing);
	slurm_conf_check_unsafe(conf, "Prolog,Epilog", &errors);
	for (size_t i = 0; i < errors.n; i++)
		check(strstr(errors.v[i].text, "is not supported") != NULL);
	slurm_conf_harmless(conf, &harmless);
	text_free(&harmless);
	conf_errors_free(&errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slurm_conf conf, again;
	struct conf_errors errors = {0}, errors_again = {0};
	uint8_t hash[32], hash_again[32];
	if (size > INPUT_MAX)
		return 0;
	int rc = slurm_conf_read_text(&conf, "slurm.conf", (const char *)data, size, &errors);
	check((rc == 0) == (errors.n == 0));
	for (size_t i = 0; i < errors.n; i++)
		check(errors.v[i].file && errors.v[i].text && errors.v[i].text[0]);
	ask_all(&conf, rc == 0);
	if (conf.core.node_count <= NODES_MAX) {
		check(slurm_conf_read_text(&again, "slurm.conf", (const char *)data, size, &errors_again) ==
		      rc);
		slurm_conf_hash(&conf, NULL, hash);
		slurm_conf_hash(&again, NULL, hash_again);
		check(errors_again.n == errors.n && memcmp(hash, hash_again, sizeof(hash)) == 0);
		slurm_conf_free(&again);
	}
	conf_errors_free(&errors_again);
	conf_errors_free(&errors);
	slurm_conf_free(&conf);
	return 0;
}
