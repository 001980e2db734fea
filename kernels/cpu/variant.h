/* One source, several instruction sets: the Makefile compiles each file of kernels/cpu/<folder>/ once for
 * every variant (portable, avx2, avx512) with -DVARIANT=<name>. */
#ifndef PRUNET_KERNELS_CPU_VARIANT_H
#define PRUNET_KERNELS_CPU_VARIANT_H

/* VARIANT_NAME(conv3_forward) is conv3_forward_avx2 in that variant. */
#define VARIANT_JOIN_(name, variant) name##_##variant
#define VARIANT_JOIN(name, variant) VARIANT_JOIN_(name, variant)
#define VARIANT_NAME(name) VARIANT_JOIN(name, VARIANT)
#define VARIANT_STRING_(variant) #variant
#define VARIANT_STRING(variant) VARIANT_STRING_(variant)

/* Floats in a vector register, and a vector of them. */
#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX2__)
#define LANES 8
#else
#define LANES 4
#endif

typedef float lanes __attribute__((vector_size(4 * LANES)));
typedef float lanes_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#endif
