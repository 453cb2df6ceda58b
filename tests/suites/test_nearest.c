/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/suites/suites.h"
#include "tools/command/nearest.h"

#include <string.h>

/* "Did you mean": the name that is suggested for what was typed, or NULL. */
static const struct {
    const char *typed, *names, *near;
} typed[] = {
    { "regres", "attend bench demo devices regress", "regress" },
    { "help", "attend bench demo devices regress", NULL },
    { "gausian", "gaussian boxcar cosine", "gaussian" },
    { "guassian", "gaussian boxcar cosine", "gaussian" }, /* two letters swapped are one edit */
    { "epanechnikow", "epanechnikov", "epanechnikov" },
    { "cos", "boxcar cosine constant", "cosine" }, /* begun */
    { "c", "boxcar cosine", NULL },                /* hardly */
    { "Times", "times accel", "times" },           /* whatever the case */
    { "TIMES", "tames times", "times" },
    { "x", "y X z", "X" },
    { "x", "y z", NULL },
    { "x1", "y x2 x3", "x2" }, /* the first of those as near */
    { "income", "outcome incomes", "incomes" },
    { "weight", "height", "height" },
    { "abcdef", "abdcfe", "abdcfe" },
    { "abcdef", "badcfe", NULL }, /* three edits of six letters */
    { "", "a ab", NULL },
    { "--bandwith", "--bandwidth --by", "--bandwidth" },
};

START_TEST(the_nearest_name_is_offered)
{
    char names[200], *rest = names;
    struct nearest n = { .typed = typed[_i].typed };
    strcpy(names, typed[_i].names);
    for (char *name; (name = strsep(&rest, " ")) != NULL;)
        nearest_offer(&n, name);
    if (typed[_i].near == NULL)
        ck_assert_msg(n.name == NULL, "%s for %s", n.name, typed[_i].typed);
    else
        ck_assert_str_eq(n.name != NULL ? n.name : "none", typed[_i].near);
}
END_TEST

START_TEST(names_of_any_length_are_compared)
{
    char name[300], near[300];
    for (size_t length = 1; length < sizeof name; length++) {
        memset(name, 'a', length);
        name[length] = '\0';
        strcpy(near, name);
        near[length - 1] = 'b';
        struct nearest n = { .typed = near };
        nearest_offer(&n, name);
        ck_assert_msg((n.name != NULL) == (length > 1 && length <= 64), "length %zu", length);
    }
}
END_TEST

START_TEST(the_hint_is_a_question)
{
    struct nearest n = { .typed = "accl" };
    ck_assert_str_eq(nearest_hint(&n).text, "");
    nearest_offer(&n, "accel");
    ck_assert_str_eq(nearest_hint(&n).text, "; did you mean \"accel\"?");
}
END_TEST

Suite *suite_nearest(void)
{
    Suite *suite = suite_create("nearest");
    TCase *tc = tcase_create("nearest");
    tcase_add_loop_test(tc, the_nearest_name_is_offered, 0, sizeof typed / sizeof typed[0]);
    tcase_add_test(tc, names_of_any_length_are_compared);
    tcase_add_test(tc, the_hint_is_a_question);
    suite_add_tcase(suite, tc);
    return suite;
}
