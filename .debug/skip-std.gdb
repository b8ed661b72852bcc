# `step` goes through our code and over the standard library's.
skip -gfi */library/*
skip -rfu ^(core|std|alloc)::

set print thread-events off
set print pretty on
set pagination off
