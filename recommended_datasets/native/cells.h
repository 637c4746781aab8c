/* The inner loops of the fast lane: bytes → cells, and what is asked of every cell. No rule of any standard is here.

   A cell is a pair of places in a buffer of UTF-8, `starts[row]` and `stops[row]` (int32) of one column. What a cell may look
   like comes as a table of transitions from `automaton.py`, made of the patterns in `masks.py`. The functions let other
   threads run meanwhile; `tests/core/test_cells.py` asks each of them what plain Python says. */

#pragma once
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

/* The cells of one column, whose places were looked at, so that no loop reads outside the text. */
typedef struct {
    Py_buffer text, starts, stops;
    const u8 *bytes;
    const int32_t *start, *stop;
    Py_ssize_t count;
} Column;

int open_column(Column *column);
void close_column(Column *column);
int fits(Py_buffer *view, Py_ssize_t count, size_t size, const char *name);

/* A function of Python with the arguments (text, starts, stops[, more], out): `loop` writes what it finds of each cell, `size`
   bytes each, to `out`. `fine` (may be NULL) looks at `more` first and sets the error. A loop gives 0 where memory is lacking. */
typedef int Loop(const Column *column, const Py_buffer *more, void *out);
PyObject *over_cells(PyObject *args, size_t size, int (*fine)(const Py_buffer *more), Loop *loop);

#define K1 0x9E3779B97F4A7C15u
#define K2 0xD6E8FEB86659FD93u
#define K3 0xA0761D6478BD642Fu

extern PyMethodDef bytes_functions[], lines_functions[], hashes_functions[], looks_functions[];
extern PyTypeObject MetType;
