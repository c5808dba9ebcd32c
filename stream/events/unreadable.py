"""What decoding a record of an inner topic raises where its bytes are no record of ours."""

import msgspec

# msgspec has errors of its own for all but two things: text that is no UTF-8, and nesting without end.
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
