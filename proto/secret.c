#include "proto/secret.h"

#include "core/util/log.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/mman.h>

#define SECRET_CHUNK 65536

union slot {
	union slot *next; /* while it is free */
	max_align_t align;
	unsigned char bytes[SECRET_MAX];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static union slot *unused;
static size_t live;

/* A page for each key would cost a large controller 40 MB: pieces share pages, which are never given back. */
static void add_chunk(void)
{
	union slot *slots =
	        mmap(NULL, SECRET_CHUNK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (slots == MAP_FAILED) {
		log_write(LOG_LEVEL_FATAL, "out of memory for session keys");
		abort();
	}
	madvise(slots, SECRET_CHUNK, MADV_DONTDUMP);
	for (size_t i = 0; i < SECRET_CHUNK / sizeof(union slot); i++) {
		slots[i].next = unused;
		unused = &slots[i];
	}
}

void *secret_alloc(size_t n)
{
	if (n > SECRET_MAX)
		abort();
	pthread_mutex_lock(&lock);
	if (!unused)
		add_chunk();
	union slot *slot = unused;
	unused = slot->next;
	live++;
	pthread_mutex_unlock(&lock);
	slot->next = NULL; /* the rest was wiped, or is fresh */
	return slot;
}

void secret_free(void *p)
{
	union slot *slot = p;
	if (!slot)
		return;
	sodium_memzero(slot, sizeof(*slot));
	pthread_mutex_lock(&lock);
	slot->next = unused;
	unused = slot;
	live--;
	pthread_mutex_unlock(&lock);
}

size_t secret_live(void)
{
	pthread_mutex_lock(&lock);
	size_t n = live;
	pthread_mutex_unlock(&lock);
	return n;
}
