from libc.stdint cimport uint64_t

cdef void lowest(uint64_t* keys, int count, int wanted) noexcept
