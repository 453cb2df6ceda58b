/* Attention by all OpenCL devices of a machine and its processor:
 * each has a part of the queries and takes the keys in two parts. The
 * bits are those of one device. cc devices.c -lattpool -lpthread */
#include <attpool.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum {
    N = 600,
    M = 3000,
    D = 32,
    CUT = 2048,
    MOST = 16
}; /* CUT: a multiple of 1024 */
static float q[N * D], k[M * D], v[M * D], out[N * D], whole[N * D];
struct part {
    attpool_context *context;
    int64_t first, count; /* queries */
    float *out;
    attpool_status status;
};
#define ROWS(x, first, count)                                        \
    &(DLTensor)                                                      \
    {                                                                \
        .data = (x) + (first)*D, .device = { kDLCPU, 0 }, .ndim = 2, \
        .dtype = { kDLFloat, 32, 1 }, .shape = (int64_t[])           \
        {                                                            \
            count, D                                                 \
        }                                                            \
    }

static void *pool(void *arg)
{
    struct part *p = arg;
    attpool_state *state[2] = { NULL, NULL };
    for (int64_t i = 0, at = 0; i < 2 && p->status == ATTPOOL_OK;
         i++, at = CUT) {
        int64_t keys = i == 0 ? CUT : M - CUT;
        attpool_masks masks = { .causal = 1,
                                .offset = M - N,
                                .query_origin = p->first,
                                .key_origin = at };
        attpool_pool_options options = { .masks = &masks };
        p->status = attpool_state_pool(
            p->context, ROWS(q, p->first, p->count),
            ROWS(k, at, keys), ROWS(v, at, keys), &options,
            &state[i]);
    }
    if (p->status == ATTPOOL_OK)
        p->status =
            attpool_state_merge(p->context, state[0], state[1]);
    if (p->status == ATTPOOL_OK)
        p->status = attpool_state_finish(
            p->context, state[0], ATTPOOL_EMPTY_DEFAULT,
            ROWS(p->out, p->first, p->count), NULL);
    printf("queries %3d to %3d: %s: %s\n", (int)p->first,
           (int)(p->first + p->count) - 1,
           attpool_device_name(p->context),
           p->status ? attpool_message(p->context) : "done");
    attpool_state_free(state[0]);
    attpool_state_free(state[1]);
    return NULL;
}

int main(void)
{
    struct part part[MOST] = {
        { NULL, 0, N, whole, ATTPOOL_OK }
    }; /* number 0 checks the others */
    pthread_t thread[MOST];
    attpool_device_list *list;
    int count = 1;
    if (attpool_open(NULL, &part[0].context) ||
        attpool_list_devices(&list))
        return 1;
    for (int i = 0; i < N * D + M * D; i++)
        *(i < N * D ? &q[i] : &k[i - N * D]) = v[i % (M * D)] =
            (float)(i * 7919LL % 1000) / 500 - 1;
    for (size_t i = 0; i < attpool_device_count(list) && count < MOST;
         i++) {
        attpool_options options = {
            .backend = attpool_device_at(list, i)->backend
        };
        if (attpool_device_at(list, i)->one_answer == 1 &&
            !strncmp(options.backend, "opencl:", 7))
            count += attpool_open(&options, &part[count].context) ==
                     ATTPOOL_OK;
    }
    attpool_free_devices(list);
    for (int i = 1; i < count; i++) {
        part[i].first = N * (i - 1) / (count - 1);
        part[i].count = N * i / (count - 1) - part[i].first;
        part[i].out = out;
    }
    for (int i = 0; i < count; i++)
        pthread_create(&thread[i], NULL, pool, &part[i]);
    int failed = 0;
    for (int i = 0; i < count; i++) {
        failed |= pthread_join(thread[i], NULL) ||
                  part[i].status != ATTPOOL_OK;
        attpool_close(part[i].context);
    }
    failed |= count > 1 && memcmp(out, whole, sizeof out) != 0;
    printf("%d OpenCL devices: %s\n", count - 1,
           failed ? "failed" : "the same bits");
    return failed;
}
