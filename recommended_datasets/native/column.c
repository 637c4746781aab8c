/* Arguments: buffers of Python, looked at before any loop runs over them. */

#include "cells.h"

int
fits(Py_buffer *view, Py_ssize_t count, size_t size, const char *name)
{
    if (view->len < count * (Py_ssize_t)size) {
        PyErr_Format(PyExc_ValueError, "%s is too short", name);
        return 0;
    }
    return 1;
}

int
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

void
close_column(Column *column)
{
    PyBuffer_Release(&column->text);
    PyBuffer_Release(&column->starts);
    PyBuffer_Release(&column->stops);
}

PyObject *
over_cells(PyObject *args, size_t size, int (*fine)(const Py_buffer *more), Loop *loop)
{
    Column column;
    Py_buffer more = {0}, out;
    int taken = PyTuple_GET_SIZE(args) == 5
                    ? PyArg_ParseTuple(args, "y*y*y*y*w*", &column.text, &column.starts, &column.stops, &more, &out)
                    : PyArg_ParseTuple(args, "y*y*y*w*", &column.text, &column.starts, &column.stops, &out);
    if (!taken)
        return NULL;
    int ready = open_column(&column) && fits(&out, column.count, size, "out") && (!fine || fine(&more));
    if (ready) {
        Py_BEGIN_ALLOW_THREADS
        ready = loop(&column, &more, out.buf);
        Py_END_ALLOW_THREADS
        if (!ready)
            PyErr_NoMemory();
    }
    close_column(&column);
    PyBuffer_Release(&more);
    PyBuffer_Release(&out);
    if (!ready)
        return NULL;
    Py_RETURN_NONE;
}
