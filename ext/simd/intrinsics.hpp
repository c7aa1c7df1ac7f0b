// The compiler's intrinsics for whatever the file's flags allow; the one place that includes them.
//
// GCC 12 warns about its own header: the undefined operands of AVX-512 intrinsics look uninitialised once
// they have been inlined (GCC bug 105593).
#pragma once

#if defined(__x86_64__)
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <immintrin.h>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

// Helpers of per-ISA files must vanish into their caller: an outlined copy of a lane operation costs more
// than the operation, and a vector argument passed between functions costs a trip through memory. Under a
// sanitizer speed does not count, and kernels of thousands of instrumented operations in one function would
// take minutes to compile.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ISTHMUS_INLINE inline
#else
#define ISTHMUS_INLINE inline __attribute__((always_inline))
#endif
