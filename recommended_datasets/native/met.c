/* What was met before. */

#include "cells.h"

/* Hash → record of its first row, by open addressing; record 0: an empty place. Other threads run while it is written to: one
   must not be asked by two at once. */
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

static inline int
is_met(const Met *met, u64 key)
{
    return met->count && met->records[place_of(met, key)];
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

PyDoc_STRVAR(missing_doc, "missing(hashes, out) -> int: how many hashes were not met before, their rows in `out`, int64. Nothing is remembered.");

static PyObject *
met_missing(Met *met, PyObject *args)
{
    Py_buffer hashed, out;
    if (!PyArg_ParseTuple(args, "y*w*", &hashed, &out))
        return NULL;
    Py_ssize_t count = hashed.len / 8, found = 0;
    int fine = fits(&out, count, 8, "out");
    if (fine) {
        const u64 *keys = hashed.buf;
        int64_t *rows = out.buf;
        for (Py_ssize_t row = 0; row < count; row++)
            if (!(row && keys[row] == keys[row - 1] && (!found || rows[found - 1] != row - 1)) && !is_met(met, keys[row]))
                rows[found++] = row;
    }
    PyBuffer_Release(&hashed);
    PyBuffer_Release(&out);
    return fine ? PyLong_FromSsize_t(found) : NULL;
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
    {"missing", (PyCFunction)met_missing, METH_VARARGS, missing_doc},
    {NULL},
};

static PySequenceMethods met_sequence = {.sq_length = (lenfunc)met_length};

PyTypeObject MetType = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "recommended_datasets._cells.Met",
    .tp_basicsize = sizeof(Met),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_doc = PyDoc_STR("Hashes that were met, each with the record of its first row."),
    .tp_new = PyType_GenericNew,
    .tp_dealloc = (destructor)met_free,
    .tp_methods = met_methods,
    .tp_as_sequence = &met_sequence,
};
