/* Lines → cells. */

#include "cells.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* The delimiters, quotes and line ends of a text, one after another. */
typedef struct {
    const u8 *text;
    Py_ssize_t size, block;
    u64 found;
    u8 delimiter;
} Marks;

static u64
marks_of(const u8 *text, u8 delimiter)
{
    u64 found = 0;
#ifdef __SSE2__
    const __m128i one = _mm_set1_epi8((char)delimiter), two = _mm_set1_epi8('"');
    const __m128i three = _mm_set1_epi8('\n'), four = _mm_set1_epi8('\r');
    for (int part = 0; part < 4; part++) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(text + 16 * part));
        __m128i any = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(bytes, one), _mm_cmpeq_epi8(bytes, two)),
                                   _mm_or_si128(_mm_cmpeq_epi8(bytes, three), _mm_cmpeq_epi8(bytes, four)));
        found |= (u64)(u32)_mm_movemask_epi8(any) << (16 * part);
    }
#else
    for (int at = 0; at < 64; at++)
        found |= (u64)(text[at] == delimiter || text[at] == '"' || text[at] == '\n' || text[at] == '\r') << at;
#endif
    return found;
}

static void
load(Marks *marks)
{
    if (marks->size - marks->block >= 64) {
        marks->found = marks_of(marks->text + marks->block, marks->delimiter);
        return;
    }
    u8 rest[64] = {0};
    Py_ssize_t left = marks->size - marks->block;
    memcpy(rest, marks->text + marks->block, left);
    marks->found = marks_of(rest, marks->delimiter);
    if (left < 64) /* a delimiter of the padding is none */
        marks->found &= left ? ~(u64)0 >> (64 - left) : 0;
}

static void
begin(Marks *marks, Py_ssize_t at)
{
    marks->block = at & ~(Py_ssize_t)63;
    if (marks->block >= marks->size) {
        marks->found = 0;
        return;
    }
    load(marks);
    marks->found &= ~(u64)0 << (at & 63);
}

/* The place of the next one, `size` after the last. */
static inline Py_ssize_t
next(Marks *marks)
{
    while (!marks->found) {
        if (marks->block + 64 >= marks->size)
            return marks->size;
        marks->block += 64;
        load(marks);
    }
    Py_ssize_t at = marks->block + __builtin_ctzll(marks->found);
    marks->found &= marks->found - 1;
    return at;
}

/* Room for cells with doubled quotes, which are written there with single ones: places in it count on from the text's. */
typedef struct {
    u8 *text;
    Py_ssize_t size, used;
} Spare;

/* The end of a cell from `at`, behind its opening quote: its closing quote, and in `mark` what comes next. -1 where it goes on in
   the next line, or where something stands behind the closing quote. */
static Py_ssize_t
quoted(Marks *marks, Py_ssize_t *mark, int *doubled)
{
    for (;;) {
        do
            *mark = next(marks);
        while (*mark < marks->size && marks->text[*mark] == marks->delimiter);
        if (*mark >= marks->size || marks->text[*mark] != '"')
            return -1;
        Py_ssize_t stop = *mark;
        *mark = next(marks);
        if (*mark != stop + 1)
            return -1;
        if (*mark >= marks->size || marks->text[*mark] != '"')
            return stop;
        *doubled = 1;
    }
}

/* The text of a cell with single quotes at the end of `spare`; whether there is room for it. */
static int
undoubled(const u8 *p, const u8 *end, Spare *spare)
{
    if (end - p > spare->size - spare->used)
        return 0;
    for (; p < end; p += *p == '"' ? 2 : 1)
        spare->text[spare->used++] = *p;
    return 1;
}

/* One line of `width` cells from `at`; where the next line begins, or -1 where the line is not plain. */
static Py_ssize_t
plain_line(Marks *marks, Py_ssize_t at, Py_ssize_t width, int32_t *starts, int32_t *stops, Py_ssize_t room, Spare *spare)
{
    const u8 *text = marks->text;
    Py_ssize_t size = marks->size, mark = next(marks);
    if (text[at] == 0xEF && size - at > 2 && text[at + 1] == 0xBB && text[at + 2] == 0xBF)
        return -1; /* a byte order mark: files were joined */
    for (Py_ssize_t cell = 0; cell < width; cell++) {
        Py_ssize_t stop;
        if (mark == at && mark < size && text[mark] == '"') {
            int doubled = 0;
            at++;
            stop = quoted(marks, &mark, &doubled);
            if (stop < 0)
                return -1;
            if (doubled) {
                Py_ssize_t before = size + spare->used;
                if (!undoubled(text + at, text + stop, spare))
                    return -1;
                at = before, stop = size + spare->used;
            }
        } else
            stop = mark;
        starts[cell * room] = (int32_t)at;
        stops[cell * room] = (int32_t)stop;
        int last = cell == width - 1;
        if (mark >= size) {
            if (!last)
                return -1;
            at = size;
        } else if (text[mark] == marks->delimiter) {
            if (last)
                return -1;
            at = mark + 1;
            mark = next(marks);
        } else if (last && text[mark] == '\n')
            at = mark + 1;
        else if (last && text[mark] == '\r' && mark + 1 < size && text[mark + 1] == '\n') {
            next(marks);
            at = mark + 2;
        } else
            return -1; /* a quote inside a cell, or too few cells */
    }
    return at;
}

static int
has_surrogates(const u8 *p, const u8 *end)
{
    for (; p + 1 < end; p++)
        if (p[0] == 0xED && p[1] >= 0xA0)
            return 1;
    return 0;
}

PyDoc_STRVAR(split_doc,
             "split(text, at, delimiter, starts, stops, records, record, line, surrogates, spare, used) -> (record, line, at, CR LF, "
             "used): the cells of plain lines from `at`, which is line `line`, as records from `record` on. Ends before the first "
             "line that is not plain, where the arrays are full, or at the end; `CR LF`: how many of the lines end so. `starts`, "
             "`stops`: int32, a row for each column; `records`: the line of each record, int64. `surrogates`: whether lone ones may "
             "be there. `spare`: from `used` on it takes the cells with doubled quotes; without room for them no such line is plain.");

static PyObject *
split(PyObject *self, PyObject *args)
{
    Py_buffer text, starts, stops, records, spares;
    char delimiter;
    int surrogates;
    Py_ssize_t at, record, line, used, crlf = 0;
    if (!PyArg_ParseTuple(args, "y*ncw*w*w*nnpw*n", &text, &at, &delimiter, &starts, &stops, &records, &record, &line,
                          &surrogates, &spares, &used))
        return NULL;
    Py_ssize_t room = records.len / 8, width = room ? starts.len / 4 / room : 0;
    int fine = width > 0 && starts.len == stops.len && starts.len == width * room * 4 && text.len + spares.len < INT32_MAX &&
               0 <= at && at <= text.len && record >= 0 && delimiter > 0 && 0 <= used && used <= spares.len;
    if (!fine)
        PyErr_SetString(PyExc_ValueError, "arrays of different sizes");
    else {
        Py_BEGIN_ALLOW_THREADS
        Marks marks = {text.buf, text.len, 0, 0, (u8)delimiter};
        int32_t *first = starts.buf, *end = stops.buf;
        int64_t *lines = records.buf;
        Spare spare = {spares.buf, spares.len, used};
        begin(&marks, at);
        while (at < text.len && record < room) {
            Py_ssize_t after = plain_line(&marks, at, width, first + record, end + record, room, &spare);
            if (after < 0 || (surrogates && has_surrogates(marks.text + at, marks.text + after)))
                break;
            used = spare.used;
            crlf += after - at > 1 && marks.text[after - 2] == '\r';
            at = after;
            lines[record++] = line++;
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&text);
    PyBuffer_Release(&starts);
    PyBuffer_Release(&stops);
    PyBuffer_Release(&records);
    PyBuffer_Release(&spares);
    return fine ? Py_BuildValue("nnnnn", record, line, at, crlf, used) : NULL;
}

PyMethodDef lines_functions[] = {
    {"split", split, METH_VARARGS, split_doc},
    {NULL},
};
