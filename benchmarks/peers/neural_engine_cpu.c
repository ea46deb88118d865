/* Lets the neural engine start on processors that are not Intel's: `cc -shared -fPIC -O1`, then LD_PRELOAD.

   Its libraries ask Xbyak's Cpu for cores and caches, which that fills in on Intel only, and a program that asks
   elsewhere ends with "x2APIC is not supported". This constructor runs the library's own and fills in the rest. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <unistd.h>

struct cpu {
  uint64_t features[2];
  uint8_t topology_known; /* x2APIC_supported_ */
  uint32_t cores[2];      /* threads of a core, threads of the processor */
  uint32_t cache_bytes[10], cache_shared_by[10], cache_levels;
};

#define CONSTRUCTOR "_ZN5Xbyak4util3CpuC1Ev"

static uint32_t or_else(long value, uint32_t otherwise) { return value > 0 ? (uint32_t)value : otherwise; }

void construct(struct cpu *cpu) __asm__(CONSTRUCTOR);
void construct(struct cpu *cpu) {
  Dl_info caller;
  void *library = 0;
  void (*original)(struct cpu *) = 0;
  if (dladdr(__builtin_return_address(0), &caller)) library = dlopen(caller.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library) original = (void (*)(struct cpu *))dlsym(library, CONSTRUCTOR);
  if (!original || original == construct) _exit(86);
  original(cpu);
  if (cpu->topology_known) return;
  cpu->topology_known = 1;
  cpu->cores[0] = cpu->cores[1] = 1;
  cpu->cache_levels = 3;
  cpu->cache_bytes[0] = or_else(sysconf(_SC_LEVEL1_DCACHE_SIZE), 32 << 10);
  cpu->cache_bytes[1] = or_else(sysconf(_SC_LEVEL2_CACHE_SIZE), 1 << 20);
  cpu->cache_bytes[2] = or_else(sysconf(_SC_LEVEL3_CACHE_SIZE), 32 << 20);
  for (int level = 0; level < 3; level++) cpu->cache_shared_by[level] = 1;
}
