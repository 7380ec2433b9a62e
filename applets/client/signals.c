#include "applets/client/signals.h"

#include "core/util/text.h"

#include <signal.h>
#include <string.h>

static const struct {
	const char *name;
	int number;
} rows[] = {{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ABRT", SIGABRT},
            {"KILL", SIGKILL}, {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"USR1", SIGUSR1},
            {"USR2", SIGUSR2}, {"URG", SIGURG},   {"CONT", SIGCONT}, {"STOP", SIGSTOP},
            {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN}, {"TTOU", SIGTTOU}, {"XCPU", SIGXCPU}};

const char *signal_word(size_t i)
{
	return i < sizeof(rows) / sizeof(rows[0]) ? rows[i].name : NULL;
}

int signal_parse(const char *word)
{
	uint32_t number;
	if (text_to_u32(word, &number))
		return number > 0 && number < 65 ? (int)number : -1;
	const char *name = text_starts_nocase(word, "SIG") ? word + 3 : word;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (text_eq_nocase(name, rows[i].name))
			return rows[i].number;
	return -1;
}
