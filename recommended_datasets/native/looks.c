/* What a cell looks like: a pattern, a number, an order of two. */

#include "cells.h"
#include <stdlib.h>

#define TOGETHER 8 /* cells: each step of one waits for the step before it */

PyDoc_STRVAR(match_doc,
             "match(text, starts, stops, table, out): whether each cell is accepted, bool. `table`: as `automaton.py` makes it, "
             "uint16: the next state for each of 256 bytes of each state, then the first state, then one that is not left again "
             "(0xFFFF: none); bit 15 of a state says that it accepts. State 0 leads nowhere else.");

static int
table_is_fine(const Py_buffer *table)
{
    const uint16_t *next_state = table->buf;
    Py_ssize_t states = table->len / 512;
    uint16_t largest = 0;
    if (table->len == states * 512 + 4)
        for (Py_ssize_t at = 0; at <= states * 256; at++)
            largest = (next_state[at] & 0x7FFF) > largest ? next_state[at] & 0x7FFF : largest;
    if (!states || table->len != states * 512 + 4 || largest >= states) {
        PyErr_SetString(PyExc_ValueError, "no table of an automaton");
        return 0;
    }
    return 1;
}

static int
match_each(const Column *column, const Py_buffer *table, void *out)
{
    u8 *found = out;
    const uint16_t *next_state = table->buf, *end = next_state + table->len / 512 * 256;
    const unsigned initial = end[0], stays = end[1];
    const int32_t *start = column->start, *stop = column->stop;
    Py_ssize_t row = 0;
    for (; row + TOGETHER <= column->count; row += TOGETHER) {
        const u8 *p[TOGETHER];
        Py_ssize_t least = PY_SSIZE_T_MAX;
        unsigned state[TOGETHER];
        for (int each = 0; each < TOGETHER; each++) {
            Py_ssize_t size = stop[row + each] - start[row + each];
            p[each] = column->bytes + start[row + each];
            state[each] = initial;
            least = size < least ? size : least;
        }
        for (Py_ssize_t at = 0; at < least;) {
            Py_ssize_t pause = least - at < 16 ? least : at + 16;
            for (; at < pause; at++)
                for (int each = 0; each < TOGETHER; each++)
                    state[each] = next_state[(state[each] & 0x7FFF) << 8 | p[each][at]];
            int done = 1;
            for (int each = 0; each < TOGETHER; each++)
                done &= state[each] == stays;
            if (done)
                break;
        }
        for (int each = 0; each < TOGETHER; each++) {
            unsigned now = state[each];
            for (const u8 *rest = p[each] + least; now != stays && rest < column->bytes + stop[row + each]; rest++)
                now = next_state[(now & 0x7FFF) << 8 | *rest];
            found[row + each] = now >> 15;
        }
    }
    for (; row < column->count; row++) {
        unsigned now = initial;
        for (Py_ssize_t at = start[row]; at < stop[row]; at++)
            now = next_state[(now & 0x7FFF) << 8 | column->bytes[at]];
        found[row] = now >> 15;
    }
    return 1;
}

static PyObject *
match(PyObject *self, PyObject *args)
{
    return over_cells(args, 1, table_is_fine, match_each);
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

static int
number_each(const Column *column, const Py_buffer *more, void *out)
{
    double *found = out;
    for (Py_ssize_t row = 0; row < column->count; row++)
        found[row] = number(column->bytes + column->start[row], column->bytes + column->stop[row]);
    return 1;
}

static PyObject *
numbers(PyObject *self, PyObject *args)
{
    return over_cells(args, 8, NULL, number_each);
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

PyMethodDef looks_functions[] = {
    {"match", match, METH_VARARGS, match_doc},
    {"numbers", numbers, METH_VARARGS, numbers_doc},
    {"ordered", ordered, METH_VARARGS, ordered_doc},
    {NULL},
};
