/* SPDX-License-Identifier: Apache-2.0 */
#include "backends/opencl/opencl.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As in cl/probe.cl. */
enum {
    PROBE_INPUTS = 3,
    PROBE_RESULTS = 6,
    PROBE_QUOTIENTS = 2,
    PROBE_CASES = 2048,
    PROBE_GROUP = 64
};

/* Where roundings differ: a fused product that rounds twice, subnormal inputs and results,
 * overflow, ties. e is the last place of 1, s the smallest subnormal number. */
#define CRITICAL(e, s, least, greatest)                                                            \
    { 1 + e, 1 + e, -(1 + 2 * e) }, { 1 + e, 1 - e, -1 }, { 1 - e / 2, 1 - e / 2, -1 + e },        \
        { s, 1, 0 }, { s, s, s }, { least, 0.5, s }, { least, -0.5, least }, { 3 * s, 0.5, 0 },    \
        { least, 1 - e, 0 }, { least, e, -s }, { greatest, 2, -1 }, { greatest, 1 + e, 1 },        \
        { 1, e / 2, 1 }, { 1, e / 2, 1 + e }, { -s, 0.25, 0 }, { least - s, 1, s }, { 0, -1, 0 },  \
        { 1 + e, s, -s }, { greatest, least, -4 },                                                 \
    {                                                                                              \
        1.5, least - s, s                                                                          \
    }

#define DEFINE_CASES(T, WORD, NAME, FMA, ROOT, ABS, E, S, LEAST, GREATEST, BITS, MANTISSA, BIAS)   \
    static void cases_##NAME(T *in, WORD *out)                                                     \
    {                                                                                              \
        static const T critical[][PROBE_INPUTS] = { CRITICAL(E, S, LEAST, GREATEST) };             \
        enum { N = sizeof critical / sizeof *critical };                                           \
        uint64_t random = 12345;                                                                   \
                                                                                                   \
        memcpy(in, critical, sizeof critical);                                                     \
        for (int i = N * PROBE_INPUTS; i < PROBE_CASES * PROBE_INPUTS; i++) {                      \
            WORD word;                                                                             \
            random = random * 6364136223846793005u + 1442695040888963407u;                         \
            word = (WORD)(random >> (64 - MANTISSA));                                              \
            random = random * 6364136223846793005u + 1442695040888963407u;                         \
            word |= (WORD)(BIAS - 8 + (random >> 60)) << MANTISSA;                                 \
            word |= (WORD)(random >> 32 & 1) << (BITS - 1);                                        \
            memcpy(&in[i], &word, sizeof word);                                                    \
        }                                                                                          \
        for (int i = 0; i < PROBE_CASES; i++) {                                                    \
            T a = in[3 * i], b = in[3 * i + 1], c = in[3 * i + 2];                                 \
            WORD wa, wb, *o = out + PROBE_RESULTS * i;                                             \
            T product = a * b,                                                                     \
              real[PROBE_RESULTS] = { FMA(a, b, c), product, a + c,                                \
                                      product + c,  0,       (c - a) + b * (T)0.5 };               \
            memcpy(o, real, sizeof real);                                                          \
            memcpy(&wa, &a, sizeof a);                                                             \
            memcpy(&wb, &b, sizeof b);                                                             \
            o[4] = (wa >> 3) + (wb << 2) * 5u;                                                     \
        }                                                                                          \
    }                                                                                              \
                                                                                                   \
    static void quotients_##NAME(const T *in, WORD *out)                                           \
    {                                                                                              \
        for (int i = 0; i < PROBE_CASES; i++, in += PROBE_INPUTS, out += PROBE_QUOTIENTS) {        \
            const T result[PROBE_QUOTIENTS] = { in[0] / in[1], ROOT(ABS(in[2])) };                 \
            memcpy(out, result, sizeof result);                                                    \
        }                                                                                          \
    }

DEFINE_CASES(float, uint32_t, f32, fmaf, sqrtf, fabsf, 0x1p-23f, 0x1p-149f, 0x1p-126f,
             0x1.fffffep127f, 32, 23, 127)
DEFINE_CASES(double, uint64_t, f64, fma, sqrt, fabs, 0x1p-52, 0x1p-1074, 0x1p-1022,
             0x1.fffffffffffffp1023, 64, 52, 1023)

/* Run a kernel of the probe: `got` receives the device's answers. */
static cl_int run_cases(const struct cl_api *cl, cl_context context, cl_command_queue queue,
                        cl_program program, const char *name, void *in, size_t in_bytes, void *got,
                        size_t got_bytes)
{
    cl_int error, n = PROBE_CASES;
    size_t global = PROBE_CASES, local = PROBE_GROUP;
    cl_kernel kernel = cl->CreateKernel(program, name, &error);
    cl_mem a = NULL, b = NULL;

    if (error == CL_SUCCESS)
        a = cl->CreateBuffer(context, CL_MEM_COPY_HOST_PTR, in_bytes, in, &error);
    if (error == CL_SUCCESS)
        b = cl->CreateBuffer(context, 0, got_bytes, NULL, &error);
    if (error == CL_SUCCESS)
        error = cl->SetKernelArg(kernel, 0, sizeof a, &a);
    if (error == CL_SUCCESS)
        error = cl->SetKernelArg(kernel, 1, sizeof b, &b);
    if (error == CL_SUCCESS)
        error = cl->SetKernelArg(kernel, 2, sizeof n, &n);
    if (error == CL_SUCCESS)
        error = cl->EnqueueNDRangeKernel(queue, kernel, 1, NULL, &global, &local, 0, NULL, NULL);
    if (error == CL_SUCCESS)
        error = cl->EnqueueReadBuffer(queue, b, CL_TRUE, 0, got_bytes, got, 0, NULL, NULL);
    if (b)
        cl->ReleaseMemObject(b);
    if (a)
        cl->ReleaseMemObject(a);
    if (kernel)
        cl->ReleaseKernel(kernel);
    return error;
}

/* Do loops end before their time? */
static cl_int count_turns(const struct cl_api *cl, cl_context context, cl_command_queue queue,
                          cl_program program, bool *short_loops)
{
    cl_uint turns[2] = { 300, 400 }, want = 0, got = 0;
    size_t one = 1;
    cl_int error;
    cl_kernel kernel = cl->CreateKernel(program, "count_turns", &error);
    cl_mem in = NULL, out = NULL;

    for (cl_uint i = 0; i < turns[0]; i++)
        for (cl_uint j = 0; j < turns[1]; j++)
            want = (want ^ i) * 1664525u + turns[j & 1];
    if (error == CL_SUCCESS)
        in = cl->CreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof turns, turns, &error);
    if (error == CL_SUCCESS)
        out = cl->CreateBuffer(context, 0, sizeof got, NULL, &error);
    if (error == CL_SUCCESS)
        error = cl->SetKernelArg(kernel, 0, sizeof in, &in);
    if (error == CL_SUCCESS)
        error = cl->SetKernelArg(kernel, 1, sizeof out, &out);
    if (error == CL_SUCCESS)
        error = cl->EnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, NULL, 0, NULL, NULL);
    if (error == CL_SUCCESS)
        error = cl->EnqueueReadBuffer(queue, out, CL_TRUE, 0, sizeof got, &got, 0, NULL, NULL);
    if (out)
        cl->ReleaseMemObject(out);
    if (in)
        cl->ReleaseMemObject(in);
    if (kernel)
        cl->ReleaseKernel(kernel);
    *short_loops = got != want;
    return error;
}

/* A device on trial. */
struct trial {
    const struct cl_api *cl;
    cl_device_id device;
    cl_context context;
    cl_command_queue queue;
    cl_int error;
    bool kept_only, short_loops;
    char line[CL_NAME_ROOM];
};

/* Are quotients and roots right, too? `want` and `got` have room for them. */
static bool divides(struct trial *t, cl_program program, int type, void *in, size_t in_bytes,
                    void *want, void *got)
{
    const size_t bytes = type_bytes(type) * PROBE_QUOTIENTS * PROBE_CASES;
    if (type == TYPE_F32)
        quotients_f32(in, want);
    else
        quotients_f64(in, want);
    t->error =
        run_cases(t->cl, t->context, t->queue, program, "quotients", in, in_bytes, got, bytes);
    return t->error == CL_SUCCESS && memcmp(want, got, bytes) == 0;
}

/* Is it right in this type? false with an error where it did not run. A division that is claimed
 * becomes native or our own. */
static bool right(struct trial *t, int type, bool soft_fma, enum cl_division *division)
{
    static const char *const files[] = { "types", "fma", "probe", NULL };
    size_t in_bytes = type_bytes(type) * PROBE_INPUTS * PROBE_CASES;
    size_t out_bytes = type_bytes(type) * PROBE_RESULTS * PROBE_CASES;
    char *in = malloc(in_bytes + 2 * out_bytes), *want, *got;
    const struct cl_recipe recipe = { files, ap_opencl_options(type, soft_fma, *division),
                                      t->kept_only };
    struct cl_built built;
    bool same = false;

    t->error = CL_OUT_OF_HOST_MEMORY;
    if (!in)
        return false;
    want = in + in_bytes;
    got = want + out_bytes;
    if (ap_opencl_build(t->cl, t->context, t->device, &recipe, &built, &t->error, t->line)) {
        if (type == TYPE_F32)
            cases_f32((float *)(void *)in, (uint32_t *)(void *)want);
        else
            cases_f64((double *)(void *)in, (uint64_t *)(void *)want);
        t->error = run_cases(t->cl, t->context, t->queue, built.program, "probe", in, in_bytes, got,
                             out_bytes);
        same = t->error == CL_SUCCESS && memcmp(want, got, out_bytes) == 0;
        if (same && *division == DIVISION_CLAIMED)
            *division = divides(t, built.program, type, in, in_bytes, want, got) ? DIVISION_NATIVE
                                                                                 : DIVISION_OWN;
        if (t->error == CL_SUCCESS)
            t->error = count_turns(t->cl, t->context, t->queue, built.program, &t->short_loops);
        if (t->error == CL_SUCCESS)
            ap_opencl_keep(t->cl, t->device, &recipe, &built);
        t->cl->ReleaseProgram(built.program);
    }
    free(in);
    return same;
}

static bool claims_float64(const struct cl_api *cl, cl_device_id device)
{
    cl_device_fp_config config = 0;
    return cl->GetDeviceInfo(device, CL_DEVICE_DOUBLE_FP_CONFIG, sizeof config, &config, NULL) ==
               CL_SUCCESS &&
           config != 0;
}

static bool claims_division(const struct cl_api *cl, cl_device_id device)
{
    cl_device_fp_config config = 0;
    return cl->GetDeviceInfo(device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof config, &config, NULL) ==
               CL_SUCCESS &&
           (config & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
}

static bool right_in_f32(struct trial *t, struct cl_answer *answer)
{
    enum cl_division *division = &answer->division[TYPE_F32];
    *division = claims_division(t->cl, t->device) ? DIVISION_CLAIMED : DIVISION_OWN;
    bool right_f32 = right(t, TYPE_F32, false, division);
    if (right_f32)
        return true;
    /* Perhaps for its compiler not knowing the option. */
    *division = DIVISION_OWN;
    if (t->error != CL_SUCCESS)
        right_f32 = right(t, TYPE_F32, false, division);
    if (t->error == CL_SUCCESS && !right_f32)
        right_f32 = answer->soft_fma = right(t, TYPE_F32, true, division);
    return right_f32;
}

static void judge_answers(struct trial *t, struct cl_answer *answer)
{
    bool right_f32 = right_in_f32(t, answer), right_f64 = true;

    answer->works = t->error == CL_SUCCESS;
    if (answer->works && claims_float64(t->cl, t->device)) {
        answer->division[TYPE_F64] = DIVISION_CLAIMED;
        right_f64 = right(t, TYPE_F64, false, &answer->division[TYPE_F64]);
        if (!right_f64)
            answer->division[TYPE_F64] = DIVISION_OWN;
        answer->float64 = t->error == CL_SUCCESS;
        /* A compiler without float64 has none tomorrow; other failures may pass. */
        answer->works = answer->float64 || (t->error == CL_BUILD_PROGRAM_FAILURE && !t->kept_only);
    }
    answer->short_loops = t->short_loops;
    answer->one_answer = answer->works && right_f32 && (right_f64 || !answer->float64);
}

static void probe(const struct cl_api *cl, cl_device_id device, bool kept_only,
                  struct cl_answer *answer)
{
    struct trial t = { .cl = cl, .device = device, .kept_only = kept_only };
    char text[32];

    *answer = (struct cl_answer){ .works = false };
    t.context = cl->CreateContext(NULL, 1, &device, NULL, NULL, &t.error);
    if (t.error == CL_SUCCESS)
        t.queue = cl->CreateCommandQueue(t.context, device, 0, &t.error);
    if (t.error == CL_SUCCESS)
        judge_answers(&t, answer);
    if (!answer->works)
        snprintf(answer->reason, CL_NAME_ROOM, "it cannot run a program: %s%s%.110s",
                 ap_opencl_error_name(t.error, text), *t.line ? ": " : "", t.line);
    else if (!answer->one_answer)
        snprintf(answer->reason, CL_NAME_ROOM, "its arithmetic is not IEEE 754: different bits%s",
                 answer->short_loops ? "; no long loops" : "");
    else
        snprintf(answer->reason, CL_NAME_ROOM, "its arithmetic is correct%s%s%s",
                 answer->soft_fma ? ", with an fma in software" : "",
                 answer->float64 ? "" : "; no float64",
                 answer->short_loops ? "; no long loops" : "");
    if (t.queue)
        cl->ReleaseCommandQueue(t.queue);
    if (t.context)
        cl->ReleaseContext(t.context);
}

void ap_opencl_probe(const struct cl_api *cl, cl_device_id device, bool kept_only,
                     struct cl_answer *answer)
{
    enum { ROOM = 64 };
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static struct {
        cl_device_id device;
        struct cl_answer answer;
    } known[ROOM];
    static int count;
    int i = 0;

    pthread_mutex_lock(&mutex);
    while (i < count && known[i].device != device)
        i++;
    if (i < count) {
        *answer = known[i].answer;
    } else {
        probe(cl, device, kept_only, answer);
        if (count < ROOM && answer->works) {
            known[count].device = device;
            known[count++].answer = *answer;
        }
    }
    pthread_mutex_unlock(&mutex);
}
