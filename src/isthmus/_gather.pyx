# cython: language_level=3, boundscheck=False, wraparound=False, freethreading_compatible=True
"""Walks Python sequences of bytes-like objects into tables of addresses and lengths: no arithmetic, no rules.

Cost: about 10 ns per ``bytes`` item; other objects pay one buffer request and, when writable, one copy.
Invariant: every address stays valid as long as the returned owner lives, and the bytes behind it are either
immutable or this call's own copy, so nobody can change an item between two readings of it.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AsStringAndSize
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t, uintptr_t

cdef extern from *:
    """
    #if defined(__GNUC__)
    #define isthmus_fetch(address) __builtin_prefetch(address)
    #else
    #define isthmus_fetch(address) ((void)(address))
    #endif
    """
    void isthmus_fetch(const void* address) noexcept nogil

# borrowed: an item lives as long as the tuple that holds it
cdef extern from "Python.h":
    PyObject* PyTuple_GET_ITEM(object held, Py_ssize_t position)
    bint PyBytes_Check(PyObject* item)
    char* PyBytes_AS_STRING(PyObject* item)
    Py_ssize_t PyBytes_GET_SIZE(PyObject* item)

cdef enum:
    AHEAD = 16  # items: objects of a list lie anywhere, and each is asked for while others before it are looked at


cdef class Held:
    """A read-only buffer kept exported: its memory can be neither freed nor resized while this object lives."""

    cdef Py_buffer buffer
    cdef bint exported

    def __cinit__(self, view):
        PyObject_GetBuffer(view, &self.buffer, PyBUF_SIMPLE)
        self.exported = True

    def __dealloc__(self):
        if self.exported:
            PyBuffer_Release(&self.buffer)


cdef object immutable(object item, str name, Py_ssize_t position):
    """`item` as Held where it is a read-only buffer, else as a bytes copy of its present content."""
    try:
        view = memoryview(item)
    except (TypeError, ValueError, BufferError):
        raise TypeError(f"{name}[{position}]: expected bytes-like, got {type(item).__name__}") from None
    if view.itemsize != 1:
        raise TypeError(f"{name}[{position}]: expected bytes, got a buffer of items of format {view.format!r}")
    if view.readonly and view.c_contiguous:
        return Held(view)
    return view.tobytes()


def walk(items, str name):
    """Tables of the items of a list, tuple or other iterable of bytes-like objects.

    Returns ``(addresses, lengths, owner)``: two bytearrays of native-endian uint64, one per item in order, and the
    object that keeps the memory alive. ``TypeError`` names the item that is not bytes-like: ``name[3]: expected
    bytes-like``.
    """
    cdef tuple held = tuple(items)  # one snapshot of the container: another thread may shrink the caller's list
    cdef Py_ssize_t count = len(held)
    cdef Py_ssize_t position
    cdef char* start = NULL
    cdef Py_ssize_t size = 0
    cdef PyObject* item
    cdef object owned
    cdef list kept = []
    addresses = bytearray(8 * count)
    lengths = bytearray(8 * count)
    if count == 0:
        return addresses, lengths, held
    cdef uint64_t[::1] address_of = memoryview(addresses).cast("Q")
    cdef uint64_t[::1] length_of = memoryview(lengths).cast("Q")
    for position in range(count):
        if position + AHEAD < count:
            isthmus_fetch(PyTuple_GET_ITEM(held, position + AHEAD))
        item = PyTuple_GET_ITEM(held, position)
        if PyBytes_Check(item):
            start = PyBytes_AS_STRING(item)
            size = PyBytes_GET_SIZE(item)
        else:
            owned = immutable(<object> item, name, position)
            kept.append(owned)
            if isinstance(owned, Held):
                start = <char*> (<Held> owned).buffer.buf
                size = (<Held> owned).buffer.len
            else:
                PyBytes_AsStringAndSize(owned, &start, &size)
        address_of[position] = <uint64_t> <uintptr_t> start
        length_of[position] = <uint64_t> size
    return addresses, lengths, (held, kept)
