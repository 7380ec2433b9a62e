#include "conf/size.h"

#include <ctype.h>
#include <inttypes.h>

bool size_parse_mib(const char *s, uint64_t *mib)
{
	uint64_t v = 0;
	if (!isdigit((unsigned char)*s))
		return false;
	for (; isdigit((unsigned char)*s); s++) {
		if (v > UINT64_MAX / 4096 / 1024 / 1024)
			return false;
		v = v * 10 + (uint64_t)(*s - '0');
	}
	switch (toupper((unsigned char)*s)) {
	case '\0':
	case 'M':
		break;
	case 'K':
		v = (v + 1023) / 1024;
		break;
	case 'G':
		v *= 1024;
		break;
	case 'T':
		v *= 1024 * 1024;
		break;
	default:
		return false;
	}
	if (*s)
		s++;
	if (toupper((unsigned char)*s) == 'B')
		s++;
	*mib = v;
	return *s == '\0';
}

void size_print_mib(struct text *out, uint64_t mib)
{
	if (mib == 0)
		text_add(out, "0");
	else
		text_add_size(out, mib, 'M');
}
