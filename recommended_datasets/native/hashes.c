/* Cells → hashes. */

#include "cells.h"

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

/* The hash of several cells from that of the first ones and that of the next. */
static inline u64
with_next(u64 key, u64 part)
{
    return (key ^ (key >> 29)) * K1 + part;
}

PyDoc_STRVAR(hashes_doc, "hashes(text, starts, stops, out): the hash of each cell, uint64.");

static int
hash_each(const Column *column, const Py_buffer *more, void *out)
{
    u64 *found = out;
    for (Py_ssize_t row = 0; row < column->count; row++)
        found[row] = hash_of(column->bytes + column->start[row], column->stop[row] - column->start[row]);
    return 1;
}

static PyObject *
hashes(PyObject *self, PyObject *args)
{
    return over_cells(args, 8, NULL, hash_each);
}

PyDoc_STRVAR(all_hashes_doc,
             "all_hashes(columns, out, whole, blanks): the hashes of all cells of some columns, each (text, starts, stops), at once: "
             "each time that other threads are let run has to be waited for. `out`: uint64, a row for each column; `whole`: one of "
             "each row of cells, uint64; `blanks`: blank cells of each column, int64.");

static void
hash_all(const Column *columns, Py_ssize_t width, u64 *found, u64 *whole, int64_t *blanks)
{
    for (Py_ssize_t c = 0; c < width; c++) {
        const Column *column = &columns[c];
        u64 *own = found + c * column->count;
        int64_t blank = 0;
        hash_each(column, NULL, own);
        for (Py_ssize_t row = 0; row < column->count; row++) {
            whole[row] = c ? with_next(whole[row], own[row]) : own[row];
            blank += column->start[row] == column->stop[row];
        }
        blanks[c] = blank;
    }
}

static PyObject *
all_hashes(PyObject *self, PyObject *args)
{
    PyObject *list;
    Py_buffer out, whole, blanks;
    if (!PyArg_ParseTuple(args, "O!w*w*w*", &PyList_Type, &list, &out, &whole, &blanks))
        return NULL;
    Py_ssize_t width = PyList_GET_SIZE(list), opened = 0;
    Column *columns = PyMem_Calloc(width + 1, sizeof(Column));
    int fine = columns != NULL && fits(&blanks, width, 8, "blanks");
    for (; fine && opened < width; opened++) {
        Column *column = &columns[opened];
        fine = PyArg_ParseTuple(PyList_GET_ITEM(list, opened), "y*y*y*", &column->text, &column->starts, &column->stops);
        if (!fine)
            break;
        fine = open_column(column);
        if (fine && column->count != columns[0].count) {
            PyErr_SetString(PyExc_ValueError, "columns of different lengths");
            fine = 0;
        }
    }
    fine = fine && fits(&out, width * columns[0].count, 8, "out") && fits(&whole, columns[0].count, 8, "whole");
    if (fine) {
        Py_BEGIN_ALLOW_THREADS
        hash_all(columns, width, out.buf, whole.buf, blanks.buf);
        Py_END_ALLOW_THREADS
    } else if (!PyErr_Occurred())
        PyErr_NoMemory();
    for (Py_ssize_t c = 0; c < opened; c++)
        close_column(&columns[c]);
    PyMem_Free(columns);
    PyBuffer_Release(&out);
    PyBuffer_Release(&whole);
    PyBuffer_Release(&blanks);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(folded_doc,
             "folded(text, starts, stops, pairs, out): the hash of each cell with small letters for A to Z and the second letter "
             "of each pair in place of the first. `pairs`: UTF-8, each letter of three bytes.");

/* `p` folded to `own`, which has room for as many bytes. `seconds`: second bytes of the letters that have a pair. */
static void
fold(const u8 *p, Py_ssize_t size, const Py_buffer *pairs, const u8 seconds[256], u8 *own)
{
    const u8 *pair = pairs->buf;
    for (Py_ssize_t at = 0; at < size; at++) {
        u8 byte = p[at];
        own[at] = byte >= 'A' && byte <= 'Z' ? byte | 0x20 : byte;
        if (byte < 0xE0 || size - at < 3 || !seconds[p[at + 1]])
            continue;
        for (Py_ssize_t place = 0; place + 6 <= pairs->len; place += 6)
            if (!memcmp(pair + place, p + at, 3)) {
                memcpy(own + at, pair + place + 3, 3);
                at += 2;
                break;
            }
    }
}

static int
fold_each(const Column *column, const Py_buffer *pairs, void *out)
{
    u64 *found = out;
    u8 seconds[256] = {0};
    Py_ssize_t longest = 1;
    for (Py_ssize_t place = 0; place + 6 <= pairs->len; place += 6)
        seconds[((const u8 *)pairs->buf)[place + 1]] = 1;
    for (Py_ssize_t row = 0; row < column->count; row++)
        if (column->stop[row] - column->start[row] > longest)
            longest = column->stop[row] - column->start[row];
    u8 *own = PyMem_RawMalloc(longest);
    for (Py_ssize_t row = 0; own && row < column->count; row++) {
        Py_ssize_t size = column->stop[row] - column->start[row];
        fold(column->bytes + column->start[row], size, pairs, seconds, own);
        found[row] = hash_of(own, size);
    }
    PyMem_RawFree(own);
    return own != NULL;
}

static PyObject *
folded(PyObject *self, PyObject *args)
{
    return over_cells(args, 8, NULL, fold_each);
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
        for (Py_ssize_t row = 0; row < count; row++)
            one[row] = with_next(one[row], other[row]);
    }
    PyBuffer_Release(&key);
    PyBuffer_Release(&part);
    if (!fine)
        return NULL;
    Py_RETURN_NONE;
}

PyMethodDef hashes_functions[] = {
    {"hashes", hashes, METH_VARARGS, hashes_doc},
    {"all_hashes", all_hashes, METH_VARARGS, all_hashes_doc},
    {"folded", folded, METH_VARARGS, folded_doc},
    {"combine", combine, METH_VARARGS, combine_doc},
    {NULL},
};
