/* A double as a number that a record can carry: its bits. */
#pragma once
#include <stdint.h>
#include <string.h>

static inline uint64_t real_to_bits(double v)
{
	uint64_t bits;
	memcpy(&bits, &v, sizeof(bits));
	return bits;
}

static inline double real_of_bits(uint64_t bits)
{
	double v;
	memcpy(&v, &bits, sizeof(v));
	return v;
}
