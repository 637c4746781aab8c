/* What a piece of a file is made of: how often a byte is there, whether it is UTF-8, and UTF-8 of another encoding. */

#include "cells.h"

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

PyMethodDef bytes_functions[] = {
    {"count", count, METH_VARARGS, count_doc},
    {"valid", valid, METH_VARARGS, valid_doc},
    {"recode", recode, METH_VARARGS, recode_doc},
    {NULL},
};
