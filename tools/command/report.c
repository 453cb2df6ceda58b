/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/command/report.h"

#include "tools/command/clock.h"
#include "tools/io/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void report_begin(struct report *r, const char *command)
{
    *r = (struct report){ .root = json_object(), .start = clock_seconds() };
    report_put(r, r->root, "command", json_string(command));
    report_put(r, r->root, "version", json_string(attpool_version()));
}

void report_context(struct report *r, const attpool_context *context, bool single)
{
    report_put(r, r->root, "backend", report_text(attpool_backend_name(context)));
    report_put(r, r->root, "device", report_text(attpool_device_name(context)));
    report_put(r, r->root, "threads", json_integer(attpool_threads(context)));
    report_put(r, r->root, "precision", json_string(single ? "f32" : "f64"));
}

void report_put(struct report *r, json_t *object, const char *key, json_t *value)
{
    r->incomplete |= json_object_set_new(object, key, value) != 0;
}

void report_append(struct report *r, json_t *array, json_t *value)
{
    r->incomplete |= json_array_append_new(array, value) != 0;
}

json_t *report_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *report_numbers(const double *values, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; array != NULL && i < count; i++)
        if (json_array_append_new(array, report_number(values[i])) != 0) {
            json_decref(array);
            return NULL;
        }
    return array;
}

json_t *report_text(const char *text)
{
    json_t *value = text != NULL ? json_string(text) : json_null();
    char *copy = value == NULL ? strdup(text) : NULL;
    if (copy == NULL)
        return value;
    for (char *p = copy; *p != '\0'; p++)
        if ((unsigned char)*p >= 0x80)
            *p = '?';
    value = json_string(copy);
    free(copy);
    return value;
}

json_t *report_kernels(const struct kernels *kernels)
{
    if (kernels->count == 1)
        return json_string(attpool_kernel_to_name(kernels->name[0]));
    json_t *array = kernels->count > 0 ? json_array() : json_null();
    for (size_t k = 0; k < kernels->count; k++)
        json_array_append_new(array, json_string(attpool_kernel_to_name(kernels->name[k])));
    return array;
}

json_t *report_bandwidths(const struct numbers *bandwidths)
{
    return bandwidths->count == 0   ? json_null()
           : bandwidths->count == 1 ? report_number(bandwidths->value[0])
                                    : report_numbers(bandwidths->value, bandwidths->count);
}

double report_seconds(const struct report *r)
{
    return clock_seconds() - r->start;
}

const char *report_tables(const char *json)
{
    return json != NULL && name_is_stdio(json) ? "/dev/null" : NULL;
}

void report_files(struct files *files, const char *tables, const char *json)
{
    files_output(files, tables, report_tables(json) == NULL ? "-" : NULL);
    files_output(files, "--json", json);
}

int report_close(struct report *r, const char *path, int status, struct error *e)
{
    const char *warning;
    if ((status == CMD_OK || r->computed) && path != NULL) {
        json_t *warnings = json_array();
        for (size_t i = 0; (warning = error_warning(i)) != NULL; i++)
            report_append(r, warnings, report_text(warning));
        report_put(r, r->root, "seconds", json_real(report_seconds(r)));
        report_put(r, r->root, "warnings", warnings);
        const int written = r->incomplete ? error_memory(e, 0) : json_write(path, r->root, e);
        status = written != CMD_OK ? e->code : status;
    }
    json_decref(r->root);
    *r = (struct report){ .root = NULL };
    return status;
}
