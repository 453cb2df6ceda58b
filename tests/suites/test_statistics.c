/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/backends.h"
#include "tests/support/device.h"
#include "tests/suites/suites.h"

#include <string.h>

/* Statistics of tensors on a device, and classes of every backend, are those of the scalar one. */

/* ---- densities of the table's cases ---- */

enum { MOVED = 9 };

static void densities_of(attpool_context *judge, attpool_context *context,
                         const struct test_case *c, enum element element)
{
    struct job job;
    struct answer answer;
    struct on_device moved[MOVED];
    job_new(&job, c, element, PLACE_END);
    struct tensor *const tensors[MOVED] = { &job.q,           &job.k,
                                            &job.key_weights, &job.inverse_bandwidths,
                                            &job.factors,     &job.lengths,
                                            &job.mask,        &job.n_eff,
                                            &job.lse };
    answer_keep(&answer, &job, job_run(judge, &job));
    job_reset(&job);
    now_testing(c, element, "on the device");
    for (int i = 0; i < MOVED; i++)
        if (tensor_present(tensors[i])) {
            tensor_unprotect(tensors[i]);
            to_device(context, tensors[i], &moved[i]);
        }
    const attpool_status status = job_run(context, &job);
    for (int i = 0; i < MOVED; i++)
        if (tensor_present(tensors[i]))
            from_device(context, &moved[i]);
    answer_compare(&answer, &job, status, "on the device");
    answer_free(&answer);
    job_free(&job);
}

START_TEST(densities_on_a_device)
{
    enum { EVERY = 3 };
    attpool_context *context = open_backend("opencl", 1), *judge = open_judge();
    const enum element element = _i ? ELEMENT_F64 : ELEMENT_F32;
    const struct test_case *c;
    size_t k = 0;
    if (context && promises_bits(context) && computes(context, element))
        for (size_t i = 0; next_case(&i, 1, &c);)
            if (c->operation == OPERATION_DENSITY && c->n > 0 && c->m > 0 && k++ % EVERY == 0)
                densities_of(judge, context, c, element);
    attpool_close(context);
    attpool_close(judge);
    answers_agree();
}
END_TEST

/* ---- classes ---- */

enum { ITEMS = 2, N = 37, M = 150, D = 2, CLASSES = 5 };

struct classes {
    struct tensor q, k, v, p, class;
};

static void classes_new(struct classes *x)
{
    tensor_new(&x->q, ELEMENT_F32, ARRANGE_COMPACT, PLACE_END, 3, (int64_t[]){ ITEMS, N, D });
    tensor_new(&x->k, ELEMENT_F32, ARRANGE_COMPACT, PLACE_END, 3, (int64_t[]){ ITEMS, M, D });
    tensor_new(&x->v, ELEMENT_F32, ARRANGE_COMPACT, PLACE_END, 3, (int64_t[]){ ITEMS, M, CLASSES });
    tensor_new(&x->p, ELEMENT_F32, ARRANGE_PADDED, PLACE_END, 3, (int64_t[]){ ITEMS, N, CLASSES });
    tensor_new(&x->class, ELEMENT_I32, ARRANGE_SPREAD, PLACE_END, 2, (int64_t[]){ ITEMS, N });
    for (int64_t i = 0; i < tensor_count(&x->q); i++)
        tensor_set(&x->q.dl, i, i % 11 == 0 ? 50 : random_at(1, (uint64_t)i));
    for (int64_t i = 0; i < tensor_count(&x->k); i++)
        tensor_set(&x->k.dl, i, random_at(2, (uint64_t)i));
    for (int64_t j = 0; j < (int64_t)ITEMS * M; j++)
        tensor_set(&x->v.dl, j * CLASSES + (int64_t)(random_bits(3, (uint64_t)j) % CLASSES), 1);
}

static attpool_status classify(attpool_context *context, struct classes *x)
{
    const attpool_kernel_options kernel = { .kernel = ATTPOOL_BOXCAR, .bandwidth = 0.2 };
    const attpool_pool_options options = { .score = ATTPOOL_KERNEL, .kernel = &kernel };
    return attpool_classify(context, &x->q.dl, &x->k.dl, &x->v.dl, &options, &x->p.dl,
                            &x->class.dl);
}

static attpool_status classify_on_device(attpool_context *context, struct classes *x)
{
    struct tensor *const tensors[] = { &x->q, &x->k, &x->v, &x->p, &x->class };
    struct on_device moved[5];
    for (int i = 0; i < 5; i++)
        to_device(context, tensors[i], &moved[i]);
    const attpool_status status = classify(context, x);
    for (int i = 0; i < 5; i++)
        from_device(context, &moved[i]);
    return status;
}

static void classes_free(struct classes *x)
{
    tensor_free(&x->q);
    tensor_free(&x->k);
    tensor_free(&x->v);
    tensor_free(&x->p);
    tensor_free(&x->class);
}

START_TEST(classes_of_every_backend)
{
    attpool_context *context = open_backend(test_backends[_i], 2), *judge = open_judge();
    struct classes want, got;
    int none = 0;
    classes_new(&want);
    ck_assert_int_eq(classify(judge, &want), ATTPOOL_OK);
    for (int64_t i = 0; i < tensor_count(&want.class); i++)
        none += tensor_get(&want.class.dl, i) < 0;
    ck_assert(none > 0 && none < N);
    for (int device = 0; context && promises_bits(context) && device <= has_device_memory(context);
         device++) {
        classes_new(&got);
        const attpool_status status =
            device ? classify_on_device(context, &got) : classify(context, &got);
        ck_assert_msg(status == ATTPOOL_OK, "%s", attpool_message(context));
        ck_assert(tensor_same(&got.p.dl, &want.p.dl));
        ck_assert(tensor_same(&got.class.dl, &want.class.dl));
        ck_assert(tensor_surroundings_intact(&got.class));
        classes_free(&got);
    }
    classes_free(&want);
    attpool_close(context);
    attpool_close(judge);
}
END_TEST

Suite *suite_statistics(void)
{
    Suite *suite = suite_create("statistics");
    TCase *tc = tcase_create("statistics");
    tcase_set_timeout(tc, 900);
    tcase_add_loop_test(tc, densities_on_a_device, 0, 2);
    tcase_add_loop_test(tc, classes_of_every_backend, 0, TEST_BACKENDS);
    suite_add_tcase(suite, tc);
    return suite;
}
