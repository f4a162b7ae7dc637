"""The lowest of many keys."""

from libc.stdint cimport uint64_t


cdef void lowest(uint64_t* keys, int count, int wanted) noexcept:
    """Bring the `wanted` lowest of different keys to the front, in any order (Hoare's selection)."""
    cdef int left = 0, right = count - 1, i, j
    cdef uint64_t pivot
    while left < right:
        pivot = keys[left + (right - left) // 2]
        i, j = left, right
        while i <= j:
            while keys[i] < pivot:
                i += 1
            while keys[j] > pivot:
                j -= 1
            if i <= j:
                keys[i], keys[j] = keys[j], keys[i]
                i += 1
                j -= 1
        if wanted <= j + 1:
            right = j
        elif wanted > i:
            left = i
        else:
            return
