/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/io/magic.h"

#include <stdbool.h>
#include <string.h>

#define UNPACK  "unpack it first"
#define CONVERT "save its numbers as CSV, or as an array in an .npy file"

#define UTF_8(bits) "convert it (iconv -f UTF-" bits " -t UTF-8)"

static const struct {
    const char *bytes;
    size_t length, at;
    bool word; /* which a header may begin with too: counts before a byte that no text has */
    struct magic magic;
} magics[] = {
    /* clang-format off */
    { "\x1F\x8B", 2, 0, false, { "gzip data", UNPACK " (gzip -d)" } },
    { "\x1F\x9D", 2, 0, false, { "compress data", UNPACK " (gzip -d)" } },
    { "\xFD" "7zXZ", 5, 0, false, { "xz data", UNPACK " (xz -d)" } },
    { "1AY&SY", 6, 4, false, { "bzip2 data", UNPACK " (bzip2 -d)" } },
    { "\x28\xB5\x2F\xFD", 4, 0, false, { "Zstandard data", UNPACK " (zstd -d)" } },
    { "\x04\x22\x4D\x18", 4, 0, false, { "LZ4 data", UNPACK " (lz4 -d)" } },
    { "7z\xBC\xAF\x27\x1C", 6, 0, false, { "a 7z archive", UNPACK } },
    { "PK\3\4", 4, 0, false, { "a zip archive, as .xlsx, .ods and .npz files are", UNPACK ", or save its table as CSV" } },
    { "PK\5\6", 4, 0, false, { "an empty zip archive", CONVERT } },
    { "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 8, 0, false, { "an old Office file, as .xls files are", CONVERT } },
    { "PAR1", 4, 0, true, { "Parquet data", CONVERT } },
    { "ARROW1", 6, 0, true, { "Arrow data, as Feather files are", CONVERT } },
    { "FEA1", 4, 0, true, { "Feather data", CONVERT } },
    { "Obj\1", 4, 0, false, { "Avro data", CONVERT } },
    { "\x89HDF\r\n\x1A\n", 8, 0, false, { "HDF5 data, as netCDF 4 files are", CONVERT } },
    { "MATLAB 7.3 MAT-file", 19, 0, false, { "MATLAB data", CONVERT } },
    { "MATLAB 5.0 MAT-file", 19, 0, false, { "MATLAB data", CONVERT } },
    { "Octave-1-", 9, 0, false, { "Octave binary data", CONVERT } },
    { "CDF\1", 4, 0, false, { "netCDF data", CONVERT } },
    { "CDF\2", 4, 0, false, { "netCDF data", CONVERT } },
    { "CDF\5", 4, 0, false, { "netCDF data", CONVERT } },
    { "SIMPLE  =", 9, 0, false, { "FITS data", CONVERT } },
    { "SQLite format 3", 16, 0, false, { "an SQLite database", "have sqlite3 write a table (-csv -header)" } },
    { "RDX2\nX\n", 7, 0, false, { "R data", CONVERT } },
    { "RDX3\nX\n", 7, 0, false, { "R data", CONVERT } },
    { "RDA2\nA\n", 7, 0, false, { "R data", CONVERT } },
    { "RDA3\nA\n", 7, 0, false, { "R data", CONVERT } },
    { "X\n\0\0\0", 5, 0, false, { "R data", CONVERT } },
    { "<stata_dta>", 11, 0, false, { "Stata data", CONVERT } },
    { "$FL2@(#)", 8, 0, false, { "SPSS data", CONVERT } },
    { "\x80\2", 2, 0, false, { "a Python pickle", CONVERT } },
    { "\x80\3", 2, 0, false, { "a Python pickle", CONVERT } },
    { "\x80\4\x95", 3, 0, false, { "a Python pickle", CONVERT } },
    { "\x80\5\x95", 3, 0, false, { "a Python pickle", CONVERT } },
    { "\x89PNG\r\n\x1A\n", 8, 0, false, { "a PNG picture", CONVERT } },
    { "\xFF\xD8\xFF", 3, 0, false, { "a JPEG picture", CONVERT } },
    { "%PDF-", 5, 0, false, { "a PDF document", CONVERT } },
    { "\x7F" "ELF", 4, 0, false, { "a program", CONVERT } },
    { "\xFF\xFE\0\0", 4, 0, false, { "text in UTF-32, not UTF-8", UTF_8("32") } },
    { "\0\0\xFE\xFF", 4, 0, false, { "text in UTF-32, not UTF-8", UTF_8("32") } },
    { "\xFF\xFE", 2, 0, false, { "text in UTF-16, not UTF-8", UTF_8("16") } },
    { "\xFE\xFF", 2, 0, false, { "text in UTF-16, not UTF-8", UTF_8("16") } },
    { "<!DOCTYPE", 9, 0, false, { "a web page", CONVERT } },
    { "<!doctype", 9, 0, false, { "a web page", CONVERT } },
    { "<html", 5, 0, false, { "a web page", CONVERT } },
    { "<HTML", 5, 0, false, { "a web page", CONVERT } },
    { "<?xml", 5, 0, false, { "XML", CONVERT } },
    { "{\"", 2, 0, false, { "JSON", CONVERT } },
    { "{\n", 2, 0, false, { "JSON", CONVERT } },
    { "[{", 2, 0, false, { "JSON", CONVERT } },
    /* clang-format on */
};

static bool is_binary(unsigned char c)
{
    return (c < ' ' && c != '\t' && c != '\n' && c != '\r') || c >= 0x80;
}

const struct magic *magic_find(const unsigned char *head, size_t length)
{
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        size_t end = magics[i].at + magics[i].length;
        if (length < end || memcmp(head + magics[i].at, magics[i].bytes, magics[i].length) != 0)
            continue;
        if (!magics[i].word || (length > end && is_binary(head[end])))
            return &magics[i].magic;
    }
    return NULL;
}
