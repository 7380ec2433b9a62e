#include "applets/worker/hardware.h"

#include "core/util/map.h"
#include "core/util/text.h"

#include <dirent.h>
#include <inttypes.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#define CPU_DIR "/sys/devices/system/cpu"

/* The first bytes of a small file, without the newline at its end. */
static bool first_line(const char *path, char *out, size_t size)
{
	FILE *f = fopen(path, "re");
	if (!f)
		return false;
	bool ok = fgets(out, (int)size, f) != NULL;
	fclose(f);
	if (ok)
		out[strcspn(out, "\n")] = '\0';
	return ok;
}

static bool cpu_value(const char *cpu, const char *name, uint32_t *out)
{
	char path[256], line[32];
	snprintf(path, sizeof(path), CPU_DIR "/%.32s/%s", cpu, name);
	return first_line(path, line, sizeof(line)) && text_to_u32(line, out);
}

void hardware_place(uint32_t cpu, uint32_t *package, uint32_t *core)
{
	char name[24];
	snprintf(name, sizeof(name), "cpu%u", cpu);
	if (!cpu_value(name, "topology/physical_package_id", package))
		*package = 0;
	if (!cpu_value(name, "topology/core_id", core))
		*core = cpu;
}

static void count_once(struct map *seen, uint64_t key, uint32_t *n)
{
	if (map_get(seen, key))
		return;
	map_put(seen, key, seen);
	(*n)++;
}

/* Counts the online CPUs, and the packages and cores that they belong to. */
static void find_topology(struct hardware *hw)
{
	struct map packages, cores;
	uint32_t package_count = 0, core_count = 0, cpus = 0;
	DIR *dir = opendir(CPU_DIR);
	map_init_u64(&packages);
	map_init_u64(&cores);
	for (struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
		uint32_t number, online, package, core;
		if (strncmp(e->d_name, "cpu", 3) != 0 || !text_to_u32(e->d_name + 3, &number))
			continue;
		if (cpu_value(e->d_name, "online", &online) && !online)
			continue;
		cpus++;
		hardware_place(number, &package, &core);
		count_once(&packages, (uint64_t)package + 1, &package_count);
		count_once(&cores, ((uint64_t)package << 32 | core) + 1, &core_count);
	}
	if (dir)
		closedir(dir);
	map_free(&packages);
	map_free(&cores);
	if (cpus == 0) {
		long n = sysconf(_SC_NPROCESSORS_ONLN);
		cpus = core_count = n > 0 ? (uint32_t)n : 1;
		package_count = 1;
	}
	if (core_count == 0)
		core_count = cpus;
	if (package_count == 0)
		package_count = 1;
	hw->cpus = cpus;
	hw->sockets = package_count;
	hw->cores_per_socket = core_count / package_count ? core_count / package_count : 1;
	hw->threads_per_core = cpus / core_count ? cpus / core_count : 1;
}

void hardware_find(struct hardware *out, const char *tmp_fs)
{
	struct utsname u;
	struct sysinfo info;
	struct statvfs fs;
	struct text os = TEXT_EMPTY;
	schema_init(schema_of_hardware(), out);
	out->boards = 1;
	find_topology(out);
	if (sysinfo(&info) == 0)
		out->real_memory = (uint64_t)info.totalram * info.mem_unit >> 20;
	if (tmp_fs && statvfs(tmp_fs, &fs) == 0)
		out->tmp_disk = (uint64_t)fs.f_blocks * fs.f_frsize >> 20;
	if (uname(&u) == 0) {
		text_printf(&os, "%s %s %s", u.sysname, u.release, u.version);
		out->arch = xstrdup(u.machine);
		out->os = text_take(&os);
	}
}

void hardware_print(const struct hardware *hw, const char *node, FILE *to)
{
	struct sysinfo info;
	fprintf(to,
	        "NodeName=%s CPUs=%u Boards=%u SocketsPerBoard=%u CoresPerSocket=%u ThreadsPerCore=%u "
	        "RealMemory=%" PRIu64 "\n",
	        node, hw->cpus, hw->boards, hw->sockets, hw->cores_per_socket, hw->threads_per_core,
	        hw->real_memory);
	long up = sysinfo(&info) == 0 ? (long)info.uptime : 0;
	fprintf(to, "UpTime=%ld-%02ld:%02ld:%02ld\n", up / 86400, up / 3600 % 24, up / 60 % 60, up % 60);
}

void hardware_boot_id(char out[64])
{
	if (!first_line("/proc/sys/kernel/random/boot_id", out, 64))
		out[0] = '\0';
}

int64_t hardware_boot_time(void)
{
	char line[256];
	FILE *f = fopen("/proc/stat", "re");
	long long seconds = 0;
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "btime %lld", &seconds) == 1)
			break;
	if (f)
		fclose(f);
	return seconds * 1000000;
}

uint32_t hardware_load(void)
{
	struct sysinfo info;
	if (sysinfo(&info) != 0)
		return CORE_NO_VAL;
	return (uint32_t)((info.loads[0] * 100 + (1 << (SI_LOAD_SHIFT - 1))) >> SI_LOAD_SHIFT);
}

uint64_t hardware_free_mem(void)
{
	struct sysinfo info;
	if (sysinfo(&info) != 0)
		return CORE_NO_VAL64;
	return (uint64_t)info.freeram * info.mem_unit >> 20;
}
