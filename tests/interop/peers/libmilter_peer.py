#!/usr/bin/env python3
"""libmilter_peer.py LIBRARY SOCKET: a milter on Sendmail's own library, as most milters are. It adds a field to each
letter and says nothing else of it, asks for macros of its own choice, and refuses recipients that begin with "no"."""

import ctypes
import sys

CONTINUE, REJECT = 0, 1
ADD_HEADERS, SET_MACROS = 0x1, 0x100
CONNECT_MACROS, END_MACROS = 0, 5

lib = ctypes.CDLL(sys.argv[1])
Context = ctypes.c_void_p
lib.smfi_getsymval.restype = ctypes.c_char_p


class Description(ctypes.Structure):
    CALLS = "connect helo envfrom envrcpt header eoh body eom abort close unknown data negotiate".split()
    _fields_ = [
        ("name", ctypes.c_char_p),
        ("version", ctypes.c_int),
        ("flags", ctypes.c_ulong),
        *((call, ctypes.c_void_p) for call in CALLS),
    ]


def rcpt(context, words):
    return REJECT if words[0].startswith(b"<no") else CONTINUE


def end(context):
    value = lib.smfi_getsymval(Context(context), b"{client_addr}") or b"none"
    lib.smfi_addheader(Context(context), b"X-Client", value)
    value = lib.smfi_getsymval(Context(context), b"{client_port}") or b"none"
    lib.smfi_addheader(Context(context), b"X-Port", value)
    return CONTINUE


def negotiate(context, *given):
    lib.smfi_setsymlist(Context(context), CONNECT_MACROS, b"j {client_addr}")
    # Everything that is offered, as a library does whose filter has no wishes.
    return 10


Rcpt = ctypes.CFUNCTYPE(ctypes.c_int, Context, ctypes.POINTER(ctypes.c_char_p))
End = ctypes.CFUNCTYPE(ctypes.c_int, Context)
Negotiate = ctypes.CFUNCTYPE(ctypes.c_int, Context, *[ctypes.c_ulong] * 4, *[ctypes.c_void_p] * 4)
calls = [Rcpt(rcpt), End(end), Negotiate(negotiate)]

me = Description(name=b"peer", version=0x01000001, flags=ADD_HEADERS | SET_MACROS)
me.envrcpt, me.eom, me.negotiate = (ctypes.cast(call, ctypes.c_void_p) for call in calls)
lib.smfi_register.argtypes = [Description]
lib.smfi_setconn(sys.argv[2].encode())
if lib.smfi_register(me) != 0 or lib.smfi_main() != 0:
    sys.exit("the library does not start")
