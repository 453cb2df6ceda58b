/* SPDX-License-Identifier: Apache-2.0 */
/* The options that describe the format of tables, the same in every command that reads them. */
#ifndef TOOLS_COMMAND_TABLE_OPTIONS_H
#define TOOLS_COMMAND_TABLE_OPTIONS_H

#include "tools/io/table.h"

/* Values of the long options, away from those of commands. */
enum {
    OPTION_HEADER = 1024,
    OPTION_NO_HEADER,
    OPTION_DELIMITER,
    OPTION_DECIMAL,
    OPTION_COMMENT,
    OPTION_MISSING,
    OPTION_NA,
    OPTION_TABLE_END
};

/* Rows of a command's long options. */
#define TABLE_OPTIONS                                                                              \
    { "header", required_argument, NULL, OPTION_HEADER },                                          \
        { "no-header", no_argument, NULL, OPTION_NO_HEADER },                                      \
        { "delimiter", required_argument, NULL, OPTION_DELIMITER },                                \
        { "decimal", required_argument, NULL, OPTION_DECIMAL },                                    \
        { "comment", required_argument, NULL, OPTION_COMMENT },                                    \
        { "missing", required_argument, NULL, OPTION_MISSING },                                    \
    {                                                                                              \
        "na", required_argument, NULL, OPTION_NA                                                   \
    }

/* For its help. */
#define TABLE_HELP                                                                                 \
    "Input tables:\n"                                                                              \
    "  --header yes|no|auto whether the first row holds names (auto, the default: it does if a\n"  \
    "                       column is given by name, or if all cells used are text)\n"             \
    "  --no-header          the same as --header no\n"                                             \
    "  --delimiter C        between cells, also of the result: a character, 'tab', or 'blanks',\n" \
    "                       runs of spaces and tabs (default: tab for FILE.tsv, ';' with\n"        \
    "                       --decimal ',', else ',')\n"                                            \
    "  --decimal C          the decimal point, '.' or ','; results always have '.'\n"              \
    "  --comment C          skip lines that begin with C; the last one before the data may\n"      \
    "                       hold the names\n"                                                      \
    "  --missing TEXT[,TEXT..]  cells to take as missing, as NA, NaN and empty ones are;\n"        \
    "                       with --decimal ',' a list has ';' between the texts\n"                 \
    "  --na error|omit      rows with a missing value in a column used: an error (default), or\n"  \
    "                       left out; the fit at such a row of --at is then empty\n"

/* Takes the option if it is one of these; *taken says so. optarg is its argument. */
int table_option(int option, struct table_format *format, bool *taken, struct error *e);

/* When all options have been read: splits the list of --missing, as --decimal has it. CMD_USAGE
 * for what does not go together. */
int table_options_check(struct table_format *format, struct error *e);

void table_format_free(struct table_format *format);

#endif
