/* SPDX-License-Identifier: Apache-2.0 */
/* The clock, the statistics of samples, and what the machine can do at most. */
#include "tools/bench/bench.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

static clockid_t bench_clock_id = CLOCK_MONOTONIC;

void bench_use_processor_time(void)
{
    bench_clock_id = CLOCK_PROCESS_CPUTIME_ID;
}

double bench_clock(void)
{
    struct timespec t;
    clock_gettime(bench_clock_id, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* ---- Statistics ---- */

static int compare_times(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Between the two samples around it. */
static double quantile(const double *sample, int count, double part)
{
    double at = part * (count - 1), below = floor(at);
    int i = (int)below, j = i + 1 < count ? i + 1 : i;
    return sample[i] + (at - below) * (sample[j] - sample[i]);
}

struct bench_summary bench_summarise(double *sample, int count)
{
    qsort(sample, (size_t)count, sizeof *sample, compare_times);
    return (struct bench_summary){
        .median = quantile(sample, count, 0.5),
        .low = quantile(sample, count, 0.25),
        .high = quantile(sample, count, 0.75),
    };
}

int bench_calls(double seconds, double least)
{
    double calls = ceil(least / fmax(seconds, 1e-9));
    return calls < 1e7 ? (int)fmax(calls, 1) : 10000000;
}

/* ---- The processor's limits ---- */

/* A test (tests/scripts/isa.sh) looks for instructions that the command may not have, and knows
 * that functions of this name are called where the processor has them.
 *
 * Twelve sums hide the latency of a multiply-add on every processor known. */
enum { SUMS = 12 };
#define FMA_PEAK(name, attributes, vector, set, fma, first)                                        \
    attributes static double fma_peak_##name(long rounds)                                          \
    {                                                                                              \
        vector sum[SUMS], a = set(0.5f), b = set(0.25f);                                           \
        double total = 0;                                                                          \
        for (int i = 0; i < SUMS; i++)                                                             \
            sum[i] = set((float)i);                                                                \
        for (long r = 0; r < rounds; r++) {                                                        \
            sum[0] = fma(sum[0], a, b), sum[1] = fma(sum[1], a, b), sum[2] = fma(sum[2], a, b);    \
            sum[3] = fma(sum[3], a, b), sum[4] = fma(sum[4], a, b), sum[5] = fma(sum[5], a, b);    \
            sum[6] = fma(sum[6], a, b), sum[7] = fma(sum[7], a, b), sum[8] = fma(sum[8], a, b);    \
            sum[9] = fma(sum[9], a, b), sum[10] = fma(sum[10], a, b);                              \
            sum[11] = fma(sum[11], a, b);                                                          \
        }                                                                                          \
        for (int i = 0; i < SUMS; i++)                                                             \
            total += (double)first(sum[i]);                                                        \
        return total;                                                                              \
    }

#if defined(__x86_64__)
#define AVX2   __attribute__((target("avx2,fma")))
#define AVX512 __attribute__((target("avx512f")))
FMA_PEAK(avx2_f32, AVX2, __m256, _mm256_set1_ps, _mm256_fmadd_ps, _mm256_cvtss_f32)
FMA_PEAK(avx2_f64, AVX2, __m256d, _mm256_set1_pd, _mm256_fmadd_pd, _mm256_cvtsd_f64)
FMA_PEAK(avx512_f32, AVX512, __m512, _mm512_set1_ps, _mm512_fmadd_ps, _mm512_cvtss_f32)
FMA_PEAK(avx512_f64, AVX512, __m512d, _mm512_set1_pd, _mm512_fmadd_pd, _mm512_cvtsd_f64)
#elif defined(__aarch64__)
#define FMLA_F32(sum, a, b) vfmaq_f32(b, sum, a)
#define FMLA_F64(sum, a, b) vfmaq_f64(b, sum, a)
#define FIRST_F32(sum)      vgetq_lane_f32(sum, 0)
#define FIRST_F64(sum)      vgetq_lane_f64(sum, 0)
FMA_PEAK(neon_f32, , float32x4_t, vdupq_n_f32, FMLA_F32, FIRST_F32)
FMA_PEAK(neon_f64, , float64x2_t, vdupq_n_f64, FMLA_F64, FIRST_F64)
#endif

struct peak {
    double (*run)(long rounds);
    double flops; /* of a round */
};

/* Up to ATTPOOL_MAX_ISA, as the library is. */
bool bench_has_avx512(void)
{
#if defined(__x86_64__)
    const char *most = getenv("ATTPOOL_MAX_ISA");
    return (most == NULL || *most == '\0' || strcmp(most, "avx512") == 0) &&
           __builtin_cpu_supports("avx512f");
#else
    return false;
#endif
}

static struct peak peak_of(bool single)
{
    struct peak peak = { NULL, 0 };
#if defined(__x86_64__)
    if (bench_has_avx512())
        peak = (struct peak){ single ? fma_peak_avx512_f32 : fma_peak_avx512_f64, 16 };
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        peak = (struct peak){ single ? fma_peak_avx2_f32 : fma_peak_avx2_f64, 8 };
#elif defined(__aarch64__)
    peak = (struct peak){ single ? fma_peak_neon_f32 : fma_peak_neon_f64, 4 };
#endif
    peak.flops *= SUMS * (single ? 2 : 1);
    return peak;
}

typedef uint64_t words __attribute__((vector_size(16)));

/* In eight streams: one is less than the memory can do. */
static uint64_t read_file(const words *data, size_t count)
{
    words sum[8] = { { 0 } };
    const size_t part = count / 8;
    for (size_t i = 0; i + 3 < part; i += 4)
        for (size_t s = 0; s < 8; s++) {
            const words *p = data + s * part + i;
            sum[s] += p[0] + p[1] + p[2] + p[3];
        }
    for (int s = 1; s < 8; s++)
        sum[0] += sum[s];
    return sum[0][0] + sum[0][1];
}

enum { MULTIPLY_ADDS, MULTIPLY_ADDS_F64, READ, LIMITS };
enum { PEAK_ROUNDS = 4000000, REPEATS = 5 };

struct worker {
    pthread_t thread;
    bool started;
    int what;
    struct peak peak;
    const words *data;
    size_t count;
    double start, end;
    volatile double sink;
};

static void *work(void *data)
{
    struct worker *w = data;
    w->start = bench_clock();
    w->sink = w->what == READ ? (double)read_file(w->data, w->count) : w->peak.run(PEAK_ROUNDS);
    w->end = bench_clock();
    return NULL;
}

/* Seconds from the first that starts to the last that ends. */
static double work_together(struct worker *workers, int threads)
{
    double start = (double)INFINITY, end = 0;
    for (int i = 1; i < threads; i++)
        workers[i].started = pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    for (int i = 0; i < threads; i++) {
        if (!workers[i].started)
            work(&workers[i]);
        else
            pthread_join(workers[i].thread, NULL);
        start = fmin(start, workers[i].start);
        end = fmax(end, workers[i].end);
    }
    return end - start;
}

/* The fastest of a few: a limit. */
static double least_seconds(struct worker *workers, int threads, int what)
{
    double least = (double)INFINITY;
    for (int i = 0; i < threads; i++) {
        workers[i].what = what;
        workers[i].peak = peak_of(what == MULTIPLY_ADDS);
    }
    for (int i = 0; i < REPEATS; i++)
        least = fmin(least, work_together(workers, threads));
    return least;
}

void bench_measure(struct bench_limits *limits, int threads, size_t bytes)
{
    struct worker *workers = calloc((size_t)threads, sizeof *workers);
    words *data = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *limits = (struct bench_limits){ { (double)NAN, (double)NAN }, (double)NAN };
    for (int what = 0; workers != NULL && what < READ; what++) {
        const struct peak peak = peak_of(what == MULTIPLY_ADDS);
        if (peak.run != NULL)
            limits->gflops[what] =
                1e-9 * PEAK_ROUNDS * peak.flops * threads / least_seconds(workers, threads, what);
    }
    if (workers != NULL && data != MAP_FAILED) {
        madvise(data, bytes, MADV_HUGEPAGE);
        memset(data, 1, bytes);
        for (int i = 0; i < threads; i++) {
            workers[i].count = bytes / sizeof *data / (size_t)threads;
            workers[i].data = data + workers[i].count * (size_t)i;
        }
        limits->read = 1e-9 * (double)bytes / least_seconds(workers, threads, READ);
    }
    if (data != MAP_FAILED)
        munmap(data, bytes);
    free(workers);
}
