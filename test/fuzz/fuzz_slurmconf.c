/* A slurm.conf of any bytes: a configuration, or errors that each say where and what; and the same twice. */
#include "conf/slurm_conf.h"

#include <stdlib.h>
#include <string.h>

static void check(bool ok)
{
	if (!ok)
		abort();
}

static int read_it(const uint8_t *data, size_t size, uint8_t hash[32], size_t *errors)
{
	struct slurm_conf conf;
	struct conf_errors found = {0};
	int rc = slurm_conf_read_text(&conf, "slurm.conf", (const char *)data, size, &found);
	check((rc != 0) == (found.n > 0));
	for (size_t i = 0; i < found.n; i++)
		check(found.v[i].text && found.v[i].text[0] && found.v[i].file);
	*errors = found.n;
	memset(hash, 0, 32);
	if (rc == 0) {
		struct text harmless = TEXT_EMPTY;
		slurm_conf_hash(&conf, hash);
		slurm_conf_harmless(&conf, &harmless);
		text_free(&harmless);
		check(conf.core.cluster_name != NULL);
		for (size_t i = 0; i < conf.core.node_count; i++)
			check(conf.core.nodes[i].name && conf.core.nodes[i].name[0]);
		for (size_t i = 0; i < conf.core.part_count; i++)
			for (size_t k = 0; k < conf.core.parts[i].node_count; k++)
				check(conf.core.parts[i].node_index[k] < conf.core.node_count);
		slurm_conf_check_unsafe(&conf, "Prolog,Epilog", &found);
	}
	conf_errors_free(&found);
	slurm_conf_free(&conf);
	return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t first[32], again[32];
	size_t errors[2];
	int rc = read_it(data, size, first, &errors[0]);
	check(read_it(data, size, again, &errors[1]) == rc && errors[0] == errors[1]);
	check(memcmp(first, again, sizeof(first)) == 0);
	return 0;
}
