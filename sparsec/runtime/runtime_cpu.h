/* Which instruction sets this CPU and this kernel offer. The bits are those of FEATURE_BITS in sparsec/target.py. */
#ifndef SPARSEC_RUNTIME_CPU_H
#define SPARSEC_RUNTIME_CPU_H

#include <cpuid.h>
#include <stdint.h>

struct cpu_feature {
    const char *name;
    uint32_t leaf, subleaf;
    char reg;        /* the register of cpuid's answer: b, c or d */
    unsigned bit;    /* the bit in that register */
    uint32_t states; /* bits of XCR0 that the operating system must have enabled */
};

#define AVX_STATE 0x06u    /* xmm, ymm */
#define AVX512_STATE 0xe6u /* and mask registers, zmm */
#define AMX_STATE 0x60000u /* tile configuration, tile data */

static const struct cpu_feature cpu_features[] = {
    {"avx", 1, 0, 'c', 28, AVX_STATE},
    {"avx2", 7, 0, 'b', 5, AVX_STATE},
    {"fma", 1, 0, 'c', 12, AVX_STATE},
    {"f16c", 1, 0, 'c', 29, AVX_STATE},
    {"bmi", 7, 0, 'b', 3, 0},
    {"bmi2", 7, 0, 'b', 8, 0},
    {"lzcnt", 0x80000001u, 0, 'c', 5, 0},
    {"movbe", 1, 0, 'c', 22, 0},
    {"avx512f", 7, 0, 'b', 16, AVX512_STATE},
    {"avx512bw", 7, 0, 'b', 30, AVX512_STATE},
    {"avx512dq", 7, 0, 'b', 17, AVX512_STATE},
    {"avx512vl", 7, 0, 'b', 31, AVX512_STATE},
    {"avx512cd", 7, 0, 'b', 28, AVX512_STATE},
    {"avx512vnni", 7, 0, 'c', 11, AVX512_STATE},
    {"avx512vbmi", 7, 0, 'c', 1, AVX512_STATE},
    {"avxvnni", 7, 1, 'a', 4, AVX_STATE},
    {"amx-tile", 7, 0, 'd', 24, AMX_STATE},
    {"amx-int8", 7, 0, 'd', 25, AMX_STATE},
};
#define CPU_FEATURE_COUNT ((int)(sizeof(cpu_features) / sizeof(cpu_features[0])))

static uint64_t enabled_states(void) {
    uint32_t a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) /* OSXSAVE: xgetbv exists */
        return 0;
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (uint64_t)high << 32 | low;
}

static uint64_t detect_features(void) {
    uint64_t states = enabled_states(), found = 0;
    for (int i = 0; i < CPU_FEATURE_COUNT; i++) {
        const struct cpu_feature *feature = &cpu_features[i];
        uint32_t a, b, c, d;
        if (!__get_cpuid_count(feature->leaf, feature->subleaf, &a, &b, &c, &d))
            continue;
        uint32_t answer = feature->reg == 'a' ? a : feature->reg == 'b' ? b : feature->reg == 'c' ? c : d;
        if ((answer >> feature->bit & 1) && (states & feature->states) == feature->states)
            found |= (uint64_t)1 << i;
    }
    return found;
}

#endif
