// The graph of the steps: order, cycles, reduction, critical path. Boost.Graph stands behind it, in
// graph.cpp alone.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/time.h"
#include "plan/plan.h"

namespace sluice::plan {

// `before` ends before `after` starts. Numbers are positions in whatever list the caller has.
struct Edge {
  std::uint32_t before;
  std::uint32_t after;
  auto operator<=>(const Edge&) const = default;
};

// An order in which every edge goes forward, the lowest number first among those that may come
// next; nothing where there is a cycle.
std::optional<std::vector<std::uint32_t>> topological_order(std::uint32_t vertices,
                                                            std::span<const Edge> edges);

// A shortest cycle through the lowest vertex that is on one, as a path without its closing vertex
// repeated (1, 4, 2 means 1 → 4 → 2 → 1); empty where there is none.
std::vector<std::uint32_t> find_cycle(std::uint32_t vertices, std::span<const Edge> edges);

// The edges that follow from no others, for drawing. Quadratic: at most 2,000 vertices, else the
// edges come back as they are.
std::vector<Edge> transitive_reduction(std::uint32_t vertices, std::span<const Edge> edges);

// The steps' edges of a plan, from its joins, ascending.
std::vector<Edge> step_edges(const Plan& plan);

// Of all sets of vertices that hold, with a vertex, everything that it needs (`before` needs
// `after` here), the one with the greatest sum of weights, and among equals the smallest: by a
// minimum cut (Picard, "Maximal closure of a graph", 1976). The weights' sum fits 63 bits.
std::vector<bool> heaviest_closure(std::span<const std::int64_t> weights,
                                   std::span<const Edge> needs);

// The chain of steps that bounds the whole where each step takes `lengths[step]`; ties go to the
// lowest step. In order of time.
std::vector<StepId> critical_path(const Plan& plan, std::span<const base::Duration> lengths);

}  // namespace sluice::plan
