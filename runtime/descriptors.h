// How many descriptors this program may have open: as many as the system lets it. What it starts
// gets the limit that it was started with, for a program that uses select(2) knows 1,024.
#pragma once

#include <cstddef>

namespace sluice::runtime {

// Up to the hard limit, for this program alone.
void raise_descriptor_limit();
// Where it stands.
std::size_t most_descriptors();
// Whether so many could be opened just now.
bool descriptors_are_free(std::size_t count);
// In a child, before it becomes another program; calls nothing but the system. One that was forked
// has done so already.
void restore_descriptor_limit();

}  // namespace sluice::runtime
