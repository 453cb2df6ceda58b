/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as Jansson indents it, but numbers with the fewest digits that read back: Jansson's 17 turn
 * 0.3 into 0.29999999999999999. */
#include "tools/command/report.h"

#include "tools/command/output.h"
#include "tools/command/progress.h"
#include "tools/io/number.h"

#include <math.h>

struct writing {
    struct output o;
    bool incomplete; /* for want of memory */
};

static int write_bytes(const char *bytes, size_t count, void *w)
{
    output_write(&((struct writing *)w)->o, bytes, count);
    return 0;
}

static void write_real(struct writing *w, double value)
{
    char text[NUMBER_TEXT_MAX];
    number_format(text, value);
    output_text(&w->o, text);
    if (value == 0 && signbit(value)) /* the integer -0 is 0 */
        output_text(&w->o, ".0");
}

static void begin_line(struct writing *w, const char *before, int depth)
{
    output_printf(&w->o, "%s\n%*s", before, 2 * depth, "");
}

static void write_value(struct writing *w, const json_t *value, int depth)
{
    json_t *parent = (json_t *)(uintptr_t)value, *item;
    const bool array = json_is_array(value);
    const char *key, *separator = "";
    size_t i;
    if (json_is_real(value)) {
        write_real(w, json_real_value(value));
        return;
    }
    if (!array && !json_is_object(value)) {
        w->incomplete |= json_dump_callback(value, write_bytes, w, JSON_ENCODE_ANY) != 0;
        return;
    }
    output_text(&w->o, array ? "[" : "{");
    json_array_foreach(value, i, item)
    {
        begin_line(w, separator, depth + 1);
        write_value(w, item, depth + 1);
        separator = ",";
    }
    json_object_foreach(parent, key, item)
    {
        json_t *name = json_string(key);
        begin_line(w, separator, depth + 1);
        w->incomplete |= name == NULL;
        write_value(w, name, depth + 1);
        output_text(&w->o, ": ");
        write_value(w, item, depth + 1);
        json_decref(name);
        separator = ",";
    }
    if (*separator != '\0')
        begin_line(w, "", depth);
    output_text(&w->o, array ? "]" : "}");
}

int json_write(const char *path, const json_t *value, struct error *e)
{
    struct writing w = { .incomplete = false };
    progress_clear();
    int st = output_open(&w.o, path, e);
    if (st != CMD_OK)
        return st;
    write_value(&w, value, 0);
    output_text(&w.o, "\n");
    return output_close(&w.o, w.incomplete ? error_memory(e, 0) : CMD_OK, e);
}
