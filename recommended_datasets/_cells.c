/* The inner loops of the fast lane: bytes → cells, and what is asked of every cell. No rule of any standard is here.

   A cell is a pair of places in a buffer of UTF-8, `starts[row]` and `stops[row]` (int32) of one column. What a cell may look
   like comes as a table of transitions from `automaton.py`, made of the patterns in `masks.py`. The functions let other
   threads run meanwhile; `tests/core/test_cells.py` asks each of them what plain Python says. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

/* ---- arguments ---- */

static int
fits(Py_buffer *view, Py_ssize_t count, size_t size, const char *name)
{
    if (view->len < count * (Py_ssize_t)size) {
        PyErr_Format(PyExc_ValueError, "%s is too short", name);
        return 0;
    }
    return 1;
}

/* The cells of one column, checked once, so that no loop below reads outside the buffer. */
typedef struct {
    Py_buffer text, starts, stops;
    const u8 *bytes;
    const int32_t *start, *stop;
    Py_ssize_t count;
} Column;

static void
close_column(Column *column)
{
    PyBuffer_Release(&column->text);
    PyBuffer_Release(&column->starts);
    PyBuffer_Release(&column->stops);
}

static int
open_column(Column *column)
{
    column->bytes = column->text.buf;
    column->start = column->starts.buf;
    column->stop = column->stops.buf;
    column->count = column->starts.len / 4;
    int fine = column->stops.len / 4 == column->count, outside = 0;
    int32_t size = column->text.len > INT32_MAX ? INT32_MAX : (int32_t)column->text.len;
    for (Py_ssize_t row = 0; fine && row < column->count; row++)
        outside |= (column->start[row] < 0) | (column->start[row] > column->stop[row]) | (column->stop[row] > size);
    fine = fine && !outside;
    if (!fine)
        PyErr_SetString(PyExc_ValueError, "a cell is outside the text");
    return fine;
}

/* ---- what a piece of a file holds ---- */

PyDoc_STRVAR(count_doc, "count(text, byte) -> int: how often a byte is there.");

static PyObject *
count(PyObject *self, PyObject *args)
{
    Py_buffer view;
    char byte;
    if (!PyArg_ParseTuple(args, "y*c", &view, &byte))
        return NULL;
    const u8 *text = view.buf;
    Py_ssize_t total = 0;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t from = 0; from < view.len; from += 128) { /* so few that a byte can count them: 16 at a time */
        Py_ssize_t end = from + 128 < view.len ? from + 128 : view.len;
        u8 found = 0;
        for (Py_ssize_t at = from; at < end; at++)
            found += text[at] == (u8)byte;
        total += found;
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return PyLong_FromSsize_t(total);
}

/* The bytes of the character at `p`, 0 where they are no UTF-8 (Unicode, table 3-7). */
static inline int
character(const u8 *p, const u8 *end)
{
    if (p[0] < 0x80)
        return 1;
    if (p[0] < 0xC2 || p[0] > 0xF4)
        return 0;
    if (p[0] < 0xE0)
        return end - p > 1 && (p[1] & 0xC0) == 0x80 ? 2 : 0;
    if (p[0] < 0xF0)
        return end - p > 2 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80 && !(p[0] == 0xE0 && p[1] < 0xA0) &&
                       !(p[0] == 0xED && p[1] >= 0xA0)
                   ? 3
                   : 0;
    return end - p > 3 && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80 && (p[3] & 0xC0) == 0x80 &&
                   !(p[0] == 0xF0 && p[1] < 0x90) && !(p[0] == 0xF4 && p[1] >= 0x90)
               ? 4
               : 0;
}

PyDoc_STRVAR(valid_doc, "valid(text) -> bool: whether the text is UTF-8.");

static PyObject *
valid(PyObject *self, PyObject *args)
{
    Py_buffer view;
    int length = 1;
    if (!PyArg_ParseTuple(args, "y*", &view))
        return NULL;
    const u8 *p = view.buf, *end = p + view.len;
    Py_BEGIN_ALLOW_THREADS
    while (p < end && length) {
        u64 eight;
        if (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080u))) {
            p += 8;
            continue;
        }
        /* Letters of three bytes come in a row. */
        while (end - p >= 3 && p[0] > 0xE0 && p[0] < 0xED && (p[1] & 0xC0) == 0x80 && (p[2] & 0xC0) == 0x80)
            p += 3;
        if (p < end) {
            length = character(p, end);
            p += length;
        }
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&view);
    return PyBool_FromLong(length);
}

/* ---- lines → cells ---- */

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

/* One line of `width` cells from `at`; where the next line begins, or -1 where the line is not plain. */
static Py_ssize_t
plain_line(Marks *marks, Py_ssize_t at, Py_ssize_t width, int32_t *starts, int32_t *stops, Py_ssize_t room, int surrogates)
{
    const u8 *text = marks->text;
    Py_ssize_t size = marks->size, mark = next(marks), line = at;
    if (text[at] == 0xEF && size - at > 2 && text[at + 1] == 0xBB && text[at + 2] == 0xBF)
        return -1; /* a byte order mark: files were joined */
    for (Py_ssize_t cell = 0; cell < width; cell++) {
        Py_ssize_t stop;
        if (mark == at && mark < size && text[mark] == '"') {
            at++;
            do
                mark = next(marks);
            while (mark < size && text[mark] == marks->delimiter);
            if (mark >= size || text[mark] != '"')
                return -1; /* the cell goes on in the next line */
            stop = mark;
            mark = next(marks);
            if (mark != stop + 1)
                return -1;
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
    if (surrogates)
        for (Py_ssize_t place = line; place + 1 < at; place++)
            if (text[place] == 0xED && text[place + 1] >= 0xA0)
                return -1;
    return at;
}

PyDoc_STRVAR(split_doc,
             "split(text, at, delimiter, starts, stops, records, record, line, surrogates) -> (record, line, at, CR LF): the cells "
             "of plain lines from `at`, which is line `line`, as records from `record` on. Ends before the first line that is not "
             "plain, where the arrays are full, or at the end; `CR LF`: how many of the lines end so. `starts`, `stops`: int32, a "
             "row for each column; `records`: the line of each record, int64. `surrogates`: whether lone ones may be there.");

static PyObject *
split(PyObject *self, PyObject *args)
{
    Py_buffer text, starts, stops, records;
    char delimiter;
    int surrogates;
    Py_ssize_t at, record, line, crlf = 0;
    if (!PyArg_ParseTuple(args, "y*ncw*w*w*nnp", &text, &at, &delimiter, &starts, &stops, &records, &record, &line, &surrogates))
        return NULL;
    Py_ssize_t room = records.len / 8, width = room ? starts.len / 4 / room : 0;
    int fine = width > 0 && starts.len == stops.len && starts.len == width * room * 4 && text.len < INT32_MAX &&
               0 <= at && at <= text.len && record >= 0 && delimiter > 0;
    if (!fine)
        PyErr_SetString(PyExc_ValueError, "arrays of different sizes");
    else {
        Py_BEGIN_ALLOW_THREADS
        Marks marks = {text.buf, text.len, 0, 0, (u8)delimiter};
        int32_t *first = starts.buf, *end = stops.buf;
        int64_t *lines = records.buf;
        begin(&marks, at);
        while (at < text.len && record < room) {
            Py_ssize_t after = plain_line(&marks, at, width, first + record, end + record, room, surrogates);
            if (after < 0)
                break;
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
    return fine ? Py_BuildValue("nnnn", record, line, at, crlf) : NULL;
}

/* ---- cells → hashes ---- */

static inline u64
word(const u8 *p)
{
    u64 value;
    memcpy(&value, p, 8);
    return value;
}

static inline u64
half(const u8 *p)
{
    u32 value;
    memcpy(&value, p, 4);
    return value;
}

static inline u64
mixed(u64 one, u64 other)
{
    __uint128_t product = (__uint128_t)one * other;
    return (u64)product ^ (u64)(product >> 64);
}

#define K1 0x9E3779B97F4A7C15u
#define K2 0xD6E8FEB86659FD93u
#define K3 0xA0761D6478BD642Fu

/* 64 bits of a text by multiplying 16 bytes at a time to 128 bits and folding them; the last 16 may overlap. */
static inline u64
hash_of(const u8 *p, Py_ssize_t size)
{
    u64 low, high, state = K3 ^ ((u64)size * K2);
    if (size > 16) {
        const u8 *last = p + size - 16;
        for (; p < last; p += 16)
            state = mixed(word(p) ^ K1 ^ state, word(p + 8) ^ K2);
        low = word(last), high = word(last + 8);
    } else if (size >= 8)
        low = word(p), high = word(p + size - 8);
    else if (size >= 4)
        low = half(p), high = half(p + size - 4);
    else {
        low = size ? p[0] | (u64)p[size >> 1] << 8 | (u64)p[size - 1] << 16 : 0;
        high = 0;
    }
    return mixed(mixed(low ^ K1 ^ state, high ^ K2 ^ (state >> 32)), K3 ^ state);
}

PyDoc_STRVAR(hashes_doc, "hashes(text, starts, stops, out): the hash of each cell, uint64.");

static PyObject *
hashes(PyObject *self, PyObject *args)
{
    Column column;
    Py_buffer out;
    if (!PyArg_ParseTuple(args, "y*y*y*w*", &column.text, &column.starts, &column.stops, &out))
        return NULL;
    int fine = open_column(&column) && fits(&out, column.count, 8, "out");
    if (fine) {
        u64 *found = out.buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t row = 0; row < column.count; row++)
            found[row] = hash_of(column.bytes + column.start[row], column.stop[row] - column.start[row]);
        Py_END_ALLOW_THREADS
    }
    close_column(&column);
    PyBuffer_Release(&out);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(folded_doc,
             "folded(text, starts, stops, pairs, out): the hash of each cell with small letters for A to Z and the second letter "
             "of each pair in place of the first. `pairs`: UTF-8, each letter of three bytes.");

static PyObject *
folded(PyObject *self, PyObject *args)
{
    Column column;
    Py_buffer pairs, out;
    if (!PyArg_ParseTuple(args, "y*y*y*y*w*", &column.text, &column.starts, &column.stops, &pairs, &out))
        return NULL;
    int fine = open_column(&column) && fits(&out, column.count, 8, "out");
    Py_ssize_t longest = 0;
    for (Py_ssize_t row = 0; fine && row < column.count; row++)
        if (column.stop[row] - column.start[row] > longest)
            longest = column.stop[row] - column.start[row];
    u8 *own = fine ? PyMem_Malloc(longest + 1) : NULL;
    if (fine && !own) {
        PyErr_NoMemory();
        fine = 0;
    }
    if (fine) {
        u64 *found = out.buf;
        const u8 *pair = pairs.buf;
        Py_BEGIN_ALLOW_THREADS
        u8 leads[256] = {0};
        for (Py_ssize_t place = 0; place + 6 <= pairs.len; place += 6)
            leads[pair[place + 1]] = 1; /* the second byte tells most others apart */
        for (Py_ssize_t row = 0; row < column.count; row++) {
            const u8 *p = column.bytes + column.start[row];
            Py_ssize_t size = column.stop[row] - column.start[row];
            for (Py_ssize_t at = 0; at < size; at++) {
                u8 byte = p[at];
                own[at] = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
                if (byte < 0xE0 || size - at < 3 || !leads[p[at + 1]])
                    continue;
                for (Py_ssize_t place = 0; place + 6 <= pairs.len; place += 6)
                    if (!memcmp(pair + place, p + at, 3)) {
                        memcpy(own + at, pair + place + 3, 3);
                        at += 2;
                        break;
                    }
            }
            found[row] = hash_of(own, size);
        }
        Py_END_ALLOW_THREADS
    }
    PyMem_Free(own);
    close_column(&column);
    PyBuffer_Release(&pairs);
    PyBuffer_Release(&out);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(combine_doc, "combine(key, part): mix the hashes of one more cell of each row into `key`, in place.");

static PyObject *
combine(PyObject *self, PyObject *args)
{
    Py_buffer key, part;
    if (!PyArg_ParseTuple(args, "w*y*", &key, &part))
        return NULL;
    Py_ssize_t count = key.len / 8;
    int fine = fits(&part, count, 8, "part");
    if (fine) {
        u64 *one = key.buf;
        const u64 *other = part.buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t row = 0; row < count; row++)
            one[row] = (one[row] ^ (one[row] >> 29)) * K1 + other[row];
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&key);
    PyBuffer_Release(&part);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- what a cell looks like ---- */

#define TOGETHER 8 /* cells */

PyDoc_STRVAR(match_doc,
             "match(text, starts, stops, table, out): whether each cell is accepted, bool. `table`: as `automaton.py` makes it, "
             "uint16: the next state for each of 256 bytes of each state, then the first state; bit 15 of a state says that it "
             "accepts. State 0 leads nowhere else.");

static PyObject *
match(PyObject *self, PyObject *args)
{
    Column column;
    Py_buffer table, out;
    if (!PyArg_ParseTuple(args, "y*y*y*y*w*", &column.text, &column.starts, &column.stops, &table, &out))
        return NULL;
    int fine = open_column(&column) && fits(&out, column.count, 1, "out");
    const uint16_t *next_state = table.buf;
    Py_ssize_t states = table.len / 512;
    if (fine && (!states || table.len != states * 512 + 2))
        fine = 0;
    uint16_t largest = 0;
    for (Py_ssize_t at = 0; fine && at <= states * 256; at++)
        largest = (next_state[at] & 0x7FFF) > largest ? next_state[at] & 0x7FFF : largest;
    fine = fine && largest < states;
    if (!fine && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "no table of an automaton");
    if (fine) {
        u8 *found = out.buf;
        const uint16_t initial = next_state[states * 256];
        Py_BEGIN_ALLOW_THREADS
        Py_ssize_t row = 0;
        for (; row + TOGETHER <= column.count; row += TOGETHER) { /* each step waits for the one before it */
            const u8 *p[TOGETHER];
            Py_ssize_t size[TOGETHER], least = PY_SSIZE_T_MAX;
            unsigned state[TOGETHER];
            for (int each = 0; each < TOGETHER; each++) {
                p[each] = column.bytes + column.start[row + each];
                size[each] = column.stop[row + each] - column.start[row + each];
                state[each] = initial;
                least = size[each] < least ? size[each] : least;
            }
            for (Py_ssize_t at = 0; at < least; at++)
                for (int each = 0; each < TOGETHER; each++)
                    state[each] = next_state[(state[each] & 0x7FFF) << 8 | p[each][at]];
            for (int each = 0; each < TOGETHER; each++) {
                unsigned now = state[each];
                for (Py_ssize_t at = least; at < size[each]; at++)
                    now = next_state[(now & 0x7FFF) << 8 | p[each][at]];
                found[row + each] = now >> 15;
            }
        }
        for (; row < column.count; row++) {
            unsigned state = initial;
            for (Py_ssize_t at = column.start[row]; at < column.stop[row]; at++)
                state = next_state[(state & 0x7FFF) << 8 | column.bytes[at]];
            found[row] = state >> 15;
        }
        Py_END_ALLOW_THREADS
    }
    close_column(&column);
    PyBuffer_Release(&table);
    PyBuffer_Release(&out);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

static const double TENS[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* -?digits[.digits] as Python's float reads it; NaN for everything else and for more than 60 characters. */
static double
number(const u8 *p, const u8 *end)
{
    const u8 *from = p;
    int minus = p < end && *p == '-', digits = 0, fraction = 0, point = 0;
    int64_t whole = 0;
    for (p += minus; p < end; p++) {
        if (*p >= '0' && *p <= '9') {
            fraction += point;
            if (++digits <= 15)
                whole = whole * 10 + (*p - '0');
        } else if (*p == '.' && !point && digits)
            point = 1;
        else
            return Py_NAN;
    }
    if (!digits || (point && !fraction) || end - from > 60)
        return Py_NAN;
    if (digits > 15) {
        char own[64] = {0}, *after;
        memcpy(own, from, end - from);
        double value = strtod(own, &after);
        return after == own + (end - from) ? value : Py_NAN; /* another locale has another decimal point */
    }
    double value = (double)whole / TENS[fraction]; /* both are exact, so that the quotient is rounded once */
    return minus ? -value : value;
}

PyDoc_STRVAR(numbers_doc, "numbers(text, starts, stops, out): each cell as a decimal number, float64; NaN for what is none.");

static PyObject *
numbers(PyObject *self, PyObject *args)
{
    Column column;
    Py_buffer out;
    if (!PyArg_ParseTuple(args, "y*y*y*w*", &column.text, &column.starts, &column.stops, &out))
        return NULL;
    int fine = open_column(&column) && fits(&out, column.count, 8, "out");
    if (fine) {
        double *found = out.buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t row = 0; row < column.count; row++)
            found[row] = number(column.bytes + column.start[row], column.bytes + column.stop[row]);
        Py_END_ALLOW_THREADS
    }
    close_column(&column);
    PyBuffer_Release(&out);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(ordered_doc,
             "ordered(text, starts, stops, starts, stops, out): whether the first cell of each row is as long as the second and "
             "not after it, byte by byte; bool.");

static PyObject *
ordered(PyObject *self, PyObject *args)
{
    Column one, other = {0};
    Py_buffer out;
    if (!PyArg_ParseTuple(args, "y*y*y*y*y*w*", &one.text, &one.starts, &one.stops, &other.starts, &other.stops, &out))
        return NULL;
    other.text = one.text;
    int fine = open_column(&one) && open_column(&other) && fits(&out, one.count, 1, "out");
    if (fine && one.count != other.count) {
        PyErr_SetString(PyExc_ValueError, "columns of different lengths");
        fine = 0;
    }
    if (fine) {
        u8 *found = out.buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t row = 0; row < one.count; row++) {
            Py_ssize_t size = one.stop[row] - one.start[row];
            found[row] = size == other.stop[row] - other.start[row] &&
                         memcmp(one.bytes + one.start[row], one.bytes + other.start[row], size) <= 0;
        }
        Py_END_ALLOW_THREADS
    }
    close_column(&one);
    PyBuffer_Release(&other.starts);
    PyBuffer_Release(&other.stops);
    PyBuffer_Release(&out);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(gather_doc, "gather(text, starts, stops, ends) -> bytes: the cells one after another; `ends`, int32: where each ends.");

static PyObject *
gather(PyObject *self, PyObject *args)
{
    Column column;
    Py_buffer ends;
    PyObject *made = NULL;
    if (!PyArg_ParseTuple(args, "y*y*y*w*", &column.text, &column.starts, &column.stops, &ends))
        return NULL;
    if (open_column(&column) && fits(&ends, column.count, 4, "ends")) {
        Py_ssize_t size = 0;
        int32_t *end = ends.buf;
        for (Py_ssize_t row = 0; row < column.count; row++)
            size += column.stop[row] - column.start[row];
        if (size > INT32_MAX)
            PyErr_SetString(PyExc_ValueError, "too much text");
        else if ((made = PyBytes_FromStringAndSize(NULL, size))) {
            u8 *p = (u8 *)PyBytes_AS_STRING(made), *from = p;
            for (Py_ssize_t row = 0; row < column.count; row++) {
                Py_ssize_t length = column.stop[row] - column.start[row];
                memcpy(p, column.bytes + column.start[row], length);
                p += length;
                end[row] = (int32_t)(p - from);
            }
        }
    }
    close_column(&column);
    PyBuffer_Release(&ends);
    return made;
}

/* ---- another encoding ---- */

PyDoc_STRVAR(recode_doc,
             "recode(data, single, double) -> bytes or None: text of one and two bytes a character as UTF-8. `single`: 256, "
             "`double`: 65,536 code points of the basic plane, uint16; 0xFFFF: no character, 0xFFFE in `single`: the first byte of "
             "two. None where a byte is no character.");

static PyObject *
recode(PyObject *self, PyObject *args)
{
    Py_buffer data, single, twofold;
    if (!PyArg_ParseTuple(args, "y*y*y*", &data, &single, &twofold))
        return NULL;
    PyObject *made = NULL;
    if (fits(&single, 256, 2, "single") && fits(&twofold, 65536, 2, "double") && data.len < PY_SSIZE_T_MAX / 3 - 8)
        made = PyBytes_FromStringAndSize(NULL, data.len * 3 + 8);
    Py_ssize_t size = 0;
    int fine = 1;
    if (made) {
        const u8 *p = data.buf, *end = p + data.len;
        const uint16_t *one = single.buf, *two = twofold.buf;
        u8 *out = (u8 *)PyBytes_AS_STRING(made);
        Py_BEGIN_ALLOW_THREADS
        u8 *to = out;
        while (p < end) {
            u64 eight;
            if (end - p >= 8 && (memcpy(&eight, p, 8), !(eight & 0x8080808080808080u))) {
                memcpy(to, p, 8);
                p += 8, to += 8;
                continue;
            }
            u32 code = one[*p++];
            if (code == 0xFFFE)
                code = p < end ? two[(u32)p[-1] << 8 | *p] : 0xFFFF, p++;
            if (code == 0xFFFF) {
                fine = 0;
                break;
            }
            if (code < 0x80)
                *to++ = (u8)code;
            else if (code < 0x800)
                *to++ = 0xC0 | code >> 6, *to++ = 0x80 | (code & 0x3F);
            else
                *to++ = 0xE0 | code >> 12, *to++ = 0x80 | (code >> 6 & 0x3F), *to++ = 0x80 | (code & 0x3F);
        }
        size = to - out;
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&data);
    PyBuffer_Release(&single);
    PyBuffer_Release(&twofold);
    if (made && !fine) {
        Py_DECREF(made);
        Py_RETURN_NONE;
    }
    if (made)
        _PyBytes_Resize(&made, size);
    return made;
}

/* ---- what was met before ---- */

/* Hash → record of its first row, by open addressing; record 0: an empty place. */
typedef struct {
    PyObject_HEAD
    u64 *keys;
    u32 *records;
    Py_ssize_t room, count;
    int shift; /* 64 less the bits of a place */
} Met;

static inline Py_ssize_t
home(u64 key, int shift)
{
    return (Py_ssize_t)(key * K1 >> shift);
}

static int
make_room(Met *met, Py_ssize_t more)
{
    Py_ssize_t room = met->room ? met->room : 64;
    int shift = met->room ? met->shift : 58;
    for (; (met->count + more) * 4 > room * 3; room *= 2)
        shift--;
    if (room == met->room)
        return 1;
    u64 *keys = PyMem_RawMalloc(room * sizeof(u64));
    u32 *records = PyMem_RawCalloc(room, sizeof(u32));
    if (!keys || !records) {
        PyMem_RawFree(keys);
        PyMem_RawFree(records);
        return 0;
    }
    for (Py_ssize_t place = 0; place < met->room; place++)
        if (met->records[place]) {
            Py_ssize_t at = home(met->keys[place], shift);
            while (records[at])
                at = (at + 1) & (room - 1);
            keys[at] = met->keys[place], records[at] = met->records[place];
        }
    PyMem_RawFree(met->keys);
    PyMem_RawFree(met->records);
    met->keys = keys, met->records = records, met->room = room, met->shift = shift;
    return 1;
}

/* The place of a key, or the empty one where it belongs. */
static inline Py_ssize_t
place_of(const Met *met, u64 key)
{
    Py_ssize_t at = home(key, met->shift);
    while (met->records[at] && met->keys[at] != key)
        at = (at + 1) & (met->room - 1);
    return at;
}

PyDoc_STRVAR(first_doc,
             "first(hashes, record, out): remember rows of which the first is `record`, from 1; `out`, uint32: the record that had "
             "the same hash first, 0 where it is new. Where `out` is 1 before, the row does not count.");

static PyObject *
met_first(Met *met, PyObject *args)
{
    Py_buffer hashed, out;
    unsigned long long record;
    if (!PyArg_ParseTuple(args, "y*Kw*", &hashed, &record, &out))
        return NULL;
    Py_ssize_t count = hashed.len / 8;
    int fine = fits(&out, count, 4, "out");
    if (fine && (record < 1 || record + count > UINT32_MAX)) {
        PyErr_SetString(PyExc_OverflowError, "more records than can be told apart");
        fine = 0;
    }
    if (fine && !make_room(met, count)) {
        PyErr_NoMemory();
        fine = 0;
    }
    if (fine) {
        const u64 *keys = hashed.buf;
        u32 *found = out.buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t row = 0; row < count; row++) {
            if (row + 16 < count) { /* places far apart: each would be waited for */
                Py_ssize_t soon = home(keys[row + 16], met->shift);
                __builtin_prefetch(&met->records[soon]);
                __builtin_prefetch(&met->keys[soon]);
            }
            if (found[row]) {
                found[row] = 0;
                continue;
            }
            Py_ssize_t at = place_of(met, keys[row]);
            found[row] = met->records[at];
            if (!found[row]) {
                met->keys[at] = keys[row];
                met->records[at] = (u32)(record + row);
                met->count++;
            }
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&hashed);
    PyBuffer_Release(&out);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(holds_doc, "holds(hashes, out): whether each hash was met before, bool. Nothing is remembered.");

static PyObject *
met_holds(Met *met, PyObject *args)
{
    Py_buffer hashed, out;
    if (!PyArg_ParseTuple(args, "y*w*", &hashed, &out))
        return NULL;
    Py_ssize_t count = hashed.len / 8;
    int fine = fits(&out, count, 1, "out");
    if (fine) {
        const u64 *keys = hashed.buf;
        u8 *found = out.buf;
        Py_BEGIN_ALLOW_THREADS
        u64 last = 0;
        u8 was = 0;
        for (Py_ssize_t row = 0; row < count; row++) {
            if (!row || keys[row] != last) {
                last = keys[row];
                was = met->count && met->records[place_of(met, last)];
            }
            found[row] = was;
        }
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&hashed);
    PyBuffer_Release(&out);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

static Py_ssize_t
met_length(Met *met)
{
    return met->count;
}

static void
met_free(Met *met)
{
    PyMem_RawFree(met->keys);
    PyMem_RawFree(met->records);
    Py_TYPE(met)->tp_free((PyObject *)met);
}

static PyMethodDef met_methods[] = {
    {"first", (PyCFunction)met_first, METH_VARARGS, first_doc},
    {"holds", (PyCFunction)met_holds, METH_VARARGS, holds_doc},
    {NULL},
};

static PySequenceMethods met_sequence = {.sq_length = (lenfunc)met_length};

static PyTypeObject MetType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "recommended_datasets._cells.Met",
    .tp_basicsize = sizeof(Met),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = PyDoc_STR("Hashes that were met, each with the record of its first row."),
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)met_free,
    .tp_methods = met_methods,
    .tp_as_sequence = &met_sequence,
};

static PyMethodDef functions[] = {
    {"count", count, METH_VARARGS, count_doc},       {"valid", valid, METH_VARARGS, valid_doc},
    {"split", split, METH_VARARGS, split_doc},       {"hashes", hashes, METH_VARARGS, hashes_doc},
    {"folded", folded, METH_VARARGS, folded_doc},    {"combine", combine, METH_VARARGS, combine_doc},
    {"match", match, METH_VARARGS, match_doc},       {"numbers", numbers, METH_VARARGS, numbers_doc},
    {"ordered", ordered, METH_VARARGS, ordered_doc}, {"gather", gather, METH_VARARGS, gather_doc},
    {"recode", recode, METH_VARARGS, recode_doc},    {NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_cells", "Bytes to cells, and what is asked of every cell.", -1, functions,
};

PyMODINIT_FUNC
PyInit__cells(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module && (PyType_Ready(&MetType) < 0 || PyModule_AddObjectRef(module, "Met", (PyObject *)&MetType) < 0))
        Py_CLEAR(module);
    return module;
}
