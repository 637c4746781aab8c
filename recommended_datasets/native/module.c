/* The module `recommended_datasets._cells`; `_cells.pyi` lists its functions. */

#include "cells.h"

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_cells", "Bytes to cells, and what is asked of every cell.", -1, NULL,
};

PyMODINIT_FUNC
PyInit__cells(void)
{
    PyMethodDef *functions[] = {bytes_functions, lines_functions, hashes_functions, looks_functions};
    PyObject *module = PyModule_Create(&definition);
    for (size_t each = 0; module && each < sizeof functions / sizeof *functions; each++)
        if (PyModule_AddFunctions(module, functions[each]) < 0)
            Py_CLEAR(module);
    if (module && (PyType_Ready(&MetType) < 0 || PyModule_AddObjectRef(module, "Met", (PyObject *)&MetType) < 0))
        Py_CLEAR(module);
    return module;
}
